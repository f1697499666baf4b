"""Reports, photos and calls for help: kept first, sent when there is signal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image
from playwright.sync_api import expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]
_SIZE_OF_KEPT_PHOTO = """async (hash) => {
  const { bytes } = await (await import("/guard/store.js")).photo(hash);
  const text = new TextDecoder("latin1").decode(await bytes.arrayBuffer());
  const image = await createImageBitmap(bytes);
  return { width: image.width, height: image.height, hasExif: text.includes("Exif"), size: bytes.size };
}"""
_ADD_CHECKLIST = """async () => {
  const store = await import("/guard/store.js");
  const plan = await store.note("plan");
  const checklist = ["extinguisher", "door"].map((item) => ({ item, name: { en: item, "zh-CN": item } }));
  const places = [...plan.places, ...plan.rounds.flatMap((round) => round.stops)];
  for (const place of places) place.checklist = checklist;
  await store.writeNote("plan", plan);
}"""


def big_photo(path: Path) -> Path:
    """A picture of 2400 × 1800 with a place in its EXIF."""
    image = Image.effect_noise((2400, 1800), 40).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[1] = "N"
    image.save(path, exif=exif)
    assert b"Exif" in path.read_bytes()
    return path


def reports_of(office: httpx.Client, person: str) -> list[dict[str, Any]]:
    found = office.get("/api/v1/patrol/reports", params={"state": "all", "limit": 500}).json()
    return [report for report in found if report["person"] == person]


def test_an_incident_with_a_photo_survives_a_dead_phone_and_is_sent_once(
    make_phone: MakePhone, office: httpx.Client, guard: str, tmp_path: Path
) -> None:
    phone = make_phone()
    phone.set_out(guard)
    phone.open()
    page = phone.page
    page.locator("#report-button").click()
    page.locator("#report-text").fill("Water on the floor")
    page.locator("#report input[type=file]").set_input_files(big_photo(tmp_path / "photo.jpg"))
    expect(page.locator("#report canvas")).to_have_count(1)
    phone.kill()

    phone.start()
    phone.open()
    page = phone.page
    page.locator("#report-button").click()
    expect(page.locator("#report-text")).to_have_value("Water on the floor")
    expect(page.locator("#report canvas")).to_have_count(1)
    page.locator("#report button[type=submit]").click()
    expect(phone.verdict).to_contain_text("Report saved")
    expect(phone.counts).to_contain_text("1 saved on phone")
    (kept,) = phone.kept()
    photo = page.evaluate(_SIZE_OF_KEPT_PHOTO, kept["body"]["photos"][0])
    assert (photo["width"], photo["height"], photo["hasExif"]) == (1600, 1200, False)
    assert photo["size"] < 2_000_000

    phone.online()
    expect(phone.counts).to_contain_text("1 sent")
    (report,) = reports_of(office, guard)
    assert (report["kind"], report["text"], report["open"]) == ("incident", "Water on the floor", True)
    stored = office.get(f"/api/v1/patrol/photos/{report['photos'][0]}").content
    assert Image.open(io.BytesIO(stored)).size == (1600, 1200)


def test_a_checklist_asks_for_every_line_and_says_what_is_not_ok(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    phone.offline()
    phone.page.evaluate(_ADD_CHECKLIST)
    phone.open()
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    sheet = phone.page.locator("#report")
    expect(sheet).to_contain_text("Check: School gate")
    sheet.get_by_role("group", name="extinguisher").get_by_label("OK", exact=True).check()
    sheet.locator("button[type=submit]").click()
    expect(sheet).to_contain_text("Answer every line")
    door = sheet.get_by_role("group", name="door")
    door.get_by_label("Not OK").check()
    door.get_by_label("What is wrong?").fill("does not lock")
    sheet.locator("button[type=submit]").click()
    expect(phone.counts).to_contain_text("2 saved on phone")

    phone.online()
    expect(phone.counts).to_contain_text("2 sent")
    (report,) = reports_of(office, guard)
    assert (report["kind"], report["checkpoint"], report["open"]) == ("checklist", "gatehouse", True)
    assert [(item["item"], item["ok"], item["note"]) for item in report["items"]] == [
        ("extinguisher", True, ""),
        ("door", False, "does not lock"),
    ]
    (number,) = report["orders"]
    order = office.get(f"/api/v1/work/{number}").json()["order"]
    assert (order["item"], order["reporter"], order["state"]) == ("door", guard, "open")
    assert order["title"].endswith("does not lock")


def test_a_call_for_help_is_held_can_be_taken_back_and_goes_out_after_five_seconds(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.listen()
    phone.touch(TAGS["building-a"])
    expect(phone.counts).to_contain_text("1 sent")
    sos, sheet = phone.page.locator("#sos"), phone.page.locator("#sos-dialog")

    sos.click()
    expect(phone.page.locator("#sos-hint")).to_be_visible()
    expect(sheet).to_be_hidden()

    sos.click(delay=2_300)
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Take it back").click()
    expect(sheet).to_be_hidden()
    assert [item["kind"] for item in phone.kept()] == ["tap"]

    sos.focus()
    phone.page.keyboard.down("Enter")
    expect(sheet).to_be_visible()
    phone.page.keyboard.up("Enter")
    assert reports_of(office, guard) == []
    expect(sheet).to_be_hidden(timeout=8_000)
    (report,) = wait_until(lambda: reports_of(office, guard))
    assert (report["kind"], report["checkpoint"]) == ("sos", "building-a")


def test_a_phone_that_dies_in_the_five_seconds_calls_for_help_when_it_is_back(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    phone.close()
    phone.start()
    phone.open()
    phone.page.locator("#sos").click(delay=2_300)
    expect(phone.page.locator("#sos-dialog")).to_be_visible()
    phone.kill()
    phone.start()
    phone.open()
    (report,) = wait_until(lambda: reports_of(office, guard), within_s=45)
    assert report["kind"] == "sos"


def test_an_incident_says_where_it_is(make_phone: MakePhone, office: httpx.Client, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    page = phone.page
    page.locator("#report-button").click()
    expect(page.locator("#report-where")).to_have_value("")
    page.locator("#report-where").select_option(index=2)
    place = page.locator("#report-where").input_value()
    page.locator("#report-text").fill("Fence loose")
    page.locator("#report button[type=submit]").click()
    expect(phone.counts).to_contain_text("1 sent")
    (report,) = reports_of(office, guard)
    assert (report["text"], report["checkpoint"]) == ("Fence loose", place)
    [order] = [one for one in office.get("/api/v1/work").json() if one["title"] == "Fence loose"]
    assert order["checkpoint"] == place


def test_what_became_of_a_report_waits_on_the_phone(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    made = office.post(
        "/api/v1/work", json={"id": str(uuid4()), "title": "走廊灯不亮", "checkpoint": "library"}
    )
    given = {"responsible": f"person:{guard}", "reason": "就在你的路上"}
    answer = office.post(f"/api/v1/work/{made.json()['number']}/assign", json=given)
    assert answer.status_code == 200, answer.text
    phone = make_phone()
    phone.sign_in(guard)
    links = phone.page.locator("#person a")
    # Of what happens in other tests guards hear too.
    expect(links).to_have_text([re.compile(r"My notices[1-9]"), "Work orders1"])
    assert_usable(phone.page, "what waits")
    phone.offline()
    expect(links).to_have_count(0)
    phone.online()
    links.nth(1).click()
    expect(phone.page.get_by_text("走廊灯不亮")).to_be_visible()
