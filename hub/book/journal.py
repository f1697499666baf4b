"""The journal: every decision, in order, for those who follow it (history, pages) and for the record."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.book.model import AlertChanged, Decision, Recorded, RoundChanged
from hub.book.tables import JournalRow

_decoder: Final = msgspec.msgpack.Decoder(Decision)


def record(session: Session, decision: Decision, now_ms: int) -> None:
    """Writes a decision down. `now_ms`: the hub's clock."""
    if isinstance(decision, AlertChanged):
        kind, ref = "alert", str(decision.alert)
    elif isinstance(decision, RoundChanged):
        kind, ref = "round", decision.run
    else:
        kind, ref = "work", str(decision.order)
    body = msgspec.msgpack.encode(decision)
    session.add(JournalRow(kind=kind, ref=ref, recorded_at_ms=now_ms, body=body))


def after(session: Session, id_: int, limit: int) -> tuple[Recorded, ...]:
    """Up to `limit` decisions that follow number `id_`."""
    rows = session.scalars(select(JournalRow).where(JournalRow.id > id_).order_by(JournalRow.id).limit(limit))
    return tuple(_recorded(row) for row in rows)


def of_alert(session: Session, alert: int) -> tuple[Recorded, ...]:
    """Everything that became of one alert, oldest first."""
    return _of(session, "alert", str(alert))


def of_work(session: Session, order: int) -> tuple[Recorded, ...]:
    """Everything that became of one work order, oldest first."""
    return _of(session, "work", str(order))


def of_round(session: Session, run: str) -> tuple[Recorded, ...]:
    """Everything that became of one run of a round, oldest first."""
    rows = session.scalars(
        select(JournalRow).where(JournalRow.kind == "round", JournalRow.ref == run).order_by(JournalRow.id)
    )
    return tuple(_recorded(row) for row in rows)


def newest(session: Session) -> int:
    """The number of the newest decision; 0 if there is none."""
    return session.scalar(select(func.max(JournalRow.id))) or 0


def _of(session: Session, kind: str, ref: str) -> tuple[Recorded, ...]:
    found = select(JournalRow).where(JournalRow.kind == kind, JournalRow.ref == ref)
    return tuple(_recorded(row) for row in session.scalars(found.order_by(JournalRow.id)))


def _recorded(row: JournalRow) -> Recorded:
    return Recorded(row.id, row.recorded_at_ms, _decoder.decode(row.body))
