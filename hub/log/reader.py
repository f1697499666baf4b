"""The reading side of the log: facts after a cursor, latest values, dead letters, strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from devices.facts import Fact, Tap
from hub.log import body, claims, schema
from hub.log.folding import Folding
from hub.log.keys import day_of
from hub.log.model import Latest, Sifted, StoredLetter, Stranger, Stretch
from hub.log.sieve import Sieve
from hub.log.tail import Tail
from rules.counters import Counters


class LogReader:
    """A reader of the log. It never blocks the writer and is for one thread; raises LogFaultError."""

    def __init__(self, path: Path, tail: Tail | None = None, vfs: str | None = None) -> None:
        """With the writer's `tail`, facts that are still in memory are not read from the file. `vfs`: as in
        `schema`."""
        self._path = path
        self._tail = tail
        self._db = schema.connect_reader(path, vfs)

    def after(self, seq: int, limit: int) -> Stretch:
        """The next facts that follow `seq`, at most `limit`, in order of arrival; none at the log's end."""
        if self._tail is not None and (newest := self._tail.after(seq, limit)) is not None:
            return newest
        first, bodies = self._bodies_after(seq, limit)
        return Stretch(first, tuple(self._decode_many(bodies)))

    def sifted_after(self, seq: int, limit: int, sieve: Sieve) -> Sifted:
        """What the sieve lets through of the next facts that follow `seq`; the others are not decoded."""
        first, bodies = self._bodies_after(seq, limit)
        if not bodies:
            return Sifted(seq, 0, (), 0, 0)
        earliest_ms, latest_ms = (self._decode(one).received_at_ms for one in (bodies[0], bodies[-1]))
        facts = self._decode_many(sieve.pick(bodies))
        return Sifted(first + len(bodies) - 1, len(bodies), tuple(facts), earliest_ms, latest_ms)

    def before_day_of(self, at_ms: int) -> int:
        """After this number comes whatever arrived from `at_ms` on: that of the last fact of earlier days."""
        days = self._query("SELECT day, first_seq FROM days ORDER BY day")
        firsts = [int(first) for day, first in days if day >= day_of(at_ms)]
        return firsts[0] - 1 if firsts else self.newest_seq()

    def latest(self) -> tuple[Latest, ...]:
        """The newest value of every series."""
        return tuple(self._folding().latest.values())

    def heard(self) -> dict[str, tuple[int, bool]]:
        """For each device when it last gave a sign of life (0: never), and whether it said to be on line."""
        return self._folding().heard

    def newest_seq(self) -> int:
        """The sequence number of the newest fact; 0 for an empty log."""
        for day in reversed(self._days()):
            for row in self._query(f"SELECT max(seq) FROM {schema.day_table(day)}"):  # noqa: S608 - a checked day
                if row[0] is not None:
                    return int(row[0])
        return 0

    def recent_taps(self, limit: int, facts_searched: int = 20_000) -> tuple[Tap, ...]:
        """The newest taps by arrival, newest first, among the last `facts_searched` facts."""
        taps: list[Tap] = []
        for fact in self._backwards(facts_searched):
            if isinstance(fact, Tap):
                taps.append(fact)
                if len(taps) >= limit:
                    break
        return tuple(taps)

    def letters(self, limit: int) -> tuple[StoredLetter, ...]:
        """The newest dead letters, newest first."""
        rows = self._query(
            "SELECT id, received_at_ms, topic, payload, size, reason, detail FROM dead_letters"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return tuple(StoredLetter(*row) for row in rows)

    def letter_counts(self) -> dict[str, int]:
        """How many dead letters there ever were, by reason."""
        rows = self._query("SELECT reason, letters FROM dead_letter_counts")
        return {row[0]: row[1] for row in rows}

    def strangers(self) -> tuple[Stranger, ...]:
        """Devices that are not in the configuration, most recently heard first."""
        rows = self._query(
            "SELECT topic, format, suggested_id, first_ms, last_ms, messages FROM strangers"
            " ORDER BY last_ms DESC"
        )
        return tuple(Stranger(*row) for row in rows)

    def dropped_unread(self) -> int:
        """How many facts the byte limit ever took before some reader had read them."""
        return sum(row[0] for row in self._query("SELECT value FROM state WHERE name = 'dropped_unread'"))

    def tag_counters(self, chip: str) -> Counters:
        """Which counts of one SUN tag are used; `chip` as in `hub.config.model.chip_of`."""
        if not self._query("SELECT 1 FROM sqlite_master WHERE name = 'tag_counts'"):
            return Counters()  # no hub that judges counts has written this log yet
        try:
            return claims.load(self._db, chip)
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def _bodies_after(self, seq: int, limit: int) -> tuple[int, list[bytes]]:
        """The number of the first one, and the bodies, of a stretch without a gap."""
        rows: list[tuple[Any, ...]] = []
        for day in self._days_from(seq + 1):
            rows += self._query(
                f"SELECT seq, body FROM {schema.day_table(day)}"  # noqa: S608 - a checked day
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit - len(rows)),
            )
            if len(rows) >= limit:
                break
        first = rows[0][0] if rows else seq + 1
        if rows and rows[-1][0] != first + len(rows) - 1:  # what damage or pruning tore apart: up to the gap
            rows = [row for place, row in enumerate(rows, first) if row[0] == place]
        return first, [row[1] for row in rows]

    def _folding(self) -> Folding:
        """As of now: what was folded before, and the facts since. Both are read as of one moment."""
        folding = Folding()
        try:
            self._db.execute("BEGIN")
            folding.load(self._db)
            folded = schema.state(self._db, "folded_seq")
            for day in self._days_from(folded + 1):
                rows = self._query(
                    f"SELECT body FROM {schema.day_table(day)} WHERE seq > ? ORDER BY seq",  # noqa: S608 - a checked day
                    (folded,),
                )
                folding.take(self._decode(row[0]) for row in rows)
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        return folding

    def _days(self) -> list[str]:
        return [row[0] for row in self._query("SELECT day FROM days ORDER BY day")]

    def _days_from(self, seq: int) -> list[str]:
        """The days that can hold `seq` or anything after it."""
        days = [(row[0], row[1]) for row in self._query("SELECT day, first_seq FROM days")]
        days.sort()
        return [
            day for index, (day, _) in enumerate(days) if index + 1 == len(days) or days[index + 1][1] > seq
        ]

    def _backwards(self, limit: int) -> Iterator[Fact]:
        left = limit
        for day in reversed(self._days()):
            rows = self._query(
                f"SELECT body FROM {schema.day_table(day)} ORDER BY seq DESC LIMIT ?",  # noqa: S608 - a checked day
                (left,),
            )
            for row in rows:
                left -= 1
                yield self._decode(row[0])
            if left <= 0:
                return

    def _decode(self, kept: bytes) -> Fact:
        try:
            return body.decode(kept)
        except msgspec.MsgspecError as error:
            raise schema.damaged(self._path, str(error)) from error

    def _decode_many(self, kept: list[bytes]) -> list[Fact]:
        try:
            return body.decode_many(kept)
        except msgspec.MsgspecError as error:
            raise schema.damaged(self._path, str(error)) from error

    def _query(self, sql: str, values: tuple[int | str, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error
