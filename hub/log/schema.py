"""The log's file: its tables, its pragmas, its format number, and how a connection to it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from hub.log import claims
from hub.log.model import LogFaultError

FORMAT: Final = 3
_APPLICATION_ID: Final = 0x63616D70  # "camp"
_BUSY_MS: Final = 5_000
_CACHE_KIB: Final = 16_384
_WAL_BYTES_KEPT: Final = 16 * 1024 * 1024

# Everything but the day tables, dead letters, strangers, deliveries and the counts of tags follows from the
# facts. It is written
# only now and then: the keys up to `state.keyed_seq`, the rest ("folded") up to `state.folded_seq`, which is
# never later; a start reads the facts after it.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, first_seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
  run INTEGER PRIMARY KEY, last INTEGER NOT NULL, day TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loose_keys (
  hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (
  stream TEXT PRIMARY KEY, newest INTEGER NOT NULL, gaps BLOB NOT NULL, last_seq INTEGER NOT NULL)
  WITHOUT ROWID;
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

# Facts are only ever added at the end of their table, keys at the end of theirs (each run is sorted, and
# begins after the one before): however large the day, a commit touches the last pages only.
_DAY_TABLES: Final = """
CREATE TABLE IF NOT EXISTS {facts} (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS {keys} (
  run INTEGER NOT NULL, hash INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (run, hash, place))
  WITHOUT ROWID;
"""


def day_table(day: str) -> str:
    """The table with the facts of one UTC day, given as `YYYYMMDD`."""
    return f"facts_{_checked(day)}"


def key_table(day: str) -> str:
    """The table with the key hashes of one UTC day, given as `YYYYMMDD`."""
    return f"keys_{_checked(day)}"


def create_day(connection: apsw.Connection, day: str, first_seq: int) -> None:
    """Begin a day; a no-op if it has begun."""
    connection.execute(_DAY_TABLES.format(facts=day_table(day), keys=key_table(day)))
    connection.execute("INSERT OR IGNORE INTO days VALUES (?, ?)", (day, first_seq))


def drop_day(connection: apsw.Connection, day: str) -> None:
    """End a day with all its facts and keys."""
    connection.execute(f"DROP TABLE {day_table(day)}; DROP TABLE {key_table(day)}")
    connection.execute("DELETE FROM days WHERE day = ?", (day,))
    connection.execute("DELETE FROM runs WHERE day = ?", (day,))


def state(connection: apsw.Connection, name: str) -> int:
    """A number that the log keeps about itself; 0 until it is set."""
    row = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return int(str(row[0])) if row else 0


def set_state(connection: apsw.Connection, name: str, value: int) -> None:
    """Keeps a number about the log."""
    connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))


def connect_writer(path: Path) -> apsw.Connection:
    """The one writing connection; makes the file if there is none. Raises LogFaultError."""
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(_BUSY_MS)
        _check_format(connection, path, may_be_empty=True)
        # Must precede the first table. Pages of dropped days can then be given back a few at a time; VACUUM
        # would rewrite the whole file, with as much free disk, while ingest waits.
        connection.pragma("auto_vacuum", "incremental")
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("cache_size", -_CACHE_KIB)
        connection.pragma("journal_size_limit", _WAL_BYTES_KEPT)
        connection.execute(_TABLES + claims.TABLES)
        connection.pragma("application_id", _APPLICATION_ID)
        connection.pragma("user_version", FORMAT)
    except apsw.Error as error:
        raise fault_of(error, path) from error
    return connection


def connect_reader(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that cannot write; for use by one thread. `vfs`: one of SQLite's ways to files. Raises
    LogFaultError."""
    if not path.is_file():
        raise LogFaultError(f"{path} is not there: no hub has kept its log in this folder")
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
        connection.set_busy_timeout(_BUSY_MS)
        _check_format(connection, path, may_be_empty=False)
    except apsw.Error as error:
        raise fault_of(error, path) from error
    return connection


def fault_of(error: Exception, path: Path) -> LogFaultError:
    """What an SQLite error, or a body that does not decode, means for the log, and what to do."""
    if isinstance(error, apsw.FullError) or _lacks_room(error):
        return LogFaultError(
            f"the disk that holds {path} is full: nothing more is acknowledged until space is made", full=True
        )
    if isinstance(error, apsw.IOError):
        return LogFaultError(
            f"the disk that holds {path} fails ({error}): nothing more is acknowledged; check or replace it"
        )
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return LogFaultError(f"{path} is held by another program: end it, then try again")
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError):
        return LogFaultError(f"{path} cannot be opened for writing: check the folder and its owner")
    # An SQLError says that a table of ours is missing: all statements are ours.
    torn = apsw.NotADBError | apsw.CorruptError | apsw.SQLError
    if isinstance(error, apsw.Error) and not isinstance(error, torn):
        return LogFaultError(f"{path}: {error}")
    return damaged(path, str(error))


def damaged(path: Path, what: str) -> LogFaultError:
    """The fault of a file whose content is not what was written."""
    return LogFaultError(
        f"{path} is damaged ({what}): keep it aside with its -wal file, restore the newest backup or start "
        "with a new log, and let `campushub log verify` say what is wrong with the old one"
    )


def _lacks_room(error: Exception) -> bool:
    """Whether SQLite could not make its shared index: on a full disk it says no more than that."""
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE


def _checked(day: str) -> str:
    if len(day) != 8 or not (day.isascii() and day.isdigit()):
        raise ValueError(day)
    return day


def _check_format(connection: apsw.Connection, path: Path, *, may_be_empty: bool) -> None:
    found = connection.pragma("user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if tables == 0 and found == 0 and may_be_empty:
        return
    if connection.pragma("application_id") != _APPLICATION_ID:
        raise LogFaultError(
            f"{path} is no log of campushub: it was made by another program and is left alone"
        )
    if isinstance(found, int) and found > FORMAT:
        raise LogFaultError(
            f"{path} has format {found}, this campushub knows {FORMAT}: it was written by a newer one, update"
        )
    if found != FORMAT:
        raise LogFaultError(
            f"{path} has format {found}, from before the first release, which is not read any more: "
            "move it aside"
        )
