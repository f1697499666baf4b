"""Minding the alerts: whatever begins or ends around them by itself, with the time or with other alerts.

All that this goes by is in the book and in the configuration, so that timers outlive a restart.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import keeping, restlessness, settings
from hub.alerts.suppressing import Known, Surrounded, Surroundings
from hub.book.store import Book
from hub.book.tables import AlertRow, MetaRow
from hub.config.model import Campus, MaintenanceWindow
from rules import life
from rules.causes import SETTLING_MS
from rules.life import Change, Hush, Lived
from rules.model import Closing, Severity

_STARTED: Final = "window_started:"  # and an id of up to 48 characters, in a name of up to 64
_TOLD_OF: Final = {
    Hush.MAINTENANCE: Change.MAINTENANCE,
    Hush.OUT_OF_SERVICE: Change.OUT_OF_SERVICE,
}


class Minder:
    """Knows the campus's windows and topology. Any thread may have its own."""

    def __init__(self, campus: Campus, session: Session) -> None:
        """`session` tells which flexible windows have started."""
        self._rules = campus.rules
        self._surroundings = _surroundings(campus, session)

    def is_due(self, book: Book, now_ms: int) -> bool:
        """Whether `mind` would change anything; only reads."""
        with book.reading() as session:
            rows = _rows(session, now_ms)
            is_over = settings.run_out(session, now_ms)
            return bool(is_over) or any(
                lived.changes or _is_elsewhere(row, around)
                for row, lived, around in self._lives(session, rows, now_ms)
            )

    def mind(self, session: Session, now_ms: int) -> bool:
        """Brings every open alert up to date with what surrounds it; returns whether anything changed."""
        ended = settings.end_run_out(session, now_ms)
        rows = _rows(session, now_ms)
        self._start_windows(session, rows, now_ms)
        changed = bool(ended)
        for row, lived, around in self._lives(session, rows, now_ms):
            if _is_elsewhere(row, around):
                row.parent = around.parent
                changed = True
            if lived.changes:
                _write(session, row, lived, around, now_ms)
                changed = True
        restlessness.settle(session, now_ms)
        return changed

    def _lives(
        self, session: Session, rows: list[AlertRow], now_ms: int
    ) -> list[tuple[AlertRow, Lived, Surrounded]]:
        flapping = restlessness.flapping_at(session, now_ms)
        known = [_known(row, now_ms) for row in rows]
        around = self._surroundings.around(known, settings.unended(session), flapping, now_ms)
        return [
            (row, self._live(row, around[row.id], now_ms), around[row.id]) for row in rows if row.id in around
        ]

    def _live(self, row: AlertRow, around: Surrounded, now_ms: int) -> Lived:
        rule = self._rules.get(row.rule)
        closing = rule.closing if rule else Closing.PERSON
        return life.surround(keeping.state_of(row), frozenset(around.hushes), closing, now_ms)

    def _start_windows(self, session: Session, rows: list[AlertRow], now_ms: int) -> None:
        for row in rows:
            if row.active:
                for window, at_ms in self._surroundings.problem(row.rule, row.subject, now_ms):
                    session.merge(MetaRow(name=f"{_STARTED}{window}", value=str(at_ms)))


def windows_now(
    campus: Campus, session: Session, now_ms: int
) -> tuple[tuple[MaintenanceWindow, int | None], ...]:
    """The configured maintenance windows under way, each with its end if it has one within the year."""
    return _surroundings(campus, session).windows_at(now_ms)


def started_windows(session: Session) -> dict[str, int]:
    """When a problem started flexible windows, by their id."""
    rows = session.scalars(select(MetaRow).where(MetaRow.name.startswith(_STARTED)))
    return {row.name.removeprefix(_STARTED): int(row.value) for row in rows}


def _surroundings(campus: Campus, session: Session) -> Surroundings:
    return Surroundings(campus, started_windows(session))


def _rows(session: Session, now_ms: int) -> list[AlertRow]:
    """The open alerts, and those that ended so recently that consequences may still be theirs."""
    recently = AlertRow.judged_at_ms >= now_ms - SETTLING_MS
    return list(session.scalars(select(AlertRow).where(AlertRow.closed.is_(False) | recently)))


def _known(row: AlertRow, now_ms: int) -> Known:
    judged_at_ms = row.judged_at_ms if row.judged_at_ms is not None else row.raised_at_ms
    return Known(
        id=row.id,
        rule=row.rule,
        subject=row.subject,
        severity=Severity(row.severity),
        active=row.active,
        closed=row.closed,
        since_ms=row.since_ms,
        over_ms=row.cleared_at_ms if row.cleared_at_ms is not None else row.closed_at_ms,
        # Judged in the future, it was by a clock that has been set back since: long ago, for all one knows.
        settled=not row.active and not 0 <= now_ms - judged_at_ms < SETTLING_MS,
        shelved=row.shelved_until_ms is not None,
    )


def _is_elsewhere(row: AlertRow, around: Surrounded) -> bool:
    """Whether it belongs below another alert than now. Where it once stood it stays."""
    return around.parent is not None and row.parent != around.parent


def _write(session: Session, row: AlertRow, lived: Lived, around: Surrounded, now_ms: int) -> None:
    reason = next((around.hushes[hush] for hush in _TOLD_OF if hush in around.hushes), None)
    row.suppressed_by = reason.by if reason else ""
    row.suppressed_why = reason.why if reason else ""
    row.suppressed_until_ms = reason.until_ms if reason else None
    told = {
        change: (around.hushes[hush].by, around.hushes[hush].why)
        for hush, change in _TOLD_OF.items()
        if hush in around.hushes
    }
    keeping.record_changes(session, row, lived, now_ms, now_ms=now_ms, told=told)
