"""The embedded history: how large it grows, and how quickly it answers.

The values are made in a plain DuckDB table, sorted by series and time, which is also the floor: the same
questions as bare SQL on the same values.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from devices.series import FRIDGE, METER
from hub.bench.plain import DAY_MS, HOUR_MS, MINUTE_MS, Plain
from hub.bench.progress import Progress, part
from hub.bench.report import Row
from hub.history.duck import DuckHistory
from hub.history.port import Aggregate, Cursors, HistoryUnavailableError, Newest, Point, Sample, Used
from hub.history.pump import BATCH
from hub.processes import TrialError

TEMPERATURE: Final = "temperature_c"
ENERGY: Final = "energy_kwh"
STEP_MS: Final = 5 * MINUTE_MS
DAY_AT_MOST_MS: Final = 10.0
LATEST_AT_MOST_MS: Final = 2.0
MONTH_AT_MOST_MS: Final = 250.0
_DAY_QUESTIONS: Final = 200
_LATEST_QUESTIONS: Final = 50
_MONTH_QUESTIONS: Final = 15
_SITE: Final = "bench"
_AREA: Final = "canteen"
_MONTH_MS: Final = 30 * DAY_MS
_NS_OF_MS: Final = 1e6


class Asked(msgspec.Struct, frozen=True):
    """`points`: values of all series together; of the series two in five are meters. `folder`: where to
    write; None: where temporary files go."""

    points: int
    series: int
    folder: Path | None = None


class Times(msgspec.Struct, frozen=True):
    """Of one question asked in many ways, in ms; `first`: of the first after the file was opened."""

    first: float
    warm: float


def measure(asked: Asked, progress: Progress) -> tuple[Row, ...]:
    """One pass. Raises TrialError."""
    try:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            plain = Plain(Path(folder) / "plain.duckdb", asked.series, max(1, asked.points // asked.series))
            try:
                return _measure(plain, Path(folder) / "history.duckdb", progress)
            finally:
                plain.close()
    except HistoryUnavailableError as error:
        raise TrialError(error.detail) from error


def _measure(plain: Plain, path: Path, progress: Progress) -> tuple[Row, ...]:
    plain.make(part(progress, 0, 0.05))
    filled_s = fill(plain, path, part(progress, 0.05, 0.97))
    questions = Questions(plain, path)
    progress("asking", 0.97)
    day, bare_day = questions.days()
    progress("asking", 0.98)
    latest, bare_latest = questions.latest()
    progress("asking", 0.99)
    month, bare_month = questions.months()
    bytes_each, bare_bytes = (file.stat().st_size / plain.points for file in (path, plain.path))
    return (
        Row("written", plain.points / filled_s, "points/s"),
        Row("in the file", bytes_each, "bytes/point", floor=bare_bytes),
        Row("days held", plain.minutes * MINUTE_MS / DAY_MS, "days"),
        *_pair("a day of one series by 5 minutes", day, bare_day, DAY_AT_MOST_MS),
        *_pair("latest of all series", latest, bare_latest, LATEST_AT_MOST_MS),
        *_pair("a month of all meters' energy by day", month, bare_month, MONTH_AT_MOST_MS),
    )


def _pair(name: str, times: Times, bare: Times, at_most: float) -> tuple[Row, Row]:
    return (
        Row(f"{name}, median", times.warm, "ms", floor=bare.warm, at_most=at_most),
        Row(f"{name}, first", times.first, "ms", floor=bare.first),
    )


def fill(plain: Plain, path: Path, progress: Progress) -> float:
    """Writes every value in the order of arrival, in batches as the pump does when it catches up; returns the
    seconds that the history itself took."""
    history = DuckHistory(path)
    history.open()
    frames = [_frame(plain, number) for number in range(plain.series)]
    written, took_ns = 0, 0
    for rows in plain.arriving(BATCH):
        points = [
            Point(frames[series][0], _SITE, _AREA, frames[series][1], at_ms, ((frames[series][2], value),))
            for series, at_ms, value in rows
        ]
        written += len(points)
        began_ns = time.perf_counter_ns()
        if history.write(points, Cursors(log=written)):
            raise TrialError("the history refuses values")
        took_ns += time.perf_counter_ns() - began_ns
        progress(f"writing {plain.points:,} points", written / plain.points)
    began_ns = time.perf_counter_ns()
    history.close()
    return (took_ns + time.perf_counter_ns() - began_ns) / 1e9


def _frame(plain: Plain, series: int) -> tuple[str, str, str]:
    """Measurement, device and field of a series."""
    return (METER, f"m{series}", ENERGY) if plain.is_meter(series) else (FRIDGE, f"f{series}", TEMPERATURE)


class Questions:
    """The same questions to the history and to the plain table; each kind after opening the files anew."""

    def __init__(self, plain: Plain, path: Path) -> None:
        self._plain = plain
        self._path = path
        self._dice = random.Random(1)  # noqa: S311 - the same every time

    def days(self) -> tuple[Times, Times]:
        """Any day of any fridge."""
        plain, dice = self._plain, self._dice
        fridges = [number for number in range(plain.series) if not plain.is_meter(number)]
        steps = max(0, plain.end_ms - plain.start_ms - DAY_MS) // STEP_MS
        asked = [
            (dice.choice(fridges), plain.start_ms + dice.randrange(steps + 1) * STEP_MS)
            for _ in range(_DAY_QUESTIONS)
        ]
        return self._both(
            [partial(day, plain, *one) for one in asked],
            [partial(plain.day, *one, STEP_MS) for one in asked],
        )

    def latest(self) -> tuple[Times, Times]:
        """The newest value of everything."""
        return self._both([latest] * _LATEST_QUESTIONS, [self._plain.latest] * _LATEST_QUESTIONS)

    def months(self) -> tuple[Times, Times]:
        """Any thirty days, which begin at a full hour; or all that there is and some days that are empty."""
        plain = self._plain
        hours = max(DAY_MS, plain.end_ms - plain.start_ms - _MONTH_MS) // HOUR_MS
        asked = [plain.start_ms + self._dice.randrange(hours) * HOUR_MS for _ in range(_MONTH_QUESTIONS)]
        return self._both(
            [partial(energy, plain, start_ms, start_ms + _MONTH_MS) for start_ms in asked],
            [partial(plain.energy, start_ms, start_ms + _MONTH_MS) for start_ms in asked],
        )

    def _both(
        self, of_hub: Sequence[Callable[[DuckHistory], object]], bare: Sequence[Callable[[], object]]
    ) -> tuple[Times, Times]:
        history = DuckHistory(self._path)
        history.open()
        try:
            times = _timed([partial(question, history) for question in of_hub])
        finally:
            history.close()
        self._plain.open_again()
        return times, _timed(bare)


def day(plain: Plain, series: int, start_ms: int, history: DuckHistory) -> tuple[Sample, ...]:
    """A day of one series."""
    measurement, device, field = _frame(plain, series)
    return history.range(measurement, field, device, start_ms, start_ms + DAY_MS, STEP_MS, Aggregate.MEAN)


def latest(history: DuckHistory) -> tuple[Newest, ...]:
    """The newest value of everything."""
    return history.latest(FRIDGE, TEMPERATURE) + history.latest(METER, ENERGY)


def energy(plain: Plain, start_ms: int, end_ms: int, history: DuckHistory) -> tuple[Used, ...]:
    """The energy of every meter by day."""
    meters = [_frame(plain, number)[1] for number in range(plain.series) if plain.is_meter(number)]
    return history.energy(meters, start_ms, end_ms, DAY_MS)


def _timed(questions: Sequence[Callable[[], object]]) -> Times:
    took_ms: list[float] = []
    for question in questions:
        began_ns = time.perf_counter_ns()
        question()
        took_ms.append((time.perf_counter_ns() - began_ns) / _NS_OF_MS)
    return Times(took_ms[0], median(took_ms[1:]))
