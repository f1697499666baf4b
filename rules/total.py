"""A main meter against the sum of the meters below it: a wrong ratio, an unmeasured branch, a theft.

    main    __________.____.____.____       off by |main - sum| / main, in percent
    part 1  ____.____.____.____.____        each one's newest value, no older than `fresh`
    part 2  __.____.____.____.____._
                           |<- for ->|^ Raised

Judged on the main meter's own readings; those of the parts are only remembered, one value each. While one of
the parts is not fresh, nobody knows, and nothing changes.
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Fact
from rules.machine import Judged, advance
from rules.model import Direction, Phase, State, Total
from rules.sensing import in_time, is_plausible, value_of
from rules.threshold import verdict_of


def step(condition: Total, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject`, remembers one of a part; a late one changes nothing."""
    if fact.device in condition.parts:
        return _of_part(condition, state, fact), ()
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    parts = state.times_ms, state.values
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms or not is_plausible(
        value, condition.valid_low, condition.valid_high, (), 0.0, None
    ):
        return state, ()
    state = replace(state, newest_ms=at_ms, times_ms=parts[0], values=parts[1])
    times_ms, values = parts
    if not times_ms or any(time_ms < 0 or abs(at_ms - time_ms) > condition.fresh_ms for time_ms in times_ms):
        return state, ()
    off = abs(value - sum(values)) / value * 100 if value > 0 and value >= condition.least else 0.0
    seen = replace(state, last_value=off)
    if state.phase is Phase.QUIET and off <= condition.limit:
        return seen, ()
    return advance(
        seen,
        verdict_of(Direction.ABOVE, condition.limit, condition.clear, off),
        at_ms,
        off,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
    )


def _of_part(condition: Total, state: State, fact: Fact) -> State:
    value = value_of(fact, fact.device, condition.quantity)
    if value is None or not is_plausible(value, condition.valid_low, condition.valid_high, (), 0.0, None):
        return state
    place = condition.parts.index(fact.device)
    count = len(condition.parts)
    times_ms = list(state.times_ms) if len(state.times_ms) == count else [-1] * count
    values = list(state.values) if len(state.values) == count else [0.0] * count
    known_ms = times_ms[place]
    if fact.measured_at_ms < known_ms <= fact.received_at_ms + AHEAD_TOLERANCE_MS:
        return state
    times_ms[place], values[place] = fact.measured_at_ms, value
    return replace(state, times_ms=tuple(times_ms), values=tuple(values))
