"""Bounding the log by age and by bytes. Each step is one transaction: a crash leaves a whole log."""

from __future__ import annotations

from typing import Final

import apsw

from hub.log import schema
from hub.log.model import Pruned

# Free pages are used again by the days to come. Giving back every one moves as many live pages to the front,
# so up to an eighth of the file stays as it is: with whole days dropped each day, nothing is ever moved.
_RESERVE: Final = 8
_PAGES_A_STEP: Final = 2_000
# At most so much is moved at a time while ingest waits; the rest goes with the next call.
_PAGES_A_CALL: Final = 40_000


def prune(connection: apsw.Connection, before: str, read_by_all: int, max_bytes: int | None) -> Pruned:
    """Drops read days before the day `before`, then by bytes the oldest, read or not, but never the newest
    run; gives pages back to the disk. The recent facts must have been folded. Raises apsw.Error."""
    days: list[str] = []
    facts = unread = 0
    while (step := _next_step(connection, before, read_by_all, max_bytes)) is not None:
        day, first, last, is_whole_day = step
        lost = max(0, last - max(read_by_all, first - 1))
        with connection:
            if is_whole_day:
                schema.drop_day(connection, day)
                days.append(day)
            else:
                _drop_beginning(connection, day, last)
            connection.execute("DELETE FROM loose_keys WHERE seq <= ?", (last,))
            connection.execute("DELETE FROM marks WHERE last_seq <= ?", (last,))
            schema.set_state(connection, "dropped_unread", schema.state(connection, "dropped_unread") + lost)
        facts += last - first + 1
        unread += lost
    _give_back(connection, max_bytes)
    return Pruned(tuple(days), facts, unread)


def is_due(connection: apsw.Connection, before: str, read_by_all: int, max_bytes: int | None) -> bool:
    """Whether there is anything to drop. Raises apsw.Error."""
    return _next_step(connection, before, read_by_all, max_bytes) is not None


def bytes_used(connection: apsw.Connection) -> int:
    """What the log holds, in bytes: free pages are not counted."""
    pages = _number(connection, "page_count") - _number(connection, "freelist_count")
    return pages * _number(connection, "page_size")


def _next_step(
    connection: apsw.Connection, before: str, read_by_all: int, max_bytes: int | None
) -> tuple[str, int, int, bool] | None:
    """What goes next: its day, its first and last number, and whether that is the whole day."""
    rows = connection.execute("SELECT day, first_seq FROM days ORDER BY day LIMIT 2").fetchall()
    days = [(str(day), int(str(first))) for day, first in rows]
    is_too_big = max_bytes is not None and bytes_used(connection) > max_bytes
    if len(days) == 2:
        (day, first), (_, following) = days
        is_old = day < before and following - 1 <= read_by_all
        return (day, first, following - 1, True) if is_old or is_too_big else None
    if not days or not is_too_big:
        return None
    runs = connection.execute("SELECT last FROM runs ORDER BY run LIMIT 2").fetchall()
    return (*days[0], int(str(runs[0][0])), False) if len(runs) == 2 else None


def _drop_beginning(connection: apsw.Connection, day: str, last: int) -> None:
    connection.execute(f"DELETE FROM {schema.day_table(day)} WHERE seq <= ?", (last,))  # noqa: S608 - a checked day
    connection.execute(f"DELETE FROM {schema.key_table(day)} WHERE run <= ?", (last,))  # noqa: S608 - a checked day
    connection.execute("DELETE FROM runs WHERE run <= ?", (last,))
    connection.execute("UPDATE days SET first_seq = ? WHERE day = ?", (last + 1, day))


def _give_back(connection: apsw.Connection, max_bytes: int | None) -> None:
    size = _number(connection, "page_count") * _number(connection, "page_size")
    is_too_big = max_bytes is not None and size > max_bytes
    reserve = 0 if is_too_big else _number(connection, "page_count") // _RESERVE
    surplus = _number(connection, "freelist_count") - reserve
    if surplus <= 0:
        return
    surplus = surplus if is_too_big else min(surplus, _PAGES_A_CALL)
    while surplus > 0:
        connection.execute(f"PRAGMA incremental_vacuum({min(surplus, _PAGES_A_STEP)})").fetchall()
        surplus -= _PAGES_A_STEP
    # Only a finished checkpoint cuts the file. A reader in the middle of a query delays it to a later one.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _number(connection: apsw.Connection, pragma: str) -> int:
    return int(str(connection.pragma(pragma)))
