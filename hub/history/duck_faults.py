"""What a fault of DuckDB means to the people who run the hub: what happened, and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from hub.history.port import HistoryUnavailableError, Link

_HOLDER: Final = re.compile(r"\(PID (\d+)\)")
_LENGTH: Final = 300
_DAMAGED: Final = ("not a valid DuckDB database", "Corrupt database file", "Serialization Error", "checksum")


def unavailable(path: Path, error: duckdb.Error) -> HistoryUnavailableError:
    """The error to raise for DuckDB's own; its text names the file and what a person can do."""
    said = " ".join(str(error).split())[:_LENGTH]
    name = path.name
    if "Could not set lock" in said:
        holder = _HOLDER.search(str(error))
        who = f"process {holder[1]}" if holder else "another program"
        advice = "end it (a second hub, a database browser), and this hub goes on by itself"
        return HistoryUnavailableError(Link.UNREACHABLE, f"{name} is in use by {who}: {advice}")
    if any(sign in said for sign in _DAMAGED):
        advice = "move the file away or put a backup back; the hub fills a new one from its log"
        return HistoryUnavailableError(Link.REFUSED, f"{name} is damaged: {advice}. {said}")
    if isinstance(error, duckdb.IOException):
        advice = "check that the disk has room and that the hub may write there"
        return HistoryUnavailableError(
            Link.UNREACHABLE, f"{name} cannot be read or written: {advice}. {said}"
        )
    return HistoryUnavailableError(Link.UNREACHABLE, f"{name}: {said}")
