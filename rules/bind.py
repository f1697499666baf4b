"""From a rule of the catalogue and one thing on this campus to what is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Final, TypeAlias, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from devices.facts import Kind
from rules.model import (
    Applies,
    ClockWrong,
    Condition,
    Count,
    Direction,
    Flaw,
    Forecast,
    Held,
    Odd,
    OddTaps,
    Outside,
    Overdue,
    Parameters,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    Rule,
    RuleKind,
    Selector,
    SensorFault,
    Shape,
    Silent,
    Spread,
    Stuck,
    Subject,
    Threshold,
    TooFewPatrols,
    Total,
    Watch,
)
from rules.route import Walk

T = TypeVar("T")

# What a device's own `low` and `high` are about.
MAIN_QUANTITY: Final = {Kind.FRIDGE: "temperature_c"}
_PATIENCE_MS: Final = 300_000
_PATIENCE_INTERVALS: Final = 3


_FLAWS: Final = {
    RuleKind.ROUND_NOT_STARTED: Flaw.NOT_STARTED,
    RuleKind.ROUND_LATE_START: Flaw.LATE_START,
    RuleKind.ROUND_OUT_OF_ORDER: Flaw.OUT_OF_ORDER,
    RuleKind.ROUND_TOO_FAST: Flaw.TOO_FAST,
    RuleKind.ROUND_TOO_SLOW: Flaw.TOO_SLOW,
    RuleKind.ROUND_OFF_TIME: Flaw.OFF_TIME,
    RuleKind.ROUND_WRONG_PERSON: Flaw.WRONG_PERSON,
}
_ODDITIES: Final = {
    RuleKind.TAG_UNKNOWN: Odd.UNKNOWN_TAG,
    RuleKind.TAG_MISPLACED: Odd.WRONG_PLACE,
    RuleKind.TAG_REPLAYED: Odd.REPLAYED,
    RuleKind.TAG_CLOCK: Odd.CLOCK_TAMPERED,
}
_OF_TAPS: Final = frozenset({RuleKind.ROUND_INCOMPLETE, RuleKind.PATROLS_A_DAY, *_FLAWS, *_ODDITIES})


class DeviceTarget(msgspec.Struct, frozen=True):
    """A device as far as rules care. `storing`: what a cold unit is for, or empty; limits: its own.

    `fed_by`: the meter of the circuit that feeds it, or empty. `tag`: of the checkpoint at which a reader is
    fixed, or empty; `tags`: those of all checkpoints, for what reads tags."""

    id: str
    kind: Kind
    storing: str
    interval_ms: int
    low: float | None = None
    high: float | None = None
    area: str = ""
    labels: tuple[str, ...] = ()
    fed_by: str = ""
    tag: str = ""
    tags: tuple[str, ...] = ()


class RoundTarget(msgspec.Struct, frozen=True):
    """One planned walk on one day: the run `<round>@<local date>`."""

    id: str
    walk: Walk


class DayTarget(msgspec.Struct, frozen=True):
    """A local day with the runs that start on it, `patrols@<local date>`; `key_tags`: of key checkpoints."""

    id: str
    starts_ms: int
    ends_ms: int
    runs: tuple[RoundTarget, ...]
    key_tags: tuple[str, ...] = ()


class CheckpointTarget(msgspec.Struct, frozen=True):
    """A checkpoint with its tag."""

    id: str
    tag: str
    area: str = ""


Planned: TypeAlias = RoundTarget | DayTarget
Target: TypeAlias = DeviceTarget | RoundTarget | DayTarget | CheckpointTarget
Compile: TypeAlias = Callable[[str], Applies]  # hours as written, on this campus's calendar


def bind(
    rule: Rule, target: Target, hours: Compile | None = None, others: Iterable[DeviceTarget] = ()
) -> Watch | None:
    """What `rule` watches on `target`, by the target's own limits; None if it does not select it.

    Without `hours` the watch applies at any time: for those who only ask for its limits. `others`: devices
    among which a rule that compares finds those that the target feeds; if none, there is nothing to watch."""
    if not selects(rule.select, target):
        return None
    condition = _condition(rule, target, others)
    if condition is None or (isinstance(condition, Total) and not condition.parts):
        return None
    if hours is None or not (rule.when or rule.except_when):
        return Watch(rule.id, target.id, condition)
    when = hours(rule.when) if rule.when else None
    except_when = hours(rule.except_when) if rule.except_when else None
    return Watch(rule.id, target.id, condition, when, except_when)


def selects(select: Selector, target: Target) -> bool:
    """Whether a rule with this selector is about this target."""
    match target:
        case RoundTarget():
            return select.subject is Subject.ROUND and _fits(select.ids, target.id.partition("@")[0])
        case DayTarget():
            return select.subject is Subject.DAY
        case CheckpointTarget():
            return (
                select.subject is Subject.CHECKPOINT
                and (not select.areas or target.area in select.areas)
                and _fits(select.ids, target.id)
            )
        case DeviceTarget():
            return (
                select.subject is Subject.DEVICE
                and (not select.kinds or target.kind in select.kinds)
                and (not select.storages or target.storing in select.storages)
                and (not select.areas or target.area in select.areas)
                and (not select.labels or not set(select.labels).isdisjoint(target.labels))
                and _fits(select.ids, target.id)
            )
        case _:
            assert_never(target)


def kinds_of(select: Selector) -> tuple[Kind, ...]:
    """The kinds of device that a selector is about; none for rounds and checkpoints."""
    return select.kinds or tuple(Kind) if select.subject is Subject.DEVICE else ()


def _fits(patterns: tuple[str, ...], id_: str) -> bool:
    return not patterns or any(fnmatchcase(id_, pattern) for pattern in patterns)


def _condition(rule: Rule, target: Target, others: Iterable[DeviceTarget]) -> Condition | None:
    numbers = rule.parameters
    match rule.kind:
        case RuleKind.THRESHOLD:
            return _with_own_limit(_threshold(numbers), _device(target))
        case RuleKind.SENSOR_FAULT:
            return _sensor_fault(numbers)
        case RuleKind.SILENT:
            patience_ms = round(_given(numbers.intervals) * _device(target).interval_ms)
            return Silent(max(_given(numbers.after_ms), patience_ms))
        case RuleKind.HELD:
            return _held(numbers, _device(target))
        case RuleKind.TOTAL:
            return _total(numbers, _device(target), others)
        case RuleKind.FORECAST:
            return _with_own_course(_forecast(numbers), _device(target))
        case RuleKind.OVERDUE:
            return Overdue(_given(numbers.quantity), _given(numbers.for_ms))
        case RuleKind.CLOCK:
            return ClockWrong(_given(numbers.for_ms), _given(numbers.keep_for_ms))
        case kind if kind in _OF_TAPS:
            return _of_taps(kind, numbers, target)
        case kind:
            return _of_numbers(kind, numbers)


def _of_taps(
    kind: RuleKind, numbers: Parameters, target: Target
) -> RoundIncomplete | RoundFlaw | TooFewPatrols | OddTaps | None:
    """The conditions that taps are judged by."""
    if kind in _FLAWS:
        return RoundFlaw(_FLAWS[kind], _round(target).walk, numbers.after_ms or 0)
    if kind in _ODDITIES:
        return _odd_taps(_ODDITIES[kind], numbers, target)
    if kind is RuleKind.PATROLS_A_DAY:
        return _patrols(numbers, _day(target))
    return RoundIncomplete(_round(target).walk)


def _of_numbers(kind: RuleKind, numbers: Parameters) -> Outside | Rate | Stuck | Count | Spread:
    """The conditions that are the same on every device."""
    match kind:
        case RuleKind.OUTSIDE:
            return _outside(numbers)
        case RuleKind.RATE:
            return _rate(numbers)
        case RuleKind.STUCK:
            return _stuck(numbers)
        case RuleKind.COUNT:
            return _count(numbers)
        case RuleKind.SPREAD:
            return _spread(numbers)
        case _:
            raise ValueError(f"a {kind.value} rule is about one device")


def _threshold(numbers: Parameters) -> Threshold:
    return Threshold(
        quantity=_given(numbers.quantity),
        direction=_given(numbers.direction),
        limit=_given(numbers.limit),
        clear=_given(numbers.clear),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        fault_values=numbers.fault_values,
        ramp=numbers.ramp or 0.0,
        grave=numbers.critical,
        grave_for_ms=numbers.critical_for_ms or 0,
        excuse=numbers.except_while or "",
        excuse_ms=numbers.except_at_most_ms or 0,
        others=numbers.quantities,
    )


def _outside(numbers: Parameters) -> Outside:
    return Outside(
        quantity=_given(numbers.quantity),
        low=_given(numbers.limit_low),
        high=_given(numbers.limit_high),
        margin=_given(numbers.margin),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        fault_values=numbers.fault_values,
        ramp=numbers.ramp or 0.0,
    )


def _rate(numbers: Parameters) -> Rate:
    return Rate(
        quantity=_given(numbers.quantity),
        direction=_given(numbers.direction),
        limit=_given(numbers.limit),
        clear=_given(numbers.clear),
        within_ms=_given(numbers.within_ms),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        fault_values=numbers.fault_values,
        ramp=numbers.ramp or 0.0,
    )


def _forecast(numbers: Parameters) -> Forecast:
    return Forecast(
        quantity=_given(numbers.quantity),
        direction=_given(numbers.direction),
        limit=_given(numbers.limit),
        start=_given(numbers.start),
        shape=numbers.shape or Shape.LINE,
        within_ms=_given(numbers.within_ms),
        ahead_ms=_given(numbers.ahead_ms),
        points=_given(numbers.points),
        noise=_given(numbers.noise),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        fault_values=numbers.fault_values,
        ramp=numbers.ramp or 0.0,
    )


def _sensor_fault(numbers: Parameters) -> SensorFault:
    return SensorFault(
        quantity=_given(numbers.quantity),
        low=_given(numbers.low),
        high=_given(numbers.high),
        fault_values=numbers.fault_values,
        ramp=numbers.ramp or 0.0,
        keep_for_ms=_given(numbers.keep_for_ms),
    )


def _stuck(numbers: Parameters) -> Stuck:
    return Stuck(
        quantity=_given(numbers.quantity),
        after_ms=_given(numbers.after_ms),
        points=_given(numbers.points),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        fault_values=numbers.fault_values,
    )


def _held(numbers: Parameters, device: DeviceTarget) -> Held:
    return Held(
        quantity=_given(numbers.quantity),
        wanted=numbers.wanted is not False,
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        patience_ms=max(_PATIENCE_MS, _PATIENCE_INTERVALS * device.interval_ms),
    )


def _count(numbers: Parameters) -> Count:
    return Count(
        quantity=_given(numbers.quantity),
        times=_given(numbers.times),
        within_ms=_given(numbers.within_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        wanted=numbers.wanted is not False,
        direction=numbers.direction,
        limit=numbers.limit or 0.0,
    )


def _spread(numbers: Parameters) -> Spread:
    return Spread(
        quantities=numbers.quantities,
        limit=_given(numbers.limit),
        clear=_given(numbers.clear),
        least=_given(numbers.least),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
        grave=numbers.critical,
        grave_for_ms=numbers.critical_for_ms or 0,
    )


def _total(numbers: Parameters, device: DeviceTarget, others: Iterable[DeviceTarget]) -> Total:
    parts = (other.id for other in others if other.fed_by == device.id and other.kind is device.kind)
    return Total(
        quantity=_given(numbers.quantity),
        parts=tuple(parts),
        limit=_given(numbers.limit),
        clear=_given(numbers.clear),
        least=_given(numbers.least),
        fresh_ms=_given(numbers.fresh_ms),
        for_ms=_given(numbers.for_ms),
        keep_for_ms=_given(numbers.keep_for_ms),
        valid_low=_given(numbers.low),
        valid_high=_given(numbers.high),
    )


def _patrols(numbers: Parameters, day: DayTarget) -> TooFewPatrols | None:
    """None for a day on which there is less planned than asked for: what is missing there is a plan."""
    times = _given(numbers.times)
    if not day.runs or (len(day.runs) < times and not day.key_tags):
        return None
    return TooFewPatrols(
        starts_ms=day.starts_ms,
        ends_ms=day.ends_ms,
        walks=tuple((run.id, run.walk) for run in day.runs),
        key_tags=day.key_tags,
        times=times,
        apart_ms=_given(numbers.within_ms),
        after_ms=_given(numbers.after_ms),
    )


def _odd_taps(what: Odd, numbers: Parameters, target: Target) -> OddTaps | None:
    """None for a device that reads no tags, or stands nowhere in particular."""
    keep_for_ms = _given(numbers.keep_for_ms)
    if isinstance(target, CheckpointTarget):
        return OddTaps(what, (target.tag,), keep_for_ms, numbers.within_ms or 0)
    device = _device(target)
    if what is Odd.WRONG_PLACE:
        elsewhere = tuple(tag for tag in device.tags if tag != device.tag)
        return OddTaps(what, elsewhere, keep_for_ms) if device.tag else None
    return OddTaps(what, device.tags, keep_for_ms) if device.tags else None


def _with_own_limit(condition: Threshold, device: DeviceTarget) -> Threshold:
    """The device's own limit in place of the rule's; hysteresis and second limit keep their distance."""
    own = _own_limit(condition.quantity, condition.direction, device)
    if own is None:
        return condition
    by = own - condition.limit
    grave = None if condition.grave is None else _moved(condition.grave, by)
    return replace(condition, limit=own, clear=_moved(condition.clear, by), grave=grave)


def _with_own_course(condition: Forecast, device: DeviceTarget) -> Forecast:
    own = _own_limit(condition.quantity, condition.direction, device)
    if own is None:
        return condition
    return replace(condition, limit=own, start=_moved(condition.start, own - condition.limit))


def _own_limit(quantity: str, direction: Direction, device: DeviceTarget) -> float | None:
    if quantity != MAIN_QUANTITY.get(device.kind):
        return None
    return device.high if direction is Direction.ABOVE else device.low


def _moved(value: float, by: float) -> float:
    # Rounded, because 8 − 7 added to 5.1 would show a person 4.1 with sixteen digits.
    return round(value + by, 6)


def _device(target: Target) -> DeviceTarget:
    if isinstance(target, DeviceTarget):
        return target
    raise ValueError(f"a rule about devices cannot watch {target.id}")


def _round(target: Target) -> RoundTarget:
    if isinstance(target, RoundTarget):
        return target
    raise ValueError(f"a rule about rounds cannot watch {target.id}")


def _day(target: Target) -> DayTarget:
    if isinstance(target, DayTarget):
        return target
    raise ValueError(f"a rule about days cannot watch {target.id}")


def _given(value: T | None) -> T:
    # `catalogue` lets no rule through that lacks a parameter of its kind; a hand-made one is a bug.
    if value is None:
        raise ValueError("a rule lacks a parameter of its kind")
    return value
