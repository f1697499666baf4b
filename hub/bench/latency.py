"""How long a message takes: until the hub has acknowledged it, until an alert is on the event stream, and
until a reader has the reply to its tap.

A publisher's acknowledgement comes from the broker and says nothing about the hub. So the hub (and, as the
floor, a plain C subscriber) is connected through a tap that sees its acknowledgements.
"""

from __future__ import annotations

import multiprocessing
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from hub.bench.beeping import CAMPUS, beeping
from hub.bench.load import Load, Message, Sent, sent_at_ns, warm_messages
from hub.bench.load import run as publish
from hub.bench.progress import Progress, part
from hub.bench.report import Row, of_runs
from hub.bench.servers import FILTER, PERSON, SITE, HubUnderTest, c_subscriber, mosquitto
from hub.bench.stream import following
from hub.bench.tap import Tap
from hub.processes import TrialError

WARM_UP_S: Final = 1.0  # at the beginning of each run, not counted; at most a quarter of it
ACKNOWLEDGED_P99_MS: Final = 40.0
ALERT_P99_MS: Final = 150.0
REPLY_P99_MS: Final = 300.0
_ALERTS_PER_S: Final = 4
_PUBLISHERS: Final = 200
_SETTLES_S: Final = 1.0
_LOOKS_EVERY_S: Final = 0.2
_NS_OF_MS: Final = 1e6
_RULES: Final = """\
[rules."cold.chilled.warm"]
for = "0s"
keep_for = "0s"
"""


class Asked(msgspec.Struct, frozen=True):
    """`rate`: messages a second. `folder`: where to write; None: where temporary files go."""

    rate: float
    seconds: float
    runs: int
    devices: int
    folder: Path | None = None


class Spread(msgspec.Struct, frozen=True):
    """Of many times, in ms."""

    p50: float
    p95: float
    p99: float
    longest: float


class _Seen(msgspec.Struct, frozen=True):
    """One run of one subscriber. `missing`: messages (or alerts, replies) that never came."""

    offered_hz: float
    delivered: Spread
    acknowledged: Spread
    missing: int
    alerts: Spread | None = None
    alerts_missing: int = 0
    replies: Spread | None = None
    replies_missing: int = 0


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """The medians of all runs, floor and hub in turn, each with a broker of its own. Raises TrialError."""
    subjects = (("C subscriber", _c_run), ("campushub", _hub_run))
    found: dict[str, list[_Seen]] = {name: [] for name, _ in subjects}
    turns = asked.runs * len(subjects)
    for number in range(asked.runs):
        for place, (name, subject) in enumerate(subjects):
            words, turn = f"run {number + 1} of {asked.runs}: {name}", number * len(subjects) + place
            tell = partial(part(progress, turn / turns, (turn + 1) / turns), words)
            tell(0)
            with (
                tempfile.TemporaryDirectory(dir=asked.folder) as folder,
                mosquitto(Path(folder) / "broker") as port,
            ):
                found[name].append(subject(Path(folder), _load(asked, port), tell))
    return _rows(found["campushub"], found["C subscriber"])


def spread(times_ns: Iterable[int]) -> Spread:
    """The percentiles of some times, each one that was measured. Raises TrialError if there are none."""
    ordered = sorted(time_ns / _NS_OF_MS for time_ns in times_ns)
    if not ordered:
        raise TrialError("nothing came through: there is nothing to measure")

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    return Spread(at(0.5), at(0.95), at(0.99), ordered[-1])


def _load(asked: Asked, port: int) -> Load:
    return Load(
        port,
        SITE,
        asked.devices,
        min(_PUBLISHERS, asked.devices),
        asked.rate,
        asked.seconds,
        warm=max(1, min(asked.devices, int(_ALERTS_PER_S * asked.seconds))),
        warms_after_s=_warm_up_s(asked.seconds),
    )


def _warm_up_s(seconds: float) -> float:
    return min(WARM_UP_S, seconds / 4)


def _c_run(_folder: Path, load: Load, tell: Callable[[float], None]) -> _Seen:
    with _tap(load.port) as tap:
        with c_subscriber(tap.port, FILTER):
            sent = _published(load, tell)
        return _seen(tap, sent, _counted(load, sent))


