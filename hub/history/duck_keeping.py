"""Putting a batch into the tables of the embedded history, inside the caller's transaction.

Columns travel as text: DuckDB reads a list's text much faster than it converts Python objects, and a float's
`repr` is exact.
"""

from __future__ import annotations

from typing import Final

import duckdb

from hub.history.duck_rows import Batch, RowKey
from hub.history.duck_settling import sum_up_again

_APPEND: Final = """
INSERT INTO arrived SELECT unnest(?::INTEGER[]), unnest(?::BIGINT[]), {sub_ns}, unnest(?::DOUBLE[])
"""
_BATCH: Final = """
CREATE OR REPLACE TEMP TABLE batch AS SELECT unnest(?::INTEGER[]) AS series, unnest(?::BIGINT[]) AS at_ms,
    unnest(?::INTEGER[]) AS sub_ns, unnest(?::{type}[]) AS "value"
"""
_DELETE: Final = """
DELETE FROM {table} AS kept USING batch WHERE kept.series = batch.series AND kept.at_ms = batch.at_ms
    AND kept.sub_ns = batch.sub_ns AND kept.at_ms BETWEEN ? AND ?
"""
_INSERT: Final = "INSERT INTO {table} SELECT series, at_ms, sub_ns, value FROM batch"


def keep(connection: duckdb.DuckDBPyConnection, batch: Batch) -> int:
    """Keeps the batch; returns by how much `arrived` grew."""
    if batch.series:
        columns = [str(batch.series), str(batch.at_ms)]
        if any(batch.sub_ns):
            columns.append(str(batch.sub_ns))
        sub_ns = "unnest(?::INTEGER[])" if any(batch.sub_ns) else "0"
        connection.execute(_APPEND.format(sub_ns=sub_ns), [*columns, str(batch.values)])
    grown = len(batch.series) + _replace_late(connection, batch.late)
    _replace_texts(connection, batch.texts)
    return grown


def _replace_late(connection: duckdb.DuckDBPyConnection, rows: dict[RowKey, float]) -> int:
    if not rows:
        return 0
    series, at_ms, sub_ns = (list(column) for column in zip(*rows, strict=True))
    columns = [str(series), str(at_ms), str(sub_ns), str(list(rows.values()))]
    connection.execute(_BATCH.format(type="DOUBLE"), columns)
    bounds = [min(at_ms), max(at_ms)]
    [(gone,)] = connection.execute(_DELETE.format(table="arrived"), bounds).fetchall()
    rewritten = connection.execute(
        _DELETE.format(table="settled") + "RETURNING kept.series, kept.at_ms", bounds
    ).fetchall()
    connection.execute(_INSERT.format(table="arrived"))
    if rewritten:
        sum_up_again(connection, rewritten)
    return len(rows) - int(gone)


def _replace_texts(connection: duckdb.DuckDBPyConnection, rows: dict[RowKey, str]) -> None:
    if not rows:
        return
    series, at_ms, sub_ns = (list(column) for column in zip(*rows, strict=True))
    connection.execute(_BATCH.format(type="VARCHAR"), [series, at_ms, sub_ns, list(rows.values())])
    connection.execute(_DELETE.format(table="texts"), [min(at_ms), max(at_ms)])
    connection.execute(_INSERT.format(table="texts"))
