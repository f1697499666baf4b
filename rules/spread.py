"""Values of one reading that should be alike and are not, such as the voltages of three phases.

    L1   ______________________________
    L2   ___________ . . mean . . ______
    L3              \\___________/        max |x - mean| / mean, in percent, beyond `limit`
                     |<- for ->|^ Raised

By magnitude (230/225/215 V are 3.73 %). A mean below `least` counts as clear: hardly any load is no
imbalance. A second limit (`grave`) makes the matter CRITICAL: see `rules.tiers`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec.structs import replace

from devices.facts import Fact, Reading, Value
from rules import machine, tiers
from rules.machine import Judged, Verdict
from rules.model import Direction, Phase, Spread, State
from rules.sensing import in_time
from rules.threshold import verdict_of


def step(condition: Spread, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject` that has all quantities; a late or implausible one changes nothing."""
    if not isinstance(fact, Reading) or fact.device != subject:
        return state, ()
    off = apart(condition, dict(reversed(fact.values)))  # the first that is given for a name counts
    if off is None:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms:
        return state, ()
    seen = after_calm(state, at_ms, off)
    if state.phase is Phase.QUIET and off <= condition.limit:
        return seen, ()
    found = verdict_of(Direction.ABOVE, condition.limit, condition.clear, off)
    if condition.grave is None:
        return machine.advance(
            seen, found, at_ms, off, for_ms=condition.for_ms, keep_for_ms=condition.keep_for_ms
        )
    return tiers.advance(
        seen,
        found,
        _grave(condition, condition.grave, off),
        at_ms,
        off,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
        grave_for_ms=condition.grave_for_ms,
    )


def _grave(condition: Spread, grave: float, off: float) -> Verdict:
    return verdict_of(Direction.ABOVE, grave, grave + (condition.clear - condition.limit), off)


def apart(condition: Spread, values: Mapping[str, Value]) -> float | None:
    """How far (%) these values are apart; None unless all are given, as numbers that a sensor can mean."""
    low, high, quantities = condition.valid_low, condition.valid_high, condition.quantities
    total, least, most = 0.0, math.inf, -math.inf
    for quantity in quantities:
        value = values.get(quantity)
        # Compared so that NaN fails, and a bool is no number.
        if value is None or not low <= value <= high or value.__class__ is bool:
            return None
        total += value
        if value < least:
            least = value
        if value > most:
            most = value
    mean = total / len(quantities)
    if not mean > 0 or mean < condition.least:
        return 0.0
    return max(most - mean, mean - least) / mean * 100


def after_calm(state: State, at_ms: int, off: float) -> State:
    """What a QUIET watch remembers after readings that were calm (no further apart than its limit), of which
    this is the last."""
    return replace(state, newest_ms=at_ms, last_value=off)
