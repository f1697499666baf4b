"""The journal: every decision, in order, for those who follow it (history, pages) and for the record."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.book.model import AlertChanged, Decision, Recorded
from hub.book.tables import JournalRow

_decoder: Final = msgspec.msgpack.Decoder(Decision)


def record(session: Session, decision: Decision, now_ms: int) -> None:
    """Writes a decision down. `now_ms`: the hub's clock."""
    if isinstance(decision, AlertChanged):
        kind, ref = "alert", str(decision.alert)
    else:
        kind, ref = "round", decision.run
    body = msgspec.msgpack.encode(decision)
    session.add(JournalRow(kind=kind, ref=ref, recorded_at_ms=now_ms, body=body))


def after(session: Session, id_: int, limit: int) -> tuple[Recorded, ...]:
    """Up to `limit` decisions that follow number `id_`."""
    rows = session.scalars(select(JournalRow).where(JournalRow.id > id_).order_by(JournalRow.id).limit(limit))
    return tuple(_recorded(row) for row in rows)


def of_alert(session: Session, alert: int) -> tuple[Recorded, ...]:
    """Everything that became of one alert, oldest first."""
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.kind == "alert", JournalRow.ref == str(alert))
        .order_by(JournalRow.id)
    )
    return tuple(_recorded(row) for row in rows)


def newest(session: Session) -> int:
    """The number of the newest decision; 0 if there is none."""
    return session.scalar(select(func.max(JournalRow.id))) or 0


def _recorded(row: JournalRow) -> Recorded:
    return Recorded(row.id, row.recorded_at_ms, _decoder.decode(row.body))
