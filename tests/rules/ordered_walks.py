"""Where to go next on a route of fixed order, case by case: the hub and the phone are held to the same."""

from __future__ import annotations

from typing import Final

ROUTE: Final = "ABC"

# Taps with the seconds at which they were made, and where to go next; empty: nowhere, all was passed.
CASES: Final[tuple[tuple[str, str], ...]] = (
    ("", "A"),
    ("A0", "B"),
    ("A0 B120 C240", ""),
    ("B0", "A"),
    ("B0 A120", "B"),
    ("B0 A120 C240", "B"),
    ("B0 A120 B240", "C"),
    ("B0 A120 B240 C360", ""),
    ("B0 A20 B40", "C"),
    ("B0 B20 A40", "B"),
    ("B0 A20 B40 C50", ""),
    ("C0 B120 A240", "B"),
    ("C0 B120 A240 B360 C480", ""),
    ("C0 A10 B20 C30", ""),
    ("B0 C120", "A"),
    ("B0 C120 A240", "B"),
    ("A0 C120", "B"),
    ("A0 C120 B240", "C"),
    ("A0 B120 A125 C240", ""),
    ("A0 A30 B59", "C"),
)


def taps_of(said: str) -> list[tuple[str, int]]:
    """The stops, each with its time in ms."""
    return [(tap[0], int(tap[1:]) * 1000) for tap in said.split()]
