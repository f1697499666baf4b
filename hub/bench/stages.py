"""What the microseconds of the hot path are spent on: each of its stages alone, in one thread.

The stages are the hub's own, put together without threads, sockets and broker, and driven at the pace that
they have at `rate`. A stage's figure holds no waiting for Python's lock: the whole hub under load (`bench
ingest`) costs more than their sum, by as much as threads and a shared processor take.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from devices.formats import Binding, Router
from hub.alerts.reader import AlertsReader
from hub.bench.load import Load, packets
from hub.bench.progress import Progress, part
from hub.bench.report import Row, of_runs
from hub.bench.servers import SITE, campus_text
from hub.book.store import Book
from hub.clock import system_now_ms
from hub.config.binding import watches_of_devices
from hub.config.load import load as load_campus
from hub.config.model import Campus
from hub.history.choose import make_history
from hub.history.port import Refused
from hub.history.pump import HistoryPump
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder
from hub.ingest.flood import Flood
from hub.ingest.inbox import Inbox
from hub.ingest.intake import Intake
from hub.ingest.own_clock import OwnClock
from hub.ingest.publishes import Publish, PublishReader
from hub.live.board import Board
from hub.live.reader import LiveReader
from hub.log.reader import LogReader
from hub.log.tail import Tail
from hub.log.writer import LogWriter
from hub.loop import calm_collector, restore_collector
from hub.main import ALERTS_PACE_S, HISTORY_PACE_S, LIVE_PACE_S
from hub.processes import TrialError

_STAGES: Final = ("read", "take apart", "log", "judge", "show", "history")
_COMMITS_HZ: Final = 50  # the inbox's linger under load is 20 ms
_NEVER_TOOMANY: Final = 1e9
MANY: Final = 100  # times the devices
RATIO_AT_MOST: Final = 1.2
_PIECE: Final = 20_000  # messages
_US: Final = 1e6

_Costs: TypeAlias = dict[str, float]


class Asked(msgspec.Struct, frozen=True):
    """How many messages of how many devices, at which pace; `folder`: on the disk that counts."""

    messages: int
    devices: int
    rate: float
    runs: int
    folder: Path | None = None


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """The medians of `runs`. Raises TrialError."""
    few: list[_Costs] = []
    many: list[_Costs] = []
    for run in range(asked.runs):
        whole = part(progress, run / asked.runs, (run + 1) / asked.runs)
        tell = partial(whole, f"run {run + 1} of {asked.runs}")
        tell(0)
        with _apart(asked, asked.devices) as one, _apart(asked, asked.devices * MANY) as other:
            _in_turns(asked.messages, one, other, tell)
            few.append(_costs(one, asked.messages))
            many.append(_costs(other, asked.messages))
    sums = [sum(costs.values()) for costs in few]
    sums_of_many = [sum(costs.values()) for costs in many]
    return (
        *(of_runs(stage, "µs", [costs[stage] for costs in few]) for stage in _STAGES),
        of_runs("all stages", "µs", sums),
        *(
            of_runs(f"{stage}, {MANY} times the devices", "µs", [costs[stage] for costs in many])
            for stage in _STAGES
        ),
        of_runs(
            f"{MANY} times the devices cost",
            "times",
            [more / less for more, less in zip(sums_of_many, sums, strict=True)],
            at_most=RATIO_AT_MOST,
        ),
    )


@contextmanager
def _apart(asked: Asked, devices: int) -> Iterator[Connection]:
    """A path in a process of its own, with a memory of its own, ready: every device has been heard twice.

    It is sent how many messages to take and answers when it has; for None it gives what each stage spent."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, asked, devices), daemon=True)
    process.start()
    there.close()
    try:
        _answer(here)
        yield here
    finally:
        here.close()
        process.join()


def _answer(from_path: Connection) -> object:
    try:
        answer = from_path.recv()
    except EOFError as error:
        raise TrialError("a path ended before its time") from error
    if isinstance(answer, str):
        raise TrialError(answer)
    return answer


def _serve(to_bench: Connection, asked: Asked, devices: int) -> None:
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder, suppress(EOFError):
        config = Path(folder) / "campus.toml"
        config.write_text(campus_text(broker_port=1, web_port=1, devices=devices), encoding="utf-8")
        path = _Path(load_campus(config, {}), asked.rate, devices)
        try:
            path.take(2 * devices)
            path.spent = dict.fromkeys(_STAGES, 0.0)
            to_bench.send(path.spent)
            while True:
                messages = to_bench.recv()
                if messages is not None:
                    path.take(messages)
                behind = f"{path.behind} facts did not come through" if path.behind else None
                to_bench.send(behind or path.spent)
        finally:
            path.close()


