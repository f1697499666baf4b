from __future__ import annotations

from typing import Any

import pytest

from devices.facts import Clock, Tap, Trust
from hub.log.model import Entry, Letter, Meeting
from hub.web.errors import Code, Problem, refused
from rules.life import Refusal
from tests.hub.web.world import COLD_ROOM, NOW_MS, World, code_of

_DAY_MS = 86_400_000


def _range(**changes: Any) -> dict[str, Any]:
    return {
        "device": "cold-1",
        "field": "temperature_c",
        "start_ms": NOW_MS - _DAY_MS,
        "end_ms": NOW_MS,
        "step_ms": 60_000,
        **changes,
    }


def test_me_is_who_is_signed_in(world: World) -> None:
    browser = world.browser("guard")

    assert browser.get("/api/v1/me").json() == {
        "person": "guard",
        "name": "Guard <b>Li</b>",
        "role": "guard",
        "language": "zh-CN",
        "csrf": browser.csrf,
        "must_change_secret": False,
    }


def test_a_device_is_shown_as_configured_and_as_it_is_now(world: World) -> None:
    world.reading(3.5)

    (device,) = world.browser("canteen").get("/api/v1/devices").json()

    assert device["name"]["en"] == COLD_ROOM
    assert device["online"] is True
    assert device["quantities"] == [{"name": "temperature_c", "value": 3.5, "measured_at_ms": NOW_MS}]
    assert world.browser("canteen").get("/api/v1/devices/cold-1").json() == device


def test_what_is_not_there_is_not_found(world: World) -> None:
    browser = world.browser("head")
    paths = ["devices/none", "alerts/999", f"alerts/{2**63}", "alerts/-1", "alerts/0", f"alerts/{10**40}"]

    assert [browser.get(f"/api/v1/{path}").status_code for path in paths] == [404] * len(paths)
    answer = browser.post(f"/api/v1/alerts/{2**64}/acknowledge", json={"reason": "x"})
    assert code_of(answer) == "not_found"


def test_an_alert_is_taken_on_in_the_name_of_whoever_is_signed_in(world: World) -> None:
    number = world.alert()
    body = {"reason": "door was open\x1b[31m", "by": "head", "role": "admin", "person": "admin"}

    answer = world.browser("canteen").post(f"/api/v1/alerts/{number}/acknowledge", json=body)

    assert answer.json()["acknowledged_by"] == "canteen"
    assert answer.json()["acknowledged_reason"] == "door was open[31m"
    assert world.woken == 1
    record = world.browser("wall").get(f"/api/v1/alerts/{number}").json()
    assert [(entry["change"], entry["by"]) for entry in record["journal"]] == [("acknowledged", "canteen")]


def test_what_the_state_of_an_alert_forbids_is_a_conflict(world: World) -> None:
    active, over = world.alert(), world.alert(active=False)
    browser = world.browser("head")

    def act(number: int, action: str, text: str) -> tuple[int, str]:
        answer = browser.post(f"/api/v1/alerts/{number}/{action}", json={"reason": text, "action": text})
        return answer.status_code, code_of(answer) if answer.is_error else "done"

    assert act(active, "close", "repaired") == (409, "still_active")
    assert act(active, "acknowledge", " - ") == (409, "no_reason")
    assert act(active, "acknowledge", "seen") == (200, "done")
    assert act(active, "acknowledge", "seen") == (409, "already_acknowledged")
    assert act(over, "close", "repaired") == (200, "done")
    assert act(over, "close", "repaired") == (409, "already_closed")


def test_every_refusal_has_an_answer_in_both_languages() -> None:
    assert {refused(refusal).status for refusal in Refusal if refusal is not Refusal.NOT_YOURS} == {409}
    assert refused(Refusal.NOT_YOURS).status == 403
    assert all(Problem(code).text.zh and Problem(code).text.en for code in Code)


def test_a_wall_only_reads(world: World) -> None:
    number = world.alert()
    answer = world.browser("wall").post(f"/api/v1/alerts/{number}/acknowledge", json={"reason": "x"})

    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


def test_alerts_are_the_open_ones_or_all_up_to_a_limit(world: World) -> None:
    first, second = world.alert(active=False), world.alert()
    browser = world.browser("head")
    browser.post(f"/api/v1/alerts/{first}/close", json={"action": "repaired"})

    def numbers(query: str) -> list[int]:
        return [alert["id"] for alert in browser.get(f"/api/v1/alerts{query}").json()]

    assert numbers("") == [second]
    assert numbers("?state=all") == [second, first]
    assert numbers("?state=all&limit=1") == [second]


