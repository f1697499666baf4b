"""The series of the embedded history: which id stands for which measurement, tags and field."""

from __future__ import annotations

import duckdb

from devices.series import FieldType
from hub.history.duck_rows import Batch
from hub.history.port import Newest, Point
from hub.history.typed import TypedField, UnencodableError

_Frame = tuple[str, str, str, str, str]  # measurement and the tags
_Question = tuple[str, str, str]  # measurement, field, device
_Columns = tuple[list[int], *tuple[list[str], ...]]

_EXACTLY = {FieldType.FLOAT: float, FieldType.BOOL: bool}  # the others are looked at more closely
_NEWEST = """
WITH pieces AS (
    SELECT series, last AS value, last_ms AS at_ms, last_sub AS sub_ns FROM hours
    UNION ALL SELECT series, value, at_ms, sub_ns FROM arrived)
SELECT series, max(at_ms * 1000000 + sub_ns), arg_max(value, at_ms * 1000000 + sub_ns)
FROM pieces GROUP BY series
"""


class Series:
    """One series. `newest_ms`: no value of it is later, also among those of the batch that is being made."""

    __slots__ = ("device", "exactly", "id", "is_text", "kind", "newest_ms")

    def __init__(self, id_: int, device: str, kind: FieldType) -> None:
        self.id = id_
        self.device = device
        self.kind = kind
        self.is_text = kind is FieldType.TEXT
        self.exactly: type | None = _EXACTLY.get(kind)
        self.newest_ms = -1


class SeriesBook:
    """The table `series` in memory, and what is new since. One thread writes; any may ask."""

    def __init__(self) -> None:
        self.frames: dict[_Frame, dict[str, Series]] = {}
        self._asked: dict[_Question, list[Series]] = {}
        self._types: dict[tuple[str, str], FieldType] = {}
        self._new: list[tuple[Series, _Frame, str]] = []
        self._next = 1
        self._newest: dict[int, tuple[int, float]] = {}

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
        newest = connection.execute(_NEWEST).fetchall()
        self._newest = {id_: (at_ns, value) for id_, at_ns, value in newest}
        for id_, at_ns, _ in newest:
            by_id[id_].newest_ms = at_ns // 1_000_000

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
                kept = [newest for one in places if (newest := self._newest.get(one.id)) is not None]
                if kept:
                    at_ns, value = max(kept)
                    found.append(Newest(device, at_ns // 1_000_000, value))
        return tuple(sorted(found, key=lambda newest: newest.device))

    def keep_newest(self, batch: Batch) -> None:
        """A batch was kept: its values may be asked for."""
        at_ns = map(_ns, batch.at_ms, batch.sub_ns)
        self._newest.update(zip(batch.series, zip(at_ns, batch.values, strict=True), strict=True))
        for (series, at_ms, sub_ns), value in batch.late.items():
            newest = (_ns(at_ms, sub_ns), value)
            if series not in self._newest or self._newest[series][0] <= newest[0]:
                self._newest[series] = newest

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


def _ns(at_ms: int, sub_ns: int) -> int:
    return at_ms * 1_000_000 + sub_ns
