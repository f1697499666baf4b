"""The demonstration campus with invented data behind the real pages; nothing listens, nothing runs."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from devices.facts import Clock, Presence, Reading, Tap, Trust, Value
from hub import demo
from hub.alerts import keeping
from hub.alerts.at_work import AtWork
from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.config.load import load
from hub.config.model import Campus, Language
from hub.faces import make_pages
from hub.history.choose import make_history
from hub.ingest.counts import Counts
from hub.live.board import Board
from hub.log.model import Entry, Kept, Letter, Meeting
from hub.log.writer import LogWriter
from hub.rounds.planning import runs_of_day
from hub.web.deps import Deps, Health
from hub.web.pages import Pages
from hub.web.viewer import Viewer
from rules.life import Change
from rules.model import Role, Severity, Text

NOW_MS: Final = 1_780_000_000_000  # 2026-05-29 04:26:40 in Shanghai
TODAY: Final = date(2026, 5, 29)
MINUTE_MS: Final = 60_000
MARKUP: Final = """<script>alert(1)</script>"'&"""
WELL: Final = Health(
    broker_connected=True,
    broker_problem="",
    listening_since_ms=NOW_MS,
    inbox_waiting=0,
    log_fault="",
    log_newest_seq=1,
    alerts_behind=0,
    history_behind=0,
    history_state="ok",
    history_detail="",
    dead_letters=0,
    failing_loops=(),
)


def demo_campus(folder: Path) -> Campus:
    """The shipped demonstration, with markup in the name of `cold-1`."""
    campus = load(Path(demo.__file__).parent / "campus.toml", {}, folder=folder)
    named = replace(campus.devices["cold-1"], name=Text(MARKUP, MARKUP))
    return replace(campus, devices={**campus.devices, "cold-1": named})


def viewer(role: Role = Role.HEAD, language: Language = Language.EN) -> Viewer:
    """Somebody of a role."""
    return Viewer("liu-yang", "刘洋", role, language, csrf="the-token", must_change_secret=False)


@dataclass
class School:
    """Deps and pages; `now_ms` and `health` are moved by hand."""

    folder: Path
    now_ms: int = NOW_MS
    health: Health = WELL
    woken: int = 0
    pages: Pages = field(init=False)

    def __post_init__(self) -> None:
        self.campus = demo_campus(self.folder)
        self.book = Book(self.campus.storage.book_url)
        self.log = LogWriter(self.folder / "log.sqlite")
        self.board = Board(self.campus.devices)
        self.deps = Deps(
            campus=self.campus,
            board=self.board,
            book=self.book,
            history=make_history(self.campus.storage.history, self.folder),
            log_path=self.folder / "log.sqlite",
            counts=Counts(),
            now=lambda: self.now_ms,
            health=lambda: self.health,
            keep=lambda _entry: Future[tuple[Kept, ...]](),
            wake_live=self._wake,
        )
        self.pages = make_pages(self.deps)

    def close(self) -> None:
        self.book.close()
        self.log.close()

    def reading(self, device: str, age_ms: int = 0, **values: Value) -> None:
        at_ms = self.now_ms - age_ms
        self.board.fold(
            [Reading(f"{device}:{at_ms}", device, at_ms, at_ms, Clock.DEVICE, tuple(values.items()))]
        )

    def gone(self, device: str) -> None:
        """Its last will speaks."""
        self.board.fold([Presence("p", device, self.now_ms, self.now_ms, Clock.NONE, online=False)])

    def tap(self, key: str, tag_uid: str, badge: str, clock: Clock = Clock.DEVICE) -> None:
        at_ms = self.now_ms - MINUTE_MS
        self.board.fold([Tap(key, "reader-1", at_ms, at_ms, clock, tag_uid, badge, Trust.READER)])

    def alert(self, rule: str, subject: str, *, active: bool = True, value: float | None = 9.5) -> int:
        """An alert in the book and on the board; returns its number."""
        severity = self.campus.rules[rule].severity if rule in self.campus.rules else Severity.WARNING
        since_ms = self.now_ms - 20 * MINUTE_MS
        with self.book.writing() as session:
            row = AlertRow(
                rule=rule,
                subject=subject,
                severity=severity.value,
                active=active,
                acknowledged=False,
                closed=False,
                raised_at_ms=since_ms,
                since_ms=since_ms,
                cleared_at_ms=None if active else self.now_ms - MINUTE_MS,
                value=value,
            )
            session.add(row)
            session.flush()
            raised = AlertChanged(
                alert=row.id,
                rule=rule,
                subject=subject,
                severity=severity,
                change=Change.RAISED,
                active=True,
                closed=False,
                at_ms=since_ms,
                by="",
                note="",
                value=value,
            )
            journal.record(session, raised, self.now_ms)
            id_ = row.id
        self.follow()
        return id_

    def plan(self) -> None:
        """Today's rounds."""
        runs = runs_of_day(self.campus, TODAY)
        with self.book.writing() as session:
            for round_id, target in runs:
                keeping.plan_round(session, round_id, target)
        self.follow()

    def follow(self) -> None:
        """Brings the board up to date with the book."""
        day_ms = 86_400_000
        with self.book.reading() as session:
            self.board.put_upkeep(AtWork(self.campus).now(session, self.now_ms))
            self.board.put_alerts(keeping.unclosed(session))
            self.board.put_rounds(keeping.runs_between(session, self.now_ms - day_ms, self.now_ms + day_ms))

    def trouble(self) -> None:
        """Something of everything, with markup wherever the outside can put text."""
        self.reading("cold-1", temperature_c=4.2, humidity_pct=60.0, door_open=True, battery_pct=12.0)
        self.reading("cold-2", temperature_c=11.6, defrost=True)
        self.reading("cold-3", age_ms=20 * MINUTE_MS, temperature_c=-18.0)
        self.reading("cold-6", temperature_c=85.0)
        self.reading("meter-canteen", power_w=18_420.0, energy_kwh=1.5, voltage_l2_v=240.0, current_l2_a=3.0)
        self.gone("meter-building-a")
        self.plan()
        self.tap("t1", self.campus.checkpoints["library"].tag_uid, self.campus.people["zhang-wei"].badge)
        self.tap("t2", MARKUP, MARKUP, Clock.NONE)
        self.alert("cold.chilled.warm", "cold-2")
        self.alert("cold.chilled.warm", "cold-1", active=False)
        self.alert("patrol.round-incomplete", f"midnight@{TODAY}", value=None)
        self.alert("a.rule.that.left", MARKUP)
        letter = Letter(self.now_ms, MARKUP, f"{MARKUP}\r\n\x1b[31m".encode() + b"\xff", "not_json", MARKUP)
        meeting = Meeting(self.now_ms, f"campus/{MARKUP}", "native", "cold-9")
        self.log.append([Entry(letters=(letter,), meetings=(meeting,))], self.now_ms)

    def _wake(self) -> None:
        self.woken += 1
        self.follow()
