"""A value outside a band, such as the mains' frequency; wrong on either side.

value                    _____
high     ...............|.....|.................
              __________|     |____     ________   inside by `margin` for `keep_for`: over
low      ....................................
                        |<for>|
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import Outside, State
from rules.sensing import in_time, is_plausible, value_of


def step(condition: Outside, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject`; a late one, or one without a plausible value, changes nothing."""
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    if fact.measured_at_ms < state.newest_ms or not is_plausible(
        value,
        condition.valid_low,
        condition.valid_high,
        condition.fault_values,
        condition.ramp,
        state.last_value,
    ):
        return state, ()
    return advance(
        replace(state, newest_ms=fact.measured_at_ms, last_value=value),
        verdict(condition, value),
        fact.measured_at_ms,
        value,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
    )


def verdict(condition: Outside, value: float) -> Verdict:
    """Both limits themselves are still right; clear is `margin` inside both."""
    if not condition.low <= value <= condition.high:
        return Verdict.WRONG
    inside = condition.low + condition.margin <= value <= condition.high - condition.margin
    return Verdict.CLEAR if inside else Verdict.BETWEEN
