"""Settling: values move from the order of arrival to that of series and time, and are summed up on the way.

A run of some hundred thousand values settles in pieces, each a transaction of its own, so that no write waits
for long, and a hub that is killed between two pieces goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import duckdb
import msgspec

from hub.history.duck_layout import HOUR_MS, QUARTER_HOUR_MS

RUN: Final = 491_520  # four of DuckDB's row groups
_PIECE: Final = 122_880  # one

_MOVING: Final = """
CREATE OR REPLACE TEMP TABLE moving AS FROM arrived
WHERE series BETWEEN ? AND ? AND at_ms <= ? ORDER BY series, at_ms, sub_ns
"""
_DELETE_MOVED: Final = "DELETE FROM arrived WHERE series BETWEEN ? AND ? AND at_ms <= ?"
_BUCKET: Final = """
    series, min(value), max(value), sum(value), count(*), arg_max(value, at_ms * 1000000 + sub_ns),
    max(at_ms), arg_max(sub_ns, at_ms * 1000000 + sub_ns)
"""
_QUARTER_HOURS: Final = f"""
INSERT INTO quarter_hours SELECT {_BUCKET} FROM moving
GROUP BY series, at_ms // {QUARTER_HOUR_MS} ORDER BY series, at_ms // {QUARTER_HOUR_MS}
"""  # noqa: S608 - numbers
_HOURS: Final = f"""
INSERT INTO hours SELECT {_BUCKET}, min(at_ms), count(*) FILTER (value < before) FROM
    (SELECT *, lag(value) OVER (PARTITION BY series, at_ms // {HOUR_MS} ORDER BY at_ms, sub_ns) AS before
    FROM moving)
GROUP BY series, at_ms // {HOUR_MS} ORDER BY series, at_ms // {HOUR_MS}
"""  # noqa: S608 - numbers
_STALE: Final = """
CREATE OR REPLACE TEMP TABLE stale AS
SELECT DISTINCT unnest(?::INTEGER[]) AS series, unnest(?::BIGINT[]) AS hour
"""
_DELETE_STALE: Final = """
DELETE FROM {table} AS kept USING stale
WHERE kept.series = stale.series AND kept.{time} // {hour} = stale.hour AND kept.{time} BETWEEN ? AND ?
"""
_MOVING_STALE: Final = f"""
CREATE OR REPLACE TEMP TABLE moving AS SELECT settled.* FROM settled JOIN stale
ON settled.series = stale.series AND settled.at_ms // {HOUR_MS} = stale.hour
WHERE settled.at_ms BETWEEN ? AND ? ORDER BY settled.series, settled.at_ms, settled.sub_ns
"""  # noqa: S608 - numbers
_END: Final = 2**63 - 1


class _Piece(msgspec.Struct, frozen=True):
    low: int  # the first and the last series of it
    high: int
    until_ms: int


class Settler:
    """Knows when a run is due and which of its pieces come next. For the writing thread."""

    def __init__(self, run: int = RUN, piece: int = _PIECE) -> None:
        self._run = run
        self._piece = piece
        self._waiting: list[_Piece] = []
        self.arrived = 0  # how many values have not settled

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Counts anew."""
        self._waiting = []
        self.arrived = connection.execute("SELECT count(*) FROM arrived").fetchall()[0][0]

    def turn(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Settles one piece in a transaction of its own, if one is due."""
        if not self._waiting and self.arrived < self._run:
            return
        if not self._waiting:
            self._waiting = self._pieces(connection)
        piece = self._waiting.pop()
        connection.begin()
        moved = settle(connection, piece.low, piece.high, piece.until_ms)
        connection.commit()
        self.arrived -= moved

    def _pieces(self, connection: duckdb.DuckDBPyConnection) -> list[_Piece]:
        """The run's pieces by series, last first; a run takes the oldest of what waits."""
        share = min(1.0, self._run / self.arrived)
        [(until_ms,)] = connection.execute(f"SELECT quantile_disc(at_ms, {share}) FROM arrived").fetchall()  # noqa: S608 - a number
        rows = connection.execute(
            "SELECT series, count(*) FROM arrived WHERE at_ms <= ? GROUP BY series ORDER BY series",
            [until_ms],
        ).fetchall()
        pieces: list[_Piece] = []
        low, held = rows[0][0], 0
        for (series, amount), following in zip(rows, [*rows[1:], None], strict=True):
            held += amount
            if held >= self._piece or following is None:
                pieces.append(_Piece(low, series, until_ms))
                low, held = series + 1, 0
        return pieces[::-1]


def settle(
    connection: duckdb.DuckDBPyConnection, low: int = 0, high: int = 2**31 - 1, until_ms: int = _END
) -> int:
    """Settles what has arrived of the series from `low` to `high`; in the caller's transaction. Returns
    how many values moved."""
    bounds = [low, high, until_ms]
    connection.execute(_MOVING, bounds)
    connection.execute("INSERT INTO settled FROM moving")
    _sum_up(connection)
    [(moved,)] = connection.execute(_DELETE_MOVED, bounds).fetchall()
    connection.execute("DROP TABLE moving")
    return int(moved)


def sum_up_again(connection: duckdb.DuckDBPyConnection, changed: Iterable[tuple[int, int]]) -> None:
    """Makes the long-term rows anew for the hours of settled values (series, at_ms) that were taken out."""
    series, hours = zip(*{(number, at_ms // HOUR_MS) for number, at_ms in changed}, strict=True)
    bounds = [min(hours) * HOUR_MS, (max(hours) + 1) * HOUR_MS - 1]
    connection.execute(_STALE, [list(series), list(hours)])
    for table in ("quarter_hours", "hours"):
        connection.execute(_DELETE_STALE.format(table=table, time="last_ms", hour=HOUR_MS), bounds)
    connection.execute(_MOVING_STALE, bounds)
    _sum_up(connection)
    connection.execute("DROP TABLE moving")


def _sum_up(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_QUARTER_HOURS)
    connection.execute(_HOURS)
