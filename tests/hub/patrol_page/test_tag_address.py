"""A tag's address, opened by the phone itself: signed in or not, with the page on the phone or not."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from playwright.sync_api import expect

from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_round import taps_of, uid
from tests.whole.hub_process import SECRET, wait_until

MakePhone = Callable[..., Phone]


def test_opened_cold_by_nobody_it_is_kept_until_somebody_signs_in(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone(nfc=None)
    page = phone.page
    page.goto(f"{phone.address}/t/gatehouse?lang=en")
    expect(phone.verdict).to_be_visible()
    expect(phone.counts).to_contain_text("已存手机 1")
    expect(page.locator("#notices")).to_contain_text("您尚未登录")
    assert page.url == f"{phone.address}/guard"

    page.locator("#notices a", has_text="登录").click()
    page.fill("input[name=person]", guard)
    page.fill("input[name=secret]", SECRET)
    page.press("input[name=secret]", "Enter")
    expect(phone.counts).to_contain_text("已发送 1")
    assert taps_of(office, guard) == [uid("gatehouse")]
    page.reload()
    expect(phone.counts).to_contain_text("已发送 1")
    assert taps_of(office, guard) == [uid("gatehouse")]


def test_opened_cold_by_a_signed_in_guard_it_is_sent_and_shown(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone(nfc=None)
    page = phone.page
    page.goto(f"{phone.address}/login?next=/people")
    page.fill("input[name=person]", guard)
    page.fill("input[name=secret]", SECRET)
    page.press("input[name=secret]", "Enter")
    page.wait_for_url("**/people")
    page.goto(f"{phone.address}/t/library")
    expect(phone.verdict).to_be_visible()
    expect(phone.counts).to_contain_text("已发送 1")
    assert taps_of(office, guard) == [uid("library")]


def test_opened_cold_without_signal_it_is_kept_and_sent_once(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone(nfc=None)
    phone.set_out(guard)
    phone.page.goto(f"{phone.address}/t/library?via=qr")
    expect(phone.verdict).to_contain_text("Library entrance")
    expect(phone.verdict).to_contain_text("QR code or link: weak")
    expect(phone.counts).to_contain_text("1 saved on phone")
    phone.page.reload()
    expect(phone.counts).to_contain_text("1 saved on phone")

    phone.online()
    expect(phone.counts).to_contain_text("1 sent")
    wait_until(lambda: taps_of(office, guard) == [uid("library")])


def test_the_same_signed_address_is_one_tap_however_often_it_is_opened(
    make_phone: MakePhone, guard: str
) -> None:
    phone = make_phone(nfc=None)
    phone.sign_in(guard)
    phone.settle()
    phone.offline()
    for _ in range(3):
        phone.page.goto(f"{phone.address}/t/gatehouse?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086")
        expect(phone.verdict).to_be_visible()
    expect(phone.verdict).to_contain_text("Already tapped")
    expect(phone.counts).to_contain_text("1 saved on phone")
