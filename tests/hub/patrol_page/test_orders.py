"""What a guard decides on the way: pause, go on, end early; kept without signal, and sent once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]


def run_of(office: httpx.Client, guard: str) -> dict[str, Any]:
    """The guard's round of today, with what was decided."""
    ids = [run["id"] for run in office.get("/api/v1/rounds").json() if run["round"] == f"all-day-{guard}"]
    run: dict[str, Any] = office.get(f"/api/v1/rounds/{min(ids)}").json()
    return run


def orders_of(office: httpx.Client, guard: str) -> list[tuple[str, str, str]]:
    return [(one["order"], one["by"], one["reason"]) for one in run_of(office, guard)["orders"]]


def chip(phone: Phone) -> Any:
    return phone.page.locator("#now .chip")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_sheet_is_usable_in_both_languages(make_phone: MakePhone, guard: str, language: str) -> None:
    phone = make_phone()
    phone.sign_in(guard, f"/guard?lang={language}")
    phone.page.locator("[data-do=orders]").click()
    expect(phone.page.locator("#order")).to_be_visible()
    assert_usable(phone.page, "orders")
    phone.page.keyboard.press("Escape")
    expect(phone.page.locator("#order")).to_be_hidden()


def test_a_round_is_paused_and_taken_up_again(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page
    page.get_by_role("button", name="Pause or end early").click()
    page.locator("#order").get_by_role("button", name="Pause").click()
    expect(phone.verdict).to_contain_text("Paused")
    expect(chip(phone)).to_have_text("Paused")
    wait_until(lambda: run_of(office, guard)["state"] == "paused")
    page.reload()
    expect(chip(phone)).to_have_text("Paused")

    page.get_by_role("button", name="Go on or end").click()
    page.locator("#order").get_by_role("button", name="Go on").click()
    expect(chip(phone)).not_to_have_text("Paused")
    wait_until(lambda: [order for order, *_ in orders_of(office, guard)] == ["pause", "resume"])
    assert run_of(office, guard)["state"] != "paused"


def test_it_ends_early_with_a_reason_without_signal_on_a_phone_that_dies(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.set_out(guard)
    phone.open()
    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.counts).to_contain_text("1 saved on phone")
    page = phone.page
    page.get_by_role("button", name="Pause or end early").click()
    sheet = page.locator("#order")
    sheet.locator("button[type=submit]").click()
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Not feeling well").click()
    expect(page.locator("#order-why")).to_have_value("Not feeling well")
    sheet.locator("button[type=submit]").click()
    expect(phone.verdict).to_contain_text("Ended early")
    expect(page.locator("#rounds .chip").first).to_have_text("Incomplete")
    phone.kill()

    phone.start()
    phone.open()
    expect(phone.counts).to_contain_text("2 saved on phone")
    expect(phone.page.locator("#rounds .chip").first).to_have_text("Incomplete")
    phone.online()
    expect(phone.counts).to_contain_text("2 sent")
    wait_until(lambda: orders_of(office, guard) == [("finish", guard, "Not feeling well")])
    assert run_of(office, guard)["state"] == "incomplete"


def test_an_answer_that_was_lost_decides_nothing_twice(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/rounds/*/orders", lose)
    page.get_by_role("button", name="Pause or end early").click()
    page.locator("#order").get_by_role("button", name="Pause").click()
    expect(page.locator("#net")).to_have_text("No signal")
    expect(phone.counts).to_contain_text("1 saved on phone")
    page.unroute("**/api/v1/rounds/*/orders")
    phone.counts.click()
    page.get_by_role("button", name="Send now").click()
    expect(phone.counts).to_contain_text("1 sent")
    wait_until(lambda: orders_of(office, guard) == [("pause", guard, "")])


def test_what_the_hub_refuses_is_said_with_its_reason(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page
    run = run_of(office, guard)["id"]
    excused = office.post(
        f"/api/v1/rounds/{run}/orders",
        json={"id": "0c9b8f0e-6a0f-4a53-9a54-2d8f0c5a7a11", "order": "finish", "reason": "storm"},
    )
    assert excused.status_code == 200, excused.text
    foreign = f"all-day-guard-1@{run.partition('@')[2]}"
    page.evaluate(
        """async ([person, round]) => {
          const store = await import("/guard/store.js");
          const id = store.uuid();
          const body = { id, round, order: "pause", at: new Date().toISOString(), reason: "" };
          await store.keep({ id, kind: "order", atMs: Date.now(), person, fate: "kept", body, place: null });
        }""",
        [guard, foreign],
    )
    phone.counts.click()
    page.get_by_role("button", name="Send now").click()
    expect(phone.counts).to_contain_text("1 not accepted")
    expect(page.locator("#queue-list")).to_contain_text("not yours to decide")
