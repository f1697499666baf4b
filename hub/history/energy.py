"""Energy from a meter's counter, which may roll over, be reset, or be replaced (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Final

from hub.history.port import Sample, Used

COUNTER: Final = "energy_kwh"
LOOK_BACK_MS: Final = 86_400_000  # how far before the first interval a reading still counts
ROLLOVER_KWH: Final = 1_000_000.0  # DL/T 645-2007: XXXXXX.XX kWh
MOST_POWER_KW: Final = 500.0  # of one meter; more cannot have flowed while a counter rolled over

_NEAR_THE_END_KWH: Final = 0.99 * ROLLOVER_KWH
_MS_OF_HOUR: Final = 3_600_000


def used(
    device: str, samples: Iterable[Sample], start_ms: int, step_ms: int, most_kw: float = MOST_POWER_KW
) -> tuple[Used, ...]:
    """Energy by intervals from a counter's values in time order; the last before `start_ms` comes first.

    Values may be thinned out: the first, each interval's last and both neighbours of every drop do."""
    steps = (
        ((after.at_ms - start_ms) // step_ms, *_between(before, after, most_kw))
        for before, after in pairwise(_begun(samples, start_ms))
    )
    return tuple(
        _interval(device, start_ms + number * step_ms, [(kwh, is_reset) for _, kwh, is_reset in group])
        for number, group in groupby(steps, key=lambda step: step[0])
        if number >= 0
    )


def _begun(samples: Iterable[Sample], start_ms: int) -> list[Sample]:
    """The samples, where none stands before the start with the first one twice: it counts nothing."""
    found = list(samples)
    if found and found[0].at_ms >= start_ms:
        found.insert(0, found[0])
    return found


def _between(before: Sample, after: Sample, most_kw: float) -> tuple[float, bool]:
    """The energy between two readings, and whether the counter began anew instead."""
    if after.value >= before.value:
        return after.value - before.value, False
    rolled_kwh = ROLLOVER_KWH - before.value + after.value
    possible_kwh = most_kw * (after.at_ms - before.at_ms) / _MS_OF_HOUR
    if _NEAR_THE_END_KWH <= before.value < ROLLOVER_KWH and rolled_kwh <= possible_kwh:
        return rolled_kwh, False
    return 0.0, True


def _interval(device: str, at_ms: int, parts: list[tuple[float, bool]]) -> Used:
    energy_kwh = sum(kwh for kwh, _ in parts)
    return Used(device, at_ms, energy_kwh, sum(is_reset for _, is_reset in parts))
