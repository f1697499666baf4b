"""What was not handed over yet, in a small SQLite file: bounded, in order, and safe from a power cut."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from devices.gateway.sending import Waiting

_VERSION: Final = 1
# The rowid only grows: a tap that was taken out leaves its place in the order to nobody.
_TABLE: Final = """\
CREATE TABLE IF NOT EXISTS taps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  reader TEXT NOT NULL,
  tap_id TEXT NOT NULL UNIQUE,
  payload TEXT NOT NULL
) STRICT"""


class OutboxError(Exception):
    """The file cannot be used. `file` and `problem` say which and why."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(f"{file}: {problem}")
        self.file = file
        self.problem = problem


class Outbox:
    """One file, used by one gateway at a time, from one thread. Everything raises OutboxError."""

    def __init__(self, file: Path, limit: int) -> None:
        """Opens or makes the file. `limit`: so many taps at most."""
        self._file = file
        self._limit = limit
        self._counts: Counter[str] = Counter()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, isolation_level=None, timeout=0.5)
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(file, str(error)) from error
        try:
            self._open()
        except sqlite3.Error as error:
            self._connection.close()
            raise OutboxError(file, str(error)) from error
        except OutboxError:
            self._connection.close()
            raise

    def put(self, reader: str, tap_id: str, payload: str) -> Waiting | None:
        """Keeps a tap; it is on the disk when this returns. None: there are too many already."""
        if self._counts.total() >= self._limit:
            return None
        sql = "INSERT INTO taps (reader, tap_id, payload) VALUES (?, ?, ?) RETURNING seq"
        ((seq,),) = self._execute(sql, (reader, tap_id, payload))
        self._counts[reader] += 1
        return Waiting(seq, tap_id, payload)

    def after(self, reader: str, seq: int, most: int) -> tuple[Waiting, ...]:
        """A reader's next taps, the oldest first."""
        sql = "SELECT seq, tap_id, payload FROM taps WHERE reader = ? AND seq > ? ORDER BY seq LIMIT ?"
        return tuple(Waiting(*row) for row in self._execute(sql, (reader, seq, most)))

    def count(self, reader: str) -> int:
        """How many taps of a reader are kept."""
        return self._counts[reader]

    def take_out(self, reader: str, seqs: Iterable[int]) -> None:
        """The broker has these; all at once, or none."""
        self._execute("BEGIN IMMEDIATE")
        taken = 0
        try:
            for seq in seqs:
                taken += len(self._execute("DELETE FROM taps WHERE seq = ? RETURNING seq", (seq,)))
            self._execute("COMMIT")
        except OutboxError:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise
        self._counts[reader] -= taken

    def close(self) -> None:
        """Gives the file back."""
        self._connection.close()

    def _open(self) -> None:
        self._execute("PRAGMA locking_mode = EXCLUSIVE")
        self._execute("PRAGMA journal_mode = WAL")
        self._execute("PRAGMA synchronous = FULL")
        ((version,),) = self._execute("PRAGMA user_version")
        if version not in (0, _VERSION):
            raise OutboxError(self._file, f"it is of a newer program (version {version})")
        self._execute(_TABLE)
        self._execute(f"PRAGMA user_version = {_VERSION}")
        ((sound,),) = self._execute("PRAGMA quick_check(1)")
        if sound != "ok":
            raise OutboxError(self._file, f"it is damaged: {sound}")
        for reader, count in self._execute("SELECT reader, count(*) FROM taps GROUP BY reader"):
            self._counts[reader] = count

    def _execute(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows, as sqlite3 types them."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise OutboxError(self._file, str(error)) from error
