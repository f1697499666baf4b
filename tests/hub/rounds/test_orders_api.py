"""Decisions by the API: who may, what is refused and how it is said, what counts once, what is durable."""

from __future__ import annotations

import queue
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace as replace_

from devices.facts import Order, Tap
from hub.rounds import ordering
from rules.model import RoundState
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING
from tests.hub.rounds.desk import DEADLINE, RUN, STARTS, Desk, decision, key
from tests.hub.web.world import code_of

URL = f"/api/v1/rounds/{RUN}/orders"


def test_a_decision_is_in_the_log_and_judged_before_it_is_answered(desk: Desk) -> None:
    answer = desk.browser("liu-yang").post(URL, json=decision(Order.EXCUSE))

    assert answer.status_code == 200, answer.text
    assert answer.json()["order"] == {
        "order": "excuse",
        "by": "liu-yang",
        "at_ms": MORNING,
        "reason": "台风",
        "until_ms": 0,
    }
    assert answer.json()["round"]["state"] == "excused"
    (fact,) = desk.orders()
    assert (fact.key, fact.round, fact.by) == (f"order:{key()}", RUN, "liu-yang")


def test_the_same_decision_again_counts_once_and_is_answered_alike(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    said = decision(Order.EXTEND, until=(DEADLINE + HOUR) / 1000)
    first = browser.post(URL, json=said)
    desk.office.now_ms += MINUTE

    again = browser.post(URL, json={**said, "id": key().upper()})

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert len(desk.orders()) == 1


def test_a_decision_that_is_sent_again_before_it_is_judged_counts_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "_JUDGED_WITHIN_S", 0.0)
    desk.judges = False
    browser = desk.browser("zhang-wei")
    first = browser.post(URL, json=decision(Order.PAUSE))
    desk.office.now_ms += MINUTE

    again = browser.post(URL, json=decision(Order.PAUSE))

    assert first.status_code == 200
    assert again.json()["order"] == first.json()["order"]
    assert len(desk.orders()) == 1


@pytest.mark.parametrize(
    ("person", "changes"),
    [("liu-yang", {"order": "pause"}), ("zhang-wei", {"order": "finish"})],
    ids=["another order", "another person"],
)
def test_an_id_stands_for_one_decision_of_one_person(
    desk: Desk, person: str, changes: dict[str, Any]
) -> None:
    assert desk.browser("liu-yang").post(URL, json=decision(Order.FINISH)).status_code == 200

    answer = desk.browser(person).post(URL, json={**decision(Order.FINISH), **changes})

    assert (answer.status_code, code_of(answer)) == (409, "other_order")
    assert len(desk.orders()) == 1


@pytest.mark.parametrize(
    ("person", "said", "status", "code"),
    [
        ("li-qiang", decision(Order.PAUSE), 403, "not_your_round"),
        ("zhang-wei", decision(Order.EXCUSE), 403, "not_your_round"),
        ("admin", decision(Order.EXCUSE), 403, "not_your_round"),
        ("wang-fang", decision(Order.EXCUSE), 403, "forbidden"),
        ("wall", decision(Order.EXCUSE), 403, "forbidden"),
        ("liu-yang", decision(Order.EXCUSE, reason=" \n"), 409, "no_reason"),
        ("liu-yang", decision(Order.EXCUSE, reason="长" * 501), 422, "reason_too_long"),
        ("liu-yang", decision(Order.EXCUSE, reason="长" * 2_001), 422, "invalid"),
        ("liu-yang", decision(Order.EXTEND), 422, "bad_deadline"),
        ("liu-yang", decision(Order.EXTEND, until=MORNING / 1000), 422, "bad_deadline"),
        ("liu-yang", decision(Order.EXTEND, until="tomorrow"), 422, "bad_time"),
        ("liu-yang", decision(Order.EXTEND, until=0), 422, "bad_deadline"),
        ("liu-yang", decision(Order.EXTEND, until=1e300), 422, "bad_time"),
        ("zhang-wei", decision(Order.RESUME), 409, "not_paused"),
        ("zhang-wei", decision(Order.PAUSE, at="2026-11-22T05:00:00+08:00"), 422, "bad_time"),
        ("zhang-wei", decision(Order.PAUSE, at="2026-11-22T08:00:00+08:00"), 422, "bad_time"),
        ("zhang-wei", decision(Order.PAUSE, at="1970-01-01T00:00:01Z"), 422, "bad_time"),
        ("zhang-wei", decision(Order.PAUSE, at="2026-11-22T07:00:00"), 422, "bad_time"),
        ("zhang-wei", decision(Order.PAUSE) | {"id": "no-uuid"}, 422, "invalid"),
        ("zhang-wei", decision(Order.PAUSE) | {"order": "burn"}, 422, "invalid"),
        ("zhang-wei", [], 422, "invalid"),
    ],
)
def test_what_is_refused_says_why_in_both_languages(
    desk: Desk, person: str, said: dict[str, Any], status: int, code: str
) -> None:
    answer = desk.browser(person).post(URL, json=said)

    assert (answer.status_code, code_of(answer)) == (status, code)
    assert desk.orders() == []


