"""The composition root: makes the clock, the files, the sockets and the loops, and puts them together."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from devices.facts import Kind
from devices.formats import Binding, Router
from hub.alerts.reader import AlertsReader
from hub.book.store import Book
from hub.book.tables import MetaRow
from hub.broker.embedded import EmbeddedBroker
from hub.broker.rights import hub_user
from hub.clock import NowMs, system_now_ms, system_steady_ms
from hub.config.binding import watches_of_devices
from hub.config.model import Broker, Campus
from hub.faces import make_pages, make_routers
from hub.folder import FolderLock
from hub.history.choose import left_behind, make_history
from hub.history.port import RAW_DAYS, Link, Refused
from hub.history.pump import HistoryPump
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder
from hub.ingest.heard import HeardTap
from hub.ingest.inbox import Inbox
from hub.ingest.listening import Listening
from hub.ingest.mqtt import MqttIngest
from hub.ingest.own_clock import OwnClock
from hub.live.board import Board
from hub.live.reader import LiveReader
from hub.log.model import Entry, Fate, Letter
from hub.log.reader import LogReader
from hub.log.tail import Tail
from hub.log.writer import LogWriter
from hub.loop import Loop, calm_collector, collect, restore_collector
from hub.notify.outboxes import make_outboxes
from hub.notify.reader import NoticesReader
from hub.replies.replier import Replier
from hub.rounds.planning import plan_of_day
from hub.tls.keeper import Keeper, make_keeper
from hub.tls.reading import TURN_S, Readings
from hub.web.app import create_app
from hub.web.deps import Deps, Health
from hub.work.overdue import Overdue

_LOG: Final = logging.getLogger("campushub")
_SUBSCRIBED: Final = "broker_subscriptions"
_TICK_REST_S: Final = 0.5
_KEPT_WITHIN_S: Final = 30.0
_PRUNE_REST_S: Final = 300.0
# The readers' turns begin at least so far apart: each has a cost of its own (a commit, a query), shared by
# all facts of the turn. Nobody waits for the history; an alert is seen after the linger and the first two.
ALERTS_PACE_S: Final = 0.02
LIVE_PACE_S: Final = 0.04
HISTORY_PACE_S: Final = 0.25
NOTIFY_PACE_S: Final = 0.25
_DISK_RESERVE_BYTES: Final = 512 * 1024 * 1024
_DAY_MS: Final = 86_400_000
# A reader this far behind the log is behind; less is the normal pace.
_BEHIND_FACTS: Final = 5_000


class Hub:
    """Everything but the web server. Made, started and stopped from one thread."""

    def __init__(self, campus: Campus, now: NowMs = system_now_ms, steady: NowMs | None = None) -> None:
        """Opens files; no socket yet. Raises FolderError, LogFaultError, BookFaultError.

        `steady` shows that `now` was set; None: the computer's, where `now` is the computer's."""
        folder = campus.storage.folder
        self._lock = FolderLock(folder)
        log_path = folder / "log.sqlite"
        self._campus = campus
        self.now = now
        self.counts = Counts()
        self._listening = Listening()
        self._tail = Tail()
        self._log = LogWriter(log_path, self._tail)
        self.book = Book(campus.storage.book_url)
        self.board = Board(campus.devices)
        self._history = make_history(campus.storage.history, folder)
        self._inbox = Inbox(self._log, now, self.counts, self._committed)
        self._alerts = self._make_alerts(log_path)
        reader = LogReader(log_path)
        self._letters_before = sum(reader.letter_counts().values())
        newest = reader.after(reader.newest_seq() - 1, 1).facts
        reader.close()
        if steady is None:
            steady = system_steady_ms if now is system_now_ms else now
        self._own_clock = OwnClock(now, steady, newest[0].received_at_ms if newest else 0)
        self._live = LiveReader(self.board, LogReader(log_path, self._tail), self.book, campus, now)
        self._pump = HistoryPump(
            campus, self._history, LogReader(log_path, self._tail), self.book, self._quarantine
        )
        self._notices = NoticesReader(campus, self.book, now, steady, self._told)
        self._outboxes = make_outboxes(campus, self.book, now)
        self._overdue = Overdue(campus, self.book, now)
        self.certificate = make_keeper(campus, now)
        self._certificate_readings = Readings(campus.devices.values())
        self._stopping = threading.Event()
        signed_in = _with_own_account(campus.broker)
        self._mqtt = self._make_mqtt(signed_in)
        self._replier = Replier(
            campus, self.board.rounds, now, self._mqtt.publish, self.counts, self._wake_replies
        )
        self._broker = _make_broker(signed_in, folder)
        self._unanswered = 0
        self._log_path = log_path
        self._loops = self._make_loops()

    def start(self) -> None:
        """Starts the broker, if embedded, and every loop. Raises BrokerFaultError."""
        if self._broker is not None:
            self._broker.start()
        calm_collector()
        for loop in self._loops.values():
            loop.start()
        self._tell_of_an_older_history()

    def stop(self) -> None:
        """Ends everything within about two seconds; what was acknowledged is on the disk.

        A loop that does not end in time keeps its files open: the process's end closes them safely."""
        restore_collector()
        self._stopping.set()
        self._mqtt.close()
        self._inbox.close()
        loops = self._loops.values()
        for loop in loops:
            loop.ask_to_stop()
        ended = {loop.name for loop in loops if loop.stop(timeout_s=0.8)}
        with ExitStack() as closing:  # each of these happens, whatever becomes of the others
            closing.callback(self._lock.release)
            if self._broker is not None:
                closing.callback(self._broker.stop)
            if ended >= {"alerts", "live", "history", "notify", *self._outbox_names()}:
                closing.callback(self.book.close)
            if "inbox" in ended:
                closing.callback(self._log.close)
            if "history" in ended:
                closing.callback(self._history.close)
            if "alerts" in ended:
                closing.callback(self._save_alerts)

    def deps(self) -> Deps:
        """What pages and API may use."""
        return Deps(
            campus=self._campus,
            board=self.board,
            book=self.book,
            history=self._history,
            log_path=self._log_path,
            counts=self.counts,
            now=self.now,
            health=self.health,
            keep=self._inbox.keep,
            wake_live=self._show_book,
        )

    def health(self) -> Health:
        """How the hub is doing now."""
        newest = self._log.newest_seq
        history_behind = newest - self._pump.cursors.log
        state = self._pump.link.value
        if self._pump.link is Link.OK and history_behind > _BEHIND_FACTS:
            state = "behind"
        return Health(
            broker_connected=self._mqtt.connected,
            broker_problem=self._mqtt.problem,
            listening_since_ms=self._listening.since_ms,
            inbox_waiting=self._inbox.waiting,
            log_fault=self._inbox.fault.problem if self._inbox.fault else "",
            log_newest_seq=newest,
            alerts_behind=newest - self._alerts.cursor,
            history_behind=history_behind,
            history_state=state,
            history_detail=self._pump.detail,
            dead_letters=self._letters_before
            + sum(self.counts.letters.copy().values())
            + self.counts.facts[Fate.CONFLICT],
            failing_loops=tuple(loop.name for loop in self._loops.values() if loop.is_failing),
            certificate_days=self.certificate.days_left if self.certificate else None,
        )

    def _tell_of_an_older_history(self) -> None:
        storage = self._campus.storage
        if (older := left_behind(storage.history, storage.folder)) is not None:
            _LOG.info(
                "the history is %s now, and is filled with what the log holds. %s has what is older:"
                " `campushub history backfill` copies it; move the file away when that is done",
                storage.history.kind.value,
                older.name,
            )

    def _save_alerts(self) -> None:
        """Spares the next start some judging; it can do without."""
        try:
            self._alerts.save()
        except SQLAlchemyError:
            _LOG.warning("what the rules remember could not be saved: the next start judges some facts anew")

    # --- putting together ---

    def _make_alerts(self, log_path: Path) -> AlertsReader:
        campus = self._campus
        return AlertsReader(
            campus,
            watches_of_devices(campus),
            lambda day: plan_of_day(campus, day),
            LogReader(log_path, self._tail),
            self.book,
            self.now,
            self._decided,
        )

    def _make_mqtt(self, broker: Broker) -> MqttIngest:
        campus = self._campus
        bindings = [
            Binding(device.id, device.kind, device.format, device.topic, device.sensor)
            for device in campus.devices.values()
            if device.kind is not Kind.HUB
        ]
        decoder = Decoder(Router(campus.site.id, bindings), campus.site.zone, campus.tags)
        return MqttIngest(
            broker,
            campus.site.id,
            decoder,
            self._inbox,
            self._listening,
            self.counts,
            self.now,
            self._stopping.is_set,
            _Subscribed(self.book),
            own_clock=self._own_clock,
            on_taps=self._answer_taps,
        )

    def _make_loops(self) -> dict[str, Loop]:
        loops = [
            Loop("inbox", self._inbox.turn),
            Loop("mqtt", self._mqtt.turn),
            Loop("clock", self._tick),
            Loop("alerts", self._alerts.turn, ALERTS_PACE_S),
            Loop("live", self._live.turn, LIVE_PACE_S),
            Loop("replies", self._replier.turn),
            Loop("history", self._pump.turn, HISTORY_PACE_S),
            Loop("notify", self._notices.turn, NOTIFY_PACE_S),
            Loop("work", self._overdue.turn),
            Loop("retention", self._prune),
        ]
        # A thread for each channel: one that hangs holds up none of the others.
        loops += map(Loop, self._outbox_names(), (outbox.turn for outbox in self._outboxes))
        if self._broker is not None:
            loops.append(Loop("broker", self._mind_broker))
        if (keeper := self.certificate) is not None:
            loops.append(Loop("certificate", lambda: self._mind_certificate(keeper)))
        return {loop.name: loop for loop in loops}

    # --- what loops tell each other ---

    def _committed(self) -> None:
        for name in ("alerts", "live", "history"):
            self._loops[name].wake()

    def _answer_taps(self, heard: tuple[HeardTap, ...]) -> None:
        self._replier.hear(heard)

    def _wake_replies(self) -> None:
        self._loops["replies"].wake()

    def _decided(self) -> None:
        self._show_book()
        for name in ("history", "notify"):
            self._loops[name].wake()

    def _told(self) -> None:
        for name in self._outbox_names():
            self._loops[name].wake()

    def _outbox_names(self) -> list[str]:
        return [f"channel {outbox.id}" for outbox in self._outboxes]

    def _show_book(self) -> None:
        self._live.look_at_book()
        self._loops["live"].wake()

    def _tick(self) -> float:
        now_ms, clock_set = self._own_clock.read()
        if clock_set is not None:
            self._inbox.put(Entry(facts=(clock_set,)), lambda _: None)
        # While the log takes nothing, readings wait at the broker: time that passed would look like silence.
        if self._inbox.fault is not None:
            self._listening.stopped(now_ms)
        elif (tick := self._listening.tick(now_ms)) is not None:
            self._inbox.put(Entry(facts=(tick,)), lambda _: None)
        return _TICK_REST_S

    def _mind_broker(self) -> float:
        """Starts the embedded broker again if it has died, or if it runs and takes nothing."""
        if self._broker is None:
            return _PRUNE_REST_S
        if self._mqtt.unanswered > self._unanswered:
            self._unanswered = self._mqtt.unanswered
            _LOG.warning("the embedded broker takes no messages: starting it again")
            self._broker.restart()
        return self._broker.turn()

    def _mind_certificate(self, keeper: Keeper) -> float:
        """Renews it in time, and has the rules judge how long it is still good."""
        said = self._certificate_readings.of(keeper.turn(), self.now())
        if said and self._inbox.put(Entry(facts=said), lambda _: None):
            self._certificate_readings.taken(said)
        return TURN_S

    def _prune(self) -> float:
        """Bounds what is kept by age and by disk. The history may be away for long: with the disk running
        out, what it has not read goes before everything stops."""
        collect()
        read_by_all = min(self._alerts.saved_cursor, self._pump.cursors.log, self._live.cursor)
        before_ms = self.now() - self._campus.storage.log_days * _DAY_MS
        self._inbox.between_batches(lambda log: self._prune_log(log, before_ms, read_by_all))
        self._pump.prune_before_ms = self.now() - RAW_DAYS * _DAY_MS
        return _PRUNE_REST_S

    def _prune_log(self, log: LogWriter, before_ms: int, read_by_all: int) -> None:
        pruned = log.prune(before_ms, read_by_all, self._most_log_bytes())
        if pruned.unread:
            _LOG.error("the disk runs out: %d facts left the log before they were read", pruned.unread)

    def _most_log_bytes(self) -> int | None:
        """How large the log may be so that the disk keeps its reserve; None: as large as its age makes it."""
        disk = shutil.disk_usage(self._campus.storage.folder)
        reserve = min(_DISK_RESERVE_BYTES, disk.total // 20)
        if disk.free >= reserve:
            return None
        return max(0, self._log_path.stat().st_size - (reserve - disk.free))

    def _quarantine(self, refused: Iterable[Refused]) -> None:
        """Points that the history will never take join the dead letters, with the store's own reason."""
        letters = tuple(
            Letter(self.now(), f"history {r.point.measurement}", repr(r.point).encode(), "refused", r.reason)
            for r in refused
        )
        # The history's cursor moves only once they are kept: otherwise nobody would know of them.
        self._inbox.submit(Entry(letters=letters)).result(timeout=_KEPT_WITHIN_S)
        self.counts.died(letter.reason for letter in letters)


class _Subscribed:
    """What the broker's session is subscribed to, kept in the book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def load(self) -> str:
        with self._book.reading() as session:
            row = session.get(MetaRow, _SUBSCRIBED)
            return row.value if row else ""

    def save(self, text: str) -> None:
        with self._book.writing() as session:
            session.merge(MetaRow(name=_SUBSCRIBED, value=text))


def make_app(deps: Deps) -> FastAPI:
    """The pages and the API of every face."""
    pages = make_pages(deps)
    return create_app(deps, make_routers(deps, pages), pages)


def _with_own_account(broker: Broker) -> Broker:
    """Where the embedded broker has users the hub is one of them, with a secret that lasts until its end."""
    if not broker.embedded or not broker.users:
        return broker
    own = hub_user(secrets.token_urlsafe(24))
    return replace(broker, username=own.name, password=own.password, users=(own, *broker.users))


def _make_broker(broker: Broker, folder: Path) -> EmbeddedBroker | None:
    if not broker.embedded:
        return None
    return EmbeddedBroker(folder / "broker", broker.host, broker.port, broker.users)
