"""How often each watch's alert comes and goes, kept in the book: what flapping is decided by."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.tables import RestlessRow
from rules import flapping
from rules.flapping import Restless

_CALM: Final = Restless()


def turned(session: Session, rule: str, subject: str, at_ms: int) -> bool:
    """Notes that an alert was raised or cleared at `at_ms` of the facts' time; returns whether it flaps."""
    row = session.get(RestlessRow, (rule, subject))
    if row is None:
        row = RestlessRow(rule=rule, subject=subject, changed=0, to_ms=at_ms, flapping=False)
        session.add(row)
    _put(row, flapping.turned(_of(row), at_ms))
    return row.flapping


def flapping_at(session: Session, now_ms: int) -> frozenset[tuple[str, str]]:
    """The watches (rule, subject) that flap, after time without a turn up to `now_ms`."""
    rows = session.scalars(select(RestlessRow).where(RestlessRow.flapping.is_(True)))
    return frozenset((row.rule, row.subject) for row in rows if flapping.passed(_of(row), now_ms).flapping)


def settle(session: Session, now_ms: int) -> None:
    """Writes down which watches flap no more, and forgets those that have been calm for long."""
    for row in session.scalars(select(RestlessRow)):
        now = flapping.passed(_of(row), now_ms)
        if now.changed == _CALM.changed:
            session.delete(row)
        elif row.flapping and not now.flapping:
            _put(row, now)


def _of(row: RestlessRow) -> Restless:
    return Restless(row.changed, row.to_ms, row.flapping)


def _put(row: RestlessRow, restless: Restless) -> None:
    row.changed, row.to_ms, row.flapping = restless.changed, restless.to_ms, restless.flapping
