"""A small campus with real stores behind a real application, and browsers that visit it in-process."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import time
from html import escape
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse

from devices.facts import Clock, Kind, Reading
from devices.formats import Format
from hub.book.store import Book
from hub.book.tables import AlertRow
from hub.config import model
from hub.config.model import Campus, Device, Language, Person, Tags
from hub.faces import APIS
from hub.history.port import (
    Aggregate,
    Cursors,
    Excursion,
    HistoryUnavailableError,
    Limits,
    Link,
    Newest,
    Point,
    Refused,
    Sample,
    Used,
)
from hub.ingest.counts import Counts
from hub.live.board import Board, Changed
from hub.log.model import Entry, Kept
from hub.log.writer import LogWriter
from hub.web import accounts, cookies
from hub.web.app import create_app
from hub.web.deps import Deps, Health
from hub.web.parts import Parts
from hub.web.render import Fragment
from hub.web.rights import RIGHTS
from hub.web.signin import CurrentViewer
from hub.web.viewer import Viewer
from rules.calendar import Calendar
from rules.model import Role, Text

NOW_MS: Final = 1_780_000_000_000
_OWN: Final = (
    "/api/",
    "/events",
    "/login",
    "/logout",
    "/account",
    "/people",
    "/healthz",
    "/readyz",
    "/metrics",
    "/t/",
)
SECRET: Final = "correct horse"
COLD_ROOM: Final = 'Cold <script>alert(1)</script> "room"'


def campus(folder: Path, *, secure_cookies: bool = False) -> Campus:
    people = {role.value: Person(role.value, f"The {role.value}", role, "", Language.EN) for role in Role}
    people["guard"] = Person("guard", "Guard <b>Li</b>", Role.GUARD, "04A1B2C3D4E5F6", Language.ZH)
    history = model.History(model.HistoryKind.DUCKDB, "", "", "", None, None, None)
    return Campus(
        source=folder / "campus.toml",
        site=model.Site("school", Text("学校", "School"), ZoneInfo("Asia/Shanghai"), Language.ZH),
        calendar=Calendar(ZoneInfo("Asia/Shanghai")),
        broker=model.Broker(
            embedded=True,
            host="127.0.0.1",
            port=1883,
            client_id="hub",
            username=None,
            password=None,
            tls=False,
            protocol="3.1.1",
        ),
        storage=model.Storage(folder, "", 30, history),
        web=model.Web("127.0.0.1", 8080, secure_cookies),
        areas={"canteen": model.Area("canteen", Text("食堂", "Canteen"))},
        people=people,
        devices={
            "cold-1": Device(
                id="cold-1",
                name=Text("冷库", COLD_ROOM),
                kind=Kind.FRIDGE,
                area="canteen",
                owner="canteen",
                format=Format.NATIVE,
                topic="",
                sensor="",
                interval_ms=60_000,
                storing=model.Storing.CHILLED,
                low=None,
                high=None,
            )
        },
        checkpoints={"gate": model.Checkpoint("gate", Text("大门", "Gate"), "canteen", "04AABBCCDDEE80")},
        rounds={
            "night": model.Round(
                "night", Text("夜巡", "Night"), time(22), time(23), 0, ("gate",), "guard", (0,)
            )
        },
        rules={},
    )


class FakeHistory:
    """Answers every question with one thing; `down` makes it unreachable."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[tuple[object, ...]] = []

    def open(self) -> None:
        """Nothing to make ready."""

    def cursors(self) -> Cursors | None:
        """Keeps none."""
        return None

    def write(self, points: Sequence[Point], cursors: Cursors) -> tuple[Refused, ...]:
        """Keeps nothing."""
        assert points or cursors
        return ()

    def range(
        self,
        measurement: str,
        field: str,
        device: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        aggregate: Aggregate,
    ) -> tuple[Sample, ...]:
        """One sample at the start."""
        assert start_ms < end_ms
        assert step_ms
        assert aggregate
        self._ask(measurement, field, device)
        return (Sample(start_ms, 4.0),)

    def latest(self, measurement: str, field: str) -> tuple[Newest, ...]:
        """One of ours and one that the campus has lost."""
        self._ask(measurement, field)
        return (Newest("cold-1", 1_000, 4.0), Newest("cold-of-old", 2_000, 5.0))

    def samples(
        self, measurement: str, field: str, device: str, start_ms: int, end_ms: int
    ) -> tuple[Sample, ...]:
        """One sample at the start."""
        assert end_ms
        self._ask(measurement, field, device)
        return (Sample(start_ms, 4.0),)

    def energy(self, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int) -> tuple[Used, ...]:
        """One interval of each."""
        self._ask(*devices, start_ms, end_ms, step_ms)
        return tuple(Used(device, start_ms, 1.5, 0) for device in devices)

    def excursions(
        self, measurement: str, field: str, device: str, limits: Limits, start_ms: int, end_ms: int
    ) -> tuple[Excursion, ...]:
        """One that lasts."""
        self._ask(measurement, field, device, limits.low, limits.high)
        return (Excursion(start_ms, end_ms, 9.0, 12.0, 10.0, 30.0, is_over=False),)

    def _ask(self, *question: object) -> None:
        if self.down:
            raise HistoryUnavailableError(Link.UNREACHABLE, "secret address of the store")
        self.asked.append(question)

    def prune(self, before_ms: int) -> None:
        """Keeps everything."""

    def close(self) -> None:
        """Nothing to let go of."""


