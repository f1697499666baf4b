"""The book's file or server: opening, migrating, transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

_WRITE: Final = "BEGIN IMMEDIATE"
_WRITERS_LOCK: Final = 0x63616D70
_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


class BookFaultError(Exception):
    """The book cannot be opened or brought up to date; the text says what to do."""


class Book:
    """The book. Any thread may ask it for a transaction; each lasts as long as its `with`."""

    def __init__(self, url: str) -> None:
        """`url` is SQLAlchemy's; the tables are made or migrated. Raises BookFaultError."""
        self._readers = _engine(url, begin="BEGIN")
        self._writers = _engine(url, begin=_WRITE)
        try:
            self._migrate()
        except DatabaseError as error:
            raise BookFaultError(
                f"the book cannot be opened ({error.orig}): check its folder, or restore the newest backup"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view; nothing is kept."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: kept whole when the `with` ends well, not at all otherwise."""
        with Session(self._writers, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Lets go of every connection."""
        self._readers.dispose()
        self._writers.dispose()

    def _migrate(self) -> None:
        with self._writers.connect() as connection:
            if _version_of(connection) == newest_version():
                return
            from hub.book import migrating

            try:
                migrating.upgrade(connection)
            except migrating.NewerBookError as error:
                raise BookFaultError(
                    f"the book was written by a newer campushub ({error}): update campushub"
                ) from error
            connection.commit()


def newest_version() -> str:
    """The number of the newest migration, as in its file's name."""
    return max(path.name[1:5] for path in _VERSIONS.glob("v[0-9][0-9][0-9][0-9]_*.py"))


def _version_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _engine(url: str, begin: str) -> Engine:
    """An engine whose SQLite transactions start with `begin`; other databases start theirs by themselves."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    elif engine.dialect.name == "postgresql" and begin == _WRITE:
        # One writer at a time, as with SQLite, so that the journal's numbers are in order of commit.
        lock = f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(lock))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions start late and only for writes; ours start where SQLAlchemy says so.
    connection.isolation_level = None
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 10000"):
        connection.execute(f"PRAGMA {pragma}")
