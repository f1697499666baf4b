"""The newest facts in memory, so that readers that keep up need not read and decode them again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from hub.log.model import Logged

CAPACITY: Final = 50_000


class Tail:
    """A bounded ring of the newest facts, whole in sequence. Any thread may read while one fills it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: list[Logged] = []

    def add(self, newest: Sequence[Logged]) -> None:
        """Takes what was just committed. A gap before it empties the ring: what follows is whole again."""
        if not newest:
            return
        with self._lock:
            kept = self._kept
            if kept and kept[-1].seq + 1 != newest[0].seq:
                kept.clear()
            kept.extend(newest)
            # Cut a quarter at a time: moving the whole list for every batch would cost more than the batch.
            if len(kept) > self._capacity:
                del kept[: len(kept) - self._capacity * 3 // 4]

    def after(self, seq: int, limit: int) -> tuple[Logged, ...] | None:
        """Up to `limit` facts that follow `seq`; None if the ring does not reach back that far."""
        with self._lock:
            kept = self._kept
            if not kept or seq + 1 < kept[0].seq:
                return None
            start = seq + 1 - kept[0].seq
            return tuple(kept[start : start + limit])
