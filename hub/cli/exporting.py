"""Facts and dead letters as rows of CSV or JSON lines, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

from devices.facts import OF_THE_HUB
from hub.cli.forms import Form
from hub.log.model import Logged, StoredLetter
from hub.log.overview import kind_of

Row = tuple[int | str, ...]
Columns = tuple[str, ...]

FACT_COLUMNS: Final[Columns] = (
    "seq",
    "kind",
    "device",
    "measured_at",
    "received_at",
    "clock",
    "key",
    "content",
)
LETTER_COLUMNS: Final[Columns] = ("id", "received_at", "reason", "detail", "topic", "size", "payload")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_COMMON: Final = frozenset({"type", "key", "device", "measured_at_ms", "received_at_ms", "clock"})


def write_rows(stream: TextIO, columns: Columns, rows: Iterable[Row], form: Form) -> int:
    """Writes the rows, CSV with a heading; returns how many."""
    count = 0
    if form is Form.CSV:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([harmless(cell) for cell in row])
            count += 1
        return count
    for row in rows:
        stream.write(msgspec.json.encode(dict(zip(columns, row, strict=True))).decode() + "\n")
        count += 1
    return count


def harmless(cell: int | str) -> int | str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def fact_row(logged: Logged) -> Row:
    """A fact in the order of `FACT_COLUMNS`; what only its kind has is JSON, under `content`."""
    fact = logged.fact
    said = {name: value for name, value in msgspec.to_builtins(fact).items() if name not in _COMMON}
    return (
        logged.seq,
        kind_of(fact),
        fact.device,
        _iso(fact.measured_at_ms),
        _iso(fact.received_at_ms),
        "" if isinstance(fact, OF_THE_HUB) else fact.clock.value,
        fact.key,
        msgspec.json.encode(said).decode(),
    )


def letter_row(letter: StoredLetter) -> Row:
    """A dead letter in the order of `LETTER_COLUMNS`; bytes that are no text stand as backslash escapes."""
    payload = letter.payload.decode(errors="backslashreplace")
    at = _iso(letter.received_at_ms)
    return (letter.id, at, letter.reason, letter.detail, letter.topic, letter.size, payload)


def _iso(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
