"""The tables of the embedded history, and how files of earlier layouts come to have them.

A value stands in `arrived` (in the order of arrival) or, once its run is settled, in `settled` (by series
and time), never in both. `quarter_hours` and `hours` sum up exactly what `settled` holds or held; a bucket
may have several rows, which add up.
"""

from __future__ import annotations

from typing import Final

import duckdb

VERSION: Final = 2
QUARTER_HOUR_MS: Final = 900_000  # how often a cold room must be logged, and demand is measured
HOUR_MS: Final = 3_600_000

_RAW: Final = "(series INTEGER, at_ms BIGINT, sub_ns INTEGER, value DOUBLE)"
_BUCKET: Final = (
    "series INTEGER, low DOUBLE, high DOUBLE, total DOUBLE, amount INTEGER,"
    " last DOUBLE, last_ms BIGINT, last_sub INTEGER"
)
_TABLES: Final = f"""
CREATE TABLE layout (version INTEGER, raw_since_ms BIGINT);
INSERT INTO layout VALUES ({VERSION}, 0);
CREATE TABLE IF NOT EXISTS series (id INTEGER, measurement VARCHAR, site VARCHAR, area VARCHAR,
    device VARCHAR, rule VARCHAR, field VARCHAR, type VARCHAR);
CREATE TABLE IF NOT EXISTS texts (series INTEGER, at_ms BIGINT, sub_ns INTEGER, value VARCHAR);
CREATE TABLE IF NOT EXISTS cursors (log BIGINT, book BIGINT);
INSERT INTO cursors SELECT 0, 0 WHERE NOT EXISTS (FROM cursors);
CREATE TABLE IF NOT EXISTS arrived {_RAW};
CREATE TABLE settled {_RAW};
CREATE TABLE quarter_hours ({_BUCKET});
CREATE TABLE hours ({_BUCKET}, first_ms BIGINT, drops INTEGER);
"""  # drops: values lower than the one before them in the same row's values  # noqa: S608 - our names
_FIRST_TO_SECOND: Final = "ALTER TABLE points RENAME TO arrived"  # settled bit by bit while the hub runs


class NewerLayoutError(Exception):
    """The file was written by a later version of this program."""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables, or brings an older file's to this layout, in one transaction. Raises
    NewerLayoutError, duckdb.Error."""
    connection.begin()
    try:
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if "layout" not in tables:
            if "points" in tables:
                connection.execute(_FIRST_TO_SECOND)
            connection.execute(_TABLES)
        version = connection.execute("SELECT version FROM layout").fetchall()[0][0]
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    if version > VERSION:
        raise NewerLayoutError(f"layout {version}, where this program knows {VERSION}")
