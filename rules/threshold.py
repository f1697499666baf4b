"""A value beyond its limit. Judged by the readings' own times; the passing of time proves nothing here."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import Direction, State, Threshold
from rules.sensing import in_time, is_plausible, value_of


def step(condition: Threshold, subject: str, state: State, fact: Fact) -> Judged:
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


def verdict(condition: Threshold, value: float) -> Verdict:
    """The limit itself is still right, and the clear value already clear."""
    match condition.direction:
        case Direction.ABOVE:
            wrong, clear = value > condition.limit, value <= condition.clear
        case Direction.BELOW:
            wrong, clear = value < condition.limit, value >= condition.clear
        case _:
            assert_never(condition.direction)
    if wrong:
        return Verdict.WRONG
    return Verdict.CLEAR if clear else Verdict.BETWEEN