def _in_turns(messages: int, one: Connection, other: Connection, tell: Callable[[float], None]) -> None:
    """The same for both, a piece each: whatever else the computer does meets both."""
    done = 0
    while done < messages:
        piece = min(_PIECE, messages - done)
        for path in (one, other):
            path.send(piece)
            _answer(path)
        done += piece
        tell(done / messages)


def _costs(path: Connection, messages: int) -> _Costs:
    """Processor time of a message in each stage, in µs."""
    path.send(None)
    spent: _Costs = _answer(path)  # type: ignore[assignment] # what `_serve` sends
    return {stage: seconds / messages * _US for stage, seconds in spent.items()}


class _Path:
    """The stages of a hub, one after the other."""

    def __init__(self, campus: Campus, rate_hz: float, devices: int) -> None:
        folder, now = campus.storage.folder, self._now_ms
        self._began_ms, self._taken, self._rate_hz = system_now_ms(), 0, rate_hz
        folder.mkdir(parents=True, exist_ok=True)
        log_path, tail, counts = folder / "log.sqlite", Tail(), Counts()
        bindings = [Binding(d.id, d.kind, d.format, d.topic, d.sensor) for d in campus.devices.values()]
        decoder = Decoder(Router(campus.site.id, bindings), campus.site.zone)
        self._reader = PublishReader(version5=False)
        self._intake = Intake(decoder, counts, Flood(_NEVER_TOOMANY), OwnClock(now, now), "marker")
        self._intake.judges_floods = True
        self._log = LogWriter(log_path, tail)
        self._inbox = Inbox(self._log, now, counts, lambda: None)
        self._book = Book(campus.storage.book_url)
        self._alerts = AlertsReader(
            campus,
            watches_of_devices(campus),
            lambda _: (),
            LogReader(log_path, tail),
            self._book,
            now,
            lambda: None,
        )
        self._live = LiveReader(Board(campus.devices), LogReader(log_path, tail), self._book, campus, now)
        self._history = make_history(campus.storage.history, folder)
        self._pump = HistoryPump(campus, self._history, LogReader(log_path, tail), self._book, _refuse)
        self._batch = max(1, round(rate_hz / _COMMITS_HZ))
        load = Load(0, SITE, devices, 1, 0, 1)
        self._packets = packets(load, self._began_ms // 1_000, clock=lambda: self._now_ms() / 1_000)
        self.spent = dict.fromkeys(_STAGES, 0.0)
        calm_collector()

    @property
    def behind(self) -> int:
        """How many facts some stage has not read."""
        newest = self._log.newest_seq
        return newest - min(self._alerts.cursor, self._live.cursor, self._pump.cursors.log)

    def take(self, messages: int) -> None:
        """So many messages more, through every stage."""
        readers = {
            "judge": (self._alerts.turn, _turns(ALERTS_PACE_S)),
            "show": (self._live.turn, _turns(LIVE_PACE_S)),
            "history": (self._pump.turn, _turns(HISTORY_PACE_S)),
        }
        for number, data in enumerate(_joined(islice(self._packets, messages), self._batch), 1):
            found: list[Publish] = []
            self._taken += self._batch
            self._spend("read", partial(self._reader.read, data, 0, found))
            self._spend("take apart", partial(self._hand_on, found))
            self._spend("log", self._inbox.turn)
            for stage, (turn, every) in readers.items():
                if number % every == 0:
                    self._spend(stage, turn)
        for stage, (turn, _) in readers.items():
            while self.behind:
                before = self.behind
                self._spend(stage, turn)
                if self.behind == before:
                    break

    def _now_ms(self) -> int:
        """As late as it is at this pace: what is done each minute is done as often as in a hub."""
        return self._began_ms + int(self._taken / self._rate_hz * 1_000)

    def close(self) -> None:
        """Lets go of the files."""
        restore_collector()
        self._inbox.close()
        self._log.close()
        self._history.close()
        self._book.close()

    def _hand_on(self, found: list[Publish]) -> None:
        self._inbox.put_many(self._intake.take(found).entries, lambda _: None)

    def _spend(self, stage: str, work: Callable[[], object]) -> None:
        began = time.thread_time()
        work()
        self.spent[stage] += time.thread_time() - began


def _joined(packets: Iterable[bytes], size: int) -> Iterator[bytes]:
    source = iter(packets)
    while piece := b"".join(islice(source, size)):
        yield piece


def _turns(pace_s: float) -> int:
    return max(1, round(pace_s * _COMMITS_HZ))


def _refuse(refused: Iterable[Refused]) -> None:
    raise TrialError(f"the history refuses points: {next(iter(refused)).reason}")
