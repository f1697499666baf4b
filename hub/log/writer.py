"""The writing side of the log: batches in, one durable transaction each."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from devices.facts import Fact, Tap
from hub.log import asides, body, opening, retention, schema
from hub.log.claims import Claims
from hub.log.keys import RUN, Keys, day_of
from hub.log.model import Appended, Entry, Fate, Letter, LogFaultError, Meeting, Pruned
from hub.log.tail import Tail


class LogWriter:
    """The only writer of the log. One thread at a time may call it."""

    def __init__(self, path: Path, tail: Tail | None = None) -> None:
        """Opens or makes the file and checks it quickly. `tail`, if given, is filled after each commit.
        Raises LogFaultError."""
        self._path = path
        self._tail = tail
        self._db = schema.connect_writer(path)
        self._keys = Keys(self._db)
        self._deliveries = asides.Deliveries(self._db)
        self._claims = Claims(self._db)
        try:
            opening.check(self._db, path)
            self._keys.load()
            self._seq = opening.newest_seq(self._db)
        except (apsw.Error, msgspec.MsgspecError) as error:
            self._db.close()
            raise schema.fault_of(error, path) from error
        except LogFaultError:
            self._db.close()
            raise

    @property
    def newest_seq(self) -> int:
        """The sequence number of the last fact appended; 0 for an empty log."""
        return self._seq

    def append(self, entries: Sequence[Entry], now_ms: int) -> Appended:
        """Appends all of the entries or, raising LogFaultError, none; on return they are on the disk.

        `now_ms`, the hub's clock, decides the day that they are kept under."""
        batch = _Batch()
        committed = False
        try:
            self._load_keys()
            for entry in entries:
                self._take(entry, batch)
            self._commit(batch, now_ms)
            committed = True
        except (apsw.Error, msgspec.MsgspecError) as error:
            raise schema.fault_of(error, self._path) from error
        finally:
            self._deliveries.end_batch()
            self._claims.end_batch(committed=committed)
        if self._tail is not None and batch.facts:
            self._tail.add(self._seq - len(batch.facts) + 1, list(batch.facts.values()))
        seqs = tuple(batch.numbered(self._seq))
        return Appended(tuple(batch.fates), self._seq, seqs, batch.facts, batch.known)

    def prune(self, before_ms: int, read_by_all: int, max_bytes: int | None = None) -> Pruned:
        """Drops the days before `before_ms` that every reader has read up to `read_by_all`; then, as long as
        the log holds more than `max_bytes`, the oldest facts, read or not. The file shrinks."""
        try:
            limits = (day_of(before_ms), read_by_all, max_bytes)
            if retention.is_due(self._db, *limits):
                self._fold()
                self._keys.is_loaded = False  # some days may be gone also where the rest fails
            pruned = retention.prune(self._db, *limits)
            self._load_keys()
        except (apsw.Error, msgspec.MsgspecError) as error:
            self._roll_back()
            raise schema.fault_of(error, self._path) from error
        return pruned

    def close(self) -> None:
        """Lets go of the file."""
        # Folding only spares the next start some reading: on a full disk it may fail, and nothing is lost.
        with contextlib.suppress(apsw.Error, msgspec.MsgspecError):
            self._fold()
        self._db.close()

    # --- a batch, in memory ---

    def _take(self, entry: Entry, batch: _Batch) -> None:
        if entry.delivery is not None and self._deliveries.is_known(entry.delivery):
            batch.fates.extend(Fate.DUPLICATE for _ in entry.facts)
            return
        is_new = self._keys.marks.is_new
        for fact in self._judged(entry, batch) if entry.claims else entry.facts:
            if is_new(fact.key) or (known := self._find(fact.key, batch)) is None:
                batch.facts[fact.key] = fact
                batch.fates.append(Fate.APPENDED)
            elif body.says_the_same(known, fact):
                batch.known[fact.key] = known
                batch.fates.append(Fate.DUPLICATE)
            else:
                batch.known[fact.key] = known
                batch.letters.append(asides.conflict(fact))
                batch.fates.append(Fate.CONFLICT)
        batch.letters.extend(entry.letters)
        batch.meetings.extend(entry.meetings)

    def _judged(self, entry: Entry, batch: _Batch) -> list[Fact]:
        """The facts, with what the counts are worth that taps among them have proved."""
        claims = {claim.tap: claim for claim in entry.claims}
        facts: list[Fact] = []
        for fact in entry.facts:
            claim = claims.get(fact.key)
            if claim is None or not isinstance(fact, Tap):
                facts.append(fact)
            else:
                facts.append(self._claims.judged(fact, claim, self._find(fact.key, batch)))
        return facts

    def _find(self, key: str, batch: _Batch) -> Fact | None:
        return batch.facts.get(key) or self._keys.find(key)

    # --- a batch, on the disk ---

    def _commit(self, batch: _Batch, now_ms: int) -> None:
        """Memory follows the disk: it changes only once the transaction is committed."""
        keys = self._keys
        days_before = list(keys.days)
        day = self._day(now_ms)
        is_new_day = not keys.days or keys.days[-1][0] != day
        # A run never spans two days, so that it can be dropped with its own.
        folds = is_new_day or len(keys.recent) >= RUN
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if folds:
                keys.fold(self._seq, everything=is_new_day, coming=len(batch.facts))
            if is_new_day:
                schema.create_day(self._db, day, self._seq + 1)
                keys.days.append((day, self._seq + 1))
            if batch.facts:  # as one array: a row at a time would ask for Python's lock at each
                bodies = tuple([body.encode(fact) for fact in batch.facts.values()])
                self._db.execute(
                    f"INSERT INTO {schema.day_table(day)} SELECT ? + rowid, value FROM carray(?)",  # noqa: S608 - a checked day
                    (self._seq, apsw.carray(bodies)),
                )
            self._deliveries.save()
            self._claims.save()
            asides.save_letters(self._db, batch.letters)
            asides.save_meetings(self._db, batch.meetings)
            self._db.execute("COMMIT")
        except BaseException:
            keys.days = days_before
            self._roll_back()
            raise
        if folds:
            keys.folded(self._seq)
        self._seq += len(batch.facts)
        keys.remember(batch.facts)
        if folds and keys.marks.are_too_many:
            keys.is_loaded = False  # at the next batch: the commit is done, and must not fail any more

    def _load_keys(self) -> None:
        if not self._keys.is_loaded:
            self._keys.load()

    def _fold(self) -> None:
        """Writes all that follows from the facts, in a transaction of its own."""
        self._load_keys()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._keys.fold(self._seq, everything=True)
            self._db.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._keys.folded(self._seq)

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself.
        if self._db.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._db.execute("ROLLBACK")

    def _day(self, now_ms: int) -> str:
        """Today, or the newest day kept if the clock has stepped back: days follow arrival."""
        today = day_of(now_ms)
        newest = self._keys.days[-1][0] if self._keys.days else ""
        return max(today, newest)


class _Batch:
    """What one commit is to write, and the fates so far."""

    def __init__(self) -> None:
        self.fates: list[Fate] = []
        self.facts: dict[str, Fact] = {}
        self.known: dict[str, Fact] = {}
        self.letters: list[Letter] = []
        self.meetings: list[Meeting] = []

    def numbered(self, newest_seq: int) -> list[int]:
        """For each fate the number of its fact, 0 where there is none."""
        if len(self.fates) == len(self.facts):
            return list(range(newest_seq - len(self.facts) + 1, newest_seq + 1))
        seq = newest_seq - len(self.facts)
        numbers: list[int] = []
        for fate in self.fates:
            seq += fate is Fate.APPENDED
            numbers.append(seq if fate is Fate.APPENDED else 0)
        return numbers
