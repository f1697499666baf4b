"""What phones post in these tests, and what the log has of it."""

from __future__ import annotations

from typing import Any, Final

from devices.facts import Tap
from hub.log.reader import LogReader
from tests.hub.web.world import Browser, World

URL: Final = "/api/v1/patrol/taps"
AT: Final = "2026-05-29T04:26:40.000+08:00"  # the world's now
GATE: Final = "04AABBCCDDEE80"


def id_of(number: int) -> str:
    return f"{number:08x}-2222-4333-8444-55555555555a"


def tap(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": id_of(number), "at": AT, "source": "nfc", "tag": GATE, **changes}


def post(browser: Browser, *taps: object) -> list[dict[str, Any]]:
    """The results of a post that is taken."""
    answer = browser.post(URL, json={"phone": id_of(0), "taps": list(taps)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def logged(world: World) -> list[Tap]:
    log = LogReader(world.folder / "log.sqlite")
    try:
        return [one.fact for one in log.after(0, 100_000) if isinstance(one.fact, Tap)]
    finally:
        log.close()
