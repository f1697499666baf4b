"""Guards who walk alone: what their phones say becomes facts by the hub's time, and the rule judges those."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import httpx

from devices.facts import Clock, Fact, Reading, Tick
from hub.alerts.judging import Judging
from hub.config.binding import watches_of_devices
from hub.log.reader import LogReader
from rules.catalogue import parse
from rules.model import Cleared, Raised
from tests.hub.patrol.posting import id_of
from tests.hub.web.world import NOW_MS, Browser, World, code_of

URL = "/api/v1/patrol/alone"
MINUTE = 60_000


def word(number: int = 1, minutes: int = 30, ago_s: float = 0) -> dict[str, Any]:
    return {"id": id_of(number), "minutes": minutes, "ago_s": ago_s}


def say(browser: Browser, *words: object) -> httpx.Response:
    return browser.post(URL, json={"words": list(words)})


def logged(world: World) -> list[Reading]:
    log = LogReader(world.folder / "log.sqlite")
    try:
        return [one.fact for one in log.after(0, 1_000) if isinstance(one.fact, Reading)]
    finally:
        log.close()


def test_a_word_is_a_fact_by_the_hubs_time_however_late_it_comes(world: World) -> None:
    answer = say(world.browser("guard"), word(1, ago_s=2_400), word(2, ago_s=600.5))

    assert (answer.status_code, answer.json()) == (200, {"due_ms": NOW_MS - 600_500 + 30 * MINUTE})
    assert [(one.device, one.measured_at_ms, one.clock, one.values) for one in logged(world)] == [
        ("phone:guard", NOW_MS - 2_400_000, Clock.NONE, (("alone_min", 30.0),)),
        ("phone:guard", NOW_MS - 600_500, Clock.NONE, (("alone_min", 30.0),)),
    ]


def test_the_end_is_said_too(world: World) -> None:
    assert say(world.browser("guard"), word(minutes=0)).json() == {"due_ms": None}


def test_the_same_word_sent_again_changes_nothing(world: World) -> None:
    guard = world.browser("guard")
    say(guard, word())
    world.now_ms += 5 * MINUTE
    assert say(guard, word(ago_s=300)).status_code == 200
    assert [one.measured_at_ms for one in logged(world)] == [NOW_MS]


def test_what_makes_no_sense_is_refused_as_a_whole(world: World) -> None:
    guard = world.browser("guard")
    for wrong in (
        word(minutes=5),
        word(minutes=61),
        word(minutes=-1),
        word(ago_s=-1),
        word(ago_s=8 * 86_400),
        word() | {"id": "x"},
        {},
    ):
        assert (say(guard, word(2), wrong).status_code, logged(world)) == (422, []), wrong
    assert say(guard).status_code == 422
    assert guard.post(URL, content=b"[").status_code == 422


def test_it_is_for_those_who_walk_rounds(world: World) -> None:
    assert say(world.browser("canteen"), word()).status_code == 403
    assert say(world.browser(), word()).status_code == 401


def test_what_is_not_kept_is_said(world: World) -> None:
    world.inbox_full = True
    assert code_of(say(world.browser("guard"), word())) == "log_unavailable"


def judged(world: World, *ticks: tuple[int, int], saved: Any = None) -> tuple[list[object], Any]:
    """What the shipped rule says to the log, with ticks (at, listening since, in minutes) after it."""
    catalogue = files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rule = next(rule for rule in parse(catalogue) if rule.id == "patrol.lone-worker")
    object.__setattr__(world.campus, "rules", {rule.id: rule})
    judging = Judging(watches_of_devices(world.campus), saved or {})
    facts: list[Fact] = [] if saved else [*logged(world)]
    for at_min, since_min in ticks:
        at_ms = NOW_MS + at_min * MINUTE
        facts.append(Tick(f"tick:{at_ms}", at_ms, NOW_MS + since_min * MINUTE))
    said = judging.judge(1, facts, NOW_MS, lambda _: None)
    return [one.event for one in said], judging


def test_a_phone_that_says_nothing_more_leads_to_an_alert(world: World) -> None:
    say(world.browser("guard"), word())
    events, _ = judged(world, *((minute, -60) for minute in range(1, 40)))
    assert events == [Raised(NOW_MS + 35 * MINUTE, NOW_MS + 30 * MINUTE, 35.0)]


def test_a_hub_that_starts_anew_goes_on_waiting(world: World) -> None:
    say(world.browser("guard"), word())
    _, before = judged(world, (1, -60))
    events, _ = judged(world, (60, 60), (64, 60), (65, 60), saved=_saved(before))
    assert events == [Raised(NOW_MS + 65 * MINUTE, NOW_MS + 30 * MINUTE, 65.0)]


def test_a_word_that_was_under_way_takes_the_alert_back(world: World) -> None:
    guard = world.browser("guard")
    say(guard, word())
    _, before = judged(world, *((minute, -60) for minute in range(1, 40)))
    world.now_ms += 50 * MINUTE
    say(guard, word(2, ago_s=25 * 60), word(3, ago_s=60))
    judging = Judging(watches_of_devices(world.campus), _saved(before))
    said = judging.judge(100, logged(world)[1:], NOW_MS, lambda _: None)
    assert [one.event for one in said] == [Cleared(NOW_MS + 25 * MINUTE, None, amended=True)]


def _saved(judging: Judging) -> Any:
    from hub.alerts.judging import Remembered

    return {key: Remembered(state) for key, state in judging.unsaved().items()}
