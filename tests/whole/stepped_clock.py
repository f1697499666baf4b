"""A hub's clock that tests step: time passes only when they say so, and the hub has seen that it has."""

from __future__ import annotations

import threading

from hub.main import Hub


class Clock:
    """The hub's clock, which knows whether the hub's loop that makes ticks has looked at it."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._was_seen = threading.Event()
        self._at_once = threading.Lock()

    def __call__(self) -> int:
        with self._at_once:
            if threading.current_thread().name == "clock":
                self._was_seen.set()
            return self.now_ms

    def set(self, now_ms: int) -> None:
        """It is so late now."""
        with self._at_once:
            self.now_ms = now_ms
            self._was_seen.clear()

    def step(self, hub: Hub, now_ms: int) -> None:
        """It is so late now, and the hub that runs by this clock has looked."""
        self.set(now_ms)
        hub._loops["clock"].wake()  # it would look only twice in a real second
        assert self._was_seen.wait(20)
