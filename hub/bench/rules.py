"""What rules cost: the whole catalogue on few and on many series, and a backtest over a log of its own.

Judging is measured in processor time of its one thread, the two sizes in turns, so that whatever else the
computer does meets both. The backtest is the command's own: in processes that read, decode and judge.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from devices.facts import Fact
from hub.alerts.backtest import Backtest
from hub.backtest.apart import Work, judge, processors
from hub.backtest.then import of_log
from hub.bench.catalogue_load import campus_of, devices_for, facts_of
from hub.bench.progress import Progress, part
from hub.bench.report import Row
from hub.config.binding import watches_of_devices
from hub.config.load import load
from hub.log.model import Entry, LogFaultError
from hub.log.writer import LogWriter
from hub.loop import calm_collector, restore_collector
from hub.processes import TrialError

MANY: Final = 100  # times the series
RATIO_AT_MOST: Final = 1.2
FACT_AT_MOST_US: Final = 6.67  # 150,000 a second
MONTH_AT_MOST_MIN: Final = 3.0
_MONTH_FACTS: Final = 30 * 24 * 60 * 500
_MIDNIGHT_MS: Final = 1_789_920_000_000 + 16 * 3_600_000  # a Monday's in the site's zone
_WARM_TURNS: Final = 30  # until watches of the last half hour remember all of it
_READ: Final = 10_000
_US: Final = 1e6
_MB: Final = 1e6


class Asked(msgspec.Struct, frozen=True):
    """`series`: of the smaller campus. `turns`: readings of each device of the larger one that count.

    `devices`, `days`: of the log that is backtested; `folder`: where it is made meanwhile."""

    series: int
    turns: int
    devices: int
    days: float
    folder: Path | None = None


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """One pass. Raises TrialError."""
    calm_collector()
    try:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            judged = _judging(Path(folder), asked, part(progress, 0, 0.4))
            return (*judged, *_backtest(Path(folder), asked, part(progress, 0.4, 1)))
    except LogFaultError as fault:
        raise TrialError(fault.problem) from fault
    finally:
        restore_collector()


def backtest_of(folder: Path, devices: int) -> Backtest:
    """Every rule of the catalogue on every device of a campus of so many."""
    campus = load(_config(folder, devices), {})
    return Backtest(campus.rules, watches_of_devices(campus), lambda _: (), campus.site.zone, 0)


def _config(folder: Path, devices: int) -> Path:
    config = folder / f"campus-{devices}.toml"
    config.write_text(campus_of(devices), encoding="utf-8")
    return config


# --- judging alone ---


class _Side:
    """One campus and the processor time that judging has cost it."""

    def __init__(self, folder: Path, devices: int, turns: int) -> None:
        self.devices = devices
        self._trial = backtest_of(folder, devices)
        self._turns = facts_of(devices, turns + _WARM_TURNS, _MIDNIGHT_MS)
        self.spent_s, self.facts = 0.0, 0
        self.take(_WARM_TURNS)
        self.spent_s, self.facts = 0.0, 0

    def take(self, turns: int) -> None:
        for facts in _pieces(islice(self._turns, turns)):
            began_s = time.thread_time()
            self._trial.take(facts)
            self.spent_s += time.thread_time() - began_s
            self.facts += len(facts)

    @property
    def cost_us(self) -> float:
        return self.spent_s / self.facts * _US


def _judging(folder: Path, asked: Asked, progress: Progress) -> tuple[Row, ...]:
    progress("making two campuses", 0)
    few, many = devices_for(asked.series), devices_for(asked.series * MANY)
    times = max(1, many // few)
    one = _Side(folder, few, asked.turns * times)
    other = _Side(folder, many, asked.turns)
    for turn in range(asked.turns):
        progress("judging", turn / asked.turns)
        one.take(times)
        other.take(1)
    return (
        Row(f"judging a fact, {asked.series} series", one.cost_us, "µs", at_most=FACT_AT_MOST_US),
        Row(f"judged, {asked.series} series", _US / one.cost_us, "facts/s"),
        Row(f"judging a fact, {MANY} times the series", other.cost_us, "µs"),
        Row(f"{MANY} times the series cost", other.cost_us / one.cost_us, "times", at_most=RATIO_AT_MOST),
    )


# --- the backtest ---


def _backtest(folder: Path, asked: Asked, progress: Progress) -> tuple[Row, ...]:
    path = folder / "log.sqlite"
    turns = max(1, round(asked.days * 24 * 60))
    filled = _fill(path, asked.devices, turns, part(progress, 0, 0.4))
    config = _config(folder, asked.devices)
    campus = load(config, {})
    work = Work(config, {}, frozenset(campus.rules), of_log(path, 0, None))
    told = part(progress, 0.4, 1)
    began_s = time.perf_counter()
    judged = judge(campus, work, processors(), partial(told, "backtest"))
    took_s = time.perf_counter() - began_s
    return (
        Row("backtest: processes", judged.processes, ""),
        Row("backtest: reading a fact from the log, CPU", judged.read_s / filled * _US, "µs"),
        Row("backtest: judging it, CPU", judged.judged_s / filled * _US, "µs"),
        Row("backtest, by the clock", filled / took_s, "facts/s"),
        Row("backtest: size of the log", path.stat().st_size / _MB, "MB"),
        Row(
            "backtest: 30 days of 500 devices, one a minute",
            _MONTH_FACTS * took_s / filled / 60,
            "min",
            at_most=MONTH_AT_MOST_MIN,
        ),
    )


def _fill(path: Path, devices: int, turns: int, progress: Progress) -> int:
    """Writes a log as a hub does; returns how many facts."""
    log, filled = LogWriter(path), 0
    try:
        # Some minutes in a commit: how the log takes facts is another measurement.
        for number, facts in enumerate(_pieces(facts_of(devices, turns, _MIDNIGHT_MS))):
            log.append([Entry(tuple(facts))], facts[-1].received_at_ms)
            filled += len(facts)
            if number % 10 == 0:
                progress("filling a log", min(1.0, filled / ((devices + 1) * turns)))
    finally:
        log.close()
    return filled


def _pieces(turns: Iterator[list[Fact]]) -> Iterator[Sequence[Fact]]:
    """Turns joined into batches of some size, as the log gives them."""
    batch: list[Fact] = []
    for facts in turns:
        batch += facts
        if len(batch) >= _READ // 5:
            yield batch
            batch = []
    if batch:
        yield batch
