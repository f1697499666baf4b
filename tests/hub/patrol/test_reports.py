"""Reports and their photos: kept once, listed for who sees to things, closed with what was done."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.facts import Reading
from hub.config.binding import watches_of_devices
from hub.config.subjects import name_of
from hub.log.reader import LogReader
from hub.photos import store
from hub.photos.store import Bad, Photos
from hub.web.rights import PHOTO_LIMIT
from rules.catalogue import parse
from rules.model import Text
from tests.hub.patrol.posting import AT, id_of
from tests.hub.web.world import NOW_MS, World, code_of

URL = "/api/v1/patrol/reports"
PHOTOS = "/api/v1/patrol/photos"


def report(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_of(number),
        "at": AT,
        "kind": "incident",
        "text": "玻璃破了",
        "checkpoint": "gate",
        **changes,
    }


def jpeg(width: int = 40, height: int = 30, **extra: Any) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(drawn, "JPEG", **extra)
    return drawn.getvalue()


def put(world: World, content: bytes, name: str | None = None) -> Any:
    browser = world.browser("guard")
    headers = {"x-csrf-token": browser.csrf, "content-type": "image/jpeg"}
    path = f"{PHOTOS}/{name or sha256(content).hexdigest()}"
    return browser.call("PUT", path, content=content, headers=headers)


def test_an_incident_is_open_until_its_work_order_is_closed(world: World) -> None:
    sent = world.browser("guard").post(URL, json=report(photos=["ab" * 32]))
    head = world.browser("head")
    (listed,) = head.get(URL).json()
    (number,) = listed["orders"]
    world.now_ms += 60_000
    cancelled = head.post(f"/api/v1/work/{number}/cancel", json={"reason": "重复上报"})

    assert (sent.status_code, cancelled.status_code) == (200, 200)
    assert listed == sent.json()
    assert (listed["person"], listed["area"], listed["at_ms"], listed["open"]) == (
        "guard",
        "canteen",
        NOW_MS,
        True,
    )
    assert listed["photos"] == ["ab" * 32]
    assert head.get(URL).json() == []
    (closed,) = head.get(f"{URL}?state=all").json()
    assert (closed["open"], closed["orders"]) == (False, [number])
    head.post(f"/api/v1/work/{number}/reopen", json={"reason": "并不重复"})
    assert [again["id"] for again in head.get(URL).json()] == [id_of(1)]


@pytest.mark.parametrize(
    ("items", "is_open"),
    [
        ([], False),
        ([{"item": "door", "ok": True}], False),
        ([{"item": "door", "ok": None}], False),
        ([{"item": "door", "ok": True}, {"item": "extinguisher", "ok": False, "note": "空"}], True),
    ],
)
def test_a_checklist_is_open_if_something_is_not_ok(world: World, items: list[Any], is_open: bool) -> None:
    answer = world.browser("guard").post(URL, json=report(kind="checklist", items=items))
    assert answer.json()["open"] is is_open


def test_the_same_report_again_is_the_same_and_makes_no_more_orders(world: World) -> None:
    guard = world.browser("guard")
    first = guard.post(URL, json=report())
    world.browser("head").post("/api/v1/work/1/cancel", json={"reason": "done already"})

    again = guard.post(URL, json=report(id=id_of(1).upper()))

    assert (again.status_code, again.json()["open"]) == (200, False)
    assert again.json()["orders"] == first.json()["orders"] == [1]
    theft = world.browser("maintenance").post(URL, json=report())
    assert (theft.status_code, code_of(theft)) == (409, "other_report")
    assert len(world.browser("head").get("/api/v1/work?which=all").json()) == 1


def test_each_line_that_is_not_ok_is_an_order_of_its_own(world: World) -> None:
    items = [
        {"item": "door", "ok": True, "photos": ["cd" * 32]},
        {"item": "extinguisher", "ok": False, "note": "压力不足\n已过期", "photos": ["ab" * 32]},
        {"item": "pressure", "ok": False, "value": 0.75},
        {"item": "light", "ok": False},
    ]
    sent = world.browser("guard").post(URL, json=report(kind="checklist", items=items, text="晚上看的"))

    found = [world.browser("head").get(f"/api/v1/work/{n}").json()["order"] for n in sent.json()["orders"]]
    assert [(order["title"], order["item"]) for order in found] == [
        ("extinguisher：压力不足", "extinguisher"),
        ("pressure 0.75", "pressure"),
        ("light", "light"),
    ]
    assert found[0]["photos"] == ["ab" * 32]
    assert {(order["source"], order["reporter"], order["checkpoint"], order["area"]) for order in found} == {
        ("item", "guard", "gate", "canteen")
    }
    assert sent.json()["items"][2]["value"] == 0.75


def test_who_may_do_what(world: World) -> None:
    world.browser("guard").post(URL, json=report())

    assert world.browser("guard").get(URL).status_code == 403
    assert world.browser("canteen").post(URL, json=report(2)).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"kind": "alive"},
        {"at": "soon"},
        {"photos": ["../../etc/passwd"]},
        {"photos": ["ab" * 32] * 11},
        {"items": [{"ok": True}]},
        {"text": "x" * 2001},
    ],
)
def test_a_report_that_is_none_is_refused(world: World, changes: dict[str, Any]) -> None:
    answer = world.browser("guard").post(URL, json=report(**changes))
    assert (answer.status_code, code_of(answer)) == (422, "invalid")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(["id", "at", "kind", "round", "checkpoint", "items", "text", "photos"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=100)
    | st.dictionaries(_names, _json).map(lambda said: json.dumps(report() | said).encode())
)
def test_no_body_of_a_report_is_a_fault_of_the_hub(world: World, body: bytes) -> None:
    answer = world.browser("guard").post(URL, content=body)
    assert answer.status_code in {200, 422}, answer.text


def test_a_photo_is_kept_without_what_it_says_beside_the_picture(world: World) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned
    exif[0x010F] = "SECRET MAKER"
    exif.get_ifd(0x8825)[1] = "N"
    sent = jpeg(exif=exif, comment=b"SECRET COMMENT")

    first, again = put(world, sent), put(world, sent)
    shown = world.browser("head").get(f"{PHOTOS}/{sha256(sent).hexdigest()}")

    assert (first.status_code, again.status_code) == (204, 204)
    assert shown.headers["content-type"] == "image/jpeg"
    assert b"SECRET" in sent
    assert b"SECRET" not in shown.content
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == (30, 40)
        assert not picture.getexif()


def png() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (5, 5)).save(drawn, "PNG")
    return drawn.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"<html>", jpeg()[:200], jpeg()[:-20] + b"x" * 5, png(), b"\xff\xd8\xff" * 50]
)
def test_what_is_no_whole_jpeg_is_refused(world: World, content: bytes) -> None:
    answer = put(world, content)
    assert (answer.status_code, code_of(answer)) == (415, "no_photo")
    assert not list((world.folder / "photos").rglob("*.*"))


def test_a_photo_under_another_hash_is_refused(world: World) -> None:
    for name in ("ab" * 32, "x", "AB" * 32):
        assert put(world, jpeg(), name).status_code == 415
    assert world.browser("head").get(f"{PHOTOS}/{'ab' * 32}").status_code == 404
    assert world.browser("head").get(f"{PHOTOS}/..%2f..%2fbook.sqlite").status_code == 404


def test_a_photo_that_is_too_large_is_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put(world, jpeg() + b"x" * PHOTO_LIMIT).status_code == 413
    monkeypatch.setattr(store, "MOST_PIXELS", 1_000)
    large = jpeg()
    assert Photos(tmp_path).keep(sha256(large).hexdigest(), large) is Bad.TOO_LARGE


def test_a_disk_that_takes_nothing_is_said(world: World) -> None:
    (world.folder / "photos").write_text("a file where the folder would be")
    answer = put(world, jpeg())
    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")


def test_a_call_for_help_is_a_fact_at_once_and_only_once(world: World) -> None:
    guard = world.browser("guard")
    sent = report(kind="sos", at=(NOW_MS - 3_600_000) / 1000)

    first = guard.post(URL, json=sent)
    world.now_ms += 5_000
    again = guard.post(URL, json=sent)

    assert (first.status_code, first.json()) == (200, again.json())
    log = LogReader(world.folder / "log.sqlite")
    facts = [one.fact for one in log.after(0, 10)]
    log.close()
    assert [(fact.device, fact.received_at_ms) for fact in facts] == [
        ("phone:guard", NOW_MS),
        ("phone:guard", NOW_MS + 1),
    ]
    assert [fact.values for fact in facts if isinstance(fact, Reading)] == [
        (("sos", True),),
        (("sos", False),),
    ]
    assert world.browser("head").get(URL).json() == []


def test_a_call_for_help_that_is_not_kept_is_said(world: World) -> None:
    world.inbox_full = True
    answer = world.browser("guard").post(URL, json=report(kind="sos"))
    assert (answer.status_code, code_of(answer)) == (503, "log_unavailable")
    assert world.browser("head").get(f"{URL}?state=all").json() == []


def test_an_alert_on_a_phone_or_checkpoint_is_named_as_people_do(world: World) -> None:
    assert name_of(world.campus, "phone:guard") == Text("Guard <b>Li</b>", "Guard <b>Li</b>")
    assert name_of(world.campus, "gate") == Text("大门", "Gate")
    assert name_of(world.campus, "phone:nobody") is None


def test_a_call_for_help_of_everybody_who_walks_is_watched(world: World) -> None:
    catalogue = files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rule = next(rule for rule in parse(catalogue) if rule.id == "patrol.sos")
    campus = replace(world.campus, rules={rule.id: rule}, checkpoints={})

    watched = {watch.subject for watch in watches_of_devices(campus)}

    assert {"phone:guard", "phone:head", "phone:maintenance"} <= watched
    assert "phone:wall" not in watched
