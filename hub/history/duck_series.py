"""The series of the embedded history: which id stands for which measurement, tags and field."""

from __future__ import annotations

import duckdb

from devices.series import FieldType
from hub.history.port import Newest, Point
from hub.history.typed import TypedField, UnencodableError

_Frame = tuple[str, str, str, str, str]  # measurement and the tags
_Question = tuple[str, str, str]  # measurement, field, device
_Columns = tuple[list[int], *tuple[list[str], ...]]

_NS_OF_MS = 1_000_000
_EXACTLY = {FieldType.FLOAT: float, FieldType.BOOL: bool}  # the others are looked at more closely
_NEWEST = """
WITH pieces AS (
    SELECT series, last AS value, last_ms AS at_ms, last_sub AS sub_ns FROM hours
    UNION ALL SELECT series, value, at_ms, sub_ns FROM arrived)
SELECT series, max(at_ms * 1000000 + sub_ns), arg_max(value, at_ms * 1000000 + sub_ns)
FROM pieces GROUP BY series
"""


class Series:
    """One series, and its newest value, also if that is of the batch that is being made; none if a text."""

    __slots__ = ("device", "exactly", "id", "is_text", "kind", "newest", "newest_ms", "newest_sub")

    def __init__(self, id_: int, device: str, kind: FieldType) -> None:
        self.id = id_
        self.device = device
        self.kind = kind
        self.is_text = kind is FieldType.TEXT
        self.exactly: type | None = _EXACTLY.get(kind)
        self.newest_ms = -1
        self.newest_sub = 0
        self.newest = 0.0


class SeriesBook:
    """The table `series` in memory, and what is new since. One thread writes; any may ask."""

    def __init__(self) -> None:
        self.frames: dict[_Frame, dict[str, Series]] = {}
        self._asked: dict[_Question, list[Series]] = {}
        self._types: dict[tuple[str, str], FieldType] = {}
        self._new: list[tuple[Series, _Frame, str]] = []
        self._next = 1

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads the table again; what was not saved is forgotten."""
        self.frames, self._asked, self._types, self._new, self._next = {}, {}, {}, [], 1
        rows = connection.execute(
            "SELECT id, measurement, site, area, device, rule, field, type FROM series"
        ).fetchall()
        by_id = {}
        for id_, measurement, site, area, device, rule, field, type_ in rows:
            frame = (measurement, site, area, device, rule)
            by_id[id_] = self._add(id_, frame, field, FieldType(type_))
        for id_, at_ns, value in connection.execute(_NEWEST).fetchall():
            by_id[id_].newest_ms, by_id[id_].newest_sub = divmod(at_ns, _NS_OF_MS)
            by_id[id_].newest = value

    def series_of(self, point: Point, fields: tuple[TypedField, ...]) -> list[Series]:
        """Each field's series, new ones included.

        Raises UnencodableError, and adds nothing, where a field had another type before."""
        for name, kind, _ in fields:
            before = self._types.get((point.measurement, name), kind)
            if before is not kind:
                raise UnencodableError(f"{name}: {kind.value} where {before.value} was kept before")
        frame = (point.measurement, point.site, point.area, point.device, point.rule)
        return [self._one(frame, name, kind) for name, kind, _ in fields]

    def find(self, measurement: str, field: str, device: str) -> list[Series]:
        """The series of a device's field: one for each area it was in."""
        return list(self._asked.get((measurement, field, device), ()))

    def latest(self, measurement: str, field: str) -> tuple[Newest, ...]:
        """The newest kept value of every device."""
        found = []
        for (m, f, device), places in self._asked.copy().items():
            if (m, f) == (measurement, field):
                kept = [(one.newest_ms, one.newest_sub, one.newest) for one in places if one.newest_ms >= 0]
                if kept:
                    at_ms, _, value = max(kept)
                    found.append(Newest(device, at_ms, value))
        return tuple(sorted(found, key=lambda newest: newest.device))

    def save(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Adds the new series to the table, inside the caller's transaction."""
        if not self._new:
            return
        columns: _Columns = ([], [], [], [], [], [], [], [])
        for series, frame, field in self._new:
            for column, value in zip(columns, (series.id, *frame, field, series.kind.value), strict=True):
                column.append(value)  # type: ignore[attr-defined] # zip loses which column is which
        connection.execute(
            "INSERT INTO series SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),"
            " unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[]),"
            " unnest(?::VARCHAR[])",
            list(columns),
        )
        self._new = []

    def _one(self, frame: _Frame, field: str, kind: FieldType) -> Series:
        series = self.frames.get(frame, {}).get(field)
        if series is None:
            series = self._add(self._next, frame, field, kind)
            self._new.append((series, frame, field))
        return series

    def _add(self, id_: int, frame: _Frame, field: str, kind: FieldType) -> Series:
        series = Series(id_, frame[3], kind)
        self.frames.setdefault(frame, {})[field] = series
        self._asked.setdefault((frame[0], field, frame[3]), []).append(series)
        self._types[frame[0], field] = kind
        self._next = max(self._next, id_ + 1)
        return series
