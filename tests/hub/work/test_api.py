"""Work orders over the API: made, taken, done, verified by somebody else; rights, photos, filters."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from hub.book.tables import AlertRow
from hub.photos.store import LONGEST_SIDE
from rules.work import REOPENED_WITHIN_MS
from tests.hub.patrol.posting import AT, id_of
from tests.hub.web.world import NOW_MS, World, code_of

URL = "/api/v1/work"
DAY_MS = 86_400_000


def made(world: World, by: str = "guard", **more: Any) -> dict[str, Any]:
    body = {"id": str(uuid4()), "title": "走廊灯不亮", "checkpoint": "gate", **more}
    answer = world.browser(by).post(URL, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def do(world: World, by: str, number: int, step: str, **said: Any) -> httpx.Response:
    return world.browser(by).post(f"{URL}/{number}/{step}", json=said)


def put_right(world: World, number: int, by: str = "maintenance") -> None:
    assert do(world, by, number, "take").status_code == 200
    assert do(world, by, number, "done", done="换了灯管").status_code == 200


def photo(size: tuple[int, int] = (40, 30), colour: str = "red") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, colour).save(drawn, "JPEG")
    return drawn.getvalue()


def send_photo(world: World, content: bytes, by: str = "maintenance") -> str:
    name = sha256(content).hexdigest()
    browser = world.browser(by)
    headers = {"x-csrf-token": browser.csrf, "content-type": "image/jpeg"}
    answer = browser.call("PUT", f"{URL}/photos/{name}", content=content, headers=headers)
    assert answer.status_code == 204
    return name


def test_an_order_is_reported_taken_done_and_verified_by_somebody_else(world: World) -> None:
    before, after = send_photo(world, photo(), "guard"), send_photo(world, photo(colour="blue"))
    order = made(world, text="东头第三盏", photos=[before])
    assert (order["state"], order["area"], order["responsible"]) == ("open", "canteen", "role:maintenance")
    assert order["reporter"] == "guard"
    number = order["number"]
    assert do(world, "maintenance", number, "take").json()["taken_by"] == "maintenance"
    world.now_ms += DAY_MS
    done = do(world, "maintenance", number, "done", done="换了灯管", photos=[after]).json()
    assert (done["state"], done["done_by"], done["photos_after"]) == ("done", "maintenance", [after])
    assert code_of(do(world, "maintenance", number, "verify")) == "same_person"
    assert "verified" not in done["may"]
    verified = do(world, "guard", number, "verify", note="亮了").json()
    assert (verified["state"], verified["closed_by"], verified["closed_note"]) == (
        "verified",
        "guard",
        "亮了",
    )
    record = world.browser("canteen").get(f"{URL}/{number}").json()["record"]
    assert [(entry["step"], entry["by"], entry["at_ms"] - NOW_MS) for entry in record] == [
        ("made", "guard", 0),
        ("taken", "maintenance", 0),
        ("done", "maintenance", DAY_MS),
        ("verified", "guard", DAY_MS),
    ]
    shown = world.browser("canteen").get(f"{URL}/{number}/photos/{before}")
    assert shown.headers["content-type"] == "image/jpeg"


def test_what_is_not_put_right_goes_back_and_done_by_mistake_is_undone(world: World) -> None:
    number = made(world)["number"]
    put_right(world, number)
    assert code_of(do(world, "guard", number, "send-back", reason=" ")) == "no_reason"
    back = do(world, "guard", number, "send-back", reason="还是闪").json()
    assert (back["state"], back["taken_by"]) == ("taken", "maintenance")
    do(world, "maintenance", number, "done", done="换了镇流器")
    undone = do(world, "maintenance", number, "send-back", reason="点错了").json()
    assert undone["state"] == "taken"
    assert do(world, "maintenance", number, "done", done="真的好了").json()["state"] == "done"
    closed = do(world, "head", number, "verify").json()
    assert closed["done"] == "真的好了"
    again = do(world, "guard", number, "reopen", reason="又灭了").json()
    assert (again["state"], again["taken_by"], again["closed_by"]) == ("open", "", "")
    assert again["due_ms"] > world.now_ms


def test_an_order_closed_long_ago_stays_closed(world: World) -> None:
    number = made(world)["number"]
    do(world, "head", number, "cancel", reason="已处理")
    world.now_ms += REOPENED_WITHIN_MS + 1
    assert code_of(do(world, "head", number, "reopen", reason="又来")) == "reopened_late"


def test_who_may_do_what(world: World) -> None:
    order = made(world)
    number = order["number"]
    assert world.browser("wall").get(URL).status_code == 403
    assert world.browser().get(URL).status_code == 401
    assert order["may"] == []
    assert code_of(do(world, "canteen", number, "take")) == "not_yours"
    assert code_of(do(world, "guard", number, "take")) == "not_yours"
    for step in ("cancel", "assign", "reschedule"):
        refused = do(world, "maintenance", number, step, reason="x", responsible="role:guard")
        assert code_of(refused) == "forbidden"
    assert code_of(do(world, "head", number, "done", done="x")) == "wrong_state"
    do(world, "maintenance", number, "take")
    assert code_of(do(world, "head", number, "done", done="x")) == "not_yours"
    assert do(world, "head", number, "give-back", reason="他病了").json()["state"] == "open"
    assert do(world, "head", 99, "take").status_code == 404
    assert do(world, "head", 2**70, "take").status_code == 404


def test_the_head_gives_it_to_somebody_else_and_says_by_when(world: World) -> None:
    number = made(world)["number"]
    do(world, "maintenance", number, "take")
    unknown = do(world, "head", number, "assign", responsible="person:nobody", reason="x")
    assert code_of(unknown) == "nobody"
    given = do(world, "head", number, "assign", responsible="person:canteen", reason="归食堂").json()
    assert (given["state"], given["taken_by"], given["responsible"]) == ("open", "", "person:canteen")
    assert do(world, "canteen", number, "take").status_code == 200
    assert code_of(do(world, "head", number, "reschedule", due_ms=1, reason="x")) == "bad_due"
    later = NOW_MS + 40 * DAY_MS
    moved = do(world, "head", number, "reschedule", due_ms=later, reason="等配件").json()
    assert (moved["state"], moved["due_ms"], moved["urgency"]) == ("taken", later, "normal")
    urgent = do(world, "head", number, "reschedule", urgency="urgent", reason="漏电").json()
    assert (urgent["urgency"], urgent["due_ms"]) == ("urgent", NOW_MS + DAY_MS)


def test_whose_turn_it_is_and_what_is_late(world: World) -> None:
    def numbers(who: str, query: str) -> list[int]:
        return [order["number"] for order in world.browser(who).get(f"{URL}?{query}").json()]

    first, second = made(world)["number"], made(world, device="cold-1", checkpoint="")["number"]
    assert numbers("maintenance", "which=mine") == [first]
    assert numbers("canteen", "which=mine") == [second]  # the owner of the fridge
    assert numbers("guard", "which=reported") == [second, first]
    assert numbers("guard", "which=mine") == numbers("head", "which=mine") == []
    put_right(world, first)
    assert numbers("maintenance", "which=mine") == []
    assert numbers("guard", "which=mine") == numbers("head", "which=mine") == [first]
    world.now_ms += 30 * DAY_MS
    assert numbers("head", "which=overdue") == [second]  # what is done only waits to be looked at
    assert numbers("head", "which=open&person=canteen") == [second]
    assert numbers("head", f"which=all&before={second}") == [first]
    assert numbers("head", "which=all&person=nobody") == []
    do(world, "guard", first, "verify")
    assert numbers("head", "which=open") == [second]
    assert numbers("head", "") == [second]


def test_the_same_order_sent_twice_is_one(world: World) -> None:
    id_ = str(uuid4())
    assert made(world, id=id_)["number"] == made(world, id=id_.upper())["number"]
    assert made(world, "canteen", id=id_)["number"] == 2  # another person's


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": " "}, "no_reason"),
        ({"title": "x" * 81}, "invalid"),
        ({"id": "7"}, "invalid"),
        ({"checkpoint": "the-moon"}, "invalid"),
        ({"device": "cold-9"}, "invalid"),
        ({"urgency": "at once"}, "invalid"),
        ({"photos": ["ab" * 32]}, "no_photo"),
        ({"photos": ["../../etc/passwd"]}, "no_photo"),
        ({"alert": 7}, "not_found"),
    ],
)
def test_an_order_that_cannot_be_is_refused(world: World, wrong: dict[str, Any], code: str) -> None:
    body = {"id": str(uuid4()), "title": "灯", **wrong}
    assert code_of(world.browser("head").post(URL, json=body)) == code
    assert world.browser("head").get(f"{URL}?which=all").json() == []


def test_only_photos_of_the_order_are_shown_with_it(world: World) -> None:
    mine, other = send_photo(world, photo()), send_photo(world, photo(colour="green"))
    number = made(world, photos=[mine])["number"]
    browser = world.browser("canteen")
    assert browser.get(f"{URL}/{number}/photos/{mine}").status_code == 200
    assert browser.get(f"{URL}/{number}/photos/{other}").status_code == 404
    assert browser.get(f"{URL}/99/photos/{mine}").status_code == 404
    assert world.browser("wall").get(f"{URL}/{number}/photos/{mine}").status_code == 403


def test_a_photo_of_a_report_that_comes_later_is_shown_once_it_is_there(world: World) -> None:
    content = photo()
    name = sha256(content).hexdigest()
    sent = {"id": id_of(1), "at": AT, "kind": "incident", "text": "灯", "photos": [name]}
    (number,) = world.browser("guard").post("/api/v1/patrol/reports", json=sent).json()["orders"]
    path = f"{URL}/{number}/photos/{name}"
    assert world.browser("canteen").get(path).status_code == 404
    guard = world.browser("guard")
    headers = {"x-csrf-token": guard.csrf, "content-type": "image/jpeg"}
    guard.call("PUT", f"/api/v1/patrol/photos/{name}", content=content, headers=headers)
    assert world.browser("canteen").get(path).status_code == 200


def test_a_large_photo_is_kept_smaller(world: World) -> None:
    name = send_photo(world, photo((4000, 2000)))
    number = made(world, photos=[name])["number"]
    shown = world.browser("head").get(f"{URL}/{number}/photos/{name}").content
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_an_order_is_made_from_an_alert_by_whoever_answers_for_it(world: World) -> None:
    alert = world.alert()
    body = {"title": "冷库不冷", "alert": alert, "urgency": "urgent"}
    for who in ("canteen", "maintenance", "head"):
        order = made(world, who, checkpoint="", **body)
        assert (order["alert"], order["source"], order["device"]) == (alert, "alert", "cold-1")
        assert (order["area"], order["responsible"]) == ("canteen", "person:canteen")
    refused = world.browser("guard").post(URL, json={"id": str(uuid4()), **body})
    assert code_of(refused) == "not_yours"
    with world.book.reading() as session:
        row = session.get(AlertRow, alert)
        assert row is not None
        assert (row.closed, row.acknowledged) == (False, False)  # its own life goes on


def test_the_api_describes_itself(world: World) -> None:
    paths = world.browser("head").get("/api/v1/openapi.json").json()["paths"]
    assert {path for path in paths if path.startswith(URL)} >= {URL, f"{URL}/{{number}}/verify"}


def test_the_phone_of_whoever_reported_says_that_it_is_their_turn(world: World) -> None:
    def waiting() -> tuple[int, int]:
        plan = world.browser("guard").get("/api/v1/patrol/plan").json()
        return plan["unseen"], plan["work"]

    number = made(world)["number"]
    assert waiting() == (0, 0)
    put_right(world, number)
    assert waiting() == (2, 1)  # taken and done; to be verified
    assert do(world, "guard", number, "verify", note="亮了").status_code == 200
    assert waiting()[1] == 0
