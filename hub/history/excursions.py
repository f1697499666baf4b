"""Stretches of a series outside its limits (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Final

from hub.history.port import Excursion, Limits, Sample

LONGEST_HOLD_MS: Final = 30 * 60_000  # a value says nothing about a later time than this
_MS_OF_MINUTE: Final = 60_000


def excursions(samples: Iterable[Sample], limits: Limits) -> tuple[Excursion, ...]:
    """The stretches outside, in order, from values in time order.

    A silence does not end a stretch, but of it at most LONGEST_HOLD_MS count as minutes outside."""
    stretches = [
        (is_outside, list(group))
        for is_outside, group in groupby(samples, key=lambda sample: _is_outside(sample.value, limits))
    ]
    followers = [*(group[0] for _, group in stretches[1:]), None]
    return tuple(
        _excursion(group, follower)
        for (is_outside, group), follower in zip(stretches, followers, strict=bool(stretches))
        if is_outside
    )


def _is_outside(value: float, limits: Limits) -> bool:
    below = limits.low is not None and value < limits.low
    return below or (limits.high is not None and value > limits.high)


def _excursion(group: list[Sample], inside: Sample | None) -> Excursion:
    values = [sample.value for sample in group]
    times = [sample.at_ms for sample in (*group, *([inside] if inside else []))]
    known_ms = sum(min(after - before, LONGEST_HOLD_MS) for before, after in pairwise(times))
    return Excursion(
        start_ms=times[0],
        end_ms=times[-1],
        low=min(values),
        high=max(values),
        mean=sum(values) / len(values),
        minutes=known_ms / _MS_OF_MINUTE,
        is_over=inside is not None,
    )
