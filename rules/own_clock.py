"""The hub's own clock is set: times by the old one and by the new one must not be subtracted from each other.

    true time        20    22    24 | 25    27    29    31        a fridge is warm since minute 20
    hub's clock      20    22    24 | -35   -33   -31   -29       set back by an hour
    readings' time   20    22    24 | -35   -33   -31   -29       their clocks seem an hour ahead by now
    warm since       20    20    20 | -40   -40   -40   -40       moved along: raised in time

What is in the hub's time moves at once (signs of life, and all that a watch of silence or of somebody who is
overdue knows). Times of
readings are the device's or the hub's, which only the next reading shows: so the state notes by how far the
clock was set (`clock_moved_ms`), and takes its times along, or leaves them where they are, with that reading:

    its time is the    and                                                          times
    hub's              -                                                            move along
    device's           the clock before would have taken it for too far ahead       move along
    device's           it is of now, and the times lie ahead: they were the hub's   move along
    device's           older than they are: it may be of any time                   wait for the next
    device's           -                                                            stay: that clock ran on

A round's window is one of the calendar, whatever the clock says.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Clock, ClockSet, Fact, Presence, Reading, Tap
from rules.model import (
    Condition,
    OddTaps,
    Overdue,
    Phase,
    RoundFlaw,
    RoundIncomplete,
    Silent,
    State,
    TooFewPatrols,
)

_OWN_TIME: Final = (Clock.DEVICE, Clock.LOCAL)


def after_clock_set(condition: Condition, state: State, fact: ClockSet) -> State:
    """What a watch remembers once the hub's clock was set."""
    moved_ms = fact.moved_ms
    match condition:
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return state
        case Silent() | Overdue():
            return _heard_moved(_moved(state, moved_ms), moved_ms)
        case _:
            knows_times = state.newest_ms >= 0 or state.phase is not Phase.QUIET
            waits_ms = state.clock_moved_ms + moved_ms if knows_times else 0
            return _heard_moved(replace(state, clock_moved_ms=waits_ms), moved_ms)


def in_the_new_time(state: State, fact: Fact) -> State:
    """The state with its times as of the clock that `fact` was received by, if the fact shows whose they are;
    otherwise it waits for the next one."""
    moved_ms = state.clock_moved_ms
    if not isinstance(fact, Reading | Tap | Presence):
        return state
    at_ms, received_at_ms = fact.measured_at_ms, fact.received_at_ms
    was_ahead = at_ms > received_at_ms - moved_ms + AHEAD_TOLERANCE_MS
    is_of_now = at_ms >= received_at_ms - AHEAD_TOLERANCE_MS
    lie_ahead = state.newest_ms > received_at_ms + AHEAD_TOLERANCE_MS
    if fact.clock not in _OWN_TIME or was_ahead or (is_of_now and lie_ahead):
        return replace(_moved(state, moved_ms), clock_moved_ms=0)
    return state if at_ms < state.newest_ms else replace(state, clock_moved_ms=0)


def _heard_moved(state: State, by_ms: int) -> State:
    return replace(
        state, heard_ms=_known_moved(state.heard_ms, by_ms), begun_ms=_known_moved(state.begun_ms, by_ms)
    )


def _moved(state: State, by_ms: int) -> State:
    return replace(
        state,
        newest_ms=_known_moved(state.newest_ms, by_ms),
        phase_since_ms=max(0, state.phase_since_ms + by_ms),
        wrong_since_ms=max(0, state.wrong_since_ms + by_ms),
        grave_since_ms=max(0, state.grave_since_ms + by_ms),
        excused_since_ms=_known_moved(state.excused_since_ms, by_ms),
        times_ms=tuple(_known_moved(time_ms, by_ms) for time_ms in state.times_ms),
    )


def _known_moved(time_ms: int, by_ms: int) -> int:
    """A time, of which -1 says that there is none."""
    return time_ms if time_ms < 0 else max(0, time_ms + by_ms)
