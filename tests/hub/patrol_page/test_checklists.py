"""What is looked at after a tap: exactly what the plan says of that place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.hub.patrol_page.test_reports import big_photo, reports_of
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]
_WITHOUT_CHECKLISTS = """async () => {
  const store = await import("/guard/store.js");
  const plan = await store.note("plan");
  for (const place of [...plan.places, ...plan.rounds.flatMap((round) => round.stops)]) {
    delete place.checklist;
    delete place.floor;
  }
  for (const round of plan.rounds) {
    delete round.aloneMin;
    delete round.fetchedMs;
  }
  await store.writeNote("plan", plan);
}"""


def at_boiler(phone: Phone, guard: str, path: str = "/guard?lang=en") -> Locator:
    """The sheet that opens with the tap."""
    phone.sign_in(guard, path)
    phone.listen()
    phone.touch(TAGS["boiler-room"])
    sheet = phone.page.locator("#report")
    expect(sheet).to_be_visible()
    return sheet


def answers(office: httpx.Client, guard: str) -> list[tuple[Any, ...]]:
    (report,) = wait_until(lambda: reports_of(office, guard))
    assert (report["kind"], report["checkpoint"]) == ("checklist", "boiler-room")
    return [
        (item["item"], item["ok"], item["note"], len(item["photos"]), item["value"])
        for item in report["items"]
    ]


def test_the_page_shows_the_points_of_that_place_and_of_no_other(
    make_phone: MakePhone, night_guard: str
) -> None:
    phone = make_phone()
    sheet = at_boiler(phone, night_guard, "/guard?lang=zh-CN")
    expect(sheet.locator("legend")).to_have_text(["门已锁好", "灭火器压力在绿区", "无异味、无漏水", "水压"])
    assert_usable(phone.page, "a checklist")
    phone.page.keyboard.press("Escape")
    phone.page.locator("[data-do=language]").click()
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("School gate")
    expect(sheet).to_be_hidden()


def test_one_press_answers_all_and_a_number_is_read_off(
    make_phone: MakePhone, office: httpx.Client, night_guard: str
) -> None:
    phone = make_phone()
    sheet = at_boiler(phone, night_guard)
    sheet.get_by_role("button", name="All in order").click()
    expect(sheet.get_by_role("alert")).to_contain_text("Read the number off first")
    number = sheet.get_by_label("Water pressure MPa")
    expect(number).to_be_focused()
    number.fill("0,2")
    expect(sheet.locator("#said-pressure")).to_have_text("OK")
    sheet.get_by_role("button", name="All in order").click()
    expect(sheet).to_be_hidden()
    assert answers(office, night_guard) == [
        ("door-locked", True, "", 0, None),
        ("extinguisher", True, "", 0, None),
        ("smell", True, "", 0, None),
        ("pressure", True, "", 0, 0.2),
    ]


def test_single_points_not_in_order_have_a_note_and_a_photo(
    make_phone: MakePhone, office: httpx.Client, night_guard: str, tmp_path: Path
) -> None:
    phone = make_phone()
    sheet = at_boiler(phone, night_guard)
    smell = sheet.get_by_role("group", name="No smell")
    smell.get_by_label("Not OK").check()
    smell.get_by_label("What is wrong?").fill("gas")
    smell.locator("input[type=file]").set_input_files(big_photo(tmp_path / "photo.jpg"))
    expect(smell.locator("canvas")).to_have_count(1)
    sheet.get_by_role("button", name="The rest is in order").click()
    problem = sheet.get_by_role("alert")
    expect(problem).to_have_text("Read the number off first, please.")
    sheet.get_by_label("Water pressure MPa").fill("much")
    expect(problem).to_have_text("Read the number off first, please.")
    sheet.get_by_label("Water pressure MPa").fill("0.45")
    expect(problem).to_be_empty()
    pressure = sheet.get_by_role("group", name="Water pressure")
    expect(pressure.locator("#said-pressure")).to_have_text("Not OK")
    pressure.get_by_label("What is wrong?").fill("valve stuck")
    sheet.get_by_role("button", name="The rest is in order").click()
    expect(sheet).to_be_hidden()
    assert answers(office, night_guard) == [
        ("door-locked", True, "", 0, None),
        ("extinguisher", True, "", 0, None),
        ("smell", False, "gas", 1, None),
        ("pressure", False, "valve stuck", 0, 0.45),
    ]


def test_a_list_of_looks_alone_takes_one_press_and_works_without_signal(
    make_phone: MakePhone, office: httpx.Client, night_guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    phone.offline()
    phone.page.evaluate(_WITHOUT_NUMBERS)
    phone.open()
    phone.listen()
    phone.touch(TAGS["boiler-room"])
    sheet = phone.page.locator("#report")
    sheet.get_by_role("button", name="All in order").click()
    expect(sheet).to_be_hidden()
    expect(phone.counts).to_contain_text("2 saved on phone")
    phone.online()
    expect(phone.counts).to_contain_text("2 sent")
    assert [ok for _, ok, *_ in answers(office, night_guard)] == [True, True, True]


@pytest.mark.parametrize("tag", ["boiler-room", "gatehouse"])
def test_a_plan_that_an_older_page_kept_still_works(
    make_phone: MakePhone, night_guard: str, tag: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    phone.offline()
    phone.page.evaluate(_WITHOUT_CHECKLISTS)
    phone.open()
    phone.listen()
    phone.touch(TAGS[tag])
    expect(phone.verdict).to_contain_text("Tapped")
    expect(phone.page.locator("#report")).to_be_hidden()
    expect(phone.page.locator(".next-name")).to_be_visible()


_WITHOUT_NUMBERS = """async () => {
  const store = await import("/guard/store.js");
  const plan = await store.note("plan");
  for (const place of [...plan.places, ...plan.rounds.flatMap((round) => round.stops)]) {
    place.checklist = place.checklist.filter((check) => check.unit === null);
  }
  await store.writeNote("plan", plan);
}"""


def test_everything_of_a_point_has_room_on_a_small_phone(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    sheet = at_boiler(phone, night_guard)
    for answer in sheet.locator(".choice").all():
        box = answer.bounding_box()
        assert box is not None
        assert box["width"] > 120
    sheet.locator(".choice-crit").first.click()
    note = sheet.locator(".check-more input").first.bounding_box()
    assert note is not None
    assert note["width"] > 250
