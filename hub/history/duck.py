"""The embedded history: one DuckDB file, one row a field and time, summed up for the long term.

A batch and its cursors are one transaction. The same series and time is the same row: what is newer than all
before of its series is only added; anything else replaces the row that it may already have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hub.history import duck_questions
from hub.history.duck_batch import sort_out
from hub.history.duck_file import Connection, DuckFile
from hub.history.duck_keeping import keep
from hub.history.duck_layout import HOUR_MS
from hub.history.duck_meters import Steps, energy_of
from hub.history.duck_rows import Batch, point_of
from hub.history.duck_series import Series, SeriesBook
from hub.history.duck_settling import Settler, settle
from hub.history.excursions import excursions
from hub.history.port import (
    Aggregate,
    Cursors,
    Excursion,
    Limits,
    Newest,
    Point,
    Refused,
    Sample,
    Used,
)


class DuckHistory:
    """`Store` in the file `path`. `settler`: when values settle; tests have smaller runs."""

    def __init__(self, path: Path, settler: Settler | None = None, *, reads_only: bool = False) -> None:
        """`reads_only`: a file that is there already, which others may read at the same time."""
        self._book = SeriesBook()
        self._settler = settler or Settler()
        self._raw_since_ms = 0
        self._file = DuckFile(path, self._load, reads_only=reads_only)

    def open(self) -> None:
        """Opens the file and makes its tables, or brings those of an earlier version up to date."""
        self._file.opened()

    def cursors(self) -> Cursors:
        """The cursors of the last batch that was kept."""
        rows = self._file.read("SELECT log, book FROM cursors")
        return Cursors(log=rows[0][0], book=rows[0][1])

    def write(self, points: Sequence[Point], cursors: Cursors) -> tuple[Refused, ...]:
        """Keeps points and cursors, all or nothing."""

        def kept(connection: Connection) -> Batch:
            self._settler.turn(connection)
            connection.begin()
            batch = sort_out(points, self._book, self._raw_since_ms)
            self._book.save(connection)
            grown = keep(connection, batch)
            connection.execute("UPDATE cursors SET log = ?, book = ?", [cursors.log, cursors.book])
            connection.commit()
            self._settler.arrived += grown
            return batch

        return tuple(self._file.write(kept).refused)

    def prune(self, before_ms: int) -> None:
        """Drops raw values (and texts) of whole hours before; what has not settled is summed up first."""
        before_ms -= before_ms % HOUR_MS

        def pruned(connection: Connection) -> None:
            if before_ms <= self._raw_since_ms:
                return
            connection.begin()
            settle(connection, until_ms=before_ms - 1)
            for table in ("settled", "texts"):
                connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", [before_ms])  # noqa: S608 - our names
            connection.execute("UPDATE layout SET raw_since_ms = ?", [before_ms])
            connection.commit()
            self._raw_since_ms = before_ms
            self._settler.load(connection)

        self._file.write(pruned)

    def range(
        self,
        measurement: str,
        field: str,
        device: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        aggregate: Aggregate,
    ) -> tuple[Sample, ...]:
        """One series in [start, end) by steps, from summed-up values where steps allow."""
        found = self._find(measurement, field, device)
        if not found or start_ms >= end_ms:
            return ()
        ids = [series.id for series in found]
        if found[0].is_text:
            if aggregate is not Aggregate.COUNT:
                return ()
            question = duck_questions.texts(ids, start_ms, end_ms, step_ms)
        else:
            parts = duck_questions.parts(start_ms, end_ms, [step_ms], self._raw_since_ms)
            question = duck_questions.range_(parts, ids, step_ms, aggregate)
        return tuple(Sample(at_ms, float(value)) for at_ms, value in self._file.read(question))

    def latest(self, measurement: str, field: str) -> tuple[Newest, ...]:
        """The newest value of every device, from memory."""
        self._file.opened()
        return self._book.latest(measurement, field)

    def samples(
        self, measurement: str, field: str, device: str, start_ms: int, end_ms: int
    ) -> tuple[Sample, ...]:
        """The values themselves in [start, end), as far back as they are kept."""
        ids = [series.id for series in self._find(measurement, field, device) if not series.is_text]
        if not ids:
            return ()
        return tuple(Sample(*row) for row in self._file.read(duck_questions.samples(ids, start_ms, end_ms)))

    def energy(self, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int) -> tuple[Used, ...]:
        """Energy by intervals from `start_ms`, from summed-up values where these are whole hours."""
        self._file.opened()
        steps = Steps(start_ms, end_ms, step_ms)
        return energy_of(self._book, self._file.read, devices, steps, self._raw_since_ms)

    def excursions(
        self, measurement: str, field: str, device: str, limits: Limits, start_ms: int, end_ms: int
    ) -> tuple[Excursion, ...]:
        """The stretches outside the limits, from raw values."""
        return excursions(self.samples(measurement, field, device, start_ms, end_ms), limits)

    def raw_hours(self, start_ms: int, end_ms: int) -> tuple[int, ...]:
        """The beginnings of the hours that have raw values in [start, end), in order."""
        return tuple(hour_ms for (hour_ms,) in self._file.read(duck_questions.hours(start_ms, end_ms)))

    def raw_points(
        self, start_ms: int, end_ms: int, wants: Callable[[str, str], bool] | None = None
    ) -> list[Point]:
        """Every raw value in [start, end) as a point of its own; `wants`: of such (measurement, device)."""
        series = None if wants is None else self._wanted(wants)
        questions = [duck_questions.points(table, start_ms, end_ms, series) for table in duck_questions.RAW]
        return [point_of(row) for question in questions for row in self._file.read(question)]

    def raw_moments(self, start_ms: int, end_ms: int, measurements: Iterable[str]) -> list[tuple[int, int]]:
        """When devices were heard by raw values in [start, end), in order, and with how many readings."""
        series = self._wanted(lambda measurement, device: bool(device) and measurement in measurements)
        rows = self._file.read(duck_questions.moments(start_ms, end_ms, series))
        return [(at_ms, count) for at_ms, count in rows]

    def raw_count(self, start_ms: int, end_ms: int) -> int:
        """How many raw values there are in [start, end)."""
        return sum(count for (count,) in self._file.read(duck_questions.count(start_ms, end_ms)))

    def close(self) -> None:
        """Writes the file out and lets go of it."""
        self._file.close()

    def _load(self, connection: Connection) -> None:
        self._book.load(connection)
        self._settler.load(connection)
        [(self._raw_since_ms,)] = connection.execute("SELECT raw_since_ms FROM layout").fetchall()

    def _wanted(self, wants: Callable[[str, str], bool]) -> list[int]:
        self._file.opened()
        return [
            one.id
            for (measurement, _, _, device, _), fields in self._book.frames.items()
            if wants(measurement, device)
            for one in fields.values()
        ]

    def _find(self, measurement: str, field: str, device: str) -> list[Series]:
        self._file.opened()
        return self._book.find(measurement, field, device)
