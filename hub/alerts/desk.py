"""What people do to alerts: take them on, close, confirm, shelve them; refused with a reason, recorded with a
name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import keeping
from hub.alerts.minding import Minder
from hub.book.model import Alert
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.config.model import Campus
from rules import life
from rules.life import AlertState, Lived, Refusal, Shelf
from rules.model import Closing, Role, Rule, Severity, Subject

Done: TypeAlias = Alert | Refusal | None
_Action: TypeAlias = Callable[[Session, AlertRow, AlertState], Lived | Refusal]


def acknowledge(book: Book, alert: int, by: str, reason: str, now_ms: int) -> Done:
    """`by` (a person's id) takes the alert on and says why or how; None: there is no such alert."""

    def act(_session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        lived = life.acknowledge(state, reason)
        if isinstance(lived, Lived):
            row.acknowledged_by, row.acknowledged_reason, row.acknowledged_at_ms = by, reason, now_ms
        return lived

    return _act(book, alert, act, by=by, note=reason, now_ms=now_ms)


def close(
    book: Book,
    rules: Mapping[str, Rule],
    alert: int,
    by: str,
    corrective_action: str,
    now_ms: int,
    *,
    role: Role,
) -> Done:
    """`by` closes an alert and says what was put right; with Closing.SECOND another one has to confirm.

    What only looking into can end is ended by whoever answers for it: `role` is what `by` is."""

    def act(_session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        rule = rules.get(row.rule)
        lived = life.close(
            state, corrective_action, _closing_of(rule), by, answers=life.answers_for(rule, role)
        )
        if isinstance(lived, Lived):
            row.closed_by, row.closed_action = by, corrective_action
        return lived

    return _act(book, alert, act, by=by, note=corrective_action, now_ms=now_ms)


def confirm(book: Book, alert: int, by: str, note: str, now_ms: int) -> Done:
    """`by` has looked and found it put right by somebody else; `note` may be empty."""

    def act(_session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        lived = life.confirm(state, by)
        if isinstance(lived, Lived):
            row.confirmed_by = by
        return lived

    return _act(book, alert, act, by=by, note=note, now_ms=now_ms)


def reject(book: Book, alert: int, by: str, reason: str, now_ms: int) -> Done:
    """`by` has looked and found it not put right."""

    def act(_session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        lived = life.reject(state, reason)
        if isinstance(lived, Lived):
            _undo(row)
        return lived

    return _act(book, alert, act, by=by, note=reason, now_ms=now_ms)


def reopen(book: Book, alert: int, by: str, reason: str, now_ms: int) -> Done:
    """`by` wants a closed alert to be dealt with once more."""

    def act(session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        closed_at_ms = row.closed_at_ms if row.closed_at_ms is not None else row.raised_at_ms
        lived = life.reopen(
            state, reason, closed_for_ms=now_ms - closed_at_ms, has_newer=_has_newer(session, row)
        )
        if isinstance(lived, Lived):
            _undo(row)
        return lived

    return _act(book, alert, act, by=by, note=reason, now_ms=now_ms)


def shelve(
    book: Book, campus: Campus, alert: int, by: str, reason: str, for_ms: int | None, now_ms: int
) -> Done:
    """`by` asks for quiet for `for_ms`, or (None) until the alert clears, but no longer than is allowed."""

    def act(_session: Session, row: AlertRow, state: AlertState) -> Lived | Refusal:
        severity = Severity(row.severity)
        most_ms = life.shelf_left_ms(state.shelved_ms, severity)
        shelf = Shelf(now_ms + (most_ms if for_ms is None else for_ms), once=for_ms is None)
        lived = life.shelve(state, reason, shelf, severity, now_ms)
        if isinstance(lived, Lived):
            row.shelved_by, row.shelved_why = by, reason
        return lived

    return _act(book, alert, act, by=by, note=reason, now_ms=now_ms, campus=campus)


def unshelve(book: Book, campus: Campus, alert: int, by: str, now_ms: int) -> Done:
    """`by` ends the quiet."""

    def act(_session: Session, _row: AlertRow, state: AlertState) -> Lived | Refusal:
        return life.unshelve(state)

    return _act(book, alert, act, by=by, note="", now_ms=now_ms, campus=campus)


def _act(
    book: Book,
    alert: int,
    action: _Action,
    *,
    by: str,
    note: str,
    now_ms: int,
    campus: Campus | None = None,
) -> Done:
    """`campus`: where what is done may matter to other alerts as well."""
    with book.writing() as session:
        row = _find(session, alert)
        if row is None:
            return None
        lived = action(session, row, keeping.state_of(row))
        if isinstance(lived, Refusal):
            return lived
        keeping.record_changes(session, row, lived, now_ms, by=by, note=note.strip(), now_ms=now_ms)
        if campus is not None:
            Minder(campus, session).mind(session, now_ms)
        return keeping.alert_of(row)


def _closing_of(rule: Rule | None) -> Closing:
    """Of a round that is over nothing can clear the alert. Of all else a reading does: closed while it
    lasts, its watch would have said all that it has to say, and nobody would hear of it again."""
    if rule is None:
        return Closing.PERSON
    if rule.select.subject is Subject.ROUND:
        return Closing.REVIEW if rule.closing in (Closing.AUTO, Closing.PERSON) else rule.closing
    return Closing.PERSON if rule.closing is Closing.REVIEW else rule.closing


def _undo(row: AlertRow) -> None:
    """Who put it right stands in the record; the alert is anybody's again."""
    row.closed_by = row.closed_action = row.confirmed_by = ""
    row.acknowledged_by, row.acknowledged_reason, row.acknowledged_at_ms = "", "", None


def _has_newer(session: Session, row: AlertRow) -> bool:
    newer = select(AlertRow.id).where(
        AlertRow.closed.is_(False), AlertRow.rule == row.rule, AlertRow.subject == row.subject
    )
    return session.scalars(newer).first() is not None


def _find(session: Session, alert: int) -> AlertRow | None:
    # A number that no database can hold is the number of no alert.
    return session.get(AlertRow, alert) if 0 < alert < 2**63 else None