class FakeRender:
    """Pages that say what they were given, escaped; a fragment for each change, counted."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Changed, ...]] = []
        self.viewers: list[Viewer] = []

    def page(self, name: str, viewer: Viewer | None, language: Language, **context: object) -> str:
        """One line for each thing given."""
        if name == "crash":
            raise RuntimeError("a secret detail")
        said = {"page": name, "viewer": viewer.name if viewer else "", "language": language.value, **context}
        return "\n".join(f"{key}={escape(str(value))}" for key, value in said.items())

    def fragments(self, changed: Iterable[Changed], viewer: Viewer) -> tuple[Fragment, ...]:
        """`topic-id` for each."""
        things = tuple(changed)
        self.drawn.append(things)
        self.viewers.append(viewer)
        return tuple(Fragment(f"{topic.value}-{id_}", f"<p>{id_}</p>") for topic, id_ in things)


def pages(render: FakeRender) -> APIRouter:
    """Stands for the faces' pages: whatever the table has that is not the application's own."""
    router = APIRouter(include_in_schema=False)

    def page(viewer: CurrentViewer, crash: bool = False) -> HTMLResponse:
        return HTMLResponse(render.page("crash" if crash else "face", viewer, viewer.language))

    for method, path in RIGHTS:
        if not path.startswith(_OWN) and method != "MOUNT":
            router.add_api_route(path, page, methods=[method])
    return router


@dataclass
class World:
    """The application and everything behind it. `now_ms` is the hub's clock, to be moved by hand."""

    folder: Path
    secure_cookies: bool = False
    now_ms: int = NOW_MS
    healthy: bool = True
    log_accepts: bool = True
    inbox_full: bool = False
    tags: Tags = field(default_factory=Tags)
    woken: int = 0
    render: FakeRender = field(default_factory=FakeRender)
    submitted: list[Future[tuple[Kept, ...]]] = field(default_factory=list)
    one_writer: threading.Lock = field(default_factory=threading.Lock)
    history: FakeHistory = field(default_factory=FakeHistory)

    def __post_init__(self) -> None:
        self.campus = replace(campus(self.folder, secure_cookies=self.secure_cookies), tags=self.tags)
        self.book = Book(f"sqlite:///{self.folder / 'book.sqlite'}")
        self.log = LogWriter(self.folder / "log.sqlite")
        self.board = Board(self.campus.devices)
        self.counts = Counts()
        self.deps = Deps(
            campus=self.campus,
            board=self.board,
            book=self.book,
            history=self.history,
            log_path=self.folder / "log.sqlite",
            counts=self.counts,
            now=lambda: self.now_ms,
            health=self._health,
            keep=self._keep,
            wake_live=self._wake,
        )
        self.app: FastAPI = create_app(
            self.deps,
            [pages(self.render), *APIS],
            self.render,
        )
        parts = self.app.state.parts
        assert isinstance(parts, Parts)
        self.parts: Parts = parts

    def close(self) -> None:
        self.parts.broadcast.close()
        self.parts.doorman.close()
        self.log.close()
        self.book.close()

    def browser(self, person: str | None = None, *, address: str = "192.0.2.7") -> Browser:
        """A browser; of somebody: one that is signed in, without the cost of hashing."""
        browser = Browser(self.app, address)
        if person is not None:
            if person not in accounts.states(self.book):
                self._give_secret(person)
            opened = self.parts.sessions.begin(person)
            browser.cookies.set(cookies.SESSION, opened.token, domain="hub.test")
            browser.csrf = opened.csrf
        return browser

    def _give_secret(self, person: str) -> None:
        assert accounts.set_secret(self.book, person, SECRET, one_time=False, now_ms=self.now_ms) is None

    def alert(self, *, active: bool = True) -> int:
        """An alert in the book; returns its number."""
        with self.book.writing() as session:
            row = AlertRow(
                rule="cold",
                subject="cold-1",
                severity="critical",
                active=active,
                acknowledged=False,
                closed=False,
                raised_at_ms=self.now_ms,
                since_ms=self.now_ms,
            )
            session.add(row)
            session.flush()
            return row.id

    def reading(self, temperature_c: float) -> None:
        """The cold room says how cold it is, as the live reader would tell the board."""
        fact = Reading(
            f"r:{temperature_c}",
            "cold-1",
            self.now_ms,
            self.now_ms,
            Clock.DEVICE,
            (("temperature_c", temperature_c),),
        )
        self.board.announce(self.board.fold((fact,)))

    def _keep(self, entry: Entry) -> Future[tuple[Kept, ...]]:
        if self.inbox_full:
            raise queue.Full
        future: Future[tuple[Kept, ...]] = Future()
        self.submitted.append(future)
        if self.log_accepts:
            with self.one_writer:
                done = self.log.append([entry], self.now_ms)
            stands = {**done.facts, **done.known}
            kept = (Kept(fate, stands[fact.key]) for fate, fact in zip(done.fates, entry.facts, strict=True))
            future.set_result(tuple(kept))
        return future

    def _wake(self) -> None:
        self.woken += 1

    def _health(self) -> Health:
        return Health(
            broker_connected=self.healthy,
            broker_problem="" if self.healthy else "refused at 192.0.2.1",
            listening_since_ms=self.now_ms,
            inbox_waiting=0,
            log_fault="" if self.healthy else "the disk at /private is full",
            log_newest_seq=self.log.newest_seq,
            alerts_behind=0,
            history_behind=3,
            history_state="behind",
            history_detail="",
            dead_letters=0,
            failing_loops=(),
        )


