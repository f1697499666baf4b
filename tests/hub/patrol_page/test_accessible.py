"""Everybody can use it: axe-core, sizes of targets and screens, the keyboard, both languages, both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone

MakePhone = Callable[..., Phone]
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_SMALL_TARGETS = """() => [...document.querySelectorAll("button, a, select, input, textarea, label.button")]
  .filter((e) => e.checkVisibility() && !e.closest(".visually-hidden, .choice"))
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 48 || box.width < 48).map(([html]) => html)"""


def assert_usable(page: Page, where: str) -> None:
    violations = Axe().run(page).response["violations"]
    said = [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]
    assert said == [], where
    assert not page.evaluate(_TOO_WIDE), where
    assert page.evaluate(_SMALL_TARGETS) == [], where


@pytest.mark.parametrize(("language", "dark"), [("zh-CN", False), ("en", True)])
def test_every_sheet_of_the_page_is_usable(
    make_phone: MakePhone, guard: str, language: str, dark: bool
) -> None:
    phone = make_phone(dark=dark)
    phone.sign_in(guard, f"/guard?lang={language}")
    page = phone.page
    assert page.locator("html").get_attribute("lang") == language
    assert_usable(page, "at first")
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_be_visible()
    assert_usable(page, "a good tap")
    phone.touch("04:00:00:00:00:00:01")
    expect(page.locator(".verdict-crit")).to_be_visible()
    assert_usable(page, "a wrong tag")
    expect(page.locator("#counts .is-refused")).to_be_visible()
    for opener, sheet in (("[data-do=ways]", "#ways"), ("#report-button", "#report"), ("#counts", "#queue")):
        page.locator(f"{opener}:visible").first.click()
        expect(page.locator(sheet)).to_be_visible()
        assert_usable(page, sheet)
        page.keyboard.press("Escape")
        expect(page.locator(sheet)).to_be_hidden()
    page.locator("#sos").click(delay=2_200)
    expect(page.locator("#sos-dialog")).to_be_visible()
    assert_usable(page, "sos")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_fits_narrow_wide_and_zoomed_screens(make_phone: MakePhone, guard: str, language: str) -> None:
    phone = make_phone()
    phone.sign_in(guard, f"/guard?lang={language}")
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_be_visible()
    for width, height in ((320, 568), (360, 740), (412, 915), (180, 370), (820, 1180), (740, 360)):
        phone.page.set_viewport_size({"width": width, "height": height})
        assert not phone.page.evaluate(_TOO_WIDE), (language, width)


def test_the_big_button_is_in_reach_of_the_thumb_and_works_by_keyboard(
    make_phone: MakePhone, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    button = phone.page.locator("#button")
    box = button.bounding_box()
    assert box is not None
    assert box["y"] > 740 / 2
    assert box["height"] >= 88
    button.focus()
    phone.page.keyboard.press("Enter")
    expect(button).to_have_attribute("data-state", "reading")
    phone.touch(TAGS["gatehouse"])
    expect(phone.page.locator("#verdict-frame[aria-live=assertive]")).to_contain_text("Tapped")


def test_both_languages_can_be_changed_without_signal_and_stay(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard, "/guard?lang=zh-CN")
    phone.settle()
    phone.offline()
    phone.open()
    expect(phone.page.locator(".next-name")).to_have_text("校门岗")
    phone.page.locator("[data-do=language]").click()
    expect(phone.page.locator(".next-name")).to_have_text("School gate")
    assert phone.page.locator("html").get_attribute("lang") == "en"
    phone.open()
    expect(phone.page.locator(".next-name")).to_have_text("School gate")
