"""The writing side of the log: batches in, one durable transaction each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import apsw
import msgspec

from devices.facts import Clock, Fact, Presence, Reading, Tick
from hub.log import schema
from hub.log.model import Appended, Delivery, Entry, Fate, Letter, LogFaultError, Meeting

LETTERS_KEPT: Final = 20_000
LETTER_BYTES_KEPT: Final = 4_096
STRANGERS_KEPT: Final = 500
_DAY_MS: Final = 86_400_000

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Fact)


class LogWriter:
    """The only writer of the log. One thread at a time may call it."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file. Raises LogFaultError."""
        self._path = path
        self._db = schema.connect_writer(path)
        self._days: list[str] = [str(day) for (day,) in self._db.execute("SELECT day FROM days ORDER BY day")]
        self._seq = self._newest_seq()

    @property
    def newest_seq(self) -> int:
        """The sequence number of the last fact appended; 0 for an empty log."""
        return self._seq

    def append(self, entries: Sequence[Entry], now_ms: int) -> Appended:
        """Appends all of the entries or, raising LogFaultError, none; on return they are on the disk.

        `now_ms`, the hub's clock, decides the day that they are kept under."""
        before = self._seq, list(self._days)
        fates: list[Fate] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            day = self._begin_day(now_ms)
            for entry in entries:
                self._append_entry(entry, day, fates)
            self._db.execute("COMMIT")
        except apsw.Error as error:
            self._seq, self._days = before
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise schema.fault_of(error, self._path) from error
        return Appended(tuple(fates), self._seq)

    def prune(self, before_ms: int, read_by_all: int) -> tuple[str, ...]:
        """Drops the days before `before_ms` that every reader has read; returns their names."""
        limit = _day(before_ms)
        dropped: list[str] = []
        for day, following in zip(self._days, self._days[1:], strict=False):
            if day >= limit or self._first_seq(following) > read_by_all + 1:
                break
            with self._db:
                self._db.execute(f"DROP TABLE {schema.day_table(day)}")
                self._db.execute("DELETE FROM days WHERE day = ?", (day,))
            dropped.append(day)
        self._days = self._days[len(dropped) :]
        return tuple(dropped)

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    # --- one entry ---

    def _append_entry(self, entry: Entry, day: str, fates: list[Fate]) -> None:
        if entry.delivery is not None and self._is_redelivery(entry.delivery):
            fates.extend(Fate.DUPLICATE for _ in entry.facts)
            return
        fates.extend(self._append_fact(fact, day) for fact in entry.facts)
        for letter in entry.letters:
            self._append_letter(letter)
        for meeting in entry.meetings:
            self._append_meeting(meeting)

    def _is_redelivery(self, delivery: Delivery) -> bool:
        """True for content already kept; otherwise remembers it as the newest under its packet id."""
        if delivery.again:
            row = self._db.execute(
                "SELECT digest FROM deliveries WHERE packet_id = ?", (delivery.packet_id,)
            ).fetchone()
            if row is not None and row[0] == delivery.digest:
                return True
        self._db.execute(
            "INSERT OR REPLACE INTO deliveries VALUES (?, ?)", (delivery.packet_id, delivery.digest)
        )
        return False

    def _append_fact(self, fact: Fact, day: str) -> Fate:
        key = hashlib.blake2b(fact.key.encode(), digest_size=16).digest()
        known = self._find(key, fact)
        if known is not None:
            if _content(known) == _content(fact):
                return Fate.DUPLICATE
            self._append_letter(_conflict(fact))
            return Fate.CONFLICT
        self._seq += 1
        self._db.execute(
            f"INSERT INTO {schema.day_table(day)} VALUES (?, ?, ?)",  # noqa: S608 - a checked day, no input
            (self._seq, key, _encoder.encode(fact)),
        )
        if isinstance(fact, Reading):
            self._keep_latest(fact)
        if not isinstance(fact, Tick):
            self._keep_heard(fact)
        return Fate.APPENDED

    def _find(self, key: bytes, fact: Fact) -> Fact | None:
        """The fact already kept under this key. It cannot have been received before it was measured, so
        only the days since then are searched (one more, for clocks that run a little ahead)."""
        earliest = _day(fact.measured_at_ms - _DAY_MS) if _has_own_time(fact) else ""
        for day in reversed(self._days):
            if day < earliest:
                break
            row = self._db.execute(
                f"SELECT body FROM {schema.day_table(day)} WHERE key = ?",  # noqa: S608 - a checked day
                (key,),
            ).fetchone()
            if row is not None:
                found: Fact = _decoder.decode(row[0])
                return found
        return None

    def _keep_latest(self, fact: Reading) -> None:
        for field, value in fact.values:
            self._db.execute(
                "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " measured_at_ms = excluded.measured_at_ms, received_at_ms = excluded.received_at_ms,"
                " value = excluded.value, boolean = excluded.boolean"
                " WHERE excluded.measured_at_ms >= measured_at_ms",
                (
                    fact.device,
                    field,
                    fact.measured_at_ms,
                    fact.received_at_ms,
                    value,
                    isinstance(value, bool),
                ),
            )

    def _keep_heard(self, fact: Fact) -> None:
        online = fact.online if isinstance(fact, Presence) else True
        self._db.execute(
            "INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", (fact.device, fact.received_at_ms, online)
        )

    def _append_letter(self, letter: Letter) -> None:
        self._db.execute(
            "INSERT INTO dead_letters (received_at_ms, topic, payload, size, reason, detail)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                letter.received_at_ms,
                letter.topic[:512],
                letter.payload[:LETTER_BYTES_KEPT],
                len(letter.payload),
                letter.reason,
                letter.detail,
            ),
        )
        self._db.execute(
            "INSERT INTO dead_letter_counts VALUES (?, 1) ON CONFLICT DO UPDATE SET letters = letters + 1",
            (letter.reason,),
        )
        newest = self._db.last_insert_rowid()
        self._db.execute("DELETE FROM dead_letters WHERE id <= ?", (newest - LETTERS_KEPT,))

    def _append_meeting(self, meeting: Meeting) -> None:
        known = self._db.execute("SELECT 1 FROM strangers WHERE topic = ?", (meeting.topic,)).fetchone()
        if known is None:
            (count,) = self._db.execute("SELECT count(*) FROM strangers").fetchone() or (0,)
            if int(str(count)) >= STRANGERS_KEPT:
                return
        self._db.execute(
            "INSERT INTO strangers VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET"
            " last_ms = excluded.last_ms, messages = messages + 1",
            (meeting.topic, meeting.format, meeting.suggested_id, meeting.at_ms, meeting.at_ms),
        )

    # --- days and numbers ---

    def _begin_day(self, now_ms: int) -> str:
        """Today, or the newest day kept if the clock has stepped back: days follow arrival."""
        today = _day(now_ms)
        if self._days and self._days[-1] >= today:
            return self._days[-1]
        schema.create_day(self._db, today, self._seq + 1)
        self._days.append(today)
        return today

    def _first_seq(self, day: str) -> int:
        row = self._db.execute("SELECT first_seq FROM days WHERE day = ?", (day,)).fetchone()
        if row is None:
            raise LogFaultError(f"{self._path}: the day {day} has no entry")
        return int(str(row[0]))

    def _newest_seq(self) -> int:
        """Days can be empty (begun, then nothing but duplicates), so look back to the first that is not."""
        for day in reversed(self._days):
            (newest,) = self._db.execute(
                f"SELECT max(seq) FROM {schema.day_table(day)}"  # noqa: S608 - a checked day
            ).fetchone() or (None,)
            if newest is not None:
                return int(str(newest))
        return self._first_seq(self._days[0]) - 1 if self._days else 0


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(max(at_ms, 0) / 1000, UTC).strftime("%Y%m%d")


def _has_own_time(fact: Fact) -> bool:
    return isinstance(fact, Tick) or fact.clock in (Clock.DEVICE, Clock.LOCAL)


def _content(fact: Fact) -> Fact:
    """What must be equal for two facts of one key to be the same: all but when they reached the hub."""
    if isinstance(fact, Tick):
        return fact
    if _has_own_time(fact):
        return msgspec.structs.replace(fact, received_at_ms=0)
    return msgspec.structs.replace(fact, received_at_ms=0, measured_at_ms=0)


def _conflict(fact: Fact) -> Letter:
    return Letter(
        received_at_ms=fact.received_at_ms,
        topic=f"device {fact.device}",
        payload=msgspec.json.encode(fact),
        reason="conflict",
        detail=f"the key {fact.key} is taken by other content; the first was kept",
    )
