"""A sensor that reads what it cannot mean: raised at once, over after good readings for a while."""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import SensorFault, State
from rules.sensing import in_time, is_plausible, value_of


def step(condition: SensorFault, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject` that carries the quantity; `last_value` remembers good values only."""
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    if fact.measured_at_ms < state.newest_ms:
        return state, ()
    good = is_plausible(
        value,
        condition.low,
        condition.high,
        condition.fault_values,
        condition.ramp,
        state.last_value,
    )
    return advance(
        replace(state, newest_ms=fact.measured_at_ms, last_value=value if good else state.last_value),
        Verdict.CLEAR if good else Verdict.WRONG,
        fact.measured_at_ms,
        value,
        for_ms=0,
        keep_for_ms=condition.keep_for_ms,
    )
