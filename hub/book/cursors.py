"""Cursors into the log that are kept in the book, with what their reader decided."""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy.orm import Session

from hub.book.tables import CursorRow

_LOG: Final = logging.getLogger("campushub.book")


def load(session: Session, reader: str) -> int:
    """The last sequence number that a reader has dealt with; 0 at its first start."""
    row = session.get(CursorRow, reader)
    return row.seq if row else 0


def save(session: Session, reader: str, seq: int) -> None:
    """Everything up to `seq` is dealt with."""
    session.merge(CursorRow(reader=reader, seq=seq))


def within(session: Session, reader: str, newest_seq: int) -> int:
    """A reader's cursor, but not beyond the log's newest fact: a log that was restored or begun anew counts
    from lower numbers, and a reader that waited for the old ones would be blind."""
    seq = load(session, reader)
    if seq <= newest_seq:
        return seq
    _LOG.warning(
        "the log is another one than %s has read (%d of %d): it goes on here", reader, seq, newest_seq
    )
    return newest_seq
