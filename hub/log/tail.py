"""The newest facts in memory, so that readers that keep up need not read and decode them again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from devices.facts import Fact
from hub.log.model import Stretch

CAPACITY: Final = 16_384


class Tail:
    """A bounded ring of the newest facts, whole in sequence. Any thread may read while one fills it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: list[Fact] = []
        self._first = 0  # the number of the first of them

    def add(self, first: int, newest: Sequence[Fact]) -> None:
        """Takes what was just committed, the first of it under the number `first`. A gap before it empties
        the ring: what follows is whole again."""
        if not newest:
            return
        with self._lock:
            kept = self._kept
            if self._first + len(kept) != first:
                kept.clear()
            if not kept:
                self._first = first
            kept.extend(newest)
            # Cut a quarter at a time: moving the whole list for every batch would cost more than the batch.
            if len(kept) > self._capacity:
                surplus = len(kept) - self._capacity * 3 // 4
                del kept[:surplus]
                self._first += surplus

    def after(self, seq: int, limit: int) -> Stretch | None:
        """Up to `limit` facts that follow `seq`; None if the ring does not reach back that far."""
        with self._lock:
            start = seq + 1 - self._first
            if not self._kept or start < 0:
                return None
            return Stretch(seq + 1, tuple(self._kept[start : start + limit]))
