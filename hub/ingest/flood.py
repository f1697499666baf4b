"""Who floods: a token bucket for each sender, in bounded memory; pure."""

from __future__ import annotations

from typing import Final

# Sustained and at once, of one topic. Honest devices speak once in seconds, a meter once a second; what one
# sends after days offline comes in arrays of 1,000 readings, or one by one within the burst.
MESSAGES_PER_S: Final = 200
BURST: Final = 5_000
# How often the excess of one sender is worth a dead letter; the rest of it is counted.
SAMPLE_MS: Final = 1_000
# Senders kept in mind. Only those that spoke within the last milliseconds need to be, and those that flood.
SENDERS_KEPT: Final = 65_536


class Flood:
    """Told of every message, it says which are too many. Times are the hub's, in milliseconds."""

    def __init__(self, messages_per_s: float = MESSAGES_PER_S, burst: int = BURST) -> None:
        self._interval_ms = 1_000 / messages_per_s
        self._tolerance_ms = burst * self._interval_ms
        # By hash of the sender: when its bucket will be full again. Once that has come, it is as good as new.
        self._full_at_ms: dict[int, float] = {}
        self._excess: dict[int, int] = {}  # since the last sample
        self._sample_due_ms: dict[int, int] = {}

    def takes(self, sender: bytes, now_ms: int) -> bool:
        """Counts a message of this sender; False if it is beyond the limit."""
        key = hash(sender)
        full_at_ms = self._full_at_ms.get(key, 0.0)
        # Nothing is full later than that, unless the clock was set back: which must silence nobody.
        if not now_ms < full_at_ms <= now_ms + self._tolerance_ms:
            if len(self._full_at_ms) >= SENDERS_KEPT:
                self._forget_the_quiet(now_ms)
            self._full_at_ms[key] = now_ms + self._interval_ms
            return True
        if full_at_ms + self._interval_ms > now_ms + self._tolerance_ms:
            return False
        self._full_at_ms[key] = full_at_ms + self._interval_ms
        return True

    def sample(self, sender: bytes, now_ms: int) -> int:
        """Counts a message in excess. How many a dead letter written now stands for; 0: write none."""
        key = hash(sender)
        excess = self._excess.get(key, 0) + 1
        due_ms = self._sample_due_ms.get(key, 0)
        if due_ms - SAMPLE_MS <= now_ms < due_ms:
            self._excess[key] = excess
            return 0
        if len(self._sample_due_ms) >= SENDERS_KEPT:
            self._excess.clear()
            self._sample_due_ms.clear()
        self._excess[key] = 0
        self._sample_due_ms[key] = now_ms + SAMPLE_MS
        return excess

    def _forget_the_quiet(self, now_ms: int) -> None:
        kept = {key: at_ms for key, at_ms in self._full_at_ms.items() if at_ms > now_ms}
        # All of them busy: beyond what one hub can take in anyway, so everybody starts anew.
        self._full_at_ms = kept if len(kept) < SENDERS_KEPT else {}
