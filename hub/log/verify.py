"""The whole log, read and compared with itself: what `campushub log verify` finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import apsw
import msgspec

from devices.facts import Fact
from hub.log import body, schema
from hub.log.folding import Folding
from hub.log.keys import hash_of
from hub.log.marks import place_of

FAULTS_TOLD: Final = 100
_FACTS_A_STEP: Final = 2_000

# Told what is being looked at, how much of it is done, and how much there is; the file first (0 of 1).
Progress: TypeAlias = Callable[[str, int, int], None]


class Verdict(msgspec.Struct, frozen=True):
    """What was found; a sound log has no faults. At most `FAULTS_TOLD` of them are told."""

    facts: int
    days: int
    faults: tuple[str, ...]


def verify(path: Path, progress: Progress = lambda _what, _done, _total: None) -> Verdict:
    """Checks the file's structure, every fact, every key and the latest values, as of one moment; the hub may
    run meanwhile. Raises LogFaultError for a file that cannot be read as a log at all."""
    connection = schema.connect_reader(path)
    check = _Check(connection, progress)
    try:
        connection.execute("BEGIN")
        check.run()
    except apsw.CorruptError as error:
        check.fault(f"the file cannot be read further: {error}")
    except apsw.Error as error:
        raise schema.fault_of(error, path) from error
    finally:
        connection.close()
    return Verdict(check.facts, len(check.days), tuple(check.faults))


class _Check:
    def __init__(self, connection: apsw.Connection, progress: Progress) -> None:
        self._db = connection
        self._progress = progress
        self._folding = Folding()
        self._folded = self._keyed = 0
        self._run: tuple[int, int] = (0, 0)
        self._hashes: dict[int, int] = {}
        self.days: list[tuple[str, int]] = []
        self.facts = 0
        self.faults: list[str] = []

    def fault(self, what: str) -> None:
        if len(self.faults) < FAULTS_TOLD:
            self.faults.append(what)

    def run(self) -> None:
        self._progress("file", 0, 1)
        for (said,) in self._db.execute(f"PRAGMA integrity_check({FAULTS_TOLD})"):
            if said != "ok":
                self.fault(f"file: {said}")
        self._folded = schema.state(self._db, "folded_seq")
        self._keyed = schema.state(self._db, "keyed_seq")
        rows = self._db.execute("SELECT day, first_seq FROM days ORDER BY day")
        self.days = [(str(day), int(str(first))) for day, first in rows]
        self._compare_tables()
        self._read_facts()
        self._compare_latest()
        self._find_twins()

    def _compare_tables(self) -> None:
        rows = self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        there = {str(name) for (name,) in rows if str(name).startswith(("facts_", "keys_"))}

        def both(day: str) -> set[str]:
            return {schema.day_table(day), schema.key_table(day)}

        meant = {table for day, _ in self.days for table in both(day)}
        for table in sorted(meant - there):
            self.fault(f"the table {table} is missing")
        for table in sorted(there - meant):
            self.fault(f"the table {table} belongs to no day")
        self.days = [(day, first) for day, first in self.days if both(day) <= there]

    # --- facts, in order ---

    def _read_facts(self) -> None:
        total = sum(self._count(schema.day_table(day)) for day, _ in self.days)
        expected = self.days[0][1] if self.days else 1
        for day, first in self.days:
            if first != expected:
                self.fault(f"{day} begins with fact {first}, not {expected}: facts between are missing")
            expected = first
            for seq, fact in self._facts_of(day):
                if seq != expected:
                    self.fault(f"{day}: fact {seq} follows {expected - 1}")
                expected = seq + 1
                self.facts += 1
                if self.facts % _FACTS_A_STEP == 0:
                    self._progress("facts", self.facts, total)
                if fact is not None:
                    self._folding.take((fact,))
                    self._compare_key(day, seq, fact.key)
        if self._keyed >= expected and self.days:
            self.fault(f"facts after {expected - 1} are missing: there were {self._keyed}")
        self._progress("facts", total, total)

    def _facts_of(self, day: str) -> Iterator[tuple[int, Fact | None]]:
        for seq, kept in self._db.execute(f"SELECT seq, body FROM {schema.day_table(day)} ORDER BY seq"):  # noqa: S608 - a checked day
            number = int(str(seq))
            try:
                yield number, body.decode(kept if isinstance(kept, bytes) else b"")
            except msgspec.MsgspecError as error:
                self.fault(f"{day}: fact {number} cannot be read: {error}")
                yield number, None

    def _compare_key(self, day: str, seq: int, key: str) -> None:
        if seq > self._keyed:
            return
        if place_of(key) is None:
            known = "SELECT 1 FROM loose_keys WHERE hash = ? AND seq = ?"
            if self._db.execute(known, (hash_of(key), seq)).fetchone() is None:
                self.fault(f"{day}: the key of fact {seq} is not among the keys of all days")
        if not self._run[0] <= seq <= self._run[1]:
            self._load_run(day, seq)
        if self._hashes.get(seq) != hash_of(key):
            self.fault(f"{day}: the key of fact {seq} is not among the keys")

    def _load_run(self, day: str, seq: int) -> None:
        row = self._db.execute(
            "SELECT run, last FROM runs WHERE run <= ? ORDER BY run DESC LIMIT 1", (seq,)
        ).fetchone()
        self._run = (int(str(row[0])), int(str(row[1]))) if row else (0, 0)
        rows = self._db.execute(
            f"SELECT run + place, hash FROM {schema.key_table(day)} WHERE run = ?",  # noqa: S608 - a checked day
            (self._run[0],),
        )
        self._hashes = {int(str(number)): int(str(hashed)) for number, hashed in rows}

    # --- what follows from facts ---

    def _compare_latest(self) -> None:
        self._progress("latest", 0, 1)
        kept = Folding()
        kept.load(self._db)
        for day, _ in self.days:
            for seq, fact in self._unfolded(day):
                if seq > self._folded and fact is not None:
                    kept.take((fact,))
        for place, meant in self._folding.latest.items():
            found = kept.latest.get(place)
            # A value that is newer than every fact is that of a day which retention has dropped.
            is_later = found is not None and found.measured_at_ms > meant.measured_at_ms
            if found != meant and not (is_later and self.days[0][1] > 1):
                self.fault(f"the latest {place[1]} of {place[0]} is not that of the facts")
        for device, (heard_ms, online) in self._folding.heard.items():
            kept_ms, kept_online = kept.heard.get(device, (-1, online))
            is_later = kept_ms > heard_ms and self.days[0][1] > 1  # as above
            if kept_online is not online or not (kept_ms == heard_ms or is_later):
                self.fault(f"when {device} was last heard is not as the facts say")

    def _unfolded(self, day: str) -> Iterator[tuple[int, Fact | None]]:
        sql = f"SELECT seq, body FROM {schema.day_table(day)} WHERE seq > ? ORDER BY seq"  # noqa: S608 - a checked day
        for seq, kept in self._db.execute(sql, (self._folded,)):
            try:
                yield int(str(seq)), body.decode(kept if isinstance(kept, bytes) else b"")
            except msgspec.MsgspecError:
                continue  # told above

    def _find_twins(self) -> None:
        """Two facts of one key. Sorted by SQLite in a temporary file: a month of keys fills the memory."""
        self._progress("keys", 0, 1)
        parts = ["SELECT 0 AS hash, 0 AS seq WHERE FALSE"]
        parts += [f"SELECT hash, run + place AS seq FROM {schema.key_table(day)}" for day, _ in self.days]  # noqa: S608 - a checked day
        sql = (
            f"SELECT hash, group_concat(seq) FROM ({' UNION ALL '.join(parts)})"  # noqa: S608 - a checked day
            " GROUP BY hash HAVING count(*) > 1"
        )
        for _, seqs in self._db.execute(sql):
            numbers = [int(seq) for seq in str(seqs).split(",")]
            keys = [key for number in numbers if (key := self._key_of(number)) is not None]
            if len(set(keys)) < len(keys):
                self.fault(f"one key, several facts: {', '.join(map(str, numbers))}")

    def _key_of(self, seq: int) -> str | None:
        for day, first in reversed(self.days):
            if first <= seq:
                sql = f"SELECT body FROM {schema.day_table(day)} WHERE seq = ?"  # noqa: S608 - a checked day
                row = self._db.execute(sql, (seq,)).fetchone()
                try:
                    return body.decode(row[0]).key if row and isinstance(row[0], bytes) else None
                except msgspec.MsgspecError:
                    return None
        return None

    def _count(self, table: str) -> int:
        return int(str(self._db.execute(f"SELECT count(*) FROM {table}").get))  # noqa: S608 - a checked day
