"""What is looked at when the log is opened: little enough for a file of any size, enough to find a torn one.

SQLite itself finishes or takes back what a crash interrupted (the write-ahead log), and refuses a file that
is shorter than its header says. Here the edges of every day must fit together and decode; the newest facts
are read anyway. The rest is for `verify`.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

from hub.log import body, schema


def check(connection: apsw.Connection, path: Path) -> None:
    """Raises LogFaultError for a log that does not fit together."""
    expected = 0
    days = connection.execute("SELECT day, first_seq FROM days ORDER BY day").fetchall()
    for day, first_seq in ((str(day), int(str(first))) for day, first in days):
        if expected and first_seq != expected:
            raise schema.damaged(path, f"the day {day} begins with fact {first_seq}, not {expected}")
        edges = _edges(connection, path, day)
        if edges and edges[0] != first_seq:
            raise schema.damaged(path, f"the first fact of {day} is {edges[0]}, not {first_seq}")
        expected = (edges[1] if edges else first_seq - 1) + 1
    if expected and schema.state(connection, "keyed_seq") >= expected:
        raise schema.damaged(path, f"facts after {expected - 1} are missing")


def newest_seq(connection: apsw.Connection) -> int:
    """The number of the newest fact. Days can be empty (begun, then nothing but duplicates)."""
    days = connection.execute("SELECT day, first_seq FROM days ORDER BY day DESC LIMIT 1").fetchall()
    for day, first_seq in days:
        table = schema.day_table(str(day))
        newest = connection.execute(f"SELECT max(seq) FROM {table}").get  # noqa: S608 - a checked day
        return int(str(newest if newest is not None else int(str(first_seq)) - 1))
    return 0


def _edges(connection: apsw.Connection, path: Path, day: str) -> tuple[int, int] | None:
    """The first and last number of a day, whose facts must decode."""
    found: list[int] = []
    for order in ("ASC", "DESC"):
        row = connection.execute(
            f"SELECT seq, body FROM {schema.day_table(day)} ORDER BY seq {order} LIMIT 1"  # noqa: S608 - a checked day
        ).fetchone()
        if row is None:
            return None
        found.append(int(str(row[0])))
        try:
            body.decode(bytes(row[1]) if isinstance(row[1], bytes) else b"")
        except msgspec.MsgspecError as error:
            raise schema.damaged(path, f"fact {row[0]} of {day} cannot be read: {error}") from error
    return found[0], found[1]
