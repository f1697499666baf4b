"""The loop that tells of orders that are not done in time."""

from __future__ import annotations

from typing import Final

from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.work import orders

_REST_S: Final = 30.0


class Overdue:
    """`turn` from one thread. What came due while the hub was down is told by the first turn."""

    def __init__(self, campus: Campus, book: Book, now: NowMs) -> None:
        self._campus = campus
        self._book = book
        self._now = now

    def turn(self) -> float:
        """Tells what is due; returns how long to rest, in seconds."""
        orders.tell_overdue(self._book, self._campus, self._now())
        return _REST_S
