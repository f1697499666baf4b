"""The series of the embedded history: which id stands for which measurement, tags and field."""

from __future__ import annotations

import duckdb

from devices.series import FieldType
from hub.history.port import Point
from hub.history.typed import TypedField, UnencodableError

_SeriesName = tuple[str, ...]  # measurement, the tags, field
_Columns = tuple[list[int], *tuple[list[str], ...]]


class SeriesBook:
    """The table `series` in memory, and what is new since. Only the writing thread uses it."""

    def __init__(self) -> None:
        self._ids: dict[_SeriesName, int] = {}
        self._types: dict[tuple[str, str], FieldType] = {}
        self._new: list[tuple[int, _SeriesName, FieldType]] = []
        self._next = 1

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads the table again; what was not saved is forgotten."""
        rows = connection.execute(
            "SELECT id, measurement, site, area, device, rule, field, type FROM series"
        ).fetchall()
        self._ids = {tuple(names): series for series, *names, _ in rows}
        self._types = {(m, field): FieldType(type_) for _, m, *_, field, type_ in rows}
        self._new = []
        self._next = max(self._ids.values(), default=0) + 1

    def ids(self, point: Point, fields: tuple[TypedField, ...]) -> tuple[int, ...]:
        """The id of each field's series, new ones included.

        Raises UnencodableError, and adds nothing, where a field had another type before."""
        for name, kind, _ in fields:
            before = self._types.get((point.measurement, name), kind)
            if before is not kind:
                raise UnencodableError(f"{name}: {kind.value} where {before.value} was kept before")
        return tuple(self._id(point, name, kind) for name, kind, _ in fields)

    def save(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Adds the new series to the table, inside the caller's transaction."""
        if not self._new:
            return
        columns: _Columns = ([], [], [], [], [], [], [], [])
        for series, name, kind in self._new:
            for column, value in zip(columns, (series, *name, kind.value), strict=True):
                column.append(value)  # type: ignore[attr-defined] # zip loses which column is which
        connection.execute(
            "INSERT INTO series SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),"
            " unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),"
            " unnest(?::VARCHAR[])",
            list(columns),
        )
        self._new = []

    def _id(self, point: Point, field: str, kind: FieldType) -> int:
        name = (point.measurement, point.site, point.area, point.device, point.rule, field)
        series = self._ids.get(name)
        if series is None:
            series, self._next = self._next, self._next + 1
            self._ids[name] = series
            self._types[point.measurement, field] = kind
            self._new.append((series, name, kind))
        return series
