"""The API's questions to the history: a series by steps, newest values, energy by intervals, excursions."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from devices.facts import Kind
from devices.series import FIELDS, METER, FieldType, measurement_of
from hub.config.binding import watches_of
from hub.config.model import Device
from hub.history.port import Aggregate, Limits
from hub.web import history_shapes as shapes
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.parts import TheDeps
from rules.model import Direction, Severity, Text, Threshold

MOST_STEPS: Final = 5_000
MOST_INTERVALS: Final = 20_000  # of all meters together
MOST_METERS: Final = 200
LONGEST_ENERGY_MS: Final = 400 * 86_400_000  # every reading of so long may have to be looked at
LONGEST_EXCURSIONS_MS: Final = 92 * 86_400_000  # a quarter, value by value
_END_MS: Final = 4_133_980_800_000  # the year 2101, as for facts
_MS_OF_DAY: Final = 86_400_000

router: Final = APIRouter(prefix="/api/v1/history")

_FIELD: Final = "The name of the value, such as `temperature_c`."
_DEVICE: Final = Field(max_length=64)
_INSTANT: Final = Field(ge=0, le=_END_MS, description="Milliseconds since 1970 UTC.")


class RangeQuestion(BaseModel):
    """One series of one device in [start, end), by steps aligned to 1970."""

    device: str = _DEVICE
    field: str = Field(max_length=64, description=_FIELD)
    start_ms: int = _INSTANT
    end_ms: int = _INSTANT
    step_ms: int = Field(ge=1_000, le=_END_MS)
    aggregate: Aggregate = Aggregate.MEAN


class LatestQuestion(BaseModel):
    """One value of every device of a kind."""

    kind: Kind
    field: str = Field(max_length=64, description=_FIELD)


class EnergyQuestion(BaseModel):
    """Meters, and intervals of `step_ms` that begin at `start_ms`: a local day is a matter of `start_ms`."""

    device: list[str] = Field(
        default_factory=list, max_length=MOST_METERS, description="Meters, one or several; none: every meter."
    )
    start_ms: int = _INSTANT
    end_ms: int = _INSTANT
    step_ms: int = Field(ge=60_000, le=_END_MS)


class ExcursionsQuestion(BaseModel):
    """One series of one device in [start, end). Without `low` and `high`: the limits of the rules."""

    device: str = _DEVICE
    field: str = Field(max_length=64, description=_FIELD)
    start_ms: int = _INSTANT
    end_ms: int = _INSTANT
    low: float | None = Field(default=None, ge=-1e9, le=1e9, allow_inf_nan=False)
    high: float | None = Field(default=None, ge=-1e9, le=1e9, allow_inf_nan=False)


@router.get("", tags=["history"])
def history(deps: TheDeps, asked: Annotated[RangeQuestion, Depends()]) -> shapes.HistoryShape:
    """One series by steps; at most 5,000 of them. 503: the store of time series does not answer."""
    measurement = measurement_of(_configured(deps, asked.device).kind)
    _check_field(measurement, asked.field)
    _check_order(asked.start_ms, asked.end_ms)
    _check_steps(asked.start_ms, asked.end_ms, asked.step_ms, MOST_STEPS)
    samples = deps.history.range(
        measurement, asked.field, asked.device, asked.start_ms, asked.end_ms, asked.step_ms, asked.aggregate
    )
    return shapes.HistoryShape(
        device=asked.device,
        measurement=measurement,
        field=asked.field,
        step_ms=asked.step_ms,
        aggregate=asked.aggregate,
        samples=tuple(shapes.SampleShape.model_validate(sample) for sample in samples),
    )


@router.get("/latest", tags=["history"])
def latest(deps: TheDeps, asked: Annotated[LatestQuestion, Query()]) -> shapes.LatestShape:
    """The newest value that the history has of every configured device of a kind; true is 1.

    A device without any value is left out. 503: the store of time series does not answer."""
    measurement = measurement_of(asked.kind)
    _check_field(measurement, asked.field)
    found = [
        shapes.NewestShape.model_validate(newest)
        for newest in deps.history.latest(measurement, asked.field)
        if newest.device in deps.campus.devices and deps.campus.devices[newest.device].kind is asked.kind
    ]
    return shapes.LatestShape(measurement=measurement, field=asked.field, devices=tuple(found))


@router.get("/energy", tags=["history"])
def energy(deps: TheDeps, asked: Annotated[EnergyQuestion, Query()]) -> shapes.EnergyShape:
    """What each meter counted, by intervals; at most 400 days, and 20,000 intervals of all meters together.

    Intervals without readings are left out. 503: the store of time series does not answer."""
    meters = _meters(deps, asked.device)
    _check_order(asked.start_ms, asked.end_ms)
    _check_length(asked.start_ms, asked.end_ms, LONGEST_ENERGY_MS)
    _check_steps(asked.start_ms, asked.end_ms, asked.step_ms, MOST_INTERVALS // max(1, len(meters)))
    used = deps.history.energy(meters, asked.start_ms, asked.end_ms, asked.step_ms)
    return shapes.EnergyShape(
        step_ms=asked.step_ms, intervals=tuple(shapes.UsedShape.model_validate(one) for one in used)
    )


@router.get("/excursions", tags=["history"])
def excursions(deps: TheDeps, asked: Annotated[ExcursionsQuestion, Query()]) -> shapes.ExcursionsShape:
    """The stretches of a series outside its limits, in order; at most 92 days at once.

    Limits that are not given are those of the rules in force on the device; with none of either: 422.
    503: the store of time series does not answer."""
    configured = _configured(deps, asked.device)
    measurement = measurement_of(configured.kind)
    _check_field(measurement, asked.field, numbers_only=True)
    _check_order(asked.start_ms, asked.end_ms)
    _check_length(asked.start_ms, asked.end_ms, LONGEST_EXCURSIONS_MS)
    limits = _limits(deps, configured, asked)
    found = deps.history.excursions(
        measurement, asked.field, asked.device, limits, asked.start_ms, asked.end_ms
    )
    return shapes.ExcursionsShape(
        device=asked.device,
        measurement=measurement,
        field=asked.field,
        low=limits.low,
        high=limits.high,
        excursions=tuple(shapes.excursion(one) for one in found),
    )


def _configured(deps: Deps, device: str) -> Device:
    found = deps.campus.devices.get(device)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    return found


def _meters(deps: Deps, asked: list[str]) -> list[str]:
    if not asked:
        meters = [device.id for device in deps.campus.devices.values() if device.kind is Kind.METER]
        return meters[:MOST_METERS]
    if any(_configured(deps, device).kind is not Kind.METER for device in asked):
        raise Problem(Code.INVALID, details=(f"device: only devices of the kind {METER} count energy",))
    return sorted(set(asked))


def _limits(deps: Deps, device: Device, asked: ExcursionsQuestion) -> Limits:
    low, high = asked.low, asked.high
    if low is None and high is None:
        low, high = _limits_of_rules(deps, device, asked.field)
    if low is None and high is None:
        raise Problem(Code.INVALID, details=("low, high: no rule limits this value: give one of them",))
    if low is not None and high is not None and low >= high:
        raise Problem(Code.INVALID, details=("low: must be below high",))
    return Limits(low, high)


def _limits_of_rules(deps: Deps, device: Device, field: str) -> tuple[float | None, float | None]:
    """The strictest limits of the rules that matter more than INFO."""
    found = [
        watch.condition
        for watch in watches_of(deps.campus, device)
        if isinstance(watch.condition, Threshold)
        and watch.condition.quantity == field
        and deps.campus.rules[watch.rule].severity is not Severity.INFO
    ]
    lows = [condition.limit for condition in found if condition.direction is Direction.BELOW]
    highs = [condition.limit for condition in found if condition.direction is Direction.ABOVE]
    return max(lows, default=None), min(highs, default=None)


def _check_field(measurement: str, field: str, *, numbers_only: bool = False) -> None:
    known = [
        name for name, kind in FIELDS[measurement].items() if not numbers_only or kind is FieldType.FLOAT
    ]
    if field not in known:
        raise Problem(Code.INVALID, details=(f"field: one of {', '.join(known) or 'none here'}",))


def _check_order(start_ms: int, end_ms: int) -> None:
    if start_ms >= end_ms:
        raise Problem(Code.INVALID, details=("end_ms: must be after start_ms",))


def _check_length(start_ms: int, end_ms: int, most_ms: int) -> None:
    if end_ms - start_ms > most_ms:
        days = most_ms // _MS_OF_DAY
        text = Text(
            f"一次最多查询 {days} 天：请缩短时间范围。", f"At most {days} days at once: ask for less."
        )
        raise Problem(Code.TOO_LONG, text)


def _check_steps(start_ms: int, end_ms: int, step_ms: int, most: int) -> None:
    length_ms = end_ms - start_ms
    if -(-length_ms // step_ms) > most:
        enough_ms = -(-length_ms // most)
        text = Text(
            f"最多 {most} 步：请将 step_ms 设为 {enough_ms} 或更大，或缩短时间范围。",
            f"At most {most} steps: ask for step_ms of {enough_ms} or more, or for a shorter range.",
        )
        raise Problem(Code.TOO_MANY_STEPS, text)
