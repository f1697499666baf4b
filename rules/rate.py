"""A value that moves too fast: by more than `limit` within `within_ms`, in one direction.

    value                 ____________
                        /             how far it lies above the lowest sample of the last `within`
    ___________________/
         |<----- within ----->|
                         ^ Raised     ^ Cleared, once the rise has left the window

The samples are thinned to one a slot (`rules.samples`), the lowest of each for a rise and the highest for a
fall: so no fast move is missed, and at most one slot's length of a slow one.
"""

from __future__ import annotations

from operator import gt, lt

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import Direction, Phase, Rate, State
from rules.samples import kept
from rules.sensing import in_time, is_plausible, value_of


def step(condition: Rate, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject`; a late one, or one without a plausible value, changes nothing."""
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms or not is_plausible(
        value,
        condition.valid_low,
        condition.valid_high,
        condition.fault_values,
        condition.ramp,
        state.last_value,
    ):
        return state, ()
    rises = condition.direction is Direction.ABOVE
    times_ms, values = kept(state, at_ms, value, condition.within_ms, lt if rises else gt)
    from_value = min(values) if rises else max(values)
    moved = value - from_value if rises else from_value - value
    seen = replace(state, newest_ms=at_ms, last_value=value, times_ms=times_ms, values=values)
    if state.phase is Phase.QUIET and moved <= condition.limit:
        return seen, ()
    if moved > condition.limit:
        found = Verdict.WRONG
    else:
        found = Verdict.CLEAR if moved <= condition.clear else Verdict.BETWEEN
    return advance(
        seen,
        found,
        at_ms,
        value,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
        since_ms=times_ms[len(values) - 1 - values[::-1].index(from_value)],
    )
