"""Since when the hub hears everything: the difference between a silent campus and a deaf hub; pure.

    broker     |------ there ------|      away      |------ there ----
    ticks        ,   T   T   T   T   p   p   p   p   p   p   T   T   T     p: for what phones say alone

What phones say comes without a broker: for them time passes as long as the hub runs.
"""

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
        self._is_fresh = False  # `since_ms` was found after the last question
        self._phones_since_ms: int | None = None

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
        slept = self._was_absent(now_ms)
        if kept and not slept and self._before_ms is not None and now_ms >= self._lost_at_ms:
            self.since_ms = self._before_ms + now_ms - self._lost_at_ms
        self._is_fresh = True

    def stopped(self, now_ms: int) -> None:
        """The log takes nothing: no phone is heard now. Said in place of asking for a tick."""
        self._asked_ms = now_ms
        self._phones_since_ms = None

    def tick(self, now_ms: int) -> Tick | None:
        """The tick that is due, if one is; ask often. Ticks are aligned to the interval."""
        was_absent, self._asked_ms = self._was_absent(now_ms), now_ms
        is_fresh, self._is_fresh = self._is_fresh, False
        if was_absent:
            self._last_tick_ms = 0
            self._before_ms = None
        if was_absent and not is_fresh and self.since_ms is not None:
            self.since_ms = now_ms
        if was_absent or self._phones_since_ms is None:
            self._phones_since_ms = now_ms
        at_ms = now_ms // TICK_MS * TICK_MS
        if at_ms <= self._last_tick_ms:
            return None
        tick = self._tick_at(at_ms, self.since_ms, self._phones_since_ms)
        if tick is not None:
            self._last_tick_ms = at_ms
        return tick

    def _was_absent(self, now_ms: int) -> bool:
        """Whether nobody was listening in between, or it is not known for how long."""
        return self._asked_ms is not None and not 0 <= now_ms - self._asked_ms <= _ABSENT_MS

    def _tick_at(self, at_ms: int, since_ms: int | None, phones_since_ms: int) -> Tick | None:
        # Listening begun anew is another time that passes: it shares no key with the one before.
        if since_ms is not None and at_ms - since_ms >= TICK_MS:
            return Tick(f"tick:{at_ms}:{since_ms}", at_ms, since_ms, phones_since_ms)
        if at_ms - phones_since_ms >= TICK_MS:
            key = f"tick:{at_ms}:{phones_since_ms}:phones"
            return Tick(key, at_ms, at_ms, phones_since_ms, phones_only=True)
        return None
