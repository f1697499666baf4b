"""The reader of the log that judges: facts in, alerts out, both kept with the cursor in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import keeping
from hub.alerts.judging import Judging
from hub.alerts.rounds import Plan, Runs
from hub.book import cursors
from hub.book.store import Book
from hub.book.tables import AlertRow, MetaRow, RoundRow
from hub.clock import NowMs
from hub.config.model import Campus
from hub.log.model import Logged
from hub.log.reader import LogReader
from rules import life
from rules.bind import bind
from rules.model import Rule, Subject, Watch

READER: Final = "alerts"
BATCH: Final = 500
_INSTALLED: Final = "installed_at_ms"
_PLANNED: Final = "rounds_planned_from"


class AlertsReader:
    """Follows the log. `turn` from one thread; `decided` is called after each commit."""

    def __init__(
        self,
        campus: Campus,
        watches: Iterable[Watch],
        plan: Plan,
        log: LogReader,
        book: Book,
        now: NowMs,
        decided: Callable[[], None],
    ) -> None:
        self._rules: Mapping[str, Rule] = campus.rules
        self._round_rules = [rule for rule in campus.rules.values() if rule.select.subject is Subject.ROUND]
        self._log = log
        self._book = book
        self._now = now
        self._decided = decided
        with book.writing() as session:
            self._judging = Judging(watches, keeping.load_states(session))
            self._runs = self._open_runs(session, plan, campus)
            self.cursor = cursors.load(session, READER)
            self._withdraw(session)

    def turn(self) -> float:
        """Judges the next facts; returns how long to rest, in seconds."""
        batch = self._log.after(self.cursor, BATCH)
        if not batch:
            return 0.5
        try:
            with self._book.writing() as session:
                self._judge(session, batch)
        except BaseException:
            self._judging.forget()
            raise
        self._judging.keep()
        self.cursor = batch[-1].seq
        self._decided()
        return 0.0

    def _judge(self, session: Session, batch: tuple[Logged, ...]) -> None:
        now_ms = self._now()
        for logged in batch:
            for round_id, target in self._runs.due_for(logged.fact):
                keeping.plan_round(session, round_id, target)
                for rule in self._round_rules:
                    watch = bind(rule, target)
                    if watch is not None:
                        self._judging.add(watch)
            for said in self._judging.judge(logged.fact, now_ms):
                keeping.apply(session, said, self._rules[said.watch.rule], now_ms)
        keeping.save_states(session, self._judging.draft())
        cursors.save(session, READER, batch[-1].seq)
        self._let_go(session, batch[-1].fact.received_at_ms)

    def _let_go(self, session: Session, at_ms: int) -> None:
        """Past rounds stay in the book, but nothing watches them any more."""
        planned_from = self._runs.planned_from
        if planned_from is not None:
            session.merge(MetaRow(name=_PLANNED, value=planned_from.isoformat()))
        horizon_ms = self._runs.horizon_ms(at_ms)
        for subject in self._judging.rounds_ended_before(horizon_ms):
            keeping.forget_watches(session, self._judging.drop_round(subject))

    def _open_runs(self, session: Session, plan: Plan, campus: Campus) -> Runs:
        installed_at_ms = installation(session, self._now())
        planned = session.get(MetaRow, _PLANNED)
        planned_from = date.fromisoformat(planned.value) if planned else None
        return Runs(plan, campus.site.zone, installed_at_ms, planned_from)

    def _withdraw(self, session: Session) -> None:
        """Alerts of rules or devices that left the configuration end here: nothing could clear them."""
        rows = session.scalars(select(AlertRow).where(AlertRow.closed.is_(False))).all()
        for row in rows:
            rule = self._rules.get(row.rule)
            is_round = rule is not None and session.get(RoundRow, row.subject) is not None
            if not is_round and not self._judging.watches((row.rule, row.subject)):
                lived = life.withdraw(keeping.state_of(row))
                keeping.record_changes(session, row, lived, self._now(), by="", note="", now_ms=self._now())


def installation(session: Session, now_ms: int) -> int:
    """Since when this campus is watched: noted at the first call, the same ever after."""
    row = session.get(MetaRow, _INSTALLED)
    if row is None:
        row = MetaRow(name=_INSTALLED, value=str(now_ms))
        session.add(row)
    return int(row.value)
