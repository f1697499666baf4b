from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.hub.patrol_page.campus import GUARDS, NIGHT_GUARDS, STRICT_GUARDS, all_day_campus
from tests.hub.patrol_page.phone import Phone, phone
from tests.real import require
from tests.whole.hub_process import HubProcess, hub, wait_until


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with hub(all_day_campus(tmp_path_factory.mktemp("guards"))) as process:
        yield process


@pytest.fixture(scope="session")
def office(running: HubProcess) -> httpx.Client:
    """The head of logistics, who sees what arrived. Today's rounds are planned."""
    client = running.signed_in("liu-yang")
    wait_until(lambda: client.get("/api/v1/rounds").json(), within_s=60)
    return client


@pytest.fixture(scope="session")
def _unused_guards() -> Iterator[str]:
    return iter(GUARDS)


@pytest.fixture
def guard(_unused_guards: Iterator[str]) -> str:
    """Somebody whose round no other test walks."""
    return next(_unused_guards)


@pytest.fixture(scope="session")
def _unused_night_guards() -> Iterator[str]:
    return iter(NIGHT_GUARDS)


@pytest.fixture
def night_guard(_unused_night_guards: Iterator[str]) -> str:
    """Somebody who walks alone, past the boiler room first, and whose round no other test walks."""
    return next(_unused_night_guards)


@pytest.fixture(scope="session")
def _unused_strict_guards() -> Iterator[str]:
    return iter(STRICT_GUARDS)


@pytest.fixture
def strict_guard(_unused_strict_guards: Iterator[str]) -> str:
    """Somebody whose round is of fixed order, and walked by no other test."""
    return next(_unused_strict_guards)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def make_phone(
    playwright: Playwright, running: HubProcess, office: httpx.Client, tmp_path: Path
) -> Iterator[Callable[..., Phone]]:
    """Phones, each with a profile of its own."""
    assert office.get("/api/v1/rounds").json()
    program = require("chromium")
    with ExitStack() as stack:

        def make(name: str = "phone", **more: Any) -> Phone:
            port = int(running.address.rpartition(":")[2])
            return stack.enter_context(phone(playwright, program, port, tmp_path / name, **more))

        yield make
