"""What people do to alerts: take them on, close them; refused with a reason, recorded with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlalchemy.orm import Session

from hub.alerts import keeping
from hub.book.model import Alert
from hub.book.store import Book
from hub.book.tables import AlertRow
from rules import life
from rules.life import AlertState, Lived, Refusal
from rules.model import Closing, Rule

_Action: TypeAlias = Callable[[AlertState, str, str], Lived | Refusal]  # state, what was said, rule


def acknowledge(book: Book, alert: int, by: str, reason: str, now_ms: int) -> Alert | Refusal | None:
    """`by` (a person's id) takes the alert on and says why or how; None: there is no such alert."""

    def mark(row: AlertRow) -> None:
        row.acknowledged_by, row.acknowledged_reason, row.acknowledged_at_ms = by, reason, now_ms

    def act(state: AlertState, said: str, _rule: str) -> Lived | Refusal:
        return life.acknowledge(state, said)

    return _act(book, alert, act, mark, by=by, note=reason, now_ms=now_ms)


def close(
    book: Book, rules: Mapping[str, Rule], alert: int, by: str, corrective_action: str, now_ms: int
) -> Alert | Refusal | None:
    """`by` closes an alert and says what was put right; None: there is no such alert."""

    def mark(row: AlertRow) -> None:
        row.closed_by, row.closed_action = by, corrective_action

    def act(state: AlertState, action: str, rule: str) -> Lived | Refusal:
        known = rules.get(rule)
        return life.close(state, action, known.closing if known else Closing.PERSON)

    return _act(book, alert, act, mark, by=by, note=corrective_action, now_ms=now_ms)


def _act(
    book: Book,
    alert: int,
    action: _Action,
    mark: Callable[[AlertRow], None],
    *,
    by: str,
    note: str,
    now_ms: int,
) -> Alert | Refusal | None:
    with book.writing() as session:
        row = _find(session, alert)
        if row is None:
            return None
        lived = action(keeping.state_of(row), note, row.rule)
        if isinstance(lived, Refusal):
            return lived
        mark(row)
        keeping.record_changes(session, row, lived, now_ms, by=by, note=note.strip(), now_ms=now_ms)
        return keeping.alert_of(row)


def _find(session: Session, alert: int) -> AlertRow | None:
    # A number that no database can hold is the number of no alert.
    return session.get(AlertRow, alert) if 0 < alert < 2**63 else None
