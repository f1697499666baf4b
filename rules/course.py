"""Where a watch's room is: which readings of one quantity can raise nothing, so that they need only be noted.

    high   - - - - - - - - - - - - - - - - -        A reading between low and high, before until_ms, leaves a
    value  ___.---.___.---.___.---.___.---._        QUIET watch QUIET, whatever came before it in its room.
    low    - - - - - - - - - - - - - - - - -  until

Unlike a band (`rules.calm`) a room follows from what the watch remembers, and what was in it has to be known
later: `after_course` remembers of many readings at once what `step` does of one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import gt, lt
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from rules.model import Condition, Direction, Forecast, Phase, Rate, State, Stuck
from rules.samples import kept_of_many

Steady: TypeAlias = Rate | Forecast | Stuck
STEADY: Final = (Rate, Forecast, Stuck)

# Of what is left to move: the rest keeps rounding from reaching the limit.
_EACH_SIDE: Final = 0.49
_LEAST_ROOM: Final = 1e-6


class Room(msgspec.Struct, frozen=True, gc=False):
    """Between `low` and `high`, exclusive, and before `until_ms`."""

    low: float
    high: float
    until_ms: float = math.inf


def is_steady(condition: Condition) -> bool:
    """Whether a watch has rooms: of one quantity, remembering more than the newest reading."""
    return isinstance(condition, STEADY)


def room_of(condition: Steady, state: State) -> Room | None:
    """The room after `state`; None: the next reading has to be judged."""
    if state.phase is not Phase.QUIET or state.clock_moved_ms or not state.times_ms:
        return None
    match condition:
        case Rate():
            room = _room_of_rate(condition, state)
        case Forecast(direction=Direction.ABOVE):
            room = Room(-math.inf, condition.start)
        case Forecast():
            room = Room(condition.start, math.inf)
        case Stuck():
            room = Room(-math.inf, math.inf, state.times_ms[0] + condition.after_ms)
    return None if room is None else _plausible(condition, state, room)


def shared_room(rooms: Iterable[Room | None]) -> Room | None:
    """The room that all of several are in; None if one of them is none."""
    low, high, until_ms = -math.inf, math.inf, math.inf
    for room in rooms:
        if room is None:
            return None
        low, high, until_ms = max(low, room.low), min(high, room.high), min(until_ms, room.until_ms)
    return Room(low, high, until_ms)


def after_course(
    condition: Steady, state: State, times_ms: Sequence[float], values: Sequence[float]
) -> State:
    """What a QUIET watch remembers after readings in its room, in order of time, at least one.

    Times are whole milliseconds, whatever their type."""
    if isinstance(condition, Stuck):
        return _after_stuck(condition, state, times_ms, values)
    better = None
    if isinstance(condition, Rate):
        better = lt if condition.direction is Direction.ABOVE else gt
    kept_ms, kept = kept_of_many(state, times_ms, values, condition.within_ms, better)
    return replace(state, newest_ms=int(times_ms[-1]), last_value=values[-1], times_ms=kept_ms, values=kept)


def _room_of_rate(condition: Rate, state: State) -> Room | None:
    """No two values of the room are further apart than the limit, those remembered included."""
    low, high = min(state.values), max(state.values)
    left = condition.limit - (high - low)
    if not left > _LEAST_ROOM * max(1.0, abs(low), abs(high)):
        return None
    return Room(low - left * _EACH_SIDE, high + left * _EACH_SIDE)


def _plausible(condition: Steady, state: State, room: Room) -> Room | None:
    """Only what a sensor can mean; on the newest value's side of values that a broken one reads."""
    low = max(room.low, math.nextafter(condition.valid_low, -math.inf))
    high = min(room.high, math.nextafter(condition.valid_high, math.inf))
    newest = state.last_value
    for fault in condition.fault_values:
        if newest is None or newest == fault:
            return None
        if newest < fault:
            high = min(high, fault)
        else:
            low = max(low, fault)
    return Room(low, high, room.until_ms)


def _after_stuck(condition: Stuck, state: State, times_ms: Sequence[float], values: Sequence[float]) -> State:
    run, since, newest_ms, newest = state.run, state.times_ms, state.newest_ms, state.last_value
    first = _last_change(values)
    for at_ms, value in zip(map(int, times_ms[first:]), values[first:], strict=True):
        if not since or value != newest:
            run, since = 1, (at_ms,)
        elif at_ms != newest_ms:
            run = min(run + 1, condition.points)
        newest_ms, newest = at_ms, value
    return replace(state, newest_ms=newest_ms, last_value=newest, run=run, times_ms=since)


def _last_change(values: Sequence[float]) -> int:
    """From where on to look: the newest value's predecessor that is another one, or the beginning."""
    for place in range(len(values) - 2, -1, -1):
        if values[place] != values[-1]:
            return place
    return 0
