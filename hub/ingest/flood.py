"""Who floods: a token bucket for each sender, in bounded memory; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Sustained and at once, of one topic. Honest devices speak once in seconds, a meter once a second; what one
# sends after days offline comes in arrays of 1,000 readings, or one by one within the burst.
MESSAGES_PER_S: Final = 200
BURST: Final = 5_000
# How often the excess of one sender is worth a dead letter; the rest of it is counted.
SAMPLE_MS: Final = 1_000
# Senders kept in mind. Only those that spoke within the last milliseconds need to be, and those that flood.
SENDERS_KEPT: Final = 65_536


@dataclass(slots=True)
class Bucket:
    """Of one sender: when it will be full again. Once that has come, it is as good as new."""

    full_at_ms: float = 0.0


class Flood:
    """Told of every message, it says which are too many. Times are the hub's, in milliseconds."""

    def __init__(self, messages_per_s: float = MESSAGES_PER_S, burst: int = BURST) -> None:
        self._interval_ms = 1_000 / messages_per_s
        self._tolerance_ms = burst * self._interval_ms
        self._buckets: dict[int, Bucket] = {}  # by hash of the sender
        self._excess: dict[int, int] = {}  # since the last sample
        self._sample_due_ms: dict[int, int] = {}

    def takes(self, sender: bytes, now_ms: int) -> bool:
        """Counts a message of this sender; False if it is beyond the limit."""
        key = hash(sender)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= SENDERS_KEPT:
                self._forget_the_quiet(now_ms)
            bucket = self._buckets[key] = Bucket()
        return self.takes_from(bucket, now_ms)

    def takes_from(self, bucket: Bucket, now_ms: int) -> bool:
        """The same for a sender whose bucket the caller keeps: one that is configured is never forgotten."""
        full_at_ms = bucket.full_at_ms
        # Nothing is full later than that, unless the clock was set back: which must silence nobody.
        if full_at_ms <= now_ms or full_at_ms > now_ms + self._tolerance_ms:
            bucket.full_at_ms = now_ms + self._interval_ms
            return True
        if full_at_ms + self._interval_ms > now_ms + self._tolerance_ms:
            return False
        bucket.full_at_ms = full_at_ms + self._interval_ms
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
        kept = {key: bucket for key, bucket in self._buckets.items() if bucket.full_at_ms > now_ms}
        # All of them busy: beyond what one hub can take in anyway, so everybody starts anew.
        self._buckets = kept if len(kept) < SENDERS_KEPT else {}
