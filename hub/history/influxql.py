"""InfluxQL, as text: what the hub asks InfluxDB 1.x and 2.x, and how names and values are quoted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from devices.series import TAG_DEVICE, FieldType
from hub.history.port import Aggregate, Sample
from hub.history.typed import type_of

_IDENTIFIER_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_STRING_ESCAPES: Final = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n"})
_COUNTABLE: Final = (Aggregate.COUNT, Aggregate.LAST)


def identifier(name: str) -> str:
    """A quoted name of a measurement, field, tag or database."""
    return f'"{name.translate(_IDENTIFIER_ESCAPES)}"'


def string(value: str) -> str:
    """A quoted text, such as the value of a tag."""
    return f"'{value.translate(_STRING_ESCAPES)}'"


def create_database(name: str) -> str:
    """Makes a database; harmless where it exists."""
    return f"CREATE DATABASE {identifier(name)}"


def answers(measurement: str, field: str, aggregate: Aggregate) -> bool:
    """Whether the aggregate of this field is a number: texts can only be counted."""
    return type_of(measurement, field) is not FieldType.TEXT or aggregate is Aggregate.COUNT


def is_raw(measurement: str, field: str, aggregate: Aggregate) -> bool:
    """Whether the values themselves must be asked for: InfluxQL has no mean of booleans."""
    return type_of(measurement, field) is FieldType.BOOL and aggregate not in _COUNTABLE


def select(measurement: str, field: str, device: str, start_ms: int, end_ms: int) -> str:
    """One field's values in [start, end), in time order."""
    return f"SELECT {identifier(field)}{_source(measurement, device, start_ms, end_ms)}"


def select_steps(
    measurement: str, field: str, device: str, start_ms: int, end_ms: int, step_ms: int, aggregate: Aggregate
) -> str:
    """One field's aggregate in [start, end) by steps; empty steps are left out."""
    source = _source(measurement, device, start_ms, end_ms)
    return f"SELECT {aggregate.value}({identifier(field)}){source} GROUP BY time({step_ms}ms) fill(none)"


def select_latest(measurement: str, field: str) -> str:
    """Each device's newest value, at its time."""
    source = f" FROM {identifier(measurement)}"
    return f"SELECT last({identifier(field)}){source} GROUP BY {identifier(TAG_DEVICE)}"


def select_counters(
    measurement: str, field: str, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int
) -> str:
    """Each device's last value by steps that begin at `start_ms`, at the start of its step."""
    return (
        f"SELECT last({identifier(field)}){_source_of_many(measurement, devices, start_ms, end_ms)}"
        f" GROUP BY time({step_ms}ms, {start_ms % step_ms}ms), {identifier(TAG_DEVICE)} fill(none)"
    )


def select_one(
    which: Literal["first", "last"],
    measurement: str,
    field: str,
    devices: Sequence[str],
    start_ms: int,
    end_ms: int,
) -> str:
    """Each device's first or last value in [start, end), at its own time."""
    source = _source_of_many(measurement, devices, start_ms, end_ms)
    return f"SELECT {which}({identifier(field)}){source} GROUP BY {identifier(TAG_DEVICE)}"


def select_drops(measurement: str, field: str, devices: Sequence[str], start_ms: int, end_ms: int) -> str:
    """The times at which a device's counter is lower than before, and by how much."""
    source = _source_of_many(measurement, devices, start_ms, end_ms)
    device = identifier(TAG_DEVICE)
    return (
        f'SELECT "drop" FROM (SELECT difference({identifier(field)}) AS "drop"{source}'  # noqa: S608 - quoted
        f' GROUP BY {device}) WHERE "drop" < 0 GROUP BY {device}'
    )


def fold(rows: list[tuple[int, float]], step_ms: int, aggregate: Aggregate) -> tuple[Sample, ...]:
    """Mean, minimum or maximum of raw values by steps, as the database would have made it."""
    steps: dict[int, list[float]] = {}
    for at_ms, value in rows:
        steps.setdefault(at_ms - at_ms % step_ms, []).append(value)
    return tuple(Sample(start, _folded(values, aggregate)) for start, values in sorted(steps.items()))


def _folded(values: list[float], aggregate: Aggregate) -> float:
    match aggregate:
        case Aggregate.MIN:
            return min(values)
        case Aggregate.MAX:
            return max(values)
        case Aggregate.MEAN:
            return sum(values) / len(values)
        case Aggregate.LAST:
            return values[-1]
        case Aggregate.COUNT:
            return float(len(values))


def _source(measurement: str, device: str, start_ms: int, end_ms: int) -> str:
    where = f"{identifier(TAG_DEVICE)} = {string(device)} AND time >= {start_ms}ms AND time < {end_ms}ms"
    return f" FROM {identifier(measurement)} WHERE {where}"


def _source_of_many(measurement: str, devices: Sequence[str], start_ms: int, end_ms: int) -> str:
    named = " OR ".join(f"{identifier(TAG_DEVICE)} = {string(device)}" for device in devices)
    where = f"({named}) AND time >= {start_ms}ms AND time < {end_ms}ms"
    return f" FROM {identifier(measurement)} WHERE {where}"
