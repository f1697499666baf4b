"""Putting telling together: an outbox for each configured channel."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from hub.book.seen import Seen, last_seen
from hub.book.store import Book
from hub.clock import NowMs
from hub.config.model import Campus
from hub.notify.carriers import carrier_of
from hub.notify.message import Composer, load_texts
from hub.notify.outbox import Outbox


def make_outboxes(campus: Campus, book: Book, now: NowMs) -> tuple[Outbox, ...]:
    """One for each configured channel; each is to be turned by a thread of its own."""
    if not campus.channels:
        return ()
    said = load_texts()
    return tuple(
        Outbox(
            channel.id,
            carrier_of(channel),
            campus,
            book,
            Composer(campus, said[channel.language], now, _seen_in(book, now)).compose,
            now,
            time.monotonic,
            random.random,
        )
        for channel in campus.channels.values()
    )


def _seen_in(book: Book, now: NowMs) -> Callable[[str], Seen | None]:
    def seen(person: str) -> Seen | None:
        with book.reading() as session:
            return last_seen(session, person, now())

    return seen
