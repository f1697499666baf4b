"""Which values a device of a kind can say, and within which bounds."""

from __future__ import annotations

from typing import Final

from devices.facts import Kind, Value
from devices.series import DEVICE, FIELDS, FieldType, measurement_of
from devices.wire import WireError, WireReason

# Bounds of the quantity itself, not of what is plausible: 85 °C and -127 °C, a DS18B20's power-on value and
# a missing sensor, must reach the rules, which know them for what they are.
_BOUNDS: Final = {
    "temperature_c": (-1000.0, 1000.0),
    "humidity_pct": (0.0, 100.0),
    "battery_pct": (0.0, 100.0),
    "power_factor": (-1.0, 1.0),
}
# No meter of a school counts to this; sums and squares of it stay finite.
_ANY: Final = (-1e12, 1e12)


def fields_of(kind: Kind) -> dict[str, FieldType]:
    """The names and types of the values that a device of this kind can measure; empty if it measures none."""
    measurement = measurement_of(kind)
    return {} if measurement == DEVICE else FIELDS[measurement]


def bounds_of(name: str) -> tuple[float, float]:
    """The lowest and the highest value that a numeric field can have."""
    return _BOUNDS.get(name, _ANY)


def checked(name: str, field: FieldType, value: object) -> Value:
    """The value of a field as its type, or WireError: WRONG_TYPE or OUT_OF_RANGE."""
    if field is FieldType.BOOL:
        if isinstance(value, bool):
            return value
        raise WireError(WireReason.WRONG_TYPE, f"{name} is true or false, not {told(value)}")
    return number(name, value)


def number(name: str, value: object) -> float:
    """A finite number within the bounds of the field or property `name`, or WireError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(WireReason.WRONG_TYPE, f"{name} is a number, not {told(value)}")
    low, high = bounds_of(name)
    if not low <= value <= high:  # also refuses NaN, and integers too large for a float
        raise WireError(WireReason.OUT_OF_RANGE, f"{name} is not within {low:g} to {high:g}")
    return float(value) + 0.0  # -0.0 becomes 0.0: equal values, equal keys


def told(value: object) -> str:
    """The JSON name of a value's type, for an error's detail."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
