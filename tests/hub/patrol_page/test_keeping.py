"""What stays on the phone, whose it is, and what the hub did not accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_round import taps_of, uid

MakePhone = Callable[..., Phone]


@pytest.fixture
def another(_unused_guards: Iterator[str]) -> str:
    return next(_unused_guards)


def test_a_tap_is_never_sent_under_another_guards_name(
    make_phone: MakePhone, office: httpx.Client, guard: str, another: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    phone.offline()
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.counts).to_contain_text("1 saved on phone")

    assert phone.context is not None
    phone.context.clear_cookies()
    phone.online()
    phone.sign_in(another)
    expect(phone.page.locator("#notices")).to_contain_text("1 saved on this phone by somebody else")
    assert taps_of(office, guard) == taps_of(office, another) == []

    phone.context.clear_cookies()
    phone.sign_in(guard)
    expect(phone.counts).to_contain_text("1 sent")
    assert taps_of(office, guard) == [uid("gatehouse")]


def test_what_is_signed_out_is_kept_and_says_so(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    expect(phone.page.locator(".next-name")).to_be_visible()
    assert phone.context is not None
    phone.context.clear_cookies()
    phone.open()
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("School gate")
    expect(phone.counts).to_contain_text("1 saved on phone")
    expect(phone.page.locator("#notices")).to_contain_text("You are not signed in")


def test_a_refused_tap_stays_visible_with_its_reason(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.listen()
    phone.touch("04:00:00:00:00:00:01")
    expect(phone.verdict).to_contain_text("Unknown tag")
    expect(phone.counts).to_contain_text("1 not accepted")
    phone.open()
    expect(phone.counts).to_contain_text("1 not accepted")
    phone.counts.click()
    expect(phone.page.locator("#queue-list")).to_contain_text("No checkpoint has this tag.")
    phone.page.keyboard.press("Escape")
    expect(phone.counts).not_to_contain_text("not accepted")
    phone.counts.click()
    expect(phone.page.locator("#queue-list")).to_contain_text("No checkpoint has this tag.")


def test_a_tag_held_for_long_or_twice_is_one_tap(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.listen()
    for _ in range(5):
        phone.touch(TAGS["library"])
    expect(phone.counts).to_contain_text("1 sent")
    phone.open()
    phone.listen()
    phone.touch(TAGS["library"])
    expect(phone.verdict).to_contain_text("Already tapped")
    assert taps_of(office, guard) == [uid("library")]
    assert len(phone.kept()) == 1


@pytest.mark.parametrize("status", [200, 404, 502])
def test_what_answers_in_the_hubs_place_is_not_believed(
    make_phone: MakePhone, office: httpx.Client, guard: str, status: int
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page
    page.route(
        "**/api/v1/patrol/taps", lambda route: route.fulfill(status=status, body="<p>Sign in to the WiFi</p>")
    )
    phone.listen()
    with page.expect_response("**/api/v1/patrol/taps"):
        phone.touch(TAGS["gatehouse"])
    expect(phone.counts).to_contain_text("1 saved on phone")
    page.unroute("**/api/v1/patrol/taps")
    phone.counts.click()
    page.get_by_role("button", name="Send now").click()
    expect(phone.counts).to_contain_text("1 sent")
    assert taps_of(office, guard) == [uid("gatehouse")]


def test_an_answer_that_was_lost_on_its_way_doubles_nothing(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page
    lost = 0

    def lose(route):  # type: ignore[no-untyped-def] # playwright's own handler type is a union of many
        nonlocal lost
        lost += 1
        route.fetch()
        route.abort()

    page.route("**/api/v1/patrol/taps", lose)
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.page.locator("#net")).to_have_text("No signal")
    expect(phone.counts).to_contain_text("1 saved on phone")
    assert lost >= 1
    page.unroute("**/api/v1/patrol/taps")
    phone.counts.click()
    page.get_by_role("button", name="Send now").click()
    expect(phone.counts).to_contain_text("1 sent")
    assert taps_of(office, guard) == [uid("gatehouse")]


def test_what_came_before_the_plan_is_judged_once_the_plan_is_there(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    held: list[Route] = []
    phone.page.route("**/api/v1/patrol/plan", lambda route: held.append(route))  # noqa: PLW0108 - no method of a list will do
    phone.sign_in(guard)
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("The hub says later which checkpoint it is")
    phone.page.click("[data-do=ways]")
    expect(phone.page.locator("#manual-missing")).to_be_visible()

    for route in held:
        route.continue_()
    phone.page.unroute("**/api/v1/patrol/plan")

    expect(phone.page.locator("#manual-place")).to_be_visible()
    expect(phone.verdict).to_contain_text("School gate")
    expect(phone.counts).to_contain_text("1 sent")
    assert taps_of(office, guard) == [uid("gatehouse")]
    assert [item["person"] for item in phone.kept()] == [guard]


_FORBIDS_TO_READ = """() => {
  navigator.serviceWorker.getRegistration = async () => undefined; // no Background Sync, as on an iPhone
  const open = IDBDatabase.prototype.transaction;
  const ask = window.fetch;
  let isFirst = true;
  window.fetch = async (...said) => {
    const answer = await ask(...said);
    if (isFirst && String(said[0]).includes("/patrol/taps")) {
      isFirst = false;
      IDBDatabase.prototype.transaction = () => { throw new DOMException("lost", "UnknownError"); };
      setTimeout(() => { IDBDatabase.prototype.transaction = open; window.isBack = true; }, 1500);
    }
    return answer;
  };
}"""


def test_a_database_that_fails_for_a_moment_does_not_end_sending(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.listen()
    phone.page.evaluate(_FORBIDS_TO_READ)
    phone.touch(TAGS["gatehouse"])
    phone.page.wait_for_function("() => window.isBack")
    phone.touch(TAGS["building-a"])
    expect(phone.counts).to_contain_text("2 sent")
