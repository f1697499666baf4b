"""The log in figures, for people: facts by day and kind, bytes, dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from devices.facts import Fact
from hub.log import body, retention, schema
from hub.log.keys import day_of
from hub.log.model import Logged, StoredLetter


class DayOverview(msgspec.Struct, frozen=True):
    """One UTC day of arrival: how many facts of each kind, and when the first and last reached the hub."""

    day: str
    kinds: dict[str, int]
    oldest_ms: int
    newest_ms: int

    @property
    def facts(self) -> int:
        """All kinds together."""
        return sum(self.kinds.values())


class Overview(msgspec.Struct, frozen=True):
    """The whole log. `bytes_used` without free pages and the write-ahead log."""

    days: tuple[DayOverview, ...]
    bytes_used: int
    letters: dict[str, int]
    dropped_unread: int

    @property
    def facts(self) -> int:
        """Of all days."""
        return sum(day.facts for day in self.days)


def kind_of(fact: Fact) -> str:
    """`reading`, `tap`, `presence`, `tick` or `clockset`."""
    return type(fact).__name__.lower()


class LogScan:
    """Reads a log from end to end, a running hub's too: each call sees one moment. Raises LogFaultError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = schema.connect_reader(path)

    def overview(self) -> Overview:
        """Reads every fact once."""
        try:
            days = tuple(self._day(day) for day in self._days())
            letters = self._db.execute(
                "SELECT reason, letters FROM dead_letter_counts ORDER BY reason"
            ).fetchall()
            return Overview(
                days=tuple(day for day in days if day.kinds),
                bytes_used=retention.bytes_used(self._db),
                letters={str(reason): int(str(count)) for reason, count in letters},
                dropped_unread=schema.state(self._db, "dropped_unread"),
            )
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error

    def facts(self, from_ms: int | None = None, to_ms: int | None = None) -> Iterator[Logged]:
        """Facts received from `from_ms` up to, not including, `to_ms`, in order of arrival."""
        try:
            for day in self._days():
                # A day holds what arrived on it; after a step back of the clock, what arrived before, too.
                if from_ms is not None and day < day_of(from_ms):
                    continue
                for logged in self._facts_of(day):
                    at_ms = logged.fact.received_at_ms
                    if (from_ms is None or at_ms >= from_ms) and (to_ms is None or at_ms < to_ms):
                        yield logged
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error

    def letters(self, from_ms: int | None = None, to_ms: int | None = None) -> Iterator[StoredLetter]:
        """Dead letters received in that time, oldest first."""
        try:
            rows = self._db.execute(
                "SELECT id, received_at_ms, topic, payload, size, reason, detail"
                " FROM dead_letters ORDER BY id"
            )
            for row in rows:
                letter = _letter(row)
                at_ms = letter.received_at_ms
                if (from_ms is None or at_ms >= from_ms) and (to_ms is None or at_ms < to_ms):
                    yield letter
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def _days(self) -> list[str]:
        return [str(day) for (day,) in self._db.execute("SELECT day FROM days ORDER BY day").fetchall()]

    def _day(self, day: str) -> DayOverview:
        kinds: Counter[str] = Counter()
        oldest_ms, newest_ms = 0, 0
        for logged in self._facts_of(day):
            kinds[kind_of(logged.fact)] += 1
            at_ms = logged.fact.received_at_ms
            oldest_ms = min(oldest_ms or at_ms, at_ms)
            newest_ms = max(newest_ms, at_ms)
        return DayOverview(day, dict(kinds), oldest_ms, newest_ms)

    def _facts_of(self, day: str) -> Iterator[Logged]:
        rows = self._db.execute(f"SELECT seq, body FROM {schema.day_table(day)} ORDER BY seq")  # noqa: S608 - a checked day
        for seq, kept in rows:
            try:
                yield Logged(int(str(seq)), body.decode(kept if isinstance(kept, bytes) else b""))
            except msgspec.MsgspecError as error:
                raise schema.damaged(self._path, f"fact {seq}: {error}") from error


def _letter(row: tuple[Any, ...]) -> StoredLetter:
    return StoredLetter(*row)
