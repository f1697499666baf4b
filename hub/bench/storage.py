"""What the log costs: durable appends, bytes, many devices, reading it again, verifying it.

The floor is a bare SQLite table that takes the same bodies in the same batches, as durably. All of them take
turns, some thousand facts each, so that whatever else the computer does meets all of them.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Final, Protocol

import apsw
import msgspec

from devices import identity
from devices.facts import Clock, Fact, Reading
from devices.topics import Channel
from hub.bench.plain import DAY_MS
from hub.bench.progress import Progress, part
from hub.bench.report import Row
from hub.clock import system_now_ms
from hub.log import body
from hub.log.model import Entry, LogFaultError
from hub.log.reader import LogReader
from hub.log.verify import verify
from hub.log.writer import LogWriter
from hub.processes import TrialError

BATCH: Final = 500  # facts in one commit
MANY: Final = 100  # times the devices
RATIO_AT_MOST: Final = 1.2
_BOOT: Final = 1_700_000_000  # devices without a better one send when they started
_TURN: Final = 20  # commits of one before the next has its turn
_READ: Final = 2_000  # facts that the log's readers take at a time
_NS_OF_S: Final = 1e9
_NS_OF_MS: Final = 1e6
_NS_OF_US: Final = 1e3


class Asked(msgspec.Struct, frozen=True):
    """`folder`: on the disk to be measured; None: where temporary files go."""

    facts: int
    devices: int
    folder: Path | None = None


class _Store(Protocol):
    path: Path

    def prepare(self, facts: Sequence[Fact]) -> None:
        """What is not measured."""

    def append(self) -> None:
        """Makes what was prepared durable."""

    def close(self) -> None: ...


class _Side:
    """One store, its devices and what it took. `facts`: all that it holds."""

    def __init__(self, store: _Store, devices: int) -> None:
        self.store = store
        self.facts = 0
        self._commits_ns: list[int] = []
        self._cpu_ns = 0
        self._devices = devices
        self._readings = _readings(devices)

    def meet(self) -> None:
        """Every device once, or some twice: what a device costs at its first fact is not counted."""
        self.take(-(-self._devices // BATCH))
        self._commits_ns, self._cpu_ns = [], 0

    def take(self, commits: int) -> None:
        """So many commits."""
        for _ in range(commits):
            facts = list(islice(self._readings, BATCH))
            self.store.prepare(facts)
            began_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
            self.store.append()
            self._cpu_ns += time.thread_time_ns() - cpu_ns
            self._commits_ns.append(time.perf_counter_ns() - began_ns)
            self.facts += BATCH

    @property
    def cpu_us(self) -> float:
        """Processor time of a fact."""
        return self._cpu_ns / (len(self._commits_ns) * BATCH) / _NS_OF_US

    @property
    def rate_hz(self) -> float:
        """Durable facts a second."""
        return len(self._commits_ns) * BATCH / (sum(self._commits_ns) / _NS_OF_S)

    @property
    def bytes_each(self) -> float:
        """Of the closed file."""
        return self.store.path.stat().st_size / self.facts

    def commit_ms(self, share: float) -> float:
        """The commit that so many were quicker than."""
        ordered = sorted(self._commits_ns)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / _NS_OF_MS


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """One pass. Raises TrialError."""
    try:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            return _measure(Path(folder), asked, progress)
    except LogFaultError as fault:
        raise TrialError(fault.problem) from fault


def _measure(folder: Path, asked: Asked, progress: Progress) -> tuple[Row, ...]:
    few = _Side(_Log(folder / "few.sqlite"), asked.devices)
    many = _Side(_Log(folder / "many.sqlite"), asked.devices * MANY)
    bare = _Side(_Bare(folder / "bare.sqlite"), asked.devices)
    _write((few, many, bare), asked.facts // BATCH, part(progress, 0, 0.6))
    read_hz = _read_hz(few, part(progress, 0.6, 0.7))
    bare_read_hz = _bare_read_hz(bare)
    verified_hz = _verified_hz(few, part(progress, 0.7, 1.0))
    return (
        Row("appended durably", few.rate_hz, "facts/s", floor=bare.rate_hz),
        Row(f"commit of {BATCH} facts, p50", few.commit_ms(0.5), "ms", floor=bare.commit_ms(0.5)),
        Row(f"commit of {BATCH} facts, p99", few.commit_ms(0.99), "ms", floor=bare.commit_ms(0.99)),
        Row("in the file", few.bytes_each, "bytes/fact", floor=bare.bytes_each),
        Row("CPU of a fact", few.cpu_us, "µs", floor=bare.cpu_us),
        Row(f"CPU of a fact, {MANY} times the devices", many.cpu_us, "µs", floor=bare.cpu_us),
        Row(f"{MANY} times the devices cost", many.cpu_us / few.cpu_us, "times", at_most=RATIO_AT_MOST),
        Row("read again", read_hz, "facts/s", floor=bare_read_hz),
        Row("verified", verified_hz, "facts/s"),
    )


def _write(sides: Sequence[_Side], commits: int, progress: Progress) -> None:
    for side in sides:
        side.meet()
    for done in range(0, commits, _TURN):
        for side in sides:
            side.take(min(_TURN, commits - done))
        progress("appending", done / commits)
    for side in sides:
        side.store.close()


def _read_hz(side: _Side, progress: Progress) -> float:
    """Through the file as a reader of the log that begins anew, every fact decoded."""
    reader = LogReader(side.store.path)
    began, cursor, read = time.perf_counter(), 0, 0
    while found := reader.after(cursor, _READ):
        cursor = found.last
        read += len(found.facts)
        progress("reading", read / side.facts)
    took_s = time.perf_counter() - began
    reader.close()
    if read != side.facts:
        raise TrialError(f"{side.facts} facts were appended and {read} read")
    return read / took_s


def _bare_read_hz(side: _Side) -> float:
    """The bodies only, in pieces of the same size."""
    connection = apsw.Connection(str(side.store.path), flags=apsw.SQLITE_OPEN_READONLY)
    began = time.perf_counter()
    rows = connection.execute("SELECT seq, body FROM facts ORDER BY seq")
    while list(islice(rows, _READ)):
        pass
    took_s = time.perf_counter() - began
    connection.close()
    return side.facts / took_s


def _verified_hz(side: _Side, progress: Progress) -> float:
    began = time.perf_counter()
    verdict = verify(side.store.path, lambda what, done, all_: progress(f"verifying: {what}", done / all_))
    if verdict.faults:
        raise TrialError(f"the log is not sound: {verdict.faults[0]}")
    return side.facts / (time.perf_counter() - began)


def _readings(devices: int) -> Iterator[Fact]:
    """What fridges usually say, for ever: each device in turn, in an order of their own."""
    dice = random.Random(devices)  # noqa: S311 - the same every time
    names = [f"d{number}" for number in range(devices)]
    dice.shuffle(names)
    first_ms = system_now_ms() - DAY_MS
    for number in count():
        seq, place = divmod(number, devices)
        name, at_ms = names[place], first_ms + number
        values = (
            ("temperature_c", 4 + dice.randrange(30) / 10),
            ("humidity_pct", 50.0 + dice.randrange(20)),
            ("door_open", dice.random() < 0.01),
        )
        key = identity.of_sequence(Channel.READING, name, _BOOT, seq + 1)
        yield Reading(key, name, at_ms, at_ms + dice.randrange(5, 200), Clock.DEVICE, values)


class _Log:
    """The log itself: one message a fact, as devices send them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = LogWriter(path)
        self._entries: list[Entry] = []

    def prepare(self, facts: Sequence[Fact]) -> None:
        self._entries = [Entry(facts=(fact,)) for fact in facts]

    def append(self) -> None:
        self._writer.append(self._entries, system_now_ms())

    def close(self) -> None:
        self._writer.close()


class _Bare:
    """A table of numbers and bodies, and nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = apsw.Connection(str(path))
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "full")
        self._connection.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        self._rows: list[tuple[int, bytes]] = []
        self._seq = 0

    def prepare(self, facts: Sequence[Fact]) -> None:
        self._rows = [(seq, body.encode(fact)) for seq, fact in enumerate(facts, self._seq + 1)]
        self._seq += len(facts)

    def append(self) -> None:
        with self._connection:
            self._connection.executemany("INSERT INTO facts VALUES (?, ?)", self._rows)

    def close(self) -> None:
        self._connection.close()
