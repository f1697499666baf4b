"""For those who watch the watcher: is the process alive, does the hub do its job, and the numbers of both.

`/metrics` is open to this computer itself and to administrators: it names devices and how they fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response

from devices.facts import Kind
from hub.ingest.counts import Counts, Times
from hub.live.board import Board
from hub.log.model import Fate
from hub.notify import ledger, refusals
from hub.web.deps import Deps, Health
from hub.web.parts import TheDeps, TheParts
from rules.model import Severity

router: Final = APIRouter(include_in_schema=False)

_HISTORY_STATES: Final = ("ok", "behind", "unreachable", "refused")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(deps: TheDeps) -> Response:
    """Whether the hub does its whole job now; 503 with what it does not do."""
    health = deps.health()
    if health.ready:
        return JSONResponse({"status": "ready", "reasons": []})
    return JSONResponse({"status": "not_ready", "reasons": _reasons(health)}, 503)


@router.get("/metrics")
def metrics(parts: TheParts) -> Response:
    """Everything counted, as Prometheus reads it."""
    registry = CollectorRegistry()
    registry.register(HubCollector(parts.deps, lambda: parts.broadcast.clients))
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


class HubCollector(Collector):
    """Reads the hub's own counters when asked."""

    def __init__(self, deps: Deps, clients: Callable[[], int]) -> None:
        self._deps = deps
        self._clients = clients

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not read."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        yield from _of_counts(self._deps.counts)
        yield from _of_health(self._deps.health())
        yield from _of_board(self._deps)
        yield from _of_ledger(self._deps)
        yield _gauge("event_stream_clients", "Clients of the event streams.", self._clients())


def _of_counts(counts: Counts) -> Iterator[Metric]:
    yield _counter("messages", "Messages received since the start.", counts.messages)
    yield _counter("messages_refused", "Messages left with the broker: no room.", counts.refused)
    yield _counter("log_faults", "Commits of the log that failed.", counts.log_faults)
    yield _counter("stranger_messages", "Messages of devices not configured.", counts.strangers)
    yield _counter("flooded", "Messages beyond their sender's limit, not kept.", counts.flooded)
    yield _counter("broker_connections", "Connections made to the broker.", counts.connections)
    yield _counter("broker_disconnections", "Connections to the broker lost.", counts.disconnections)
    facts = {fate.value: counts.facts[fate] for fate in Fate}
    yield _counters("facts", "Facts by what became of them.", "fate", facts)
    yield _counters("dead_letters", "Dead letters by reason.", "reason", dict(counts.letters.copy()))
    yield _counters(
        "ignored", "Messages that are none of our business.", "reason", dict(counts.ignored.copy())
    )
    yield _counter("replies", "Taps of readers that were answered.", counts.replies)
    dropped = dict(counts.replies_dropped.copy())
    yield _counters("replies_dropped", "Taps of readers that were not answered.", "reason", dropped)
    yield _times("reply_seconds", "From a reader's tap received to its reply handed on.", counts.reply_times)


def _of_health(health: Health) -> Iterator[Metric]:
    yield _gauge("ready", "1 while the hub does its whole job.", health.ready)
    yield _gauge("broker_connected", "1 while connected to the broker.", health.broker_connected)
    yield _gauge("inbox_waiting", "Messages that wait for the log.", health.inbox_waiting)
    yield _gauge("log_faulty", "1 while the log cannot be written.", bool(health.log_fault))
    yield _gauge("log_newest_seq", "The number of the newest fact.", health.log_newest_seq)
    yield _gauge("dead_letters_kept", "Dead letters there ever were.", health.dead_letters)
    behind = {"alerts": health.alerts_behind, "history": health.history_behind}
    yield _gauges("reader_behind", "Facts that a reader has not read.", "reader", behind)
    states = {state: int(state == health.history_state) for state in _HISTORY_STATES}
    yield _gauges("history_state", "1 for the state of the history.", "state", states)
    if health.certificate_days is not None:
        yield _gauge("certificate_days", "Days until the certificate expires.", health.certificate_days)
    yield _gauge("failing_loops", "Loops that do not do their work.", len(health.failing_loops))


def _of_board(deps: Deps) -> Iterator[Metric]:
    open_alerts = Counter(alert.severity for alert in deps.board.alerts())
    by_severity = {severity.value: open_alerts[severity] for severity in Severity}
    yield _gauges("alerts_open", "Alerts not closed yet.", "severity", by_severity)
    silent = _silent_devices(deps.board, deps)
    yield _gauges("devices_silent", "Devices not heard for three intervals.", "kind", silent)


def _of_ledger(deps: Deps) -> Iterator[Metric]:
    with deps.book.reading() as session:
        by_state = {state.value: count for state, count in ledger.counts(session).items()}
        refusing = {one.channel for one in refusals.refusing(session, deps.campus)}
    yield _gauges("notices", "Notices by what became of them.", "state", by_state)
    refused = {channel: int(channel in refusing) for channel in deps.campus.channels}
    yield _gauges("channel_refused", "1 while a channel refuses messages for good.", "channel", refused)


def _silent_devices(board: Board, deps: Deps) -> dict[str, int]:
    """Devices that should have spoken by now, by kind; those that speak only when used are never silent."""
    now_ms = deps.now()
    silent = Counter({kind.value: 0 for kind in Kind})
    for name, heard_ms in board.heard().items():
        configured = deps.campus.devices.get(name)
        if configured is None or configured.interval_ms == 0:
            continue
        if heard_ms is None or now_ms - heard_ms > 3 * configured.interval_ms:
            silent[configured.kind.value] += 1
    return dict(silent)


def _reasons(health: Health) -> list[str]:
    reasons = []
    if not health.broker_connected:
        reasons.append("broker")
    if health.log_fault:
        reasons.append("log")
    return reasons + [f"loop {name}" for name in health.failing_loops]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"campushub_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"campushub_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"campushub_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counters(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"campushub_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _times(name: str, text: str, times: Times) -> Metric:
    buckets = [(f"{limit:g}" if limit < inf else "+Inf", float(count)) for limit, count in times.buckets()]
    return HistogramMetricFamily(f"campushub_{name}", text, buckets=buckets, sum_value=times.sum_s)
