"""How many messages a second, at what cost: the hub, beside a plain C subscriber and bare paho."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hub.bench.load import Load, Sent
from hub.bench.load import run as publish
from hub.bench.machine import used_by
from hub.bench.servers import HubUnderTest, c_subscriber, mosquitto

SITE: Final = "bench"
_FILTER: Final = f"campus/{SITE}/#"
_SETTLES_S: Final = 1.0
_DRAIN_S: Final = 60.0

Progress = Callable[[str], None]


class Flow(msgspec.Struct, frozen=True):
    """One subscriber under load. `cpu_us`: processor time of the subscriber for each message, in µs."""

    name: str
    offered_hz: float
    received_hz: float
    cpu_us: float
    resident_mb: float
    most_waiting: float = 0


def measure(
    devices: int, publishers: int, rate_hz: float, seconds: float, runs: int, progress: Progress
) -> tuple[Flow, ...]:
    """The medians of `runs` of each subscriber, in turn, each with a broker of its own."""
    found: dict[str, list[Flow]] = {}
    for number in range(runs):
        for name, subject in (("C subscriber", _c_flow), ("bare paho", _paho_flow), ("campushub", _hub_flow)):
            progress(f"run {number + 1} of {runs}: {name}")
            with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder) / "broker") as port:
                load = Load(port, SITE, devices, publishers, rate_hz, seconds)
                found.setdefault(name, []).append(subject(Path(folder), load))
    return tuple(_median(flows) for flows in found.values())


def _c_flow(_folder: Path, load: Load) -> Flow:
    with c_subscriber(load.port, _FILTER) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        counted = _Counted(process.stdout.fileno())
        sent, received_hz, cpu_s = _under_load(load, lambda: counted.messages, process.pid)
        return _flow("C subscriber", load, sent, received_hz, cpu_s, process.pid)


def _paho_flow(_folder: Path, load: Load) -> Flow:
    counter = multiprocessing.Value("q", 0)
    process = multiprocessing.get_context("fork").Process(
        target=_bare_paho, args=(load.port, counter), daemon=True
    )
    process.start()
    time.sleep(_SETTLES_S)
    pid = process.pid or 0
    sent, received_hz, cpu_s = _under_load(load, lambda: int(counter.value), pid)
    flow = _flow("bare paho", load, sent, received_hz, cpu_s, pid)
    process.kill()
    process.join()
    return flow


def _hub_flow(folder: Path, load: Load) -> Flow:
    hub = HubUnderTest(folder / "hub", load.port, load.devices)
    waiting: list[float] = [0]

    def appended() -> int:
        waiting.append(hub.metric("campushub_inbox_waiting"))
        return int(hub.metric('campushub_facts_total{fate="appended"}'))

    try:
        sent, received_hz, cpu_s = _under_load(load, appended, hub.process.pid)
        flow = _flow("campushub", load, sent, received_hz, cpu_s, hub.process.pid)
        return msgspec.structs.replace(flow, most_waiting=max(waiting))
    finally:
        hub.stop()


def _under_load(load: Load, received: Callable[[], int], pid: int) -> tuple[Sent, float, float]:
    """What was sent, messages a second received from first to last, and the processor's seconds for them."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        pool.apply(os.getpid)  # the process is there before the clock starts
        before, cpu_before = received(), used_by(pid).cpu_s
        started = time.monotonic()
        result = pool.apply_async(publish, (load, int(time.time())))
        while not result.ready():
            time.sleep(0.5)
            received()
        sent: Sent = result.get()
        while (
            received() - before < sent.acknowledged and time.monotonic() - started < load.seconds + _DRAIN_S
        ):
            time.sleep(0.1)
        took = time.monotonic() - started
        return sent, (received() - before) / took, used_by(pid).cpu_s - cpu_before


def _flow(name: str, load: Load, sent: Sent, received_hz: float, cpu_s: float, pid: int) -> Flow:
    return Flow(
        name,
        sent.acknowledged / sent.seconds if sent.seconds else load.rate_hz,
        received_hz,
        cpu_s / max(sent.acknowledged, 1) * 1e6,
        used_by(pid).resident_bytes / 1e6,
    )


def _median(flows: list[Flow]) -> Flow:
    return Flow(
        flows[0].name,
        median(flow.offered_hz for flow in flows),
        median(flow.received_hz for flow in flows),
        median(flow.cpu_us for flow in flows),
        median(flow.resident_mb for flow in flows),
        max(flow.most_waiting for flow in flows),
    )


def _bare_paho(port: int, counter: object) -> None:
    """Stock paho with a callback that only counts, in a process of its own."""

    def count(*_: object) -> None:
        counter.value += 1  # type: ignore[attr-defined] # multiprocessing's own shape

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False)
    client.on_message = count
    client.connect("127.0.0.1", port)
    client.subscribe(_FILTER, 1)
    client.loop_forever()


class _Counted:
    """Counts the lines that a program prints."""

    def __init__(self, file: int) -> None:
        self.messages = 0
        self._file = file
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while piece := os.read(self._file, 1 << 20):
            self.messages += piece.count(b"\n")
