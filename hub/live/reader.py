"""The reader of the log and the journal that keeps the board up to date."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from hub.alerts import keeping
from hub.alerts.at_work import AtWork
from hub.book import journal
from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.live.board import Board, Changed, DeviceNow, Quantity
from hub.log.model import Latest
from hub.log.reader import LogReader

BATCH: Final = 2_000
_LOOKS_EVERY_MS: Final = 500
_DAY_MS: Final = 86_400_000


class LiveReader:
    """Starts from what the log and the book know, then follows both. `turn` from one thread."""

    def __init__(self, board: Board, log: LogReader, book: Book, campus: Campus, now: NowMs) -> None:
        self._board = board
        self._log = log
        self._book = book
        self._at_work = AtWork(campus)
        self._now = now
        self.cursor = log.newest_seq()
        self._seen = (-1, -1)
        self._book_changed = threading.Event()
        self._looked_ms = -1
        board.restore(_devices(log.latest(), log.heard()), log.recent_taps(100))

    def look_at_book(self) -> None:
        """The book has changed: the next turn looks. From any thread."""
        self._book_changed.set()

    def turn(self) -> float:
        """Shows what is new; returns how long to rest, in seconds."""
        changed: frozenset[Changed] = frozenset()
        batch = self._log.after(self.cursor, BATCH)
        if batch:
            changed |= self._board.fold(batch.facts)
            self.cursor = batch.last
        try:
            changed |= self._follow_book()
        finally:
            self._board.announce(changed)  # what was folded is shown, also while the book is away
        return 0.0 if len(batch) == BATCH else 0.5

    def _follow_book(self) -> frozenset[Changed]:
        """Asks the book when somebody said that it changed, and now and then in case nobody did."""
        now_ms = self._now()
        if not self._book_changed.is_set() and 0 <= now_ms - self._looked_ms < _LOOKS_EVERY_MS:
            return frozenset()
        self._book_changed.clear()
        self._looked_ms = now_ms
        with self._book.reading() as session:
            newest = journal.newest(session)
            planned = keeping.newest_plan(session)
            changed = self._board.put_upkeep(self._at_work.now(session, now_ms))
            if (newest, planned) == self._seen:
                return changed
            alerts = keeping.unclosed(session)
            runs = keeping.runs_between(session, now_ms - _DAY_MS, now_ms + _DAY_MS)
        self._seen = (newest, planned)
        return changed | self._board.put_alerts(alerts) | self._board.put_rounds(runs)


def _devices(latest: Iterable[Latest], heard: dict[str, tuple[int, bool]]) -> list[DeviceNow]:
    quantities: dict[str, list[Quantity]] = {}
    for row in latest:
        quantities.setdefault(row.device, []).append(Quantity(row.field, row.value, row.measured_at_ms))
    return [
        DeviceNow(
            id=device,
            quantities=tuple(quantities.get(device, ())),
            measured_at_ms=max((q.measured_at_ms for q in quantities.get(device, ())), default=None),
            received_at_ms=received_at_ms or None,
            online=online,
        )
        for device, (received_at_ms, online) in heard.items()
    ]
