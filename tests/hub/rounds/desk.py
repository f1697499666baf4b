"""The demonstration's campus behind its real application: what is posted reaches the log, and is judged."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from devices.facts import Fact, Order, RoundOrder, Tap, Trust
from hub import demo
from hub.alerts import keeping
from hub.config.model import Campus, CampusPlan
from hub.faces import make_pages, make_routers
from hub.history.choose import make_history
from hub.ingest.counts import Counts
from hub.live.board import Board, Topic
from hub.log.model import Entry, Kept
from hub.web import accounts
from hub.web.app import create_app
from hub.web.deps import Deps, Health
from hub.web.parts import Parts
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus
from tests.hub.web.world import Browser
from tests.hub.web_pages.school import WELL

RUN: Final = "morning@2026-11-22"
STARTS: Final = MORNING - HOUR  # 06:00; it ends at 08:30, its deadline is 08:45
DEADLINE: Final = MORNING + 105 * MINUTE
SVG: Final = (Path(demo.__file__).parent / "plan.svg").read_bytes()

HOSTILE_SVG: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200" onload="document.title=1">'
    b"<script>document.title = 'run'; parent.document.title = 'run'</script>"
    b'<rect width="300" height="200" fill="#eee" onclick="document.title=2"/></svg>'
)


def key(number: int = 0) -> str:
    """A UUID for a decision."""
    return f"{number:08x}-2222-4333-8444-555555555555"


class Desk:
    """The application over an `Office`, whose clock is `office.now_ms`: at first 07:00, within a round."""

    def __init__(self, folder: Path, *, campus: Campus | None = None, started_ms: int = STARTS) -> None:
        (folder / "data").mkdir(exist_ok=True)
        own = campus or replace(demo_campus(folder), plan=CampusPlan(SVG, "image/svg+xml"))
        self.office = Office(folder, own, started_ms)
        self.office.now_ms = max(MORNING, started_ms)
        self.board = Board(own.devices)
        self.judges = True
        self._writer = threading.Lock()
        self.deps = Deps(
            campus=own,
            board=self.board,
            book=self.office.book,
            history=make_history(own.storage.history, folder),
            log_path=folder / "log.sqlite",
            counts=Counts(),
            now=lambda: self.office.now_ms,
            health=self._health,
            keep=self._keep,
            wake_live=self.follow,
        )
        self.pages = make_pages(self.deps)
        self.app = create_app(self.deps, make_routers(self.deps, self.pages), self.pages)
        parts = self.app.state.parts
        assert isinstance(parts, Parts)
        self.parts = parts
        self.office.happens(self.office.ticks(STARTS + MINUTE))
        self.follow()

    def close(self) -> None:
        self.parts.broadcast.close()
        self.parts.doorman.close()
        self.office.log.close()
        self.office.book.close()

    def happens(self, *facts: Fact) -> None:
        """Facts reach the log, are judged, and the board knows."""
        with self._writer:
            self.office.happens(*facts)
        self.board.announce(self.board.fold(facts))
        self.follow()

    def walks(self, person: str, *places: str, from_ms: int = MORNING, each_ms: int = 5 * MINUTE) -> None:
        """Somebody taps at one place after the other."""
        self.happens(
            *(
                self.tap(person, place, from_ms + number * each_ms, number=number)
                for number, place in enumerate(places)
            )
        )

    def tap(self, person: str, place: str, at_ms: int, *, number: int = 0, refused: str = "") -> Tap:
        """A phone's tap."""
        tap = self.office.taps(place, at_ms)
        trust = Trust.UID if refused else tuple(Trust)[number % len(Trust)]
        return msgspec.structs.replace(
            tap, device=f"phone:{person}", person=person, trust=trust, refused=refused
        )

    def browser(self, person: str) -> Browser:
        """Somebody who is signed in."""
        if person not in accounts.states(self.office.book):
            accounts.set_secret(
                self.office.book, person, "correct horse", one_time=False, now_ms=self.office.now_ms
            )
        opened = self.parts.sessions.begin(person)
        browser = Browser(self.app, "192.0.2.7")
        browser.cookies.set("campushub", opened.token, domain="hub.test")
        browser.csrf = opened.csrf
        return browser

    def orders(self) -> list[RoundOrder]:
        """Every decision in the log."""
        log = self.office.reader._log
        return [one.fact for one in log.after(0, 100_000) if isinstance(one.fact, RoundOrder)]

    def follow(self) -> None:
        """Brings the board up to date with the book."""
        day_ms, now_ms = 86_400_000, self.office.now_ms
        with self.office.book.reading() as session:
            changed = self.board.put_alerts(keeping.unclosed(session))
            changed |= self.board.put_rounds(keeping.runs_between(session, now_ms - day_ms, now_ms + day_ms))
        self.board.announce(changed | {(Topic.HEALTH, "")})

    def _keep(self, entry: Entry) -> Future[tuple[Kept, ...]]:
        future: Future[tuple[Kept, ...]] = Future()
        with self._writer:
            done = self.office.log.append([entry], self.office.now_ms)
            if self.judges:
                while self.office.reader.turn() == 0.0:
                    pass
        stands = {**done.facts, **done.known}
        kept = (Kept(fate, stands[fact.key]) for fate, fact in zip(done.fates, entry.facts, strict=True))
        future.set_result(tuple(kept))
        return future

    def _health(self) -> Health:
        newest = self.office.log.newest_seq
        return msgspec.structs.replace(
            WELL, log_newest_seq=newest, alerts_behind=newest - self.office.reader.cursor
        )


def decision(order: Order, number: int = 0, **more: Any) -> dict[str, Any]:
    """What a phone posts."""
    return {"id": key(number), "order": order.value, "reason": "台风", **more}


def names(found: Iterable[Any]) -> list[str]:
    """The values of enums."""
    return [one.value for one in found]
