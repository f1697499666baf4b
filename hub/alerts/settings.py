"""What people set that hushes alerts: devices out of service, maintenance; who, why, until when."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.model import Setting, Suppression
from hub.book.tables import SuppressionRow

LONGEST_MS: Final = 31 * 24 * 3_600_000
_LARGEST_ID: Final = 2**63 - 1


def unended(session: Session) -> tuple[Suppression, ...]:
    """All that hold now, the newest first."""
    found = select(SuppressionRow).where(SuppressionRow.ended_at_ms.is_(None))
    return tuple(_of(row) for row in session.scalars(found.order_by(SuppressionRow.id.desc())))


def ended(session: Session, limit: int) -> tuple[Suppression, ...]:
    """Those that are over, the one that ended last first."""
    found = select(SuppressionRow).where(SuppressionRow.ended_at_ms.is_not(None))
    newest = found.order_by(SuppressionRow.ended_at_ms.desc(), SuppressionRow.id.desc()).limit(limit)
    return tuple(_of(row) for row in session.scalars(newest))


def add(
    session: Session,
    kind: Setting,
    *,
    device: str = "",
    area: str = "",
    reason: str,
    by: str,
    until_ms: int | None,
    now_ms: int,
) -> Suppression:
    """Sets one more."""
    row = SuppressionRow(
        kind=kind.value,
        device=device,
        area=area,
        reason=reason,
        set_by=by,
        set_at_ms=now_ms,
        until_ms=until_ms,
        ended_at_ms=None,
        ended_by="",
    )
    session.add(row)
    session.flush()
    return _of(row)


def end(session: Session, id_: int, by: str, now_ms: int) -> Suppression | None:
    """A person ends one; what is over stays as it is. None: there is no such one."""
    row = session.get(SuppressionRow, id_) if 0 < id_ <= _LARGEST_ID else None
    if row is None:
        return None
    if row.ended_at_ms is None:
        row.ended_at_ms, row.ended_by = now_ms, by
    return _of(row)


def run_out(session: Session, now_ms: int) -> list[SuppressionRow]:
    """Those that nobody ended and whose time is up, or was set by a clock that has been set back since:
    none is that long."""
    until_ms = SuppressionRow.until_ms
    is_up = (until_ms <= now_ms) | (until_ms > now_ms + LONGEST_MS)
    return list(session.scalars(select(SuppressionRow).where(SuppressionRow.ended_at_ms.is_(None), is_up)))


def end_run_out(session: Session, now_ms: int) -> int:
    """Ends those whose time is up; returns how many."""
    rows = run_out(session, now_ms)
    for row in rows:
        row.ended_at_ms = now_ms if row.until_ms is None else min(row.until_ms, now_ms)
    session.flush()
    return len(rows)


def _of(row: SuppressionRow) -> Suppression:
    return Suppression(
        id=row.id,
        kind=Setting(row.kind),
        device=row.device,
        area=row.area,
        reason=row.reason,
        set_by=row.set_by,
        set_at_ms=row.set_at_ms,
        until_ms=row.until_ms,
        ended_at_ms=row.ended_at_ms,
        ended_by=row.ended_by,
    )
