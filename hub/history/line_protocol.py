"""InfluxDB's line protocol, written by ourselves: one line a point, times in nanoseconds.

Times are whole milliseconds joined with their nanoseconds as text: a float would lose digits here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from devices.series import ALL_TAGS, FieldType
from hub.history.port import FieldValue, Point
from hub.history.typed import UnencodableError, typed_fields

__all__ = ["PRECISION", "UnencodableError", "encode", "line"]

PRECISION: Final = "ns"

_MEASUREMENT_ESCAPES: Final = str.maketrans({",": "\\,", " ": "\\ "})
_KEY_ESCAPES: Final = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})
_TEXT_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})


def encode(points: Sequence[Point]) -> bytes:
    """All points as one body. Raises UnencodableError at the first that cannot be written."""
    return b"\n".join(line(point) for point in points)


def line(point: Point) -> bytes:
    """One point as one line, without its end. Raises UnencodableError."""
    fields = ",".join(f"{_key(name)}={_value(kind, value)}" for name, kind, value in typed_fields(point))
    series = _series(point.measurement, (point.site, point.area, point.device, point.rule))
    return f"{series} {fields} {point.at_ms}{point.sub_ns:06d}".encode()


@lru_cache(maxsize=4096)
def _series(measurement: str, tag_values: tuple[str, ...]) -> str:
    tags = (f",{tag}={_key(value)}" for tag, value in zip(ALL_TAGS, tag_values, strict=True) if value)
    return measurement.translate(_MEASUREMENT_ESCAPES) + "".join(tags)


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return name.translate(_KEY_ESCAPES)


def _value(kind: FieldType, value: FieldValue) -> str:
    match kind:
        case FieldType.FLOAT:
            return repr(float(value))
        case FieldType.INT:
            return f"{value}i"
        case FieldType.BOOL:
            return "true" if value else "false"
        case FieldType.TEXT:
            return f'"{str(value).translate(_TEXT_ESCAPES)}"'
