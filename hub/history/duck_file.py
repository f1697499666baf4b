"""The file of the embedded history: opening, one writer, many readers, and what follows a fault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from hub.history.duck_faults import unavailable
from hub.history.duck_layout import NewerLayoutError, prepare
from hub.history.port import HistoryUnavailableError, Link

_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "512MB",  # the hub shares a small computer; DuckDB would take four fifths of it
    "threads": 2,
    "autoinstall_known_extensions": False,  # a store must not download anything
    "autoload_known_extensions": False,
    "enable_external_access": False,
}
_READING: Final = {**_SETTINGS, "memory_limit": "256MB", "threads": 1}  # there is one for each processor

Connection = duckdb.DuckDBPyConnection
_T = TypeVar("_T")


class DuckFile:
    """Every call raises HistoryUnavailableError; after a fault that DuckDB gives the file up for, the next
    one opens it. `reads_only`: the file is there, with this program's tables, and others may read it as well.

    `load` reads what the caller remembers of the tables; it is called again after every fault."""

    def __init__(self, path: Path, load: Callable[[Connection], None], *, reads_only: bool = False) -> None:
        self._path = path
        self._load = load
        self._reads_only = reads_only
        self._lock = threading.Lock()  # guards opening and closing; DuckDB itself guards the rest
        self._writing = threading.Lock()
        self._connection: Connection | None = None

    def opened(self) -> Connection:
        """The connection, opened if it was not; its tables are of this program's layout."""
        with self._lock:
            if self._connection is None:
                self._connection = self._connected()
            return self._connection

    def read(self, question: str) -> list[tuple[Any, ...]]:
        """The rows that answer a question."""
        connection = self.opened()
        try:
            with connection.cursor() as cursor:  # a connection of its own: other threads ask meanwhile
                return cursor.execute(question).fetchall()
        except duckdb.Error as error:
            if isinstance(error, duckdb.FatalException):
                self.close()
            raise unavailable(self._path, error) from error

    def write(self, action: Callable[[Connection], _T]) -> _T:
        """Runs an action that begins and commits transactions; a fault undoes the one that is open."""
        with self._writing:
            connection = self.opened()
            try:
                return action(connection)
            except duckdb.Error as error:
                self._abandon(connection)
                raise unavailable(self._path, error) from error

    def close(self) -> None:
        """Writes the file out and lets go of it."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(duckdb.Error):
                connection.close()

    def _connected(self) -> Connection:
        try:
            if self._reads_only:
                connection = duckdb.connect(str(self._path), read_only=True, config=_READING)
            else:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = duckdb.connect(str(self._path), config=_SETTINGS)
        except OSError as error:
            raise HistoryUnavailableError(Link.REFUSED, f"{self._path.parent}: {error.strerror}") from error
        except duckdb.Error as error:
            raise unavailable(self._path, error) from error
        try:
            prepare(connection)
            self._load(connection)
        except duckdb.Error as error:
            connection.close()
            raise unavailable(self._path, error) from error
        except NewerLayoutError as error:
            connection.close()
            raise HistoryUnavailableError(
                Link.REFUSED, f"{self._path.name} was written by a later version of this program: {error}"
            ) from error
        return connection

    def _abandon(self, connection: Connection) -> None:
        with suppress(duckdb.Error):  # there may be nothing to undo
            connection.rollback()
        try:
            self._load(connection)
        except duckdb.Error:  # DuckDB has given the file up: only opening it again helps
            self.close()
