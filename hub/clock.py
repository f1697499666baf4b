"""The hub's clock, as a value that is handed around: only the composition root makes one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeAlias

NowMs: TypeAlias = Callable[[], int]


# Where there is one, the steady clock that goes on while the computer sleeps.
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", None)


def system_now_ms() -> int:
    """Milliseconds since 1970 UTC by the computer's clock."""
    return time.time_ns() // 1_000_000


def system_steady_ms() -> int:
    """Milliseconds since some start, by a clock that nobody can set."""
    if _STEADY is None:
        return time.monotonic_ns() // 1_000_000
    return time.clock_gettime_ns(_STEADY) // 1_000_000
