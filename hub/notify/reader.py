"""The reader of the journal that decides who is told what: notices and its cursor in one transaction.

Timers (escalation, repetition, the end of quiet hours) are nowhere but in the book: each turn finds out anew
what is due, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book import cursors, journal
from hub.book.model import AlertChanged, Recorded
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.clock import NowMs
from hub.config.model import Campus
from hub.notify import ledger, policy
from hub.notify.model import ASKING, Dropped, Kind, Notice
from hub.notify.set_clock import SetClock
from hub.notify.story import Story, ending_of, fold, matter_of, moved
from rules.life import Change

READER: Final = "notify"
BATCH: Final = 500
_REST_S: Final = 1.0
_MOVES: Final = 100


class NoticesReader:
    """Follows the journal. `turn` from one thread; `decided` is called when channels have something to do."""

    def __init__(
        self,
        campus: Campus,
        book: Book,
        now: NowMs,
        steady: NowMs,
        decided: Callable[[], None],
    ) -> None:
        """`steady`: milliseconds by a clock that nobody can set."""
        self._campus = campus
        self._book = book
        self._now = now
        self._clock = SetClock(now, steady)
        self._decided = decided
        self._loaded = False
        self._cursor = 0
        self._stories: dict[int, Story] = {}  # of alerts that are not closed
        self._known: dict[int, set[str]] = {}  # ids in the ledger, by alert
        self._telling: dict[tuple[int, int], int] = {}  # since when an alert's occurrence is told
        self._looked_after: set[tuple[int, int]] = set()  # alerts left over of which somebody was told
        self._next_release_ms: int | None = None
        self._moves: deque[tuple[int, int]] = deque(maxlen=_MOVES)  # newest entry then, set by ms
        self._set_by_ms = 0  # and not minded yet

    def turn(self) -> float:
        """Writes down what is due; returns how long to rest, in seconds."""
        try:
            self._mind_clock()
            if not self._loaded:
                self._load()
            with self._book.reading() as session:
                news = journal.after(session, self._cursor, BATCH)
            if news:
                self._follow(news)
                return 0.0  # timers only once all that has happened is known
            return self._tell_what_is_due()
        except BaseException:
            self._loaded = False  # what is remembered may be ahead of the book
            raise

    # --- following ---

    def _mind_clock(self) -> None:
        """Waits begun before the clock was set go on for as long as they would have."""
        self._set_by_ms += self._clock.set_by_ms()
        set_by_ms = self._set_by_ms
        if set_by_ms:
            with self._book.reading() as session:
                newest = journal.newest(session)
            self._moves.append((newest, set_by_ms))
            self._stories = {id_: moved(story, set_by_ms) for id_, story in self._stories.items()}
            self._telling = {key: since_ms + set_by_ms for key, since_ms in self._telling.items()}
            self._set_by_ms = 0

    def _load(self) -> None:
        with self._book.reading() as session:
            self._cursor = cursors.load(session, READER)
            unclosed = session.scalars(select(AlertRow.id).where(AlertRow.closed.is_(False))).all()
            stories = {id_: self._story_until(session, id_, self._cursor) for id_ in unclosed}
            self._stories = {id_: story for id_, story in stories.items() if story is not None}
            self._known = {id_: ledger.known(session, id_) for id_ in self._stories}
            # What is remembered stands by the clock as it goes now.
            self._telling = {
                (id_, occurrence): since_ms
                for id_ in self._stories
                for occurrence, since_ms in ledger.telling(session, id_).items()
            } | {key: since_ms for key, since_ms in self._telling.items() if key[0] in self._stories}
            self._looked_after = set()
            self._next_release_ms = ledger.next_release_ms(session)
        self._loaded = True

    def _follow(self, news: Iterable[Recorded]) -> None:
        endings: list[Notice] = []
        with self._book.writing() as session:
            for recorded in news:
                endings += self._after(session, recorded)
                self._cursor = recorded.id
            cursors.save(session, READER, self._cursor)
            self._next_release_ms = ledger.next_release_ms(session)
        if endings:
            self._decided()

    def _after(self, session: Session, recorded: Recorded) -> tuple[Notice, ...]:
        changed = recorded.decision
        if not isinstance(changed, AlertChanged):
            return ()
        recorded = self._by_clock(recorded)
        before = self._stories.get(changed.alert) or self._story_until(
            session, changed.alert, recorded.id - 1
        )
        story = fold(before, recorded)
        if story is None:
            return ()
        if story.is_closed:
            self._stories.pop(story.alert, None)
            self._known.pop(story.alert, None)
        else:
            self._stories[story.alert] = story
            self._known.setdefault(story.alert, set())
        if changed.change is Change.ACKNOWLEDGED:
            ledger.drop_held(session, story.alert, Dropped.TAKEN_ON)
            ledger.acknowledged(
                session, story.alert, story.first_occurrence, changed.by, recorded.recorded_at_ms
            )
            return ()
        if before is not None and story.worsened and story.occurrence > before.occurrence:
            ledger.drop_held(session, story.alert, Dropped.WORSENED)
        elif not story.is_open and not story.flaps and not story.outgrew and not _stays_left(before, story):
            ledger.drop_held(session, story.alert, Dropped.HUSHED if story.hushes else Dropped.OVER)
        return self._ending(session, story, changed, recorded.recorded_at_ms)

    def _ending(
        self, session: Session, story: Story, changed: AlertChanged, at_ms: int
    ) -> tuple[Notice, ...]:
        kind = ending_of(changed)
        if kind is None:
            return ()
        told = ledger.told(session, story.alert, 1)
        notices = policy.ending(self._campus, story, kind, matter_of(changed), told, at_ms)
        self._write(session, story.alert, notices, max(self._now(), at_ms))
        if kind is Kind.REOPENED and notices:
            self._telling[story.alert, story.occurrence] = self._now()
        self._known.get(story.alert, set()).update(notice.id for notice in notices)
        return notices

    def _story_until(self, session: Session, alert: int, newest: int) -> Story | None:
        """The story that the journal tells up to entry `newest`."""
        story: Story | None = None
        for recorded in journal.of_alert(session, alert):
            if recorded.id <= newest:
                story = fold(story, self._by_clock(recorded))
        return story

    def _by_clock(self, recorded: Recorded) -> Recorded:
        """The entry as if it had been written down by the clock as it goes now; never ahead of it."""
        set_by_ms = sum(by_ms for newest, by_ms in self._moves if recorded.id <= newest)
        at_ms = min(recorded.recorded_at_ms + set_by_ms, self._now())
        return recorded if at_ms == recorded.recorded_at_ms else replace(recorded, recorded_at_ms=at_ms)

    # --- timers ---

    def _tell_what_is_due(self) -> float:
        now_ms = self._now()
        due = {id_: notices for id_, story in self._stories.items() if (notices := self._due(story, now_ms))}
        releases = ledger.is_release_due(self._next_release_ms, now_ms)
        if not due and not releases:
            return _REST_S
        with self._book.writing() as session:
            if journal.newest(session) > self._cursor:
                self._looked_after.clear()
                return 0.0  # somebody may just have taken it on
            if releases:
                ledger.release(session, now_ms)
            for alert, notices in due.items():
                self._write(session, alert, notices, now_ms)
            self._next_release_ms = ledger.next_release_ms(session)
        for alert, notices in due.items():
            self._known[alert].update(notice.id for notice in notices)
        self._decided()
        return _REST_S

    def _due(self, story: Story, now_ms: int) -> tuple[Notice, ...]:
        known = self._known[story.alert]
        if story.is_left:
            return self._due_of_what_is_left(story, known, now_ms)
        key = (story.alert, story.occurrence)
        if key not in self._telling:
            if not policy.asking(self._campus, story, known, now_ms):
                return ()
            self._telling[key] = now_ms
        return policy.asking(self._campus, story, known, now_ms, self._telling[key])

    def _due_of_what_is_left(self, story: Story, known: set[str], now_ms: int) -> tuple[Notice, ...]:
        key = (story.alert, story.occurrence)
        if key in self._looked_after:
            return ()
        due = policy.left(self._campus, story, now_ms)
        if not due:
            return ()
        with self._book.reading() as session:
            told = ledger.told(session, story.alert, story.untold_from)
        self._looked_after.add(key)
        if any(notice.kind in ASKING or notice.kind is Kind.REOPENED for notice in told):
            return ()
        return tuple(notice for notice in due if notice.id not in known)

    def _write(self, session: Session, alert: int, notices: Iterable[Notice], now_ms: int) -> None:
        row = session.get(AlertRow, alert)
        since_ms = row.since_ms if row else None
        ledger.decide(
            session,
            (
                notice
                if since_ms is None
                else replace(notice, matter=replace(notice.matter, since_ms=since_ms))
                for notice in notices
            ),
            now_ms,
        )


def _stays_left(before: Story | None, story: Story) -> bool:
    """What is told of it says that it is over: it is not to be dropped because of that."""
    return before is not None and before.is_left and story.is_left and not story.hushes
