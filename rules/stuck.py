"""A value that never moves, as of a probe that is frozen or a gateway that repeats what it once read.

value    _____________________________________
        /                                     |______
             |<--------- after_ms -------->|
             first of `points` equal ones  ^ Raised   ^ Cleared after `keep_for`
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import Phase, State, Stuck
from rules.sensing import in_time, is_plausible, value_of


def step(condition: Stuck, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject`. What no sensor can mean is a sensor fault's business and passed over."""
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms or not is_plausible(
        value, condition.valid_low, condition.valid_high, condition.fault_values, 0.0, None
    ):
        return state, ()
    run, times_ms = state.run, state.times_ms
    if not times_ms or value != state.last_value:
        run, times_ms = 1, (at_ms,)
    elif at_ms != state.newest_ms:  # the same reading again is no further one
        run = min(run + 1, condition.points)
    is_stuck = run >= condition.points and at_ms - times_ms[0] >= condition.after_ms
    seen = replace(state, newest_ms=at_ms, last_value=value, run=run, times_ms=times_ms)
    if state.phase is Phase.QUIET and not is_stuck:
        return seen, ()
    return advance(
        seen,
        Verdict.WRONG if is_stuck else Verdict.CLEAR,
        at_ms,
        value,
        for_ms=0,
        keep_for_ms=condition.keep_for_ms,
        since_ms=times_ms[0],
    )
