"""How a measurement says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# Told what is being done, and how much of the whole is done, from 0 to 1.
Progress: TypeAlias = Callable[[str, float], None]


def part(whole: Progress, begin: float, end: float) -> Progress:
    """The progress of a part that takes the whole from `begin` to `end`."""
    return lambda doing, done: whole(doing, begin + (end - begin) * done)
