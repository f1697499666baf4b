"""What every store keeps of a point: its fields with their fixed types, or the reason why nobody can have it.

A name is kept exactly as given or the point is refused: a changed name would be another series, and
InfluxDB's line protocol has no escape for control characters in names, nor for a backslash that stands at the
end or before a character that it may escape.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final

from devices.series import ALL_TAGS, FIELDS, FieldType
from hub.history.port import FieldValue, Point

END_OF_TIME_MS: Final = 9_223_372_036_854  # the last millisecond that 64 bits of nanoseconds reach (2262)

_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_SUB_NS_LIMIT: Final = 1_000_000
_RESERVED: Final = frozenset({"time", "_field", "_measurement", *ALL_TAGS})
_UNCARRIABLE: Final = re.compile(r'[\x00-\x1f\x7f]|\\(?=[,= "]|\Z)')

TypedField = tuple[str, FieldType, FieldValue]


class UnencodableError(ValueError):
    """No store can keep this point as it is; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def typed_fields(point: Point) -> tuple[TypedField, ...]:
    """The point's fields with their types and with values of exactly these. Raises UnencodableError."""
    fault = _frame_fault(point.measurement, point.site, point.area, point.device, point.rule) or _time_fault(
        point
    )
    if fault:
        raise UnencodableError(fault)
    if not point.fields:
        raise UnencodableError("a point without fields")
    if len(point.fields) > 1 and len({name for name, _ in point.fields}) != len(point.fields):
        raise UnencodableError("a field is given twice")
    return tuple([_typed(point.measurement, name, value) for name, value in point.fields])


@lru_cache(maxsize=4096)
def type_of(measurement: str, field: str) -> FieldType | None:
    """The fixed type of a field, or None for one that `devices.series` does not know."""
    return FIELDS.get(measurement, {}).get(field)


def _time_fault(point: Point) -> str:
    if not 0 <= point.at_ms < END_OF_TIME_MS:
        return "the time lies outside 1970…2262"
    if not 0 <= point.sub_ns < _SUB_NS_LIMIT:
        return "sub_ns lies outside one millisecond"
    return ""


@lru_cache(maxsize=4096)
def _frame_fault(measurement: str, *tags: str) -> str:
    if measurement.startswith("#"):
        return "measurement: begins with #, which is a comment"
    names = [("measurement", measurement), *((t, v) for t, v in zip(ALL_TAGS, tags, strict=True) if v)]
    return next((f"{what}: {fault}" for what, name in names if (fault := _name_fault(name))), "")


@lru_cache(maxsize=4096)
def _field_fault(name: str) -> str:
    if name in _RESERVED:
        return f"field: {name} is a reserved name"
    fault = _name_fault(name)
    return fault and f"field: {fault}"


def _name_fault(name: str) -> str:
    if not name:
        return "empty"
    if _UNCARRIABLE.search(name):
        return "a control character, or a backslash at the end or before a comma, space, quote or equals"
    return _text_fault(name)


def _text_fault(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not valid Unicode"
    return ""


def _typed(measurement: str, name: str, value: FieldValue) -> TypedField:
    if fault := _field_fault(name):
        raise UnencodableError(fault)
    given, fixed = _type_given(value), type_of(measurement, name)
    if given is fixed or fixed is None:
        kind = given
    elif fixed is FieldType.FLOAT and given is FieldType.INT:
        kind = fixed
    else:
        raise UnencodableError(f"{name}: {given.value} where {fixed.value} belongs")
    return name, kind, _checked(name, value, kind)


def _type_given(value: FieldValue) -> FieldType:
    if isinstance(value, float):
        return FieldType.FLOAT
    if isinstance(value, bool):
        return FieldType.BOOL
    return FieldType.INT if isinstance(value, int) else FieldType.TEXT


def _checked(name: str, value: FieldValue, kind: FieldType) -> FieldValue:
    if kind is FieldType.FLOAT:
        return _finite(name, value)
    if kind is FieldType.INT and not _INT64_MIN <= int(value) <= _INT64_MAX:
        raise UnencodableError(f"{name}: does not fit 64 bits")
    if isinstance(value, str) and (fault := _text_fault(value)):
        raise UnencodableError(f"{name}: {fault}")
    return value


def _finite(name: str, value: FieldValue) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UnencodableError(f"{name}: not a finite number")
    return number
