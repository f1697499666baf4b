"""Cursors into the log that are kept in the book, with what their reader decided."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.book.tables import CursorRow


def load(session: Session, reader: str) -> int:
    """The last sequence number that a reader has dealt with; 0 at its first start."""
    row = session.get(CursorRow, reader)
    return row.seq if row else 0


def save(session: Session, reader: str, seq: int) -> None:
    """Everything up to `seq` is dealt with."""
    session.merge(CursorRow(reader=reader, seq=seq))
