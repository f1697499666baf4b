"""Moving house: what the embedded history holds, and the log no longer, is copied to another store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from hub.history.duck import DuckHistory
from hub.history.duck_layout import HOUR_MS
from hub.history.port import Cursors, History, Refused
from hub.history.typed import END_OF_TIME_MS

_BATCH: Final = 5_000


class Progress(msgspec.Struct, frozen=True):
    """Everything before `until_ms` is copied, `points` of them in this call; `refused` in this step."""

    until_ms: int
    points: int
    refused: tuple[Refused, ...] = ()


def backfill(
    source: Path,
    target: History,
    progress: Callable[[Progress], None],
    before_ms: int = END_OF_TIME_MS,
    from_ms: int = 0,
) -> int:
    """Copies every raw value that the embedded history in `source` has in [from, before); returns how many.

    Harmless to repeat: the same point is the same point. To go on after an interruption, give the last
    reported `until_ms` as `from_ms`. `before_ms`: where the log begins, so that nothing that the pump wrote
    is written over. No other process may have the file open. Raises HistoryUnavailableError."""
    history = DuckHistory(source)
    copied = 0
    try:
        history.open()
        for hour_ms in history.raw_hours(from_ms, before_ms):
            until_ms = min(hour_ms + HOUR_MS, before_ms)
            points = history.raw_points(max(hour_ms, from_ms), until_ms)
            refused: list[Refused] = []
            for first in range(0, len(points), _BATCH):
                refused += target.write(points[first : first + _BATCH], target.cursors() or Cursors())
            copied += len(points)
            progress(Progress(until_ms, copied, tuple(refused)))
    finally:
        history.close()
    return copied
