"""The inbox: batches of entries go into the log in one commit, and only then are they acknowledged."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, TypeAlias

import msgspec

from devices.facts import Fact
from hub.clock import NowMs
from hub.ingest.counts import Counts
from hub.log.model import Appended, Entry, Fate, Kept, Letter, LogFaultError
from hub.log.writer import LogWriter

_LOG: Final = logging.getLogger("campushub.inbox")
BATCH: Final = 1_000
LINGER_S: Final = 0.01
# While batches are at least so large: a commit costs the same for few and for many.
_BUSY: Final = 100
BUSY_LINGER_S: Final = 0.02
# Entries that wait while the log is slow or broken, before the network is left unread. A hub that keeps up
# has at most some hundred.
CROWDED: Final = 20_000
# What posts of phones and the hub's own entries may still use then.
CAPACITY: Final = 100_000
_LONGEST_WAIT_S: Final = 0.25
_PAUSE_WHEN_BROKEN_S: Final = 1.0

Acknowledge: TypeAlias = Callable[[tuple[Fate, ...]], None]


class _Bundle(msgspec.Struct, frozen=True):
    """Entries that came together, and what to call with their fates, or with what the log has of them, once
    they are durable."""

    entries: Sequence[Entry]
    acknowledge: Acknowledge | None
    kept: Callable[[tuple[Kept, ...]], None] | None = None


class Inbox:
    """The one place through which everything reaches the log. `put` from any thread, `turn` from one."""

    def __init__(self, log: LogWriter, now: NowMs, counts: Counts, committed: Callable[[], None]) -> None:
        """`committed` is called after each commit: the readers have something to read."""
        self._log = log
        self._now = now
        self._counts = counts
        self._committed = committed
        self._bundles: deque[_Bundle] = deque()
        self._waiting = 0
        self._linger_s = LINGER_S
        self._arrived = threading.Condition()
        self._closed = threading.Event()
        self._chores: queue.SimpleQueue[Callable[[LogWriter], object]] = queue.SimpleQueue()
        self.fault: LogFaultError | None = None

    def put(self, entry: Entry, acknowledge: Acknowledge) -> bool:
        """Takes an entry, and calls `acknowledge` with its facts' fates once it is durable; False, and never
        acknowledged, if there is no room or the hub is ending."""
        return self.put_many((entry,), acknowledge)

    def put_many(
        self,
        entries: Sequence[Entry],
        acknowledge: Acknowledge,
        kept: Callable[[tuple[Kept, ...]], None] | None = None,
    ) -> bool:
        """Like `put` for entries that came together: all or none are taken, and acknowledged with one call,
        then `kept` is told what the log has of each of their facts.

        None at all are acknowledged in their turn, after everything that came before."""
        return self._put(_Bundle(entries, acknowledge, kept))

    def _put(self, bundle: _Bundle) -> bool:
        entries = bundle.entries
        with self._arrived:
            if self._closed.is_set():
                return False
            if self._waiting + len(entries) > CAPACITY:
                self._counts.refused += len(entries)
                return False
            was_empty = not self._bundles
            self._bundles.append(bundle)
            self._waiting += len(entries)
            if was_empty or self._waiting >= BATCH:
                self._arrived.notify()
        return True

    def submit(self, entry: Entry) -> Future[tuple[Fate, ...]]:
        """Like `put`, for callers that wait: done once durable. Raises queue.Full."""
        future: Future[tuple[Fate, ...]] = Future()

        def done(fates: tuple[Fate, ...]) -> None:
            if future.set_running_or_notify_cancel():  # a caller that went away must not spoil the batch
                future.set_result(fates)

        if not self.put(entry, done):
            raise queue.Full
        return future

    def keep(self, entry: Entry) -> Future[tuple[Kept, ...]]:
        """Like `submit`, for callers that must know what the log has of each fact. Raises queue.Full."""
        future: Future[tuple[Kept, ...]] = Future()

        def done(kept: tuple[Kept, ...]) -> None:
            if future.set_running_or_notify_cancel():  # as above
                future.set_result(kept)

        if not self._put(_Bundle((entry,), None, done)):
            raise queue.Full
        return future

    def between_batches(self, chore: Callable[[LogWriter], object]) -> None:
        """Has something else done to the log, by the one thread that may."""
        self._chores.put(chore)

    @property
    def waiting(self) -> int:
        """How many entries wait."""
        return self._waiting

    def turn(self) -> float:
        """One batch: wait for it, commit it, acknowledge it. Returns how long to rest, in seconds."""
        self._do_chores()
        batch = self._collect()
        if not batch:
            return 0.0
        while not self._commit(batch):
            if self._closed.wait(_PAUSE_WHEN_BROKEN_S):
                return 0.0
            self._do_chores()  # what is pruned may be the room that a batch needs
        return 0.0

    def close(self) -> None:
        """Takes nothing more. What waits unacknowledged stays with the broker."""
        with self._arrived:
            self._closed.set()
            self._arrived.notify()

    def _do_chores(self) -> None:
        while not self._chores.empty():
            try:
                self._chores.get()(self._log)
            except LogFaultError as fault:
                _LOG.warning("the log could not be tidied: %s", fault)

    def _collect(self) -> list[_Bundle]:
        """What has come, after a linger that ends early once a batch is full."""
        with self._arrived:
            if not self._bundles and not self._arrived.wait(_LONGEST_WAIT_S):
                return []
            deadline = time.monotonic() + self._linger_s
            while self._waiting < BATCH and not self._closed.is_set():
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    break
            batch: list[_Bundle] = []
            collected = 0
            while self._bundles and collected < BATCH:
                batch.append(self._bundles.popleft())
                collected += len(batch[-1].entries)
            self._waiting -= collected
            self._linger_s = BUSY_LINGER_S if collected >= _BUSY else LINGER_S
            return batch

    def _append(self, entries: list[Entry]) -> Appended:
        """A fate for each fact. An entry that breaks the log's own code becomes a dead letter: it must take
        nobody along, nor come again for ever. Raises LogFaultError."""
        try:
            return self._log.append(entries, self._now())
        except LogFaultError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it must not lose a batch
            _LOG.exception("a batch could not be written: its entries are tried one by one")
        fates: list[Fate] = []
        facts: dict[str, Fact] = {}
        for entry in entries:
            try:
                appended = self._log.append([entry], self._now())
                fates += appended.fates
                facts |= {**appended.facts, **appended.known}
            except LogFaultError:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                self._log.append([Entry(letters=(_unwritable(entry, error, self._now()),))], self._now())
                self._counts.died(("hub_fault",))
                fates += [Fate.CONFLICT for _ in entry.facts]
        return Appended(tuple(fates), self._log.newest_seq, facts=facts)

    def _commit(self, batch: list[_Bundle]) -> bool:
        """False if the log takes nothing now: nothing is acknowledged, and the same batch is tried again."""
        entries = [entry for bundle in batch for entry in bundle.entries]
        appended = Appended((), 0)
        if entries:
            try:
                appended = self._append(entries)
            except LogFaultError as fault:
                if self.fault is None:
                    _LOG.warning("nothing is taken in: %s", fault)
                self.fault = fault
                self._counts.log_faults += 1
                return False
            if self.fault is not None:
                _LOG.warning("the log takes facts again")
            self.fault = None
            self._counts.fates(appended.fates)
        start = 0
        for bundle in batch:
            end = start + sum([len(entry.facts) for entry in bundle.entries])
            fates = appended.fates[start:end]
            try:
                if bundle.acknowledge is not None:
                    bundle.acknowledge(fates)
                if bundle.kept is not None:
                    bundle.kept(_kept(bundle.entries, fates, appended))
            except Exception:  # noqa: BLE001 - what could not be told must not keep others from being told
                _LOG.exception("what is durable could not be acknowledged")
            start = end
        if entries:
            self._committed()
        return True


def _kept(entries: Sequence[Entry], fates: Sequence[Fate], appended: Appended) -> tuple[Kept, ...]:
    facts = [fact for entry in entries for fact in entry.facts]
    return tuple(
        Kept(fate, appended.known.get(fact.key) or appended.facts.get(fact.key) or fact)
        for fate, fact in zip(fates, facts, strict=True)
    )


def _unwritable(entry: Entry, error: Exception, now_ms: int) -> Letter:
    """What stands for an entry that cannot be written, with all of it that can be printed."""
    said = ascii(entry).encode()
    return Letter(now_ms, "hub", said, "hub_fault", ascii(error)[:400])
