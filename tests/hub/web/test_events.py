from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest

from devices.facts import Clock, Tap, Trust
from hub.book.model import Alert
from hub.live.board import Topic
from hub.web import broadcast, events
from rules.model import Severity
from tests.hub.web.listening import listening
from tests.hub.web.world import NOW_MS, World, code_of


@pytest.fixture(autouse=True)
def _quick(world: World) -> None:
    world.parts.broadcast.pause_s = 0.01
    world.parts.broadcast.check_s = 0.02


def _run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


async def _in_thread(world: World, temperature_c: float) -> None:
    """The board announces from its own thread, as in the running hub."""
    thread = threading.Thread(target=world.reading, args=(temperature_c,))
    thread.start()
    await asyncio.to_thread(thread.join)


def _alert(number: int) -> Alert:
    return Alert(
        id=number,
        rule="cold",
        subject="cold-1",
        severity=Severity.CRITICAL,
        active=True,
        acknowledged=False,
        closed=False,
        raised_at_ms=NOW_MS,
        since_ms=NOW_MS,
        cleared_at_ms=None,
        closed_at_ms=None,
        value=9.0,
        acknowledged_by="",
        acknowledged_reason="",
        acknowledged_at_ms=None,
        closed_by="",
        closed_action="",
    )


def test_a_page_gets_everything_first_and_then_what_changes(world: World) -> None:
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            name, hello = await stream.event()
            assert (name, hello["now_ms"]) == ("hello", NOW_MS)
            name, everything = await stream.event()
            assert (name, [line["id"] for line in everything]) == ("change", ["device-cold-1", "health-"])
            await _in_thread(world, 3.0)
            assert await stream.event() == ("change", [{"id": "device-cold-1", "html": "<p>cold-1</p>"}])
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["x-content-type-options"] == "nosniff"

    _run(test())
    assert world.parts.broadcast.clients == 0


def test_nothing_personal_goes_into_what_everybody_gets(world: World) -> None:
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            await stream.event()
            await stream.event()

    _run(test())
    viewer = world.render.viewers[0]
    assert (viewer.person, viewer.name, viewer.csrf) == ("", "", "")


def test_a_program_gets_objects_and_null_for_what_is_gone(world: World) -> None:
    browser = world.browser("wall")
    world.board.put_alerts([_alert(7)])

    async def test() -> None:
        async with listening(world, browser, "/api/v1/events") as (stream, _):
            await stream.event()
            _, everything = await stream.event()
            kinds = {line["type"]: line["object"] for line in everything}
            assert kinds["alert"]["rule"] == "cold"
            assert kinds["device"]["id"] == "cold-1"
            assert kinds["health"]["ready"] is True
            world.board.announce(world.board.put_alerts([]))
            assert await stream.event() == ("change", [{"type": "alert", "id": "7", "object": None}])

    _run(test())


def test_what_went_while_a_client_was_away_is_told_at_its_return(world: World) -> None:
    browser = world.browser("guard")
    world.board.announce(world.board.put_alerts([_alert(7)]))
    world.board.announce(world.board.put_alerts([]))

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            await stream.event()
            _, everything = await stream.event()
            assert "alert-7" in [line["id"] for line in everything]

    _run(test())


def test_a_hundred_clients_share_one_rendering(world: World) -> None:
    guard, head = world.browser("guard"), world.browser("head")

    async def test() -> None:
        async with AsyncExitStack() as stack:
            clients = [
                (await stack.enter_async_context(listening(world, browser)))[0]
                for browser in [guard] * 50 + [head] * 50
            ]
            for client in clients:
                await client.event()
                await client.event()
            drawn = len(world.render.drawn)
            await _in_thread(world, 3.0)
            for client in clients:
                await client.event()
            assert len(world.render.drawn) == drawn + 2  # one for each role and language

    _run(test())


def test_a_thousand_changes_at_once_are_one_event(world: World) -> None:
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            await stream.event()
            await stream.event()
            for number in range(1_000):
                world.reading(float(number))
            await stream.event()
            drawn = len(world.render.drawn)
            world.reading(-1.0)
            await stream.event()
            assert len(world.render.drawn) == drawn + 1 == 3

    _run(test())


def test_a_backlog_of_taps_tells_of_the_newest_only(world: World) -> None:
    taps = [
        Tap(f"tap:{n}", "phone-guard", NOW_MS + n, NOW_MS, Clock.DEVICE, "04AA", "", Trust.UID)
        for n in range(5_000)
    ]
    changed = world.board.fold(taps)

    kept = world.parts.broadcast._without_old_taps(set(changed))

    assert kept == {(Topic.TAP, f"tap:{n}") for n in range(4_970, 5_000)}
    assert len(world.parts.broadcast._without_old_taps({(Topic.TAP, "tap:1"), (Topic.TAP, "tap:2")})) == 1


def test_a_client_that_never_reads_is_dropped_and_holds_nothing_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "SEND_TIMEOUT_S", 0.05)
    browser = world.browser("guard")

    async def test() -> None:
        async with (
            listening(world, browser, reads=False) as (stuck, served),
            listening(world, browser) as (stream, _),
        ):
            await stream.event()
            await stream.event()
            await _in_thread(world, 3.0)
            assert (await stream.event())[0] == "change"
            await asyncio.wait_for(served, 5.0)
            assert stuck.taken == 0
            assert world.parts.broadcast.clients == 1

    _run(test())


def test_a_client_too_far_behind_starts_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "_MOST_PENDING", 10)
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, served):
            await stream.event()
            await stream.event()
            world.board.announce(world.board.put_alerts([_alert(number) for number in range(1, 30)]))
            assert (await stream.event())[0] in {"change", "end"}
            await asyncio.wait_for(served, 5.0)

    _run(test())


def test_the_stream_ends_with_the_session(world: World) -> None:
    browser, other = world.browser("guard"), world.browser("head")

    async def test() -> None:
        async with listening(world, browser) as (stream, served), listening(world, other) as (stays, _):
            await stream.event()
            await stream.event()
            await asyncio.to_thread(world.parts.sessions.end, browser.cookies["campushub"])
            assert await stream.event() == ("end", {})
            await asyncio.wait_for(served, 5.0)
            await stays.event()
            assert world.parts.broadcast.clients == 1

    _run(test())


def test_health_is_told_at_a_beat_though_nothing_happens(world: World) -> None:
    world.parts.broadcast.beat_s = 0.02
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            await stream.event()
            await stream.event()
            assert await stream.event() == ("change", [{"id": "health-", "html": "<p></p>"}])

    _run(test())


def test_beyond_the_limit_a_client_is_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "MOST_CLIENTS", 0)

    answer = world.browser("guard").get("/events")

    assert (answer.status_code, code_of(answer)) == (503, "busy")


def test_a_hub_that_ends_ends_every_stream_without_a_word(world: World) -> None:
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, served):
            await stream.event()
            await stream.event()
            await asyncio.to_thread(world.parts.broadcast.close)
            await asyncio.wait_for(served, 5.0)
            assert stream.rest() == ""

    _run(test())
    world.parts.broadcast.close()


def test_the_board_may_speak_after_the_loop_has_closed(world: World) -> None:
    browser = world.browser("guard")

    async def test() -> None:
        async with listening(world, browser) as (stream, _):
            await stream.event()

    _run(test())
    world.reading(5.0)
    _run(test())
