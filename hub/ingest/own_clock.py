"""Notices that the hub's own clock was set: it is read beside a steady one that nobody can set."""

from __future__ import annotations

import threading
from typing import Final

from devices.facts import ClockSet
from hub.clock import NowMs

# What is less is drift or a slow computer, and adds up until it is that much.
LEAST_STEP_MS: Final = 2_000
# If reading both clocks took longer, the computer was busy or asleep in between: nothing follows from them.
_LONGEST_LOOK_MS: Final = 200


class OwnClock:
    """`read` gives the hub's time, and the fact that it was set since it was last read, if it was.

    Any thread may read it; who gets the fact appends it to the log before all that came by the new time."""

    def __init__(self, now: NowMs, steady: NowMs, left_off_ms: int = 0) -> None:
        """`left_off_ms`: the time of the log's last fact. A clock that is behind it now was set back, or lost
        its time, while the hub was down; how long that was, nobody knows: it counts as nothing."""
        self._now = now
        self._steady = steady
        self._left_off_ms = left_off_ms
        self._ahead_ms: int | None = None  # how far it is ahead of the steady clock
        self._one_reader = threading.Lock()

    def read(self) -> tuple[int, ClockSet | None]:
        """The hub's time, and what is to stand in the log before it is used."""
        with self._one_reader:
            before_ms = self._steady()
            now_ms = self._now()
            steady_ms = self._steady()
            if self._ahead_ms is None:
                self._ahead_ms = max(now_ms, self._left_off_ms) - steady_ms
            moved_ms = now_ms - steady_ms - self._ahead_ms
            if abs(moved_ms) < LEAST_STEP_MS or steady_ms - before_ms > _LONGEST_LOOK_MS:
                return now_ms, None
            self._ahead_ms += moved_ms
        expected_ms = now_ms - moved_ms
        return now_ms, ClockSet(f"clock:{expected_ms}:{now_ms}", now_ms, expected_ms)
