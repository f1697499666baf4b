"""What a watch keeps of the readings of the last while: one for each of a few slots of time.

    within          |<--------------- within_ms --------------->|
    slots       ...|   |   |   |   |   |   |   |   |   |   |   |
    readings    x x x x x x x x x x x x x x x x x x x x x x x x x   now
    kept             o   o   o   o   o   o   o   o   o   o   o

Slots are fixed stretches of the facts' own time, `within_ms / SLOTS` long, so that what is kept does not hang
on when the watch began. A slot keeps its first reading, or of a rate the most extreme one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, TypeAlias

from rules.model import State

SLOTS: Final = 24

Samples: TypeAlias = tuple[tuple[int, ...], tuple[float, ...]]


def kept(
    state: State, at_ms: int, value: float, within_ms: int, better: Callable[[float, float], bool] | None
) -> Samples:
    """The samples of the last `within_ms`, with this reading: at most SLOTS and one.

    `better(new, old)`: whether a reading takes the place of the one kept for its slot; None: never."""
    times_ms, values = state.times_ms, state.values
    first = bisect_left(times_ms, at_ms - within_ms)
    if first:
        times_ms, values = times_ms[first:], values[first:]
    if not times_ms or times_ms[-1] * SLOTS // within_ms != at_ms * SLOTS // within_ms:
        return (*times_ms, at_ms), (*values, value)
    if better is not None and better(value, values[-1]):
        return (*times_ms[:-1], at_ms), (*values[:-1], value)
    return times_ms, values
