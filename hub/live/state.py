"""How a device does right now, from its last words and the rules' own limits; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, assert_never

import msgspec

from hub.book.model import Alert
from hub.live.board import DeviceNow
from rules.machine import Verdict
from rules.model import (
    Condition,
    Direction,
    RoundIncomplete,
    SensorFault,
    Severity,
    Silent,
    Threshold,
    Watch,
)
from rules.sensing import is_plausible
from rules.threshold import verdict

PATIENCE_MS: Final = 300_000
PATIENCE_INTERVALS: Final = 3

_GRAVEST_FIRST: Final = (Severity.CRITICAL, Severity.WARNING)


class DeviceState(Enum):
    """What a person should think of a device's last value."""

    NEVER = "never"  # nothing was ever received
    OFFLINE = "offline"  # it said so, or its last will did
    SILENT = "silent"  # nothing received for longer than its patience
    FAULT = "fault"  # the value is none that its sensor can mean
    BEYOND = "beyond"  # a value is beyond its limit
    OK = "ok"


class Standing(msgspec.Struct, frozen=True):
    """A device's state and why. `severity`: of the open alert that decided, None if none did (yet).

    `breach`: the limit that a value is beyond. `stale`: nothing was received for longer than its patience."""

    state: DeviceState
    severity: Severity | None = None
    breach: Threshold | None = None
    stale: bool = False


def patience_ms(interval_ms: int) -> int | None:
    """How long a device may say nothing; None for one that only speaks when somebody uses it."""
    return max(PATIENCE_MS, PATIENCE_INTERVALS * interval_ms) if interval_ms else None


def standing(
    now: DeviceNow, watches: Iterable[Watch], alerts: Iterable[Alert], interval_ms: int, at_ms: int
) -> Standing:
    """How the device does at `at_ms`; `alerts`: the unclosed ones on it. `watches`: what rules watch on it,
    without INFO rules: those are remarks. An alert decides while its cause lasts, the gravest first."""
    watches = tuple(watches)
    if now.received_at_ms is None:
        return Standing(DeviceState.NEVER)
    patience = patience_ms(interval_ms)
    stale = patience is not None and at_ms - now.received_at_ms > patience
    decided = _by_alerts(now, watches, tuple(alerts), stale=stale)
    if decided is not None:
        return decided
    if now.online is False:
        return Standing(DeviceState.OFFLINE, stale=stale)
    if stale:
        return Standing(DeviceState.SILENT, stale=True)
    return _by_values(now, watches)


def limits(watches: Iterable[Watch], quantity: str) -> tuple[float | None, float | None]:
    """The lowest and highest value of `quantity` that no rule minds; None: no limit on that side."""
    lows: list[float] = []
    highs: list[float] = []
    for condition in _thresholds(watches):
        if condition.quantity == quantity:
            (lows if condition.direction is Direction.BELOW else highs).append(condition.limit)
    return max(lows, default=None), min(highs, default=None)


def _by_alerts(
    now: DeviceNow, watches: tuple[Watch, ...], alerts: tuple[Alert, ...], *, stale: bool
) -> Standing | None:
    conditions = {watch.rule: watch.condition for watch in watches}
    for severity in _GRAVEST_FIRST:
        for alert in alerts:
            condition = conditions.get(alert.rule)
            if alert.active and alert.severity is severity and condition is not None:
                return _of_condition(now, condition, severity, stale=stale)
    return None


def _of_condition(
    now: DeviceNow, condition: Condition, severity: Severity, *, stale: bool
) -> Standing | None:
    match condition:
        case Threshold():
            return Standing(DeviceState.BEYOND, severity, condition, stale=stale)
        case SensorFault():
            return Standing(DeviceState.FAULT, severity, stale=stale)
        case Silent():
            state = DeviceState.OFFLINE if now.online is False else DeviceState.SILENT
            return Standing(state, severity, stale=True)
        case RoundIncomplete():
            return None
        case _:
            assert_never(condition)


def _by_values(now: DeviceNow, watches: tuple[Watch, ...]) -> Standing:
    for watch in watches:
        if isinstance(watch.condition, SensorFault) and _is_faulty(now, watch.condition):
            return Standing(DeviceState.FAULT)
    for condition in _thresholds(watches):
        value = _number(now, condition.quantity)
        if (
            value is not None
            and condition.valid_low <= value <= condition.valid_high
            and verdict(condition, value) is Verdict.WRONG
        ):
            return Standing(DeviceState.BEYOND, breach=condition)
    return Standing(DeviceState.OK)


def _is_faulty(now: DeviceNow, condition: SensorFault) -> bool:
    value = _number(now, condition.quantity)
    # The value before it is not known here, so nothing can have ramped to a fault value: a fault, to be safe.
    return value is not None and not is_plausible(
        value, condition.low, condition.high, condition.fault_values, condition.ramp, None
    )


def _number(now: DeviceNow, quantity: str) -> float | None:
    found = now.quantity(quantity)
    return None if found is None or isinstance(found.value, bool) else float(found.value)


def _thresholds(watches: Iterable[Watch]) -> Iterator[Threshold]:
    return (watch.condition for watch in watches if isinstance(watch.condition, Threshold))
