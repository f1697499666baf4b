"""A plain DuckDB table of values (series, time, value), sorted: where the values are made, and the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from hub.bench.progress import Progress

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_START_MS: Final = 1_764_000_000_000 - 1_764_000_000_000 % DAY_MS
# As the history has it: both share a small computer with everything else.
_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {"memory_limit": "512MB", "threads": 2}

# Once a minute, each time at another moment of it, so that the series arrive shuffled. A fridge cools and
# warms around 4 °C; a meter counts up, by day more than by night.
_MAKE: Final = """
INSERT INTO plain SELECT {series}, {start_ms} + minute * 60000 + hash(minute * 100003 + {series}) % 60000,
    CASE WHEN {is_meter}
    THEN round({series} * 100 + minute * 0.05 + 3 * sin(minute * 2 * pi() / 1440), 2)
    ELSE round(4 + 2 * sin((minute + {series} * 7) * 2 * pi() / 90)
        + hash(minute * 7919 + {series}) % 1000 / 2000.0, 1) END
FROM range({minutes}) AS minutes(minute) ORDER BY minute
"""


class Plain:
    """`minutes` values of each series. Two in five series are meters."""

    def __init__(self, path: Path, series: int, minutes: int) -> None:
        self.path = path
        self.series = series
        self.minutes = minutes
        self.points = series * minutes
        self.start_ms = _START_MS
        self.end_ms = _START_MS + minutes * MINUTE_MS
        self._connection = duckdb.connect(str(path), config=_SETTINGS)

    def make(self, progress: Progress) -> None:
        """Makes the values."""
        self._connection.execute("CREATE TABLE plain (series INTEGER, at_ms BIGINT, value DOUBLE)")
        for number in range(self.series):
            self._connection.execute(
                _MAKE.format(
                    series=number,
                    start_ms=self.start_ms,
                    is_meter=str(self.is_meter(number)).upper(),
                    minutes=self.minutes,
                )
            )
            progress(f"making {self.points:,} values", (number + 1) / self.series)
        self._connection.execute("CHECKPOINT")

    def is_meter(self, series: int) -> bool:
        """Whether a series counts energy; the others are temperatures of fridges."""
        return series % 5 < 2

    def arriving(self, most: int) -> Iterator[list[tuple[int, int, float]]]:
        """All values (series, at_ms, value) in the order of time, up to `most` at once."""
        for day_ms in range(self.start_ms, self.end_ms, DAY_MS):
            rows = self._connection.cursor().execute(
                "FROM plain WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, series",
                [day_ms, day_ms + DAY_MS],
            )
            while found := rows.fetchmany(most):
                yield found

    def day(self, series: int, start_ms: int, step_ms: int) -> list[tuple[Any, ...]]:
        """A day of one series: (start of the step, mean)."""
        return self._ask(
            "SELECT at_ms - at_ms % ? AS step, avg(value) FROM plain"
            " WHERE series = ? AND at_ms >= ? AND at_ms < ? GROUP BY step ORDER BY step",
            [step_ms, series, start_ms, start_ms + DAY_MS],
        )

    def latest(self) -> list[tuple[Any, ...]]:
        """The newest of every series: (series, at_ms, value)."""
        return self._ask("SELECT series, max(at_ms), arg_max(value, at_ms) FROM plain GROUP BY series", [])

    def energy(self, start_ms: int, end_ms: int) -> list[tuple[Any, ...]]:
        """What every meter counted by day: (series, day, kWh), without what lies between the days."""
        return self._ask(
            "SELECT series, (at_ms - ?) // ? AS day, max(value) - min(value) FROM plain"
            " WHERE series % 5 < 2 AND at_ms >= ? AND at_ms < ? GROUP BY series, day ORDER BY series, day",
            [start_ms, DAY_MS, start_ms, end_ms],
        )

    def open_again(self) -> None:
        """Forgets what DuckDB has in memory."""
        self._connection.close()
        self._connection = duckdb.connect(str(self.path), config=_SETTINGS)

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    def _ask(self, question: str, values: Sequence[int]) -> list[tuple[Any, ...]]:
        return self._connection.execute(question, list(values)).fetchall()
