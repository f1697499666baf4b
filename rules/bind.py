"""From a rule of the catalogue and one thing on this campus to what is watched."""

from __future__ import annotations

from typing import Final, TypeAlias, TypeVar, assert_never

import msgspec

from devices.facts import Kind
from rules.model import (
    Condition,
    Direction,
    Parameters,
    RoundIncomplete,
    Rule,
    RuleKind,
    Selector,
    SensorFault,
    Silent,
    Subject,
    Threshold,
    Watch,
)

T = TypeVar("T")

# What a device's own `low` and `high` are about.
MAIN_QUANTITY: Final = {Kind.FRIDGE: "temperature_c"}


class DeviceTarget(msgspec.Struct, frozen=True):
    """A device as far as rules care. `storing`: what a cold unit is for, or empty; limits: its own."""

    id: str
    kind: Kind
    storing: str
    interval_ms: int
    low: float | None = None
    high: float | None = None


class RoundTarget(msgspec.Struct, frozen=True):
    """One planned walk on one day; `tags`: upper-case hex UIDs, one each checkpoint."""

    id: str
    starts_ms: int
    ends_ms: int
    grace_ms: int
    tags: tuple[str, ...]


Target: TypeAlias = DeviceTarget | RoundTarget


def bind(rule: Rule, target: Target) -> Watch | None:
    """What `rule` watches on `target`, by the target's own limits; None if it does not select it."""
    if not selects(rule.select, target):
        return None
    return Watch(rule.id, target.id, _condition(rule, target))


def selects(select: Selector, target: Target) -> bool:
    """Whether a rule with this selector is about this target."""
    match target:
        case RoundTarget():
            return select.subject is Subject.ROUND
        case DeviceTarget():
            return (
                select.subject is Subject.DEVICE
                and (not select.kinds or target.kind in select.kinds)
                and (not select.storages or target.storing in select.storages)
            )
        case _:
            assert_never(target)


def kinds_of(select: Selector) -> tuple[Kind, ...]:
    """The kinds of device that a selector is about; none for rounds."""
    match select.subject:
        case Subject.ROUND:
            return ()
        case Subject.DEVICE:
            return select.kinds or tuple(Kind)
        case _:
            assert_never(select.subject)


def _condition(rule: Rule, target: Target) -> Condition:
    numbers = rule.parameters
    match rule.kind:
        case RuleKind.THRESHOLD:
            return _with_own_limit(_threshold(numbers), _device(target))
        case RuleKind.SENSOR_FAULT:
            return SensorFault(
                quantity=_given(numbers.quantity),
                low=_given(numbers.low),
                high=_given(numbers.high),
                fault_values=numbers.fault_values,
                ramp=numbers.ramp or 0.0,
                keep_for_ms=_given(numbers.keep_for_ms),
            )
        case RuleKind.SILENT:
            patience_ms = round(_given(numbers.intervals) * _device(target).interval_ms)
            return Silent(max(_given(numbers.after_ms), patience_ms))
        case RuleKind.ROUND_INCOMPLETE:
            walk = _round(target)
            tags = tuple(dict.fromkeys(walk.tags))
            return RoundIncomplete(walk.starts_ms, walk.ends_ms, walk.grace_ms, tags)
        case _:
            assert_never(rule.kind)


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
    )


def _with_own_limit(condition: Threshold, device: DeviceTarget) -> Threshold:
    """The device's `high` or `low` in place of the rule's limit; the hysteresis keeps its width."""
    if condition.quantity != MAIN_QUANTITY.get(device.kind):
        return condition
    own = device.high if condition.direction is Direction.ABOVE else device.low
    if own is None:
        return condition
    # Rounded, because 8 − 7 added to 5.1 would show a person 4.1 with sixteen digits.
    clear = round(own + (condition.clear - condition.limit), 6)
    return msgspec.structs.replace(condition, limit=own, clear=clear)


def _device(target: Target) -> DeviceTarget:
    if isinstance(target, DeviceTarget):
        return target
    raise ValueError(f"a rule about devices cannot watch the round {target.id}")


def _round(target: Target) -> RoundTarget:
    if isinstance(target, RoundTarget):
        return target
    raise ValueError(f"a rule about rounds cannot watch the device {target.id}")


def _given(value: T | None) -> T:
    # `catalogue` lets no rule through that lacks a parameter of its kind; a hand-made one is a bug.
    if value is None:
        raise ValueError("a rule lacks a parameter of its kind")
    return value
