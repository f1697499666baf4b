"""Since when the hub hears everything: the difference between a silent campus and a deaf hub; pure."""

from __future__ import annotations

from typing import Final

from devices.facts import Tick

TICK_MS: Final = 10_000
# A hub that was not asked for a tick for so long was stopped, asleep, or had its clock set.
_ABSENT_MS: Final = 3 * TICK_MS


class Listening:
    """Told of connections and of the backlog's end, it knows when time may pass for the rules.

    After a connection, ticks hold off until the broker's backlog is in and one full interval has passed.
    `since_ms` counts heard time: an outage during which the broker kept everything moves it on by its length,
    any other starts it anew."""

    def __init__(self) -> None:
        self.since_ms: int | None = None
        self._before_ms: int | None = None  # `since_ms` when the connection was lost …
        self._lost_at_ms = 0  # … and when that was
        self._last_tick_ms = 0
        self._asked_ms: int | None = None

    def lost(self, now_ms: int) -> None:
        """The broker is gone: whatever is said now is not heard now."""
        if self.since_ms is not None:
            self._before_ms, self._lost_at_ms = self.since_ms, now_ms
        self.since_ms = None

    def caught_up(self, now_ms: int, *, kept: bool = False) -> None:
        """All that the broker had for the hub is in the log. `kept`: it had kept everything meanwhile."""
        if self.since_ms is not None:
            return
        self.since_ms = now_ms
        if kept and self._before_ms is not None and now_ms >= self._lost_at_ms:
            self.since_ms = self._before_ms + now_ms - self._lost_at_ms
        self._asked_ms = None

    def tick(self, now_ms: int) -> Tick | None:
        """The tick that is due, if one is; ask often. Ticks are aligned to the interval."""
        asked_ms, self._asked_ms = self._asked_ms, now_ms
        since_ms = self.since_ms
        if since_ms is None:
            return None
        if asked_ms is not None and not 0 <= now_ms - asked_ms <= _ABSENT_MS:
            # Nobody was listening in between, or it is not known for how long.
            self.since_ms = since_ms = now_ms
            self._last_tick_ms = 0
        at_ms = now_ms // TICK_MS * TICK_MS
        if at_ms <= self._last_tick_ms or at_ms - since_ms < TICK_MS:
            return None
        self._last_tick_ms = at_ms
        # Listening begun anew is another time that passes: it shares no key with the one before.
        return Tick(f"tick:{at_ms}:{since_ms}", at_ms, since_ms)
