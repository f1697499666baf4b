"""The inbox: batches of entries go into the log in one commit, and only then are they acknowledged."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import msgspec

from hub.clock import NowMs
from hub.ingest.counts import Counts
from hub.log.model import Entry, Fate, LogFaultError
from hub.log.writer import LogWriter

BATCH: Final = 1_000
LINGER_S: Final = 0.01
# More than any broker's window of unacknowledged messages: what fills it are messages of QoS 0 only.
CAPACITY: Final = 100_000
_PAUSE_WHEN_BROKEN_S: Final = 1.0


class Parcel(msgspec.Struct, frozen=True):
    """An entry and what to call once it is durable."""

    entry: Entry
    acknowledge: Callable[[tuple[Fate, ...]], None]


class Inbox:
    """The one place through which everything reaches the log. `put` from any thread, `turn` from one."""

    def __init__(self, log: LogWriter, now: NowMs, counts: Counts, committed: Callable[[], None]) -> None:
        """`committed` is called after each commit: the readers have something to read."""
        self._log = log
        self._now = now
        self._counts = counts
        self._committed = committed
        self._queue: queue.Queue[Parcel] = queue.Queue(CAPACITY)
        self._closed = threading.Event()
        self._chores: queue.SimpleQueue[Callable[[LogWriter], object]] = queue.SimpleQueue()
        self.fault: LogFaultError | None = None

    def put(self, parcel: Parcel) -> bool:
        """Takes a parcel; False if there is no room or the hub is ending (then it is not acknowledged)."""
        if self._closed.is_set():
            return False
        try:
            self._queue.put_nowait(parcel)
        except queue.Full:
            self._counts.refused += 1
            return False
        return True

    def submit(self, entry: Entry) -> Future[tuple[Fate, ...]]:
        """Like `put`, for callers that wait: done once durable. Raises queue.Full."""
        future: Future[tuple[Fate, ...]] = Future()
        if not self.put(Parcel(entry, future.set_result)):
            raise queue.Full
        return future

    def between_batches(self, chore: Callable[[LogWriter], object]) -> None:
        """Has something else done to the log, by the one thread that may."""
        self._chores.put(chore)

    @property
    def waiting(self) -> int:
        """How many parcels wait."""
        return self._queue.qsize()

    def turn(self) -> float:
        """One batch: wait for it, commit it, acknowledge it. Returns how long to rest, in seconds."""
        while not self._chores.empty():
            self._chores.get()(self._log)
        batch = self._collect()
        if not batch:
            return 0.0
        while not self._commit(batch):
            if self._closed.wait(_PAUSE_WHEN_BROKEN_S):
                return 0.0
        return 0.0

    def close(self) -> None:
        """Takes nothing more. What waits unacknowledged stays with the broker."""
        self._closed.set()

    def _collect(self) -> list[Parcel]:
        try:
            batch = [self._queue.get(timeout=0.25)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + LINGER_S
        while len(batch) < BATCH:
            try:
                batch.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _commit(self, batch: list[Parcel]) -> bool:
        """False if the log takes nothing now: nothing is acknowledged, and the same batch is tried again."""
        try:
            appended = self._log.append([parcel.entry for parcel in batch], self._now())
        except LogFaultError as fault:
            self.fault = fault
            self._counts.log_faults += 1
            return False
        self.fault = None
        self._counts.fates(appended.fates)
        start = 0
        for parcel in batch:
            end = start + len(parcel.entry.facts)
            parcel.acknowledge(appended.fates[start:end])
            start = end
        self._committed()
        return True
