"""A value beyond its limit. Judged by the readings' own times; the passing of time proves nothing here.

    value                  ___________________
    limit    ........_____|                   |......................
    clear    .......|                         |__________   _________
                          |<-- for -->|                  |_|
                                                         |<- keep_for ->|
                                      ^ Raised                          ^ Cleared

A second limit further out (`grave`) makes the matter CRITICAL: see `rules.tiers`. What excuses (`excuse`,
such as a defrost that the same reading tells of) lets values beyond the limit pass, for at most `excuse_ms`
from the first of them on: a pending matter is dropped, an active one neither grows nor ends.

With `others` all of them must be beyond the limit, as far as a reading gives them: one that is well is enough
for it to be over.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from devices.facts import Fact
from rules import machine, tiers
from rules.machine import Judged, Verdict
from rules.model import Direction, State, Threshold
from rules.sensing import flag_of, in_time, is_plausible, value_of


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
    found = verdict(condition, value)
    if condition.others and found is not Verdict.CLEAR:
        found = _of_all(condition, subject, fact, found)
    excused_ms = _excused_since_ms(condition, subject, state, fact, found)
    excuses = excused_ms >= 0 and fact.measured_at_ms - excused_ms < condition.excuse_ms
    seen = replace(state, newest_ms=fact.measured_at_ms, last_value=value, excused_since_ms=excused_ms)
    if excuses:
        return machine.advance(
            seen, Verdict.BETWEEN, fact.measured_at_ms, value, for_ms=0, keep_for_ms=condition.keep_for_ms
        )
    if condition.grave is None:
        return machine.advance(
            seen,
            found,
            fact.measured_at_ms,
            value,
            for_ms=condition.for_ms,
            keep_for_ms=condition.keep_for_ms,
        )
    return tiers.advance(
        seen,
        found,
        verdict_of(condition.direction, condition.grave, _grave_clear(condition, condition.grave), value),
        fact.measured_at_ms,
        value,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
        grave_for_ms=condition.grave_for_ms,
    )


def verdict(condition: Threshold, value: float) -> Verdict:
    """The limit itself is still right, and the clear value already clear."""
    return verdict_of(condition.direction, condition.limit, condition.clear, value)


def verdict_of(direction: Direction, limit: float, clear: float, value: float) -> Verdict:
    """What a value says about a limit, with `clear` as its hysteresis."""
    match direction:
        case Direction.ABOVE:
            wrong, is_clear = value > limit, value <= clear
        case Direction.BELOW:
            wrong, is_clear = value < limit, value >= clear
        case _:
            assert_never(direction)
    if wrong:
        return Verdict.WRONG
    return Verdict.CLEAR if is_clear else Verdict.BETWEEN


def _of_all(condition: Threshold, subject: str, fact: Fact, found: Verdict) -> Verdict:
    """The best that one of all quantities says; values that no sensor can mean say nothing."""
    for name in condition.others:
        value = value_of(fact, subject, name)
        if value is None or not condition.valid_low <= value <= condition.valid_high:
            continue
        other = verdict(condition, value)
        if other is Verdict.CLEAR:
            return other
        if other is Verdict.BETWEEN:
            found = other
    return found


def _grave_clear(condition: Threshold, grave: float) -> float:
    return grave + (condition.clear - condition.limit)


def _excused_since_ms(condition: Threshold, subject: str, state: State, fact: Fact, found: Verdict) -> int:
    """Since which reading what is beyond the limit is excused; -1: it is not."""
    if not condition.excuse or found is not Verdict.WRONG or not flag_of(fact, subject, condition.excuse):
        return -1
    return state.excused_since_ms if state.excused_since_ms >= 0 else fact.measured_at_ms
