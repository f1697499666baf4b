"""Guards who share a phone change over with their badges."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from hub.patrol.badges import badge_text
from tests.hub.patrol_page.campus import badge_of
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import SECRET

MakePhone = Callable[..., Phone]


@pytest.fixture
def another(_unused_night_guards: Iterator[str]) -> str:
    return next(_unused_night_guards)


def test_who_has_given_the_pin_once_takes_over_by_badge(
    make_phone: MakePhone, night_guard: str, another: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    page = phone.page
    first = page.locator("#person p").inner_text()
    page.get_by_role("button", name="Somebody else").click()
    assert_usable(page, "badge")
    phone.touch(badge_of(another))
    page.wait_for_url("**/login?next=/guard&person=*")
    expect(page.locator("input[name=person]")).to_have_value(another)
    expect(page.locator("input[name=secret]")).to_be_focused()
    page.fill("input[name=secret]", SECRET)
    page.press("input[name=secret]", "Enter")
    page.wait_for_selector("body.is-ready")
    expect(page.locator("#person p")).not_to_have_text(first)

    page.get_by_role("button", name="Somebody else").click()
    phone.touch(badge_of(night_guard))
    expect(page.locator("#badge")).to_be_hidden()
    expect(page.locator("#person p")).to_have_text(first)
    assert phone.kept() == []


def test_the_page_reads_the_code_of_a_printed_badge(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    badge = badge_of(night_guard)
    read = "async (text) => (await import('/guard/badge.js')).badgeOf(text)"
    assert phone.page.evaluate(read, badge_text(badge)) == badge
    assert phone.page.evaluate(read, "https://school.example/menu") is None


@pytest.mark.parametrize(
    ("language", "button", "words"),
    [("zh-CN", "换人", "没有登记这张工牌"), ("en", "Somebody else", "This is nobody's badge")],
)
def test_a_badge_that_nobody_has_is_said_to_be_so(
    make_phone: MakePhone, night_guard: str, language: str, button: str, words: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard, f"/guard?lang={language}")
    phone.page.get_by_role("button", name=button).click()
    phone.touch("04:00:00:00:00:00:01")
    expect(phone.page.locator("#badge-problem")).to_contain_text(words)
    assert_usable(phone.page, "nobody's badge")
    assert phone.kept() == []


def test_on_a_phone_on_which_nobody_stays_signed_in_badges_do_not_work(
    make_phone: MakePhone, night_guard: str
) -> None:
    phone = make_phone()
    page = phone.page
    page.goto(f"{phone.address}/login?next=/guard")
    page.fill("input[name=person]", night_guard)
    page.fill("input[name=secret]", SECRET)
    page.uncheck("input[name=trust]")
    page.press("input[name=secret]", "Enter")
    page.wait_for_url(f"{phone.address}/guard")
    phone.open("/guard?lang=en")
    page.get_by_role("button", name="Somebody else").click()
    phone.touch(badge_of(night_guard))
    expect(page.locator("#badge-problem")).to_contain_text("Nobody has signed in on this phone to stay")


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "要换人，请按“换人”"), ("en", "To change over to somebody else, press “Somebody else”")],
)
def test_a_badge_that_is_read_in_place_of_a_tag_is_no_tap(
    make_phone: MakePhone, night_guard: str, another: str, language: str, words: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard, f"/guard?lang={language}")
    phone.listen()
    phone.touch(badge_of(another))
    expect(phone.verdict).to_contain_text(words)
    assert_usable(phone.page, "a badge in place of a tag")
    assert phone.kept() == []


def test_without_signal_it_says_that_signing_in_needs_it(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    phone.offline()
    phone.page.get_by_role("button", name="Somebody else").click()
    phone.touch(badge_of(night_guard))
    expect(phone.page.locator("#badge-problem")).to_contain_text("needs signal")


def test_signed_out_a_badge_is_offered_beside_the_name(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    expect(phone.page.locator(".next-name")).to_be_visible()
    assert phone.context is not None
    phone.context.clear_cookies(name="campushub")
    phone.open()
    notices = phone.page.locator("#notices")
    expect(notices).to_contain_text("You are not signed in")
    phone.page.get_by_role("button", name="Badge").click()
    phone.touch(badge_of(night_guard))
    expect(notices).not_to_contain_text("You are not signed in")
