"""Whether the hub's clock was set, by a clock that only goes forward."""

from __future__ import annotations

from typing import Final

from hub.clock import NowMs

_LEAST_MS: Final = 500  # less is how clocks are led to the right time, and how long asking both takes


class SetClock:
    """Compares the hub's clock with `steady`, which nobody can set."""

    def __init__(self, now: NowMs, steady: NowMs) -> None:
        self._now = now
        self._steady = steady
        self._ahead_ms: int | None = None

    def set_by_ms(self) -> int:
        """By how much the clock was set since this was asked last, in milliseconds; back: negative."""
        ahead_ms = self._now() - self._steady()
        before_ms, self._ahead_ms = self._ahead_ms, ahead_ms
        if before_ms is None or abs(ahead_ms - before_ms) < _LEAST_MS:
            return 0
        return ahead_ms - before_ms
