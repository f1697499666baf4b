"""The reader of the log that judges: facts in, alerts out.

What watches say is kept at once, in one transaction with the cursor `alerts-said`. What they remember is kept
every few seconds, with the cursor `alerts`. After a crash the facts between the two are judged once more, and
what the watches say to them is known already: judging is pure, so they say the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.alerts import keeping
from hub.alerts.judging import Judging, Said, WatchKey
from hub.alerts.rounds import Plan, Runs
from hub.book import cursors
from hub.book.store import Book
from hub.book.tables import AlertRow, MetaRow, RoundRow
from hub.clock import NowMs
from hub.config.model import Campus
from hub.log.model import Logged
from hub.log.reader import LogReader
from rules import life
from rules.bind import RoundTarget, bind
from rules.model import Subject, Watch

READER: Final = "alerts"
SAID: Final = "alerts-said"
BATCH: Final = 2_000
SAVE_EVERY_MS: Final = 5_000
# However short the time: a restart must not have more than this to judge again.
SAVE_EVERY_FACTS: Final = 50_000
_INSTALLED: Final = "installed_at_ms"
_PLANNED: Final = "rounds_planned_from"
_FINGERPRINT: Final = "watches_fingerprint"

# What a batch of facts leads to, in order: a run planned (its round's id and target), or something said.
_Step: TypeAlias = tuple[str, RoundTarget] | Said


class AlertsReader:
    """Follows the log. `turn` and `save` from one thread; `decided` is called when something changed.

    `cursor`: judged up to here; `saved_cursor`: a restart needs the log from here on."""

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
        self._rules = campus.rules
        self._round_rules = [rule for rule in campus.rules.values() if rule.select.subject is Subject.ROUND]
        self._log = log
        self._book = book
        self._now = now
        self._decided = decided
        self._gone: set[WatchKey] = set()
        known = tuple(watches)
        with book.writing() as session:
            self._judging = Judging(known, keeping.load_states(session))
            self._runs = self._open_runs(session, plan, campus)
            self.cursor = self.saved_cursor = cursors.load(session, READER)
            self._said = self._said_before(session, _fingerprint(campus, known))
            self._withdraw(session)
        self._saved_at_ms = now()

    def turn(self) -> float:
        """Judges the next facts; returns how long to rest, in seconds."""
        batch = self._log.after(self.cursor, BATCH)
        if not batch:
            self._save_if_due()
            return 0.5
        try:
            steps = self._judge(batch)
            if steps:
                self._write_down(steps, batch[-1].seq)
        except BaseException:
            self._judging.forget()
            self._runs.forget()
            raise
        self._judging.keep()
        self._runs.keep()
        self.cursor = batch[-1].seq
        self._let_go(batch[-1].fact.received_at_ms)
        self._save_if_due()
        if steps:
            self._decided()
        return 0.0

    def save(self) -> None:
        """Writes down what the watches remember."""
        unsaved = self._judging.unsaved()
        planned_from = self._runs.planned_from
        with self._book.writing() as session:
            keeping.save_states(session, unsaved)
            keeping.forget_watches(session, tuple(self._gone))
            cursors.save(session, READER, self.cursor)
            if planned_from is not None:
                session.merge(MetaRow(name=_PLANNED, value=planned_from.isoformat()))
        self._judging.saved()
        self._gone.clear()
        self.saved_cursor = self.cursor
        self._saved_at_ms = self._now()

    # --- judging a batch ---

    def _judge(self, batch: tuple[Logged, ...]) -> list[_Step]:
        now_ms = self._now()
        steps: list[_Step] = []
        for logged in batch:
            for planned in self._runs.due_for(logged.fact):
                steps.append(planned)
                self._watch_round(planned[1])
            said = self._judging.judge(logged.fact, now_ms)
            if logged.seq > self._said:
                steps.extend(said)
            else:
                for _ in said:  # said before the restart: only the memory is made anew
                    pass
        return steps

    def _watch_round(self, target: RoundTarget) -> None:
        for rule in self._round_rules:
            watch = bind(rule, target)
            if watch is not None:
                self._judging.add(watch)

    def _write_down(self, steps: list[_Step], seq: int) -> None:
        now_ms = self._now()
        with self._book.writing() as session:
            for step in steps:
                if isinstance(step, Said):
                    keeping.apply(session, step, self._rules[step.watch.rule], now_ms)
                else:
                    keeping.plan_round(session, *step)
            cursors.save(session, SAID, max(seq, self._said))
        self._said = max(seq, self._said)

    def _save_if_due(self) -> None:
        elapsed_ms = self._now() - self._saved_at_ms
        unsaved_facts = self.cursor - self.saved_cursor
        if unsaved_facts and (not 0 <= elapsed_ms < SAVE_EVERY_MS or unsaved_facts >= SAVE_EVERY_FACTS):
            self.save()

    def _let_go(self, at_ms: int) -> None:
        """Past rounds stay in the book, but nothing watches them any more."""
        for subject in self._judging.rounds_ended_before(self._runs.horizon_ms(at_ms)):
            self._gone.update(self._judging.drop_round(subject))

    # --- starting ---

    def _open_runs(self, session: Session, plan: Plan, campus: Campus) -> Runs:
        installed_at_ms = installation(session, self._now())
        planned = session.get(MetaRow, _PLANNED)
        planned_from = date.fromisoformat(planned.value) if planned else None
        return Runs(plan, campus.site.zone, installed_at_ms, planned_from)

    def _said_before(self, session: Session, fingerprint: str) -> int:
        """Up to where everything was said. Other watches may say other things: then nothing counts as said,
        and what the book knows already changes nothing when it is said again."""
        known = session.get(MetaRow, _FINGERPRINT)
        session.merge(MetaRow(name=_FINGERPRINT, value=fingerprint))
        if known is not None and known.value != fingerprint:
            return self.saved_cursor
        return max(cursors.load(session, SAID), self.saved_cursor)

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


def _fingerprint(campus: Campus, watches: tuple[Watch, ...]) -> str:
    """Changes with anything that changes what would be said."""
    digest = hashlib.blake2b(msgspec.msgpack.encode(watches), digest_size=16)
    digest.update(repr((campus.rounds, campus.checkpoints)).encode())
    return digest.hexdigest()
