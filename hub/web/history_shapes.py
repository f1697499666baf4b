"""The shapes of the API's answers from the history. Instants are milliseconds since 1970 UTC."""

from __future__ import annotations

from hub.history.port import Aggregate, Excursion
from hub.web.shapes import Shape


class SampleShape(Shape):
    """One step; steps without values are left out."""

    at_ms: int
    value: float


class HistoryShape(Shape):
    """One series by steps."""

    device: str
    measurement: str
    field: str
    step_ms: int
    aggregate: Aggregate
    samples: tuple[SampleShape, ...]


class NewestShape(Shape):
    """The newest value of one device; true is 1."""

    device: str
    at_ms: int
    value: float


class LatestShape(Shape):
    """The newest value of each device, by device."""

    measurement: str
    field: str
    devices: tuple[NewestShape, ...]


class UsedShape(Shape):
    """What a meter counted in the interval that begins at `at_ms`.

    `resets`: how often its counter began anew; what was used unseen around that is not in `energy_kwh`."""

    device: str
    at_ms: int
    energy_kwh: float
    resets: int


class EnergyShape(Shape):
    """Energy by device and time."""

    step_ms: int
    intervals: tuple[UsedShape, ...]


class ExcursionShape(Shape):
    """From the first value outside to the first inside again. `minutes`: known to have been outside, silences
    left out. `is_over` false: the last value was still outside."""

    start_ms: int
    end_ms: int
    lowest: float
    highest: float
    mean: float
    minutes: float
    is_over: bool


class ExcursionsShape(Shape):
    """The stretches outside `low` and `high` (null: no limit on that side), in order."""

    device: str
    measurement: str
    field: str
    low: float | None
    high: float | None
    excursions: tuple[ExcursionShape, ...]


def excursion(found: Excursion) -> ExcursionShape:
    """A stretch outside the limits."""
    return ExcursionShape(
        start_ms=found.start_ms,
        end_ms=found.end_ms,
        lowest=found.low,
        highest=found.high,
        mean=found.mean,
        minutes=found.minutes,
        is_over=found.is_over,
    )
