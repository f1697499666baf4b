"""Durations as people write them in configuration: `90s`, `10m`, `1h30m`."""

from __future__ import annotations

import re
from typing import Final

_UNITS_MS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}

# Nine digits of days are more than two million years; without a cap a long number stalls int().
_PATTERN: Final = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS_MS))


def parse_duration(text: str) -> int:
    """Milliseconds of `text`; units d, h, m, s, ms, biggest first. Raises ValueError with advice."""
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise ValueError(f"{shown!r} is not a duration: write '90s', '10m', '2h' or '1h30m'")
    return sum(int(n) * ms for n, ms in zip(match.groups(), _UNITS_MS.values(), strict=True) if n)


def written(ms: int) -> str:
    """`parse_duration` backwards: `1h30m`; `0s` for nothing."""
    left, parts = ms, ""
    for unit, length in _UNITS_MS.items():
        number, left = divmod(left, length)
        parts += f"{number}{unit}" if number else ""
    return parts or "0s"
