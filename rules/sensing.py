"""What a reading says about one quantity, and whether a working sensor can have said it."""

from __future__ import annotations

import math

from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Fact, Presence, Reading
from rules.model import State
from rules.own_clock import in_the_new_time

ONLINE = "online"  # the flag that a device's presence is


def in_time(state: State, fact: Fact) -> State:
    """The state, unless its marks lie where no true time can: then a clock was wrong when it was written, and
    everything true that follows would look old. What is active stays so; samples of then are no samples.

    After the hub's own clock was set they are first brought into the time that it tells since."""
    if state.clock_moved_ms:
        state = in_the_new_time(state, fact)
        if state.clock_moved_ms:  # whose time its marks are in is not known yet
            return state
    latest_ms = fact.received_at_ms + AHEAD_TOLERANCE_MS
    if max(state.newest_ms, state.phase_since_ms) <= latest_ms:
        return state
    return replace(
        state,
        newest_ms=-1,
        phase_since_ms=min(state.phase_since_ms, fact.measured_at_ms),
        wrong_since_ms=min(state.wrong_since_ms, fact.measured_at_ms),
        grave_since_ms=min(state.grave_since_ms, fact.measured_at_ms),
        excused_since_ms=min(state.excused_since_ms, fact.measured_at_ms),
        run=0,
        times_ms=(),
        values=(),
        clock_moved_ms=0,
    )


def value_of(fact: Fact, subject: str, quantity: str) -> float | None:
    """The number that `fact` gives for the subject's `quantity`; None if it gives none."""
    if not isinstance(fact, Reading) or fact.device != subject:
        return None
    for name, value in fact.values:
        if name == quantity:
            # A bool is an int to Python, and a door that is open is not one degree.
            return None if isinstance(value, bool) else float(value)
    return None


def flag_of(fact: Fact, subject: str, quantity: str) -> bool | None:
    """The yes or no that `fact` gives for the subject's `quantity`; None if it gives none."""
    if isinstance(fact, Presence):
        return fact.online if fact.device == subject and quantity == ONLINE else None
    if not isinstance(fact, Reading) or fact.device != subject:
        return None
    for name, value in fact.values:
        if name == quantity:
            return value if isinstance(value, bool) else None
    return None


def is_plausible(
    value: float,
    low: float,
    high: float,
    fault_values: tuple[float, ...],
    ramp: float,
    last_good: float | None,
) -> bool:
    """Whether a sensor can mean `value`: inside `low`…`high`, and no fault value unless it ramps there."""
    if not math.isfinite(value) or not low <= value <= high:
        return False
    if value not in fault_values:
        return True
    return last_good is not None and abs(value - last_good) <= ramp
