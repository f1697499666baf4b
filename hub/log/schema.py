"""The log's file: its tables, its pragmas, its format number, and how a connection to it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from hub.log.model import LogFaultError

FORMAT: Final = 1
_APPLICATION_ID: Final = 0x63616D70  # "camp"
_BUSY_MS: Final = 5_000

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, first_seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (
  device TEXT NOT NULL, field TEXT NOT NULL,
  measured_at_ms INTEGER NOT NULL, received_at_ms INTEGER NOT NULL, value NOT NULL, boolean INTEGER NOT NULL,
  PRIMARY KEY (device, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (device TEXT PRIMARY KEY, received_at_ms INTEGER NOT NULL, online INTEGER)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (packet_id INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, received_at_ms INTEGER NOT NULL, topic TEXT NOT NULL,
  payload BLOB NOT NULL, size INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letter_counts (reason TEXT PRIMARY KEY, letters INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS strangers (
  topic TEXT PRIMARY KEY, format TEXT NOT NULL, suggested_id TEXT NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, messages INTEGER NOT NULL) WITHOUT ROWID;
"""

# Keys are kept as 128-bit hashes: short, of one length, and equal only for equal keys.
_DAY_TABLE: Final = """
CREATE TABLE IF NOT EXISTS {table} (seq INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
"""


def day_table(day: str) -> str:
    """The table of one UTC day, given as `YYYYMMDD`."""
    if len(day) != 8 or not day.isdigit():
        raise ValueError(day)
    return f"facts_{day}"


def create_day(connection: apsw.Connection, day: str, first_seq: int) -> None:
    """Begin a day; a no-op if it has begun."""
    connection.execute(_DAY_TABLE.format(table=day_table(day)))
    connection.execute("INSERT OR IGNORE INTO days VALUES (?, ?)", (day, first_seq))


def connect_writer(path: Path) -> apsw.Connection:
    """The one writing connection; makes the file if there is none. Raises LogFaultError."""
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(_BUSY_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        _check_format(connection, path)
        connection.execute(_TABLES)
        connection.pragma("application_id", _APPLICATION_ID)
        connection.pragma("user_version", FORMAT)
    except apsw.Error as error:
        raise fault_of(error, path) from error
    return connection


def connect_reader(path: Path) -> apsw.Connection:
    """A connection that cannot write; for use by one thread. Raises LogFaultError."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(_BUSY_MS)
    except apsw.Error as error:
        raise fault_of(error, path) from error
    return connection


def fault_of(error: apsw.Error, path: Path) -> LogFaultError:
    """What an SQLite error means for the log, in words that say what to do."""
    if isinstance(error, apsw.FullError):
        return LogFaultError(
            f"the disk that holds {path} is full: nothing more is acknowledged until space is made", full=True
        )
    if isinstance(error, apsw.NotADBError | apsw.CorruptError):
        return LogFaultError(f"{path} is damaged ({error}): move it aside and restore the newest backup")
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError):
        return LogFaultError(f"{path} cannot be opened for writing: check the folder and its owner")
    return LogFaultError(f"{path}: {error}")


def _check_format(connection: apsw.Connection, path: Path) -> None:
    found = connection.pragma("user_version")
    if isinstance(found, int) and found > FORMAT:
        raise LogFaultError(
            f"{path} has format {found}, this campushub knows {FORMAT}: it was written by a newer one, update"
        )
