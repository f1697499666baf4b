"""When NFC does not work: each obstacle has its sentence, and there is always another way."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]


@pytest.mark.parametrize(
    ("fault", "zh", "en"),
    [
        ("NotAllowedError", "本页未获准使用 NFC", "NFC is not allowed for this page"),
        ("NotSupportedError", "这部手机没有 NFC", "This phone has no NFC"),
        ("NotReadableError", "NFC 已关闭", "NFC is switched off"),
    ],
)
def test_what_stands_in_the_way_of_nfc_is_said_in_both_languages(
    make_phone: MakePhone, fault: str, zh: str, en: str
) -> None:
    phone = make_phone(nfc=fault)
    phone.open()
    phone.page.locator("#button").click()
    expect(phone.page.locator("#notices")).to_contain_text(zh)
    phone.page.locator("[data-do=language]").click()
    expect(phone.page.locator("#notices")).to_contain_text(en)
    expect(phone.page.locator("#button")).to_contain_text("How to tap")


def test_a_guard_who_denied_nfc_taps_by_hand_and_the_low_trust_shows(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone(nfc="NotAllowedError")
    phone.sign_in(guard)
    page = phone.page
    expect(page.locator(".next-name")).to_be_visible()
    page.locator("#button").click()
    page.locator("#notices [data-do=ways]").click()
    ways = page.locator("#ways")
    expect(ways).to_contain_text("NFC is not allowed for this page")
    expect(ways).to_contain_text("By hand: weakest")
    ways.locator("#manual-place").select_option("library")
    ways.locator("#manual-why").fill("tag torn off")
    ways.locator("button[type=submit]").click()

    expect(phone.verdict).to_contain_text("Tapped")
    expect(phone.verdict).to_contain_text("By hand: weakest")
    expect(phone.counts).to_contain_text("1 sent")
    phone.counts.click()
    expect(page.locator("#queue-list")).to_contain_text("By hand: weakest")

    def trust() -> list[str]:
        return [tap["trust"] for tap in office.get("/api/v1/taps").json() if guard in tap["device"]]

    wait_until(lambda: trust() == ["manual"])


def test_nfc_that_was_denied_can_be_tried_again(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone(nfc="NotAllowedError")
    phone.sign_in(guard)
    phone.page.locator("#button").click()
    phone.page.locator("#notices [data-do=ways]").click()
    phone.page.evaluate("window.chip.fault = null")
    phone.page.get_by_role("button", name="Try again").click()
    expect(phone.page.locator("#button")).to_have_attribute("data-state", "reading")
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("School gate")


def test_a_browser_without_nfc_says_how_the_phone_itself_opens_tags(
    make_phone: MakePhone, guard: str
) -> None:
    phone = make_phone(nfc=None)
    phone.sign_in(guard)
    phone.page.locator("#button").click()
    expect(phone.page.locator("#ways")).to_contain_text("iPhone XS and newer")
    expect(phone.page.locator("#ways")).to_contain_text("phone's own camera")
    expect(phone.page.locator("#ways h2")).to_be_focused()


def test_a_page_without_https_says_what_will_not_work_and_leads_to_the_remedy(make_phone: MakePhone) -> None:
    phone = make_phone(arguments=("--host-resolver-rules=MAP hub.test 127.0.0.1",))
    port = phone.address.rpartition(":")[2]
    phone.page.goto(f"http://hub.test:{port}/guard?lang=en")
    phone.page.wait_for_selector("body.is-ready")
    notices = phone.page.locator("#notices")
    expect(notices).to_contain_text("not secure (no HTTPS)")
    notices.get_by_role("link", name="Make it secure").click()
    expect(phone.page).to_have_url(f"http://hub.test:{port}/trust")


def test_an_entry_by_hand_is_kept_without_https_too(make_phone: MakePhone) -> None:
    phone = make_phone(arguments=("--host-resolver-rules=MAP hub.test 127.0.0.1",))
    port = phone.address.rpartition(":")[2]
    phone.page.goto(f"http://hub.test:{port}/t/library?via=qr")
    expect(phone.counts).to_contain_text("已存手机 1")