def test_what_is_no_number_is_no_time(desk: Desk) -> None:
    browser = desk.browser("zhang-wei")
    body = f'{{"id": "{key()}", "order": "pause", "at": NaN}}'

    answer = browser.post(URL, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422, answer.text
    assert desk.orders() == []


def test_nothing_is_decided_without_the_session_s_token(desk: Desk) -> None:
    answer = desk.browser("liu-yang").post(URL, csrf=False, json=decision(Order.EXCUSE))

    assert (answer.status_code, code_of(answer)) == (403, "csrf")
    assert desk.orders() == []


def test_a_round_that_is_none_is_not_found(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    for id_ in ("nothing@2026-11-22", "patrols@2026-11-22", "x" * 96):
        assert browser.get(f"/api/v1/rounds/{id_}").status_code == 404
        assert browser.post(f"/api/v1/rounds/{id_}/orders", json=decision(Order.PAUSE)).status_code == 404


def test_over_and_done_are_said_apart(desk: Desk) -> None:
    browser = desk.browser("zhang-wei")
    desk.office.now_ms = DEADLINE + MINUTE
    desk.happens(desk.office.ticks(DEADLINE + MINUTE))
    assert code_of(browser.post(URL, json=decision(Order.PAUSE))) == "round_over"
    places = desk.deps.campus.rounds["morning"].checkpoints
    desk.walks("zhang-wei", *places, from_ms=MORNING, each_ms=MINUTE)
    assert desk.office.runs()[RUN].state is RoundState.COMPLETED
    assert code_of(browser.post(URL, json=decision(Order.FINISH, 1))) == "round_done"


def test_what_a_phone_kept_counts_from_when_it_was_decided(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", from_ms=STARTS + 5 * MINUTE)
    desk.office.now_ms = DEADLINE + HOUR
    desk.happens(desk.office.ticks(DEADLINE + HOUR))
    assert desk.office.runs()[RUN].state is RoundState.INCOMPLETE

    answer = desk.browser("zhang-wei").post(
        URL, json=decision(Order.FINISH, at="2026-11-22T06:30:00+08:00", reason="暴雨")
    )

    assert answer.status_code == 200, answer.text
    (fact,) = desk.orders()
    assert (fact.measured_at_ms, fact.received_at_ms) == (STARTS + 30 * MINUTE, DEADLINE + HOUR)
    run = desk.office.runs()[RUN]
    assert (run.deadline_ms, run.decided_by, run.decided_why) == (STARTS + 30 * MINUTE, "zhang-wei", "暴雨")


def test_nothing_is_answered_for_while_the_log_takes_nothing(desk: Desk) -> None:
    def full(_entry: object) -> Any:
        raise queue.Full

    desk.app.state.parts = replace(desk.parts, deps=replace(desk.deps, keep=full))

    answer = desk.browser("liu-yang").post(URL, json=decision(Order.EXCUSE))

    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")
    assert desk.orders() == []


def test_one_round_is_told_whole(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", "library")
    desk.happens(desk.tap("zhang-wei", "boiler-room", MORNING, refused="replay"))
    browser = desk.browser("zhang-wei")
    browser.post(URL, json=decision(Order.PAUSE))

    told = browser.get(f"/api/v1/rounds/{RUN}").json()

    assert [stop["checkpoint"] for stop in told["course"]][:3] == ["gatehouse", "library", "building-a"]
    assert [stop["since_ms"] for stop in told["course"]][:3] == [None, 5 * MINUTE, None]
    assert [(one["order"], one["by"]) for one in told["orders"]] == [("pause", "zhang-wei")]
    assert [(tap["checkpoint"], tap["reason"]) for tap in told["refused"]] == [("boiler-room", "replay")]
    assert told["refused"][0]["tag"] == ""
    assert told["refused_is_whole"] is True
    assert told["may"] == ["pause", "finish"]  # it goes on with the tap at 07:05, and was paused at 07:00
    assert told["alerts"] == [alert.id for alert in desk.office.alerts() if alert.subject == RUN] != []
    assert desk.browser("wall").get(f"/api/v1/rounds/{RUN}").json()["may"] == []


def test_tags_that_hang_nowhere_are_told_of_whoever_walks_the_round(desk: Desk) -> None:
    def unknown(person: str, tag: str, at_ms: int) -> Tap:
        return replace_(desk.tap(person, "gatehouse", at_ms), key=f"tap:{tag}", tag_uid=tag)

    desk.walks("zhang-wei", "gatehouse")
    desk.happens(
        unknown("zhang-wei", "04AA", MORNING + MINUTE),
        unknown("chen-jie", "04BB", MORNING + MINUTE),
        unknown("zhang-wei", "04CC", DEADLINE + MINUTE),
    )
    browser = desk.browser("liu-yang")

    told = browser.get(f"/api/v1/rounds/{RUN}").json()

    assert [(tap["tag"], tap["reason"], tap["person"]) for tap in told["refused"]] == [
        ("04AA", "unknown_tag", "zhang-wei")
    ]
    page = browser.get(f"/rounds/{RUN}?lang=en").text
    assert "<code>04AA</code>" in page
    assert "no checkpoint has this tag" in page
    assert "04BB" not in page
    assert "No tap was refused." not in page


def test_a_pause_that_a_phone_kept_is_taken_although_the_taps_came_first(desk: Desk) -> None:
    desk.office.now_ms = MORNING + 70 * MINUTE
    desk.walks("zhang-wei", *desk.office.campus.checkpoints)
    browser = desk.browser("zhang-wei")
    for number, (order, minute) in enumerate(((Order.PAUSE, 6), (Order.RESUME, 36))):
        at = datetime.fromtimestamp((MORNING + minute * MINUTE) / 1000, UTC).isoformat()
        said = decision(order, number, at=at) | {"reason": ""}
        assert browser.post(f"/api/v1/rounds/{RUN}/orders", json=said).status_code == 200, order
    assert [one.order for one in desk.orders()] == [Order.PAUSE, Order.RESUME]
