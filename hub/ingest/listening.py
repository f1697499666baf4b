"""Since when the hub hears everything: the difference between a silent campus and a deaf hub; pure."""

from __future__ import annotations

from typing import Final

from devices.facts import Tick

TICK_MS: Final = 10_000


class Listening:
    """Told of connections and of the backlog's end, it knows when time may pass for the rules.

    After a connection, ticks hold off until the broker's backlog is in and one full interval has passed."""

    def __init__(self) -> None:
        self.since_ms: int | None = None
        self._last_tick_ms = 0

    def lost(self) -> None:
        """The broker is gone: whatever is said now is not heard now."""
        self.since_ms = None

    def caught_up(self, now_ms: int) -> None:
        """Everything that the broker had kept for the hub is in the log."""
        if self.since_ms is None:
            self.since_ms = now_ms

    def tick(self, now_ms: int) -> Tick | None:
        """The tick that is due, if one is. Ticks are aligned to the interval, so each has one key."""
        if self.since_ms is None:
            return None
        if now_ms < self.since_ms:
            self.since_ms = now_ms  # the clock was set back: start counting anew
        at_ms = now_ms // TICK_MS * TICK_MS
        if at_ms <= self._last_tick_ms or at_ms - self.since_ms < TICK_MS:
            if at_ms < self._last_tick_ms - TICK_MS:
                self._last_tick_ms = at_ms  # likewise
            return None
        self._last_tick_ms = at_ms
        return Tick(f"tick:{at_ms}", at_ms, self.since_ms)
