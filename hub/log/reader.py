"""The reading side of the log: facts after a cursor, latest values, dead letters, strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from devices.facts import Fact, Tap
from hub.log import schema
from hub.log.model import Latest, Logged, StoredLetter, Stranger

_decoder: Final = msgspec.msgpack.Decoder(Fact)


class LogReader:
    """A reader of the log. It never blocks the writer and is for one thread; raises LogFaultError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = schema.connect_reader(path)

    def after(self, seq: int, limit: int) -> tuple[Logged, ...]:
        """Up to `limit` facts that follow `seq`, in order of arrival."""
        found: list[Logged] = []
        for day in self._days_from(seq + 1):
            rows = self._query(
                f"SELECT seq, body FROM {schema.day_table(day)}"  # noqa: S608 - a checked day
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit - len(found)),
            )
            found.extend(Logged(row[0], _decoder.decode(row[1])) for row in rows)
            if len(found) >= limit:
                break
        return tuple(found)

    def latest(self) -> tuple[Latest, ...]:
        """The newest value of every series."""
        rows = self._query("SELECT device, field, measured_at_ms, received_at_ms, value, boolean FROM latest")
        return tuple(
            Latest(device, field, measured_at_ms, received_at_ms, bool(value) if boolean else value)
            for device, field, measured_at_ms, received_at_ms, value, boolean in rows
        )

    def heard(self) -> dict[str, tuple[int, bool]]:
        """For each device when the hub last received anything of it, and whether it said to be on line."""
        rows = self._query("SELECT device, received_at_ms, online FROM heard")
        return {row[0]: (row[1], bool(row[2])) for row in rows}

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

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

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
                yield _decoder.decode(row[0])
            if left <= 0:
                return

    def _query(self, sql: str, values: tuple[int | str, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise schema.fault_of(error, self._path) from error
