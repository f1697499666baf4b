"""The rows of one write to the embedded history, by how they will be kept."""

from __future__ import annotations

from typing import Any

from devices.series import FieldType
from hub.history.port import FieldValue, Point, Refused

RowKey = tuple[int, int, int]  # series, at_ms, sub_ns


class Batch:
    """Columns of values that are newer than all before of their series, and rows that need a closer look:
    late, rewritten, or in the same millisecond as another. A row given twice keeps its last value."""

    __slots__ = ("at_ms", "late", "refused", "series", "sub_ns", "texts", "values")

    def __init__(self) -> None:
        self.series: list[int] = []
        self.at_ms: list[int] = []
        self.sub_ns: list[int] = []
        self.values: list[float] = []
        self.late: dict[RowKey, float] = {}
        self.texts: dict[RowKey, str] = {}
        self.refused: list[Refused] = []


def point_of(row: tuple[Any, ...]) -> Point:
    """The point of a row of `duck_questions.points`."""
    measurement, site, area, device, rule, field, type_, at_ms, sub_ns, value = row
    typed = _typed(FieldType(type_), value)
    return Point(measurement, site, area, device, at_ms, ((field, typed),), sub_ns, rule)


def _typed(kind: FieldType, value: float | str) -> FieldValue:
    """Numbers are all kept as floats."""
    match kind:
        case FieldType.BOOL:
            return bool(value)
        case FieldType.INT:
            return int(value)
        case FieldType.FLOAT | FieldType.TEXT:
            return value
