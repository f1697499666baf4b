"""Which readings have nothing to say while all is quiet, so that they need not be judged one by one.

A reading is calm to a QUIET watch if its value lies in the watch's band, and its time is neither before the
watch's mark nor further ahead than clocks are trusted. Then `step` says nothing and leaves the watch QUIET
with the reading's time and value: of many calm readings in a row, the last one alone leaves the same.

Whatever remembers more of a reading than that (a course, how often a value was the same, several quantities)
has no band, and is stepped at each. To a watch of the clock every fact of a clock that is right is calm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

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
    Phase,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Silent,
    Spread,
    State,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
)


class Band(msgspec.Struct, frozen=True, gc=False):
    """The values of `quantity` from `low` to `high` but `excluded` are calm; none if low is above high.

    `is_flag`: they are yes and no, and not numbers."""

    quantity: str
    low: float
    high: float
    excluded: tuple[float, ...] = ()
    is_flag: bool = False


def band_of(condition: Condition) -> Band | None:
    """The calm values of a condition; None for one that has none."""
    match condition:
        case Threshold(valid_low=low, valid_high=high, limit=limit):
            if condition.direction is Direction.ABOVE:
                high = min(high, limit)
            else:
                low = max(low, limit)
        case Outside(valid_low=valid_low, valid_high=valid_high, low=low, high=high):
            low, high = max(low, valid_low), min(high, valid_high)
        case SensorFault(low=low, high=high):
            pass
        case Held() | Count():
            return _band_of_states(condition)
        case Rate() | Forecast() | Stuck() | Spread() | Total() | Overdue() | ClockWrong() | Silent():
            return None
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return None
    return _band(condition.quantity, low, high, condition.fault_values)


def shared(bands: Iterable[Band]) -> Band:
    """The values that are calm to every one of several bands of one quantity."""
    first, *others = bands
    low, high, excluded = first.low, first.high, first.excluded
    for band in others:
        low, high = max(low, band.low), min(high, band.high)
        excluded += band.excluded
        if band.is_flag is not first.is_flag:  # no value is both
            low, high = math.inf, -math.inf
    return _band(first.quantity, low, high, excluded, is_flag=first.is_flag)


def mark_ms(state: State) -> int:
    """Readings before this time are not calm: they are late, or the watch's own times are not in order."""
    return max(state.newest_ms, state.phase_since_ms)


def after_calm(state: State, at_ms: int, value: float) -> State:
    """What a QUIET watch remembers after calm readings of which this is the last."""
    return replace(state, newest_ms=at_ms, last_value=float(value), excused_since_ms=-1)


def is_calm(condition: Condition, state: State, at_ms: int, value: float) -> bool:
    """Whether a reading that came in time is calm to a watch of its quantity."""
    band = band_of(condition)
    return (
        band is not None
        and state.phase is Phase.QUIET
        and not state.clock_moved_ms
        and mark_ms(state) <= at_ms
        and band.low <= value <= band.high
        and value not in band.excluded
        and (value.__class__ is bool) is band.is_flag
    )


def after_signs_of_life(state: State, heard_ms: int) -> State:
    """What a watch of silence or of a held state remembers after signs of life, the latest at `heard_ms`."""
    return replace(state, heard_ms=max(state.heard_ms, heard_ms))


def is_calm_tick(after_ms: float, heard_ms: float, at_ms: float, listening_since_ms: float) -> bool:
    """Whether a tick changes nothing for a QUIET watch of silence of `after_ms` that heard at `heard_ms`.

    Times are whole milliseconds, whatever their type."""
    return heard_ms <= at_ms and at_ms - max(heard_ms, listening_since_ms) <= after_ms


def _band_of_states(condition: Held | Count) -> Band:
    if isinstance(condition, Held) or condition.direction is None:
        calm = float(not condition.wanted)
        return Band(condition.quantity, calm, calm, is_flag=True)
    # Infinite values are counted like others.
    if condition.direction is Direction.ABOVE:
        return Band(condition.quantity, -math.inf, condition.limit)
    return Band(condition.quantity, condition.limit, math.inf)


def _band(
    quantity: str, low: float, high: float, excluded: Iterable[float], *, is_flag: bool = False
) -> Band:
    inside = sorted({value for value in excluded if low <= value <= high})
    return Band(quantity, low, high, tuple(inside), is_flag)