class Browser:
    """Keeps cookies and the token of its session; follows no redirects."""

    def __init__(self, app: FastAPI, address: str) -> None:
        self._app = app
        self._address = address
        self.cookies = httpx.Cookies()
        self.csrf = ""

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, *, csrf: bool = True, **options: Any) -> httpx.Response:
        """A change; with the session's token in the header unless told otherwise."""
        headers = dict(options.pop("headers", {}))
        if csrf and self.csrf:
            headers.setdefault("x-csrf-token", self.csrf)
        return self.call("POST", path, headers=headers, **options)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._call(method, path, options))

    def sign_in(self, person: str, secret: str, next_: str = "/") -> httpx.Response:
        """As a person does: the form, then its answer."""
        token = said(self.get("/login"))["csrf"]
        form = {"person": person, "secret": secret, "csrf": token, "next": next_}
        return self.post("/login", csrf=False, data=form)

    async def _call(self, method: str, path: str, options: Mapping[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=(self._address, 40_000), raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://hub.test", cookies=self.cookies
        ) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
            return response


def said(response: httpx.Response) -> dict[str, str]:
    """What the fake page was given."""
    return dict(line.split("=", 1) for line in response.text.splitlines())


def code_of(response: httpx.Response) -> str:
    """The code in the one error shape."""
    error = response.json()["error"]
    assert error["message"]
    assert error["message_zh"]
    return str(error["code"])
