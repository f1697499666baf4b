"""The real pages behind a real server, and a Chromium in which people are signed in to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from hub.faces import make_routers
from hub.live.board import Topic
from hub.web import accounts
from hub.web.app import create_app
from hub.web.parts import Parts
from tests.hub.web_pages.school import School
from tests.real import free_port, require
from tests.whole.test_browser import ARGUMENTS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Served:
    """An application at its address."""

    parts: Parts
    address: str
    browser: Browser

    def page_of(self, person: str, path: str, **context: Any) -> Page:
        """The page of somebody who is signed in, in English; `context`: as Playwright names it."""
        opened = self.parts.sessions.begin(person)
        made = self.browser.new_context(**context)
        made.set_default_timeout(10_000)
        made.add_cookies([{"name": "campushub", "value": opened.token, "url": self.address}])
        page = made.new_page()
        self.open(page, path)
        return page

    def open(self, page: Page, path: str, language: str = "en") -> None:
        page.goto(f"{self.address}{path}{'&' if '?' in path else '?'}lang={language}")


@contextmanager
def served(app: FastAPI, browser: Browser) -> Iterator[Served]:
    """The application listens; in the end every page of it is closed."""
    parts = app.state.parts
    assert isinstance(parts, Parts)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield Served(parts, f"http://127.0.0.1:{port}", browser)
    for context in browser.contexts:
        context.close()
    parts.broadcast.close()
    server.should_exit = True
    thread.join(10)


@dataclass
class Site:
    """The school's pages."""

    school: School
    served: Served

    @property
    def address(self) -> str:
        return self.served.address

    @property
    def browser(self) -> Browser:
        return self.served.browser

    def page(self, path: str, person: str = "admin", size: tuple[int, int] = (820, 1180)) -> Page:
        """Somebody's page, in English."""
        return self.served.page_of(person, path, viewport={"width": size[0], "height": size[1]})

    def announce_alerts(self, *ids: int) -> None:
        """As the live reader does after it has followed the book."""
        self.school.follow()
        self.school.board.announce(frozenset((Topic.ALERT, str(id_)) for id_ in ids))


@pytest.fixture
def site(school: School, browser: Browser) -> Iterator[Site]:
    school.now_ms = int(time.time() * 1000)
    app = create_app(school.deps, make_routers(school.deps, school.pages), school.pages)
    for person in school.campus.people:
        accounts.set_secret(school.book, person, "correct horse", one_time=False, now_ms=school.now_ms)
    with served(app, browser) as there:
        yield Site(school, there)
