"""The reader of the log that judges: facts in, alerts out.

What watches say is written at once, with their states, which tell up to which fact they have judged. All that
the others remember is written with the cursor, now and then: after a crash the facts since then are judged
once more, but not by those that have judged them already. So nothing is said twice. What the others have
to say now, by a rule that changed meanwhile, is said now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from devices.facts import Fact, Tick
from hub.alerts import changed_rules, keeping
from hub.alerts.judging import Judging, Said, WatchKey
from hub.alerts.minding import Minder
from hub.alerts.rounds import OF_ROUNDS, Plan, Runs, day_of
from hub.book import cursors
from hub.book.store import Book
from hub.book.tables import AlertRow, MetaRow, RoundRow
from hub.clock import NowMs
from hub.config.model import Campus
from hub.log.reader import LogReader
from rules import life
from rules.bind import DayTarget, Planned, bind
from rules.model import Raised, Subject, Watch
from rules.route import Visit

READER: Final = "alerts"
BATCH: Final = 2_000
SAVE_EVERY_MS: Final = 60_000
# Many devices that say little: writing down what they are remembered by would cost more than judging them.
SAVE_AT_LEAST_EVERY_MS: Final = 600_000
_FEW_STATES: Final = 10_000  # are written in a fifth of a second
_FACTS_OF_A_STATE: Final = 10  # that are judged in the time in which one state is written, or less
# However short the time: a restart must not have more than this to judge again, some ten seconds' work.
SAVE_EVERY_FACTS: Final = 2_000_000
# Raised by a fact that took longer than this to arrive, an alert is marked as late.
LATE_MS: Final = 15 * 60_000
MIND_EVERY_MS: Final = 1_000
_INSTALLED: Final = "installed_at_ms"
_PLANNED: Final = "rounds_planned_from"

_Planned: TypeAlias = tuple[str, Planned]  # a run's round's id, and the run


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
        self._campus = campus
        self._rules = campus.rules
        self._round_rules = [rule for rule in campus.rules.values() if rule.select.subject in OF_ROUNDS]
        self._log = log
        self._book = book
        self._now = now
        self._decided = decided
        self._watches = tuple(watches)
        self._plan = plan
        self._started_at_ms = now()
        self._planned: list[_Planned] = []
        self._ticked_ms: int | None = None
        self._begin()

    def _begin(self) -> None:
        """Goes on from what the book knows: at the start, and when something could not be written down."""
        self._has_begun = False
        now_ms = self._now()
        with self._book.writing() as session:
            newest_seq = self._log.newest_seq()
            keeping.none_ahead_of(session, newest_seq)
            self.cursor = self.saved_cursor = cursors.within(session, READER, newest_seq)
            states, overheard = keeping.load_states(session), keeping.load_overheard(session)
            self._judging = Judging(self._watches, states, overheard, self.cursor)
            self._gone: set[WatchKey] = set()
            self._runs = self._open_runs(session)
            self._visits = self._known_visits(session)
            keeping.forget_watches(session, self._strangers(session))
            self._withdraw(session)
            changed_rules.note(session, self._campus, now_ms)
            self._minder: Minder | None = Minder(self._campus, session)
            self._minder.mind(session, now_ms)
        self._saved_at_ms = self._minded_at_ms = now_ms
        self._has_begun = True

    def turn(self) -> float:
        """Judges the next facts; returns how long to rest, in seconds."""
        if not self._has_begun:
            self._begin()
        batch = self._log.after(self.cursor, BATCH)
        if not batch:
            self._mind_if_due()
            self._save_if_due()
            return 0.5
        self._planned, self._ticked_ms = [], None
        try:
            said = self._judging.judge(batch.first, batch.facts, self._now(), self._before)
            speakers = {(one.watch.rule, one.watch.subject) for one in said}
            if said or self._planned:
                self._write_down(said, speakers, batch.last)
        except BaseException:
            self._has_begun = False  # what is remembered has judged facts of which nobody was told
            raise
        self._judging.saved(speakers)
        self.cursor = batch.last
        if self._planned:
            self._saved()
        if said or self._planned:
            self._decided()
        self._let_go()
        self._mind_if_due()
        self._save_if_due()
        return 0.0

    def save(self) -> None:
        """Writes down all that the watches remember, and how far they have judged."""
        if not self._has_begun:
            return
        with self._book.writing() as session:
            self._write_memory(session, self.cursor)
        self._saved()

    # --- judging a batch ---

    def _before(self, fact: Fact) -> None:
        """Watches the runs that a fact may be about."""
        if isinstance(fact, Tick) and not fact.phones_only:
            self._ticked_ms = max(self._ticked_ms or 0, fact.measured_at_ms)
        for planned in self._runs.due_for(fact):
            self._planned.append(planned)
            for rule in self._round_rules:
                watch = bind(rule, planned[1])
                if watch is not None:
                    self._judging.watch_round(watch, self._visits.get(planned[1].id, ()))

    def _write_down(self, said: list[Said], speakers: set[WatchKey], seq: int) -> None:
        now_ms = self._now()
        with self._book.writing() as session:
            for round_id, target in self._planned:
                if not isinstance(target, DayTarget):
                    keeping.plan_round(session, round_id, target)
            for one in said:
                is_late = isinstance(one.event, Raised) and one.transit_ms > LATE_MS
                keeping.apply(session, one, self._rules[one.watch.rule], now_ms, late=is_late)
            self._minder_in(session).mind(session, now_ms)
            if self._planned:
                # Once a day. The cursor goes along, so that no restart plans by facts that were planned by.
                self._write_memory(session, seq)
            else:
                keeping.save_states(session, self._judging.shown(speakers), seq)

    # --- minding ---

    def _mind_if_due(self) -> None:
        """Whatever begins or ends with the time."""
        now_ms = self._now()
        if 0 <= now_ms - self._minded_at_ms < MIND_EVERY_MS:
            return
        self._minded_at_ms = now_ms
        if self._minder is not None and not self._minder.is_due(self._book, now_ms):
            return
        try:
            with self._book.writing() as session:
                changed = self._minder_in(session).mind(session, now_ms)
        except BaseException:
            self._minder = None
            raise
        if changed:
            self._decided()

    def _minder_in(self, session: Session) -> Minder:
        if self._minder is None:
            self._minder = Minder(self._campus, session)
        return self._minder

    # --- remembering ---

    def _write_memory(self, session: Session, seq: int) -> None:
        keeping.save_states(session, self._judging.unsaved(), seq)
        keeping.save_overheard(session, self._judging.overheard())
        keeping.forget_watches(session, tuple(self._gone))
        cursors.save(session, READER, seq)
        if self._runs.planned_from is not None:
            session.merge(MetaRow(name=_PLANNED, value=self._runs.planned_from.isoformat()))

    def _saved(self) -> None:
        self._judging.saved()
        self._gone.clear()
        self.saved_cursor = self.cursor
        self._saved_at_ms = self._now()

    def _save_if_due(self) -> None:
        unsaved_facts = self.cursor - self.saved_cursor
        if not unsaved_facts:
            return
        elapsed_ms = self._now() - self._saved_at_ms
        states = self._judging.remembered
        is_worth_it = states <= _FEW_STATES or unsaved_facts >= _FACTS_OF_A_STATE * states
        longest_ms = SAVE_EVERY_MS if is_worth_it else SAVE_AT_LEAST_EVERY_MS
        if not 0 <= elapsed_ms < longest_ms or unsaved_facts >= SAVE_EVERY_FACTS:
            self.save()

    def _let_go(self) -> None:
        """Past rounds stay in the book, but nothing watches them any more. Only the hub's own time tells: a
        backlog may be older than the round that it belongs to is allowed to get."""
        if self._ticked_ms is not None:
            for subject in self._judging.rounds_ended_before(self._runs.horizon_ms(self._ticked_ms)):
                self._gone.update(self._judging.drop_round(subject))

    # --- starting ---

    def _open_runs(self, session: Session) -> Runs:
        planned = session.get(MetaRow, _PLANNED)
        return Runs(
            self._plan,
            self._campus.site.zone,
            installation(session, self._now()),
            date.fromisoformat(planned.value) if planned else None,
            started_at_ms=self._started_at_ms,
            known=frozenset(session.scalars(select(RoundRow.id))),
        )

    def _known_visits(self, session: Session) -> dict[str, tuple[Visit, ...]]:
        """What the book knows of recent rounds and days, for rules that did not watch them so far."""
        found: dict[str, tuple[Visit, ...]] = {}
        since_ms = self._runs.horizon_ms(self._now())
        for row in session.scalars(select(RoundRow).where(RoundRow.ends_ms >= since_ms)):
            visits = keeping.run_of(row).visits
            for subject in (row.id, day_of(row.id)) if visits else ():
                found[subject] = (*found.get(subject, ()), *visits)
        return found

    def _strangers(self, session: Session) -> tuple[WatchKey, ...]:
        """Drops what was remembered for watches that are no more. Rounds are watched once they are due."""
        rules = {rule.id for rule in self._round_rules}
        since_ms = self._runs.horizon_ms(self._now())
        rows = session.scalars(select(RoundRow).where(RoundRow.ends_ms >= since_ms)).all()
        recent = {subject for row in rows for subject in (row.id, day_of(row.id))}
        return self._judging.forget_all_but(
            lambda key: (
                self._judging.watches(key)
                or (key[0] in rules and (key[1] in recent or self._judging.is_ahead(key)))
            )
        )

    def _withdraw(self, session: Session) -> None:
        """Alerts of rules or devices that left the configuration end here: nothing could clear them."""
        rows = session.scalars(select(AlertRow).where(AlertRow.closed.is_(False))).all()
        for row in rows:
            rule = self._rules.get(row.rule)
            is_day = rule is not None and rule.select.subject is Subject.DAY
            is_round = is_day or (rule is not None and session.get(RoundRow, row.subject) is not None)
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


def installation_if_known(session: Session) -> int:
    """Since when this campus is watched; 0 if nothing was ever judged here. Notes nothing."""
    row = session.get(MetaRow, _INSTALLED)
    return int(row.value) if row is not None else 0
