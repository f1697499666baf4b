"""The reader of the log and the journal that feeds the history; the history may be away for days."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from devices import series
from devices.facts import Fact
from devices.identity import phone_of
from hub.book import cursors, journal
from hub.book.model import AlertChanged, Recorded, RoundChanged, WorkChanged
from hub.book.store import Book
from hub.config.model import Campus
from hub.config.model import History as HistoryConfig
from hub.history.points import Place, in_order, points_of_fact
from hub.history.port import Cursors, History, HistoryUnavailableError, Link, Point, Refused
from hub.log.reader import LogReader

_LOG: Final = logging.getLogger("campushub.history")
BATCH: Final = 10_000
_PRUNE_EVERY_MS: Final = 86_400_000
_LONGEST_PAUSE_S: Final = 60.0


class HistoryPump:
    """Carries facts and decisions into the history, in order, each at least once, the same point once.

    `refused` is told of points that the store will never take. `turn` from one thread."""

    def __init__(
        self,
        campus: Campus,
        history: History,
        log: LogReader,
        book: Book,
        refused: Callable[[Iterable[Refused]], None],
    ) -> None:
        self._places = _places(campus)
        self._areas: Mapping[str, str] = {device.id: device.area for device in campus.devices.values()}
        self._site = campus.site.id
        self._log_cursor, self._book_cursor = _cursor_names(campus.storage.history)
        self._history = history
        self._log = log
        self._book = book
        self._refused = refused
        self._opened = False
        self._keeps_cursors = False  # with its points, in one transaction
        self._failures = 0
        self.cursors = Cursors()
        self.prune_before_ms = 0  # set from outside; done at the next turn
        self._pruned_ms = 0
        self.link = Link.OK
        self.detail = ""

    def turn(self) -> float:
        """Carries one batch; returns how long to rest, in seconds."""
        try:
            carried = self._carry()
            self._prune_if_asked()
        except HistoryUnavailableError as error:
            return self._rest_after(error)
        if self.link is not Link.OK:
            _LOG.info("the history takes points again")
        self.link, self.detail, self._failures = Link.OK, "", 0
        return 0.0 if carried >= BATCH else 0.5

    def _carry(self) -> int:
        if not self._opened:
            self._history.open()
            its_own = self._history.cursors()
            self._keeps_cursors = its_own is not None
            self.cursors = self._within_log(its_own or self._cursors_in_book())
            self._opened = True
        facts = self._log.after(self.cursors.log, BATCH)
        with self._book.reading() as session:
            decisions = journal.after(session, self.cursors.book, BATCH)
        if not facts and not decisions:
            return 0
        points = [
            point for seq, fact in enumerate(facts.facts, facts.first) for point in self._points(fact, seq)
        ]
        points += filter(None, map(self._decided, decisions))
        reached = Cursors(
            facts.last if facts else self.cursors.log,
            decisions[-1].id if decisions else self.cursors.book,
        )
        refused = self._history.write(points, reached)
        if refused:
            self._refused(refused)
        if not self._keeps_cursors:
            self._keep_in_book(reached)
        self.cursors = reached
        return max(len(facts), len(decisions))

    def _within_log(self, kept: Cursors) -> Cursors:
        """Not beyond the log's newest fact: a log restored or begun anew counts from lower numbers."""
        newest = self._log.newest_seq()
        if kept.log <= newest:
            return kept
        _LOG.warning("the log is another one than the history has read (%d of %d)", kept.log, newest)
        return Cursors(newest, kept.book)

    def _prune_if_asked(self) -> None:
        if self.prune_before_ms - self._pruned_ms >= _PRUNE_EVERY_MS:
            self._history.prune(self.prune_before_ms)
            self._pruned_ms = self.prune_before_ms

    def _points(self, fact: Fact, seq: int) -> tuple[Point, ...]:
        place = self._places.get(fact.device)
        return points_of_fact(fact, place, seq) if place else ()

    def _decided(self, recorded: Recorded) -> Point | None:
        """A decision stands at the hub's time, not at the facts': the last point is how things stand now,
        also when a late phone or a fast clock was part of the story."""
        at_ms, sub_ns = recorded.recorded_at_ms, in_order(recorded.id)
        match decision := recorded.decision:
            case AlertChanged():
                return Point(
                    series.ALERT,
                    self._site,
                    self._areas.get(decision.subject, ""),
                    decision.subject,
                    at_ms,
                    (
                        ("alert_id", str(decision.alert)),
                        ("severity", decision.severity.value),
                        ("change", decision.change.value),
                        ("open", 0 if decision.closed else 1),
                        ("active", 1 if decision.active else 0),
                    ),
                    sub_ns,
                    decision.rule,
                )
            case RoundChanged():
                return Point(
                    series.ROUND,
                    self._site,
                    "",
                    decision.round,
                    at_ms,
                    (
                        ("visited", decision.visited),
                        ("required", decision.required),
                        ("state", decision.state.value),
                    ),
                    sub_ns,
                )
            case WorkChanged():
                return None  # no series: the book counts work orders

    def _rest_after(self, error: HistoryUnavailableError) -> float:
        if (error.link, error.detail) != (self.link, self.detail):
            _LOG.warning("the history takes nothing (%s): %s", error.link.value, error.detail)
        self.link, self.detail = error.link, error.detail
        self._opened = False  # what comes back may be another database, with other cursors
        self._failures += 1
        if error.retry_after_ms is not None:
            return min(error.retry_after_ms / 1000, _LONGEST_PAUSE_S)
        return random.uniform(0.1, min(_LONGEST_PAUSE_S, 0.5 * 2.0 ** min(self._failures, 10)))  # noqa: S311

    def _cursors_in_book(self) -> Cursors:
        with self._book.reading() as session:
            return Cursors(cursors.load(session, self._log_cursor), cursors.load(session, self._book_cursor))

    def _keep_in_book(self, reached: Cursors) -> None:
        with self._book.writing() as session:
            cursors.save(session, self._log_cursor, reached.log)
            cursors.save(session, self._book_cursor, reached.book)


def _cursor_names(history: HistoryConfig) -> tuple[str, str]:
    """One pair for each store: another one is filled from the beginning of the log."""
    place = f"{history.kind.value}\n{history.url}\n{history.organisation}\n{history.database}"
    digest = hashlib.sha256(place.encode()).hexdigest()[:32]
    return f"history:{digest}", f"journal:{digest}"


def _places(campus: Campus) -> dict[str, Place]:
    places = {
        device.id: Place(campus.site.id, device.area, device.id, series.measurement_of(device.kind))
        for device in campus.devices.values()
    }
    for phone in map(phone_of, campus.people):
        places[phone] = Place(campus.site.id, "", phone, series.DEVICE)
    return places
