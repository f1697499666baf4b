"""How many messages a channel may carry, so that its other side does not shut it out; pure."""

from __future__ import annotations

from typing import Final

_WINDOW_S: Final = 60.0
_BURST_PARTS: Final = 4


class Budget:
    """A bucket of tokens, one for a message. In no minute are more than `per_minute` of them taken.

    A quarter may go at once; what is left of the minute's number trickles in. A new bucket holds one token:
    what was sent before a restart is not known. Instants are seconds of a clock that only goes forward."""

    def __init__(self, per_minute: int, now_s: float) -> None:
        self._most = float(max(1, per_minute // _BURST_PARTS))
        # A full bucket, and what comes in during the minute after, are together what a minute allows.
        self._per_s = max(per_minute - self._most, 0.5) / _WINDOW_S
        self._tokens = 1.0
        self._at_s = now_s

    def left(self, now_s: float) -> int:
        """How many messages may go now."""
        self._tokens = min(self._most, self._tokens + max(0.0, now_s - self._at_s) * self._per_s)
        self._at_s = max(self._at_s, now_s)
        return int(self._tokens + 1e-9)

    def take(self, now_s: float) -> None:
        """A message goes."""
        self.left(now_s)
        self._tokens -= 1.0

    def next_s(self, now_s: float) -> float:
        """Seconds until another one may go; 0: now."""
        if self.left(now_s):
            return 0.0
        return (1.0 - self._tokens) / self._per_s
