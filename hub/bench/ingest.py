"""How many messages a second, at what cost: the hub, beside a plain C subscriber and bare paho."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any, Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hub.bench.load import Load, Sent
from hub.bench.load import run as publish
from hub.bench.machine import used_by
from hub.bench.progress import Progress, part
from hub.bench.report import Row, of_runs
from hub.bench.servers import FILTER, SITE, HubUnderTest, c_subscriber, mosquitto
from hub.processes import TrialError, behind

_READY_WITHIN_S: Final = 20.0
_DRAIN_S: Final = 60.0
_LOOKS_EVERY_S: Final = 1.0  # looking costs the hub something as well
_LOOKS_AGAIN_S: Final = 0.1


class Asked(msgspec.Struct, frozen=True):
    """`rate`: messages a second of all; 0: as fast as it goes. `folder`: where to write; None: where
    temporary files go."""

    rate: float
    seconds: float
    runs: int
    devices: int
    publishers: int
    folder: Path | None = None


class Flow(msgspec.Struct, frozen=True):
    """One subscriber under load. `cpu_us`: processor time of the subscriber for each message, in µs, with
    all that follows from it; `follows_s`: how much later than the last message that was done."""

    offered_hz: float
    received_hz: float
    cpu_us: float
    resident_mb: float
    follows_s: float
    most_waiting: float = 0


_FIGURES: Final[tuple[tuple[str, str, Callable[[Flow], float]], ...]] = (
    ("offered", "1/s", lambda flow: flow.offered_hz),
    ("received", "1/s", lambda flow: flow.received_hz),
    ("CPU of a message", "µs", lambda flow: flow.cpu_us),
    ("memory", "MB", lambda flow: flow.resident_mb),
)


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """The medians of all runs of each subscriber, each with a broker of its own. Raises TrialError."""
    subjects = (("C subscriber", _c_flow), ("bare paho", _paho_flow), ("campushub", _hub_flow))
    found: dict[str, list[Flow]] = {name: [] for name, _ in subjects}
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
                load = Load(port, SITE, asked.devices, asked.publishers, asked.rate, asked.seconds)
                found[name].append(subject(Path(folder), load, tell))
    return _rows(found)


def _rows(found: dict[str, list[Flow]]) -> tuple[Row, ...]:
    """The C subscriber is the floor of the other two; it comes first."""
    rows: list[Row] = []
    floors: dict[str, float] = {}
    for name, flows in found.items():
        for figure, unit, of in _FIGURES:
            floor = floors.get(figure)
            rows.append(of_runs(f"{name}: {figure}", unit, map(of, flows), floor=floor))
            floors.setdefault(figure, rows[-1].value)
    hubs = found["campushub"]
    return (
        *rows,
        of_runs("campushub: rules and history done after", "s", (flow.follows_s for flow in hubs)),
        of_runs("campushub: most that waited for the log", "messages", (flow.most_waiting for flow in hubs)),
    )


def _c_flow(_folder: Path, load: Load, tell: Callable[[float], None]) -> Flow:
    with c_subscriber(load.port, FILTER) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        counted = _Counted(process.stdout.fileno())
        return _under_load(load, lambda: counted.messages, process.pid, tell)


def _paho_flow(_folder: Path, load: Load, tell: Callable[[float], None]) -> Flow:
    context = multiprocessing.get_context("spawn")
    counter, is_ready = context.Value("q", 0), context.Event()
    process = context.Process(target=_bare_paho, args=(load.port, counter, is_ready), daemon=True)
    process.start()
    try:
        if not is_ready.wait(_READY_WITHIN_S):
            raise TrialError("bare paho does not connect")
        return _under_load(load, lambda: int(counter.value), process.pid or 0, tell)
    finally:
        process.kill()
        process.join()


def _hub_flow(folder: Path, load: Load, tell: Callable[[float], None]) -> Flow:
    hub = HubUnderTest(folder / "hub", load.port, load.devices)
    waiting: list[float] = [0]
    appended: list[int] = [0]

    def received() -> int:
        found = hub.metrics("campushub_inbox_waiting", 'campushub_facts_total{fate="appended"}')
        if not any(map(isnan, found)):  # a busy hub may not answer in time
            waiting.append(found[0])
            appended.append(int(found[1]))
        return appended[-1]

    def is_done() -> bool:
        return behind(hub.port) == (0, 0)

    try:
        flow = _under_load(load, received, hub.process.pid, tell, is_done)
        return msgspec.structs.replace(flow, most_waiting=max(waiting))
    finally:
        hub.stop()


def _under_load(
    load: Load,
    received: Callable[[], int],
    pid: int,
    tell: Callable[[float], None],
    is_done: Callable[[], bool] = lambda: True,
) -> Flow:
    """What came of the load, from when every device has been heard twice to the last message received, and
    what that cost `pid` until it had done everything."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(os.getpid)  # the process is there before the clock starts
        first = before = received()
        cpu_before = used_by(pid).cpu_s
        began = started = time.monotonic()
        result = pool.apply_async(publish, (load, int(time.time())))
        while not result.ready():
            result.wait(_LOOKS_EVERY_S)
            got = received()
            if before == first and got - first >= 2 * load.devices:
                before, cpu_before, started = got, used_by(pid).cpu_s, time.monotonic()
            tell(min(1.0, (time.monotonic() - began) / load.seconds))
        sent: Sent = result.get()
        deadline = began + load.seconds + _DRAIN_S
        while received() - first < sent.acknowledged and time.monotonic() < deadline:
            time.sleep(_LOOKS_AGAIN_S)
        took_s = time.monotonic() - started
        while not is_done() and time.monotonic() < deadline:
            time.sleep(_LOOKS_AGAIN_S)
        used, counted = used_by(pid), received() - before
    return Flow(
        offered_hz=sent.acknowledged / sent.seconds,
        received_hz=counted / took_s,
        cpu_us=(used.cpu_s - cpu_before) / max(counted, 1) * 1e6,
        resident_mb=used.resident_bytes / 1e6,
        follows_s=time.monotonic() - started - took_s,
    )


def _bare_paho(port: int, counter: Any, is_ready: Any) -> None:
    """Stock paho with a callback that only counts, in a process of its own."""

    def count(*_: object) -> None:
        counter.value += 1

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False)
    client.on_message = count
    client.on_subscribe = lambda *_: is_ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe(FILTER, 1)
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
