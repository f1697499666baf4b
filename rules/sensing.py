"""What a reading says about one quantity, and whether a working sensor can have said it."""

from __future__ import annotations

import math

from devices.facts import Fact, Reading


def value_to_judge(fact: Fact, subject: str, quantity: str, newest_ms: int) -> float | None:
    """The number that `fact` gives for the subject's `quantity`; None if none, or older than `newest_ms`."""
    if not isinstance(fact, Reading) or fact.device != subject or fact.measured_at_ms < newest_ms:
        return None
    for name, value in fact.values:
        if name == quantity:
            # A bool is an int to Python, and a door that is open is not one degree.
            return None if isinstance(value, bool) else float(value)
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
