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
from collections.abc import Callable, Sequence
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


def kept_of_many(
    state: State,
    times_ms: Sequence[float],
    values: Sequence[float],
    within_ms: int,
    better: Callable[[float, float], bool] | None,
) -> Samples:
    """As `kept` after each of these readings, which are in order of time and at least one."""
    from_ms = int(times_ms[-1]) - within_ms
    # What a slot keeps depends on its earlier readings: from the beginning of the slot on.
    begin_ms = -(-(from_ms * SLOTS // within_ms) * within_ms // SLOTS)
    first = bisect_left(times_ms, begin_ms)
    found_ms, found = list(state.times_ms), list(state.values)
    slot = found_ms[-1] * SLOTS // within_ms if found_ms else None
    for at_ms, value in zip(map(int, times_ms[first:]), values[first:], strict=True):
        own = at_ms * SLOTS // within_ms
        if own != slot:
            slot = own
            found_ms.append(at_ms)
            found.append(value)
        elif better is not None and better(value, found[-1]):
            found_ms[-1], found[-1] = at_ms, value
    old = bisect_left(found_ms, from_ms)
    return tuple(found_ms[old:]), tuple(found[old:])
