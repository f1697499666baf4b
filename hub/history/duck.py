"""The embedded history: one DuckDB file, one row a field and time.

A batch and its cursors are one transaction. The same series and time is the same row: it is deleted before it
is inserted again, which costs a scan of the batch's time range and no index.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from devices.series import FieldType
from hub.history.duck_faults import unavailable
from hub.history.duck_series import SeriesBook
from hub.history.port import (
    Aggregate,
    Cursors,
    HistoryUnavailableError,
    Link,
    Point,
    Refused,
    Sample,
)
from hub.history.typed import UnencodableError, typed_fields

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "512MB",  # the hub shares a small computer; DuckDB would take four fifths of it
    "threads": 2,
    "autoinstall_known_extensions": False,  # a store must not download anything
    "autoload_known_extensions": False,
    "enable_external_access": False,
}
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS series (id INTEGER, measurement VARCHAR, site VARCHAR, area VARCHAR,
    device VARCHAR, rule VARCHAR, field VARCHAR, type VARCHAR);
CREATE TABLE IF NOT EXISTS points (series INTEGER, at_ms BIGINT, sub_ns INTEGER, value DOUBLE);
CREATE TABLE IF NOT EXISTS texts (series INTEGER, at_ms BIGINT, sub_ns INTEGER, value VARCHAR);
CREATE TABLE IF NOT EXISTS cursors (log BIGINT, book BIGINT);
INSERT INTO cursors SELECT 0, 0 WHERE NOT EXISTS (FROM cursors);
"""
_BATCH: Final = """
CREATE OR REPLACE TEMP TABLE batch AS SELECT unnest(?::INTEGER[]) AS series, unnest(?::BIGINT[]) AS at_ms,
    unnest(?::INTEGER[]) AS sub_ns, unnest(?::{type}[]) AS "value"
"""
_DELETE: Final = """
DELETE FROM {table} AS kept USING batch WHERE kept.series = batch.series AND kept.at_ms = batch.at_ms
    AND kept.sub_ns = batch.sub_ns AND kept.at_ms BETWEEN ? AND ?
"""
_INSERT: Final = "INSERT INTO {table} SELECT series, at_ms, sub_ns, value FROM batch"
_RANGE: Final = """
SELECT at_ms - at_ms % $step AS start_ms, {aggregate} FROM {table}
WHERE series IN (SELECT unnest($ids::INTEGER[])) AND at_ms >= $start AND at_ms < $end
GROUP BY start_ms ORDER BY start_ms
"""
_AGGREGATES: Final = {
    Aggregate.MEAN: "avg(value)",
    Aggregate.MIN: "min(value)",
    Aggregate.MAX: "max(value)",
    Aggregate.LAST: "arg_max(value, at_ms * 1000000 + sub_ns)",
    Aggregate.COUNT: "count(*)",
}
_SERIES: Final = "SELECT id, type FROM series WHERE measurement = ? AND field = ? AND device = ?"

_RowKey = tuple[int, int, int]


class _Batch(msgspec.Struct):
    """What one write puts where; a row given twice keeps its last value."""

    numbers: dict[_RowKey, float]
    texts: dict[_RowKey, str]


class DuckHistory:
    """`History` in the file `path`. After a fault that DuckDB gives it up for, the next call opens it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards opening and closing; DuckDB itself guards the rest
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._book = SeriesBook()

    def open(self) -> None:
        """Opens the file and makes its tables."""
        self._opened()

    def cursors(self) -> Cursors:
        """The cursors of the last batch that was kept."""
        rows = self._read("SELECT log, book FROM cursors", [])
        return Cursors(log=rows[0][0], book=rows[0][1])

    def write(self, points: Sequence[Point], cursors: Cursors) -> tuple[Refused, ...]:
        """Keeps points and cursors, all or nothing."""
        connection = self._opened()
        try:
            connection.begin()
            batch, refused = self._sorted_out(points)
            self._book.save(connection)
            _replace(connection, "points", "DOUBLE", batch.numbers)
            _replace(connection, "texts", "VARCHAR", batch.texts)
            connection.execute("UPDATE cursors SET log = ?, book = ?", [cursors.log, cursors.book])
            connection.commit()
        except duckdb.Error as error:
            self._abandon(connection)
            raise unavailable(self._path, error) from error
        return refused

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
        """One series in [start, end) by steps."""
        found = self._read(_SERIES, [measurement, field, device])
        is_text = any(type_ == FieldType.TEXT.value for _, type_ in found)
        if not found or (is_text and aggregate is not Aggregate.COUNT):
            return ()
        question = _RANGE.format(aggregate=_AGGREGATES[aggregate], table="texts" if is_text else "points")
        ids = [series for series, _ in found]
        rows = self._read(question, {"step": step_ms, "ids": ids, "start": start_ms, "end": end_ms})
        return tuple(Sample(start, float(value)) for start, value in rows)

    def close(self) -> None:
        """Writes the file out and lets go of it."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(duckdb.Error):
                connection.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = self._connected()
            return self._connection

    def _connected(self) -> duckdb.DuckDBPyConnection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = duckdb.connect(str(self._path), config=_SETTINGS)
        except OSError as error:
            raise HistoryUnavailableError(Link.REFUSED, f"{self._path.parent}: {error.strerror}") from error
        except duckdb.Error as error:
            raise unavailable(self._path, error) from error
        try:
            connection.execute(_TABLES)
            self._book.load(connection)
        except duckdb.Error as error:
            connection.close()
            raise unavailable(self._path, error) from error
        return connection

    def _sorted_out(self, points: Sequence[Point]) -> tuple[_Batch, tuple[Refused, ...]]:
        batch, refused = _Batch({}, {}), []
        for point in points:
            try:
                fields = typed_fields(point)
                ids = self._book.ids(point, fields)
            except UnencodableError as error:
                refused.append(Refused(point, error.reason))
                continue
            for series, (_, _, value) in zip(ids, fields, strict=True):
                key = (series, point.at_ms, point.sub_ns)
                if isinstance(value, str):
                    batch.texts[key] = value
                else:
                    batch.numbers[key] = float(value)
        return batch, tuple(refused)

    def _abandon(self, connection: duckdb.DuckDBPyConnection) -> None:
        try:
            connection.rollback()
            self._book.load(connection)
        except duckdb.Error:  # DuckDB has given the file up: only opening it again helps
            self.close()

    def _read(self, question: str, values: object) -> list[tuple[Any, ...]]:
        connection = self._opened()
        try:
            with connection.cursor() as cursor:  # a connection of its own: other threads ask meanwhile
                return cursor.execute(question, values).fetchall()
        except duckdb.Error as error:
            if isinstance(error, duckdb.FatalException):
                self.close()
            raise unavailable(self._path, error) from error


def _replace(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    type_: str,
    rows: dict[_RowKey, float] | dict[_RowKey, str],
) -> None:
    if not rows:
        return
    series, at_ms, sub_ns = (list(column) for column in zip(*rows, strict=True))
    connection.execute(_BATCH.format(type=type_), [series, at_ms, sub_ns, list(rows.values())])
    connection.execute(_DELETE.format(table=table), [min(at_ms), max(at_ms)])
    connection.execute(_INSERT.format(table=table))