@pytest.mark.parametrize("query", ["limit=-1", "limit=0", "limit=501", "limit=x", "state=<b>"])
def test_a_question_that_makes_no_sense_is_invalid(world: World, query: str) -> None:
    answer = world.browser("head").get(f"/api/v1/alerts?{query}")

    assert (answer.status_code, code_of(answer)) == (422, "invalid")
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"reason": 1}',
        b'{"reason": "\\ud800"}',
        b"[" * 100_000,
        b'{"reason": NaN}',
        b"\xff",
    ],
)
def test_a_body_that_makes_no_sense_is_refused(world: World, body: bytes) -> None:
    answer = world.browser("head").post(
        "/api/v1/alerts/1/acknowledge", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code in {400, 422}
    assert code_of(answer) in {"invalid", "bad_request"}


def test_the_history_of_one_series(world: World) -> None:
    answer = world.browser("wall").get("/api/v1/history", params=_range(aggregate="max"))

    assert answer.json()["samples"] == [{"at_ms": NOW_MS - _DAY_MS, "value": 4.0}]
    assert world.history.asked == [("fridge", "temperature_c", "cold-1")]


def test_a_range_of_too_many_steps_says_what_to_ask_for(world: World) -> None:
    answer = world.browser("head").get("/api/v1/history", params=_range(start_ms=0, step_ms=1_000))

    assert (answer.status_code, code_of(answer)) == (422, "too_many_steps")
    assert str(NOW_MS // 5_000) in answer.json()["error"]["message"]
    assert world.history.asked == []
    fits = _range(start_ms=0, step_ms=NOW_MS // 5_000)
    assert world.browser("head").get("/api/v1/history", params=fits).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"device": "none"}, 404),
        ({"field": "power_w"}, 422),
        ({"field": "time; DROP"}, 422),
        ({"end_ms": NOW_MS - 2 * _DAY_MS}, 422),
        ({"step_ms": 0}, 422),
        ({"step_ms": -1}, 422),
        ({"end_ms": 10**30}, 422),
        ({"aggregate": "median"}, 422),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(world: World, changes: dict[str, Any], status: int) -> None:
    assert world.browser("head").get("/api/v1/history", params=_range(**changes)).status_code == status


def test_a_history_that_does_not_answer_is_unavailable_and_says_no_address(world: World) -> None:
    world.history.down = True

    answer = world.browser("head").get("/api/v1/history", params=_range())

    assert (answer.status_code, code_of(answer)) == (503, "history_unavailable")
    assert "address" not in answer.text


def test_dead_letters_are_readable_and_harmless(world: World) -> None:
    letter = Letter(NOW_MS, "campus/\x1b[2J", b'{"t":\xff\x00<script>', "not_utf8", "byte 5")
    meeting = Meeting(NOW_MS, "zigbee2mqtt/new", "zigbee2mqtt", "new")
    world.log.append([Entry(letters=(letter,), meetings=(meeting,))], NOW_MS)
    head = world.browser("head")

    (found,) = head.get("/api/v1/dead-letters").json()
    (stranger,) = head.get("/api/v1/strangers").json()

    assert found["payload"] == '{"t":\\xff\\x00<script>'
    assert found["topic"] == "campus/\\x1b[2J"
    assert (found["size"], found["reason"]) == (15, "not_utf8")
    assert (stranger["suggested_id"], stranger["messages"]) == ("new", 1)


def test_taps_and_rounds_of_the_board(world: World) -> None:
    tap = Tap("tap:1", "phone-guard", NOW_MS, NOW_MS, Clock.DEVICE, "04AABBCCDDEE80", "", Trust.UID)
    world.board.fold((tap,))

    (shown,) = world.browser("wall").get("/api/v1/taps").json()

    assert (shown["checkpoint"], shown["trust"]) == ("gate", "uid")
    assert world.browser("wall").get("/api/v1/rounds").json() == []


def test_the_openapi_document_names_every_route_and_every_shape(world: World) -> None:
    document = world.browser("guard").get("/api/v1/openapi.json").json()

    assert document["openapi"].startswith("3.")
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert "/api/v1/history" in document["paths"]
    for methods in document["paths"].values():
        assert all(operation["description"] for operation in methods.values())
    known = document["components"]["schemas"]
    references = {
        piece.split('"')[0] for piece in str(document).replace("'", '"').split("#/components/schemas/")[1:]
    }
    assert references <= known.keys()
    assert world.browser().get("/api/v1/openapi.json").status_code == 401
