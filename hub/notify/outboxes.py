"""Putting telling together: an outbox for each configured channel."""

from __future__ import annotations

import random
import time

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
            Composer(campus, said[channel.language], now).compose,
            now,
            time.monotonic,
            random.random,
        )
        for channel in campus.channels.values()
    )
