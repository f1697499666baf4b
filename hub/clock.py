"""The hub's clock, as a value that is handed around: only the composition root makes one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

NowMs: TypeAlias = Callable[[], int]


def system_now_ms() -> int:
    """Milliseconds since 1970 UTC by the computer's clock."""
    return time.time_ns() // 1_000_000
