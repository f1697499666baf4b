"""Taps of phones: each kept once and answered by itself, whatever the post is and however often it comes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.facts import Clock, Tap, Trust
from hub.book.model import RoundRun
from hub.log.reader import LogReader
from hub.web import durable
from rules.model import RoundState
from tests.hub.patrol.posting import AT, GATE, URL, id_of, logged, post, tap
from tests.hub.web.world import NOW_MS, World, code_of

HOUR_MS = 3_600_000


def letters(world: World) -> list[str]:
    log = LogReader(world.folder / "log.sqlite")
    try:
        return [letter.reason for letter in log.letters(100)]
    finally:
        log.close()


def planned(world: World, state: RoundState = RoundState.PLANNED) -> None:
    run = RoundRun("night@2026-05-29", "night", NOW_MS - HOUR_MS, NOW_MS + HOUR_MS, 0, state, (GATE,), ())
    world.board.put_rounds((run,))


def test_a_tap_is_kept_as_the_signed_in_persons(world: World) -> None:
    planned(world)

    results = post(world.browser("guard"), tap(person="head", badge="FFFFFFFF", trust="sun"))

    assert results == [
        {
            "id": id_of(1),
            "accepted": True,
            "trust": "uid",
            "checkpoint": "gate",
            "reason": None,
            "round": "night@2026-05-29",
            "next": None,
        }
    ]
    assert logged(world) == [
        Tap(
            key=f"tap:{id_of(1)}",
            device="phone:guard",
            measured_at_ms=NOW_MS,
            received_at_ms=NOW_MS,
            clock=Clock.DEVICE,
            tag_uid=GATE,
            badge="04A1B2C3D4E5F6",
            trust=Trust.UID,
            person="guard",
        )
    ]


def test_the_same_taps_again_are_answered_alike_and_kept_once(world: World) -> None:
    browser = world.browser("guard")
    taps = [tap(1), tap(2, source="qr", tag=None, checkpoint="gate")]

    first = post(browser, *taps)
    world.now_ms += 90_000
    again = post(browser, *taps, tap(1, id=id_of(1).upper()))

    assert again[:2] == first
    assert again[2] == {**first[0], "id": id_of(1).upper()}
    assert len(logged(world)) == 2


def test_another_persons_id_is_a_conflict_not_a_theft(world: World) -> None:
    post(world.browser("guard"), tap())

    (answer,) = post(world.browser("head"), tap())

    assert (answer["accepted"], answer["reason"]) == (False, "conflict")
    assert [one.person for one in logged(world)] == ["guard"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "1"}, "bad_id"),
        ({"id": 5}, "bad_tap"),
        ({"at": None}, "bad_tap"),
        ({"at": "2026-05-29T04:26:40"}, "bad_time"),
        ({"at": "2026-02-30T00:00:00Z"}, "bad_time"),
        ({"at": 1e300}, "bad_time"),
        ({"tag": "04"}, "bad_tag"),
        ({"tag": "<script>"}, "bad_tag"),
        ({"tag": None}, "no_place"),
        ({"tag": None, "checkpoint": "nowhere"}, "unknown_checkpoint"),
        ({"source": "sun"}, "bad_tap"),
        ({"sun": "e"}, "bad_tap"),
        ({"note": "x" * 1001}, "bad_tap"),
    ],
)
def test_a_bad_tap_keeps_no_other_out_and_is_a_dead_letter(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    bad, good = post(world.browser("guard"), tap(1, **changes), tap(2))

    assert (bad["accepted"], bad["reason"], good["accepted"]) == (False, reason, True)
    assert letters(world) == [reason]
    assert len(logged(world)) == 1


@pytest.mark.parametrize(
    ("changes", "trust"),
    [
        ({}, "uid"),
        ({"tag": None, "checkpoint": "gate"}, "qr"),
        ({"source": "url"}, "qr"),
        ({"source": "qr"}, "qr"),
        ({"source": "manual"}, "manual"),
    ],
)
def test_without_proof_a_tap_is_worth_what_was_read(
    world: World, changes: dict[str, Any], trust: str
) -> None:
    (answer,) = post(world.browser("guard"), tap(**changes))
    assert (answer["trust"], answer["checkpoint"]) == (trust, "gate")


def test_a_message_that_nothing_can_verify_is_said_and_counts_all_the_same(world: World) -> None:
    (answer,) = post(world.browser("guard"), tap(sun={"e": "00" * 16, "c": "00" * 8}))

    assert (answer["trust"], answer["reason"]) == ("uid", "unverified")
    assert logged(world)[0].refused == ""


def test_late_future_and_unknown_are_taken_and_said(world: World) -> None:
    late, later, near, ahead, unknown = post(
        world.browser("guard"),
        tap(1, at=(NOW_MS - 12 * HOUR_MS) / 1000),
        tap(2, at=(NOW_MS - 12 * HOUR_MS - 1) / 1000),
        tap(3, at=(NOW_MS + 120_000) / 1000),
        tap(4, at=(NOW_MS + 120_001) / 1000),
        tap(5, tag="04111111111180"),
    )

    assert [one["reason"] for one in (late, later, near, ahead, unknown)] == [
        None,
        "late",
        None,
        "clock_ahead",
        "unknown_tag",
    ]
    assert all(one["accepted"] for one in (late, later, near, ahead, unknown))
    times = {one.key: (one.measured_at_ms, one.clock) for one in logged(world)}
    assert times[f"tap:{id_of(4)}"] == (NOW_MS, Clock.AHEAD)


def test_half_an_emoji_keeps_no_tap_from_being_sent(world: World) -> None:
    body = json.dumps({"taps": [tap(1, note="cut \ud83d"), tap(2, note="whole \U0001f600")]})

    answer = world.browser("guard").post(URL, content=body.encode())

    assert [one["accepted"] for one in answer.json()["results"]] == [True, True]


def test_five_hundred_taps_are_taken_at_once_and_no_more(world: World) -> None:
    browser = world.browser("guard")

    assert len(post(browser, *(tap(number) for number in range(500)))) == 500
    refused = browser.post(URL, json={"taps": [tap(number) for number in range(501)]})
    assert (refused.status_code, code_of(refused)) == (422, "invalid")
    assert post(browser) == []
    assert len(logged(world)) == 500


def test_whoever_walks_no_rounds_posts_no_taps(world: World) -> None:
    for person in ("canteen", "wall"):
        assert world.browser(person).post(URL, json={"taps": []}).status_code == 403
    assert world.browser().post(URL, json={"taps": []}).status_code == 401
    assert world.browser("guard").post(URL, csrf=False, json={"taps": []}).status_code == 403


def test_a_phone_that_never_rests_is_held_back_and_others_are_not(world: World) -> None:
    browser = world.browser("guard")
    statuses = {browser.post(URL, json={"taps": []}).status_code for _ in range(121)}

    assert statuses == {200, 429}
    assert post(world.browser("guard"), tap())[0]["accepted"]


def test_a_log_that_takes_nothing_is_said_and_the_future_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_DURABLE_WITHIN_S", 0.01)
    world.log_accepts = False

    answer = world.browser("guard").post(URL, json={"taps": [tap()]})

    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")
    assert not world.submitted[-1].cancelled()


def test_a_full_inbox_is_said(world: World) -> None:
    world.inbox_full = True

    answer = world.browser("guard").post(URL, json={"taps": [tap()]})

    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")


def test_one_post_from_many_connections_at_once_and_after_a_restart_counts_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    taps = [tap(number) for number in range(50)]
    browsers = [world.browser("guard") for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda browser: post(browser, *taps), browsers))
    world.close()
    again = World(tmp_path)
    answers.append(post(again.browser("guard"), *taps))

    assert all(answer == answers[0] for answer in answers)
    assert len(logged(again)) == 50
    again.close()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(["id", "at", "tag", "checkpoint", "sun", "source", "seq", "note"])
_almost = st.dictionaries(_names, _json | st.sampled_from([AT, id_of(1), GATE, "nfc", "gate"]), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | _json.map(lambda value: json.dumps(value).encode())
    | st.lists(
        st.dictionaries(_names, _json | st.just(AT) | st.just(id_of(1)), max_size=8) | _json, max_size=5
    ).map(lambda taps: json.dumps({"taps": taps}).encode())
    | st.integers(1, 90_000).map(lambda depth: b'{"taps":' + b"[" * depth)
)
def test_no_body_is_a_fault_of_the_hub(world: World, body: bytes) -> None:
    answer = world.browser("guard").post(URL, content=body)

    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 422:
        assert code_of(answer) == "invalid"


def test_what_is_written_beside_a_tap_is_kept_once_with_its_place(world: World) -> None:
    for _ in range(2):
        post(world.browser("guard"), tap(1, note=" 灯坏了\x07 "), tap(2), tap(3, id="bad", note="lost?"))

    (note,) = world.browser("head").get("/api/v1/patrol/reports?state=all").json()
    assert (note["id"], note["kind"], note["text"]) == (id_of(1), "note", "灯坏了")
    assert (note["checkpoint"], note["open"], note["at_ms"]) == ("gate", False, NOW_MS)
