"""Moving house: what the embedded history holds, and the log no longer, is copied to another store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from hub.history.duck import DuckHistory
from hub.history.duck_layout import HOUR_MS
from hub.history.port import Cursors, History, HistoryUnavailableError, Point, Refused
from hub.history.typed import END_OF_TIME_MS

_BATCH: Final = 5_000
_T = TypeVar("_T")


class SourceError(Exception):
    """The embedded history cannot be read; `detail` names the file, who holds it, and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Progress(msgspec.Struct, frozen=True):
    """Everything before `until_ms` is copied, `points` of them in this call; `refused` in this step.

    `hours`: how many hours that hold anything are done, out of `of_hours`."""

    until_ms: int
    points: int
    hours: int = 0
    of_hours: int = 0
    refused: tuple[Refused, ...] = ()


def backfill(
    source: Path,
    target: History,
    progress: Callable[[Progress], None],
    before_ms: int = END_OF_TIME_MS,
    from_ms: int = 0,
    wanted: Callable[[Point], bool] = lambda _: True,
) -> int:
    """Copies every raw value that the embedded history in `source` has in [from, before); returns how many.

    Harmless to repeat: the same point is the same point. To go on after an interruption, give the last
    reported `until_ms` as `from_ms`. `wanted`: leaves out what the pump writes itself. No other process may
    have the file open. Raises SourceError (the embedded history) and HistoryUnavailableError (the target)."""
    history = DuckHistory(source)
    copied = 0
    try:
        hours = _read(lambda: history.raw_hours(from_ms, before_ms))
        for number, hour_ms in enumerate(hours, 1):
            start_ms, until_ms = max(hour_ms, from_ms), min(hour_ms + HOUR_MS, before_ms)
            points = list(filter(wanted, _read(partial(history.raw_points, start_ms, until_ms))))
            refused: list[Refused] = []
            for first in range(0, len(points), _BATCH):
                refused += target.write(points[first : first + _BATCH], target.cursors() or Cursors())
            copied += len(points)
            progress(Progress(until_ms, copied, number, len(hours), tuple(refused)))
    finally:
        history.close()
    return copied


def _read(question: Callable[[], _T]) -> _T:
    try:
        return question()
    except HistoryUnavailableError as error:
        raise SourceError(error.detail) from error
