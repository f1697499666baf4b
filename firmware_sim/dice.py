"""Seeded chance: every device throws its own dice, so adding one device changes no other."""

from __future__ import annotations

from random import Random


def dice(seed: int, *names: str) -> Random:
    """The dice of one purpose; the same seed and names always throw the same numbers."""
    return Random("/".join((str(seed), *names)))  # noqa: S311  a simulation needs repeatable numbers, not secrets