def _hub_run(folder: Path, load: Load, tell: Callable[[float], None]) -> _Seen:
    secret = secrets.token_urlsafe(16)
    with _tap(load.port) as tap:
        hub = HubUnderTest(folder / "hub", tap.port, load.devices, rules=_RULES + CAMPUS, secret=secret)
        try:
            with following(hub.port, PERSON, secret) as stream, beeping(load.port, load.seconds) as beeped:
                sent = _published(load, tell)
                replies = beeped()
                hub.stop()  # ends the stream
                arrivals = stream.arrivals()
        finally:
            hub.stop()
        counted = _counted(load, sent)
        seen = _seen(tap, sent, counted)
    warm = {message.device: counted[message] for message in warm_messages(load) & counted.keys()}
    alerts = {
        device: arrivals[f"d{device}"] - at_ns for device, at_ns in warm.items() if f"d{device}" in arrivals
    }
    missing = len(warm) - len(alerts)
    return msgspec.structs.replace(
        seen,
        alerts=spread(alerts.values()),
        alerts_missing=missing,
        replies=spread(replies.times_ns),
        replies_missing=replies.missing,
    )


@contextmanager
def _tap(broker_port: int) -> Iterator[Tap]:
    tap = Tap(broker_port)
    try:
        yield tap
    finally:
        tap.close()


def _published(load: Load, tell: Callable[[float], None]) -> Sent:
    """Publishes all of the load from a process of its own, and leaves time for the last to arrive."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply_async(publish, (load, int(time.time())))
        started = time.monotonic()
        while not result.ready():
            tell(min(1.0, (time.monotonic() - started) / load.seconds))
            result.wait(_LOOKS_EVERY_S)
        time.sleep(_SETTLES_S)
        sent: Sent = result.get()
        return sent


def _counted(load: Load, sent: Sent) -> dict[Message, int]:
    """When each message was sent, without those for warming up."""
    moments = sent_at_ns(load, sent)
    begin_ns = min(moments.values(), default=0) + int(_warm_up_s(load.seconds) * 1e9)
    return {message: at_ns for message, at_ns in moments.items() if at_ns >= begin_ns}


def _seen(tap: Tap, sent: Sent, counted: dict[Message, int]) -> _Seen:
    passed = tap.passed()
    both = [(at_ns, passed[message]) for message, at_ns in counted.items() if message in passed]
    return _Seen(
        sent.acknowledged / sent.seconds,
        spread(came.delivered_ns - at_ns for at_ns, came in both),
        spread(came.acknowledged_ns - at_ns for at_ns, came in both),
        len(counted) - len(both),
    )


def _rows(hubs: list[_Seen], floors: list[_Seen]) -> tuple[Row, ...]:
    acknowledged = [(seen.acknowledged, floor.acknowledged) for seen, floor in zip(hubs, floors, strict=True)]
    delivered = [(seen.delivered, floor.delivered) for seen, floor in zip(hubs, floors, strict=True)]
    alerts = [(seen.alerts, None) for seen in hubs if seen.alerts is not None]
    replies = [(seen.replies, None) for seen in hubs if seen.replies is not None]
    floor_hz = median(floor.offered_hz for floor in floors)
    return (
        of_runs("offered", "1/s", (seen.offered_hz for seen in hubs), floor=floor_hz),
        *_times("published to acknowledged", acknowledged, ACKNOWLEDGED_P99_MS),
        *_times("published to delivered", delivered, None),
        *_times("published to alert on the event stream", alerts, ALERT_P99_MS),
        *_times("tap to reply", replies, REPLY_P99_MS),
        Row(
            "messages never acknowledged",
            sum(seen.missing for seen in hubs),
            "",
            floor=sum(seen.missing for seen in floors),
        ),
        Row("alerts that never came", sum(seen.alerts_missing for seen in hubs), ""),
        Row("taps without a reply", sum(seen.replies_missing for seen in hubs), ""),
    )


def _times(
    name: str, runs: Sequence[tuple[Spread, Spread | None]], p99_at_most: float | None
) -> Iterator[Row]:
    """One row a percentile."""
    for percentile in msgspec.structs.fields(Spread):
        values = [getattr(of_hub, percentile.name) for of_hub, _ in runs]
        floors = [getattr(floor, percentile.name) for _, floor in runs if floor is not None]
        yield of_runs(
            f"{name}, {percentile.name}",
            "ms",
            values,
            floor=median(floors) if floors else None,
            at_most=p99_at_most if percentile.name == "p99" else None,
        )
