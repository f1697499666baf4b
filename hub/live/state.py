"""How a device does right now, from its last words and the rules' own limits; pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, assert_never

import msgspec

from hub.book.model import Alert, Setting
from hub.live.board import DeviceNow
from rules.life import Hush
from rules.machine import Verdict
from rules.model import (
    ClockWrong,
    Condition,
    Count,
    Direction,
    Forecast,
    Held,
    OddTaps,
    Outside,
    Overdue,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Severity,
    Silent,
    Spread,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
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
    NOTICED = "noticed"  # an alert says that something is not as it should be, and no value is beyond a limit
    OK = "ok"
    OUT_OF_SERVICE = "out_of_service"  # people took it out of service
    MAINTENANCE = "maintenance"  # people work on it


_OF_UPKEEP: Final = {
    Setting.OUT_OF_SERVICE: DeviceState.OUT_OF_SERVICE,
    Setting.MAINTENANCE: DeviceState.MAINTENANCE,
}


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
    without INFO rules: those are remarks. An alert decides while its cause lasts, the gravest first.
    What is worked on is just that, whatever it says, but for an alert that people are told of anyway."""
    watches = tuple(watches)
    patience = patience_ms(interval_ms)
    stale = now.received_at_ms is not None and patience is not None and at_ms - now.received_at_ms > patience
    if now.upkeep is not None:
        spoken = tuple(one for one in alerts if not set(one.hushes) - {Hush.FLAPPING})
        told = _by_alerts(now, watches, spoken, stale=stale)
        return told or Standing(_OF_UPKEEP[now.upkeep], stale=stale)
    if now.received_at_ms is None:
        return Standing(DeviceState.NEVER)
    decided = _by_alerts(now, watches, tuple(alerts), stale=stale)
    if decided is not None and decided.state is not DeviceState.NOTICED:
        return decided
    if now.online is False:
        return Standing(DeviceState.OFFLINE, stale=stale)
    if stale:
        return Standing(DeviceState.SILENT, stale=True)
    by_values = _by_values(now, watches, at_ms)
    return by_values if decided is None or by_values.state is not DeviceState.OK else decided


def limits(watches: Iterable[Watch], quantity: str) -> tuple[float | None, float | None]:
    """The lowest and highest value of `quantity` that no rule minds at any time; None: no such limit."""
    lows: list[float] = []
    highs: list[float] = []
    for watch in watches:
        condition = watch.condition
        if watch.when is not None or watch.except_when is not None:
            continue
        if isinstance(condition, Outside) and condition.quantity == quantity:
            lows.append(condition.low)
            highs.append(condition.high)
        elif isinstance(condition, Threshold) and condition.quantity == quantity:
            (lows if condition.direction is Direction.BELOW else highs).append(condition.limit)
    return max(lows, default=None), min(highs, default=None)


def _by_alerts(
    now: DeviceNow, watches: tuple[Watch, ...], alerts: tuple[Alert, ...], *, stale: bool
) -> Standing | None:
    conditions = {watch.rule: watch.condition for watch in watches}
    for severity in _GRAVEST_FIRST:
        found = [
            _of_condition(now, condition, severity, stale=stale)
            for alert in alerts
            if alert.active
            and alert.severity is severity
            and (condition := conditions.get(alert.rule)) is not None
        ]
        # What a value says by itself goes before what only an alert can say.
        if found:
            return next((one for one in found if one and one.state is not DeviceState.NOTICED), found[0])
    return None


def _of_condition(
    now: DeviceNow, condition: Condition, severity: Severity, *, stale: bool
) -> Standing | None:
    match condition:
        case Threshold():
            return Standing(DeviceState.BEYOND, severity, condition, stale=stale)
        case Outside():
            return Standing(DeviceState.BEYOND, severity, stale=stale)
        case SensorFault() | Stuck():
            return Standing(DeviceState.FAULT, severity, stale=stale)
        case Rate() | Forecast() | Held() | Count() | Spread() | Total() | ClockWrong():
            return Standing(DeviceState.NOTICED, severity, stale=stale)
        case Silent():
            state = DeviceState.OFFLINE if now.online is False else DeviceState.SILENT
            return Standing(state, severity, stale=True)
        case OddTaps() | Overdue():
            return Standing(DeviceState.NOTICED, severity, stale=stale)
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols():
            return None
        case _:
            assert_never(condition)


def _by_values(now: DeviceNow, watches: tuple[Watch, ...], at_ms: int) -> Standing:
    in_force = tuple(watch.condition for watch in watches if watch.applies(at_ms))
    for condition in in_force:
        if isinstance(condition, SensorFault) and _is_faulty(now, condition):
            return Standing(DeviceState.FAULT)
    for condition in in_force:
        if isinstance(condition, Threshold) and _is_beyond(now, condition):
            return Standing(DeviceState.BEYOND, breach=condition)
    return Standing(DeviceState.OK)


def _is_beyond(now: DeviceNow, condition: Threshold) -> bool:
    if condition.others:  # several values decide together, perhaps of different times
        return False
    value = _number(now, condition.quantity)
    if value is None or not condition.valid_low <= value <= condition.valid_high:
        return False
    excuse = now.quantity(condition.excuse) if condition.excuse else None
    is_excused = excuse is not None and excuse.value is True
    return not is_excused and verdict(condition, value) is Verdict.WRONG


def _is_faulty(now: DeviceNow, condition: SensorFault) -> bool:
    value = _number(now, condition.quantity)
    # The value before it is not known here, so nothing can have ramped to a fault value: a fault, to be safe.
    return value is not None and not is_plausible(
        value, condition.low, condition.high, condition.fault_values, condition.ramp, None
    )


def _number(now: DeviceNow, quantity: str) -> float | None:
    found = now.quantity(quantity)
    return None if found is None or isinstance(found.value, bool) else float(found.value)
