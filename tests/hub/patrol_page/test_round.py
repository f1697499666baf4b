"""A whole round: with signal; and without, on a phone that dies twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from devices.facts import Tap
from hub.log.reader import LogReader
from tests.hub.patrol_page.campus import PLACES, TAGS
from tests.hub.patrol_page.phone import Phone
from tests.whole.hub_process import HubProcess, wait_until

MakePhone = Callable[..., Phone]


def taps_of(office: httpx.Client, person: str) -> list[str]:
    """The tags that the log has of somebody, oldest first."""
    taps = office.get("/api/v1/taps").json()
    return [tap["tag_uid"] for tap in reversed(taps) if tap["device"] == f"phone:{person}"]


def uid(place: str) -> str:
    return TAGS[place].replace(":", "").upper()


def test_a_round_with_signal_is_tapped_sent_and_complete(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    page = phone.page
    expect(page.locator(".next-name")).to_have_text("School gate")
    phone.listen()

    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("Tapped")
    expect(phone.verdict).to_contain_text("School gate")
    expect(phone.verdict).to_contain_text("Teaching building A")
    expect(page.locator(".next-name")).to_have_text("Teaching building A, hall")
    expect(phone.counts).to_contain_text("1 sent")

    phone.touch(TAGS["building-a"])
    expect(phone.counts).to_contain_text("2 sent")
    phone.touch(TAGS["library"])
    expect(phone.verdict).to_contain_text("Round complete")
    expect(phone.counts).to_contain_text("0 saved on phone")
    expect(phone.counts).to_contain_text("3 sent")
    expect(page.locator("#rounds .chip").first).to_have_text("Completed")
    wait_until(lambda: taps_of(office, guard) == [uid(place) for place in PLACES])


def test_a_round_without_signal_on_a_phone_that_dies_twice_arrives_once(
    make_phone: MakePhone, office: httpx.Client, guard: str
) -> None:
    phone = make_phone()
    phone.set_out(guard)
    phone.open()

    phone.listen()
    phone.touch(TAGS["gatehouse"])
    expect(phone.counts).to_contain_text("1 saved on phone")
    expect(phone.page.locator("#net")).to_have_text("No signal")
    phone.kill()

    phone.start()
    phone.open()
    expect(phone.counts).to_contain_text("1 saved on phone")
    expect(phone.page.locator(".next-name")).to_have_text("Teaching building A, hall")
    phone.listen()
    phone.touch(TAGS["building-a"])
    expect(phone.counts).to_contain_text("2 saved on phone")
    phone.kill()

    phone.start()
    phone.open()
    phone.listen()
    phone.touch(TAGS["library"])
    expect(phone.verdict).to_contain_text("Round complete")
    expect(phone.counts).to_contain_text("3 saved on phone")
    assert taps_of(office, guard) == []

    phone.online()
    expect(phone.counts).to_contain_text("0 saved on phone")
    expect(phone.counts).to_contain_text("3 sent")
    assert taps_of(office, guard) == [uid(place) for place in PLACES]
    assert [item["fate"] for item in phone.kept()] == ["sent"] * 3


def logged(running: HubProcess, person: str) -> list[Tap]:
    """Somebody's taps in the log, however old."""
    log, taps, seq = LogReader(running.data / "log.sqlite"), list[Tap](), 0
    try:
        while stretch := log.after(seq, 1_000):
            facts, seq = stretch.facts, stretch.last
            taps += [fact for fact in facts if isinstance(fact, Tap) and fact.person == person]
    finally:
        log.close()
    return taps


def test_eight_hours_without_signal_and_a_reboot_lose_and_double_nothing(
    make_phone: MakePhone, running: HubProcess, guard: str
) -> None:
    phone = make_phone()
    phone.set_out(guard)
    now_s = time.time()
    tapped = {"gatehouse": now_s - 8 * 3_600, "building-a": now_s - 4 * 3_600}
    for number, (place, at_s) in enumerate(tapped.items(), start=1):
        phone.page.clock.install(time=at_s)
        phone.open()
        phone.listen()
        phone.touch(TAGS[place])
        expect(phone.counts).to_contain_text(f"{number} saved on phone")
        phone.kill()  # and comes back as after a reboot: only what was on its disk is there
        phone.start()
    phone.open()
    expect(phone.counts).to_contain_text("2 saved on phone")
    assert logged(running, guard) == []

    phone.online()
    expect(phone.counts).to_contain_text("2 sent")
    phone.page.reload()
    expect(phone.counts).to_contain_text("0 saved on phone")

    found = logged(running, guard)
    assert [tap.tag_uid for tap in found] == [uid(place) for place in tapped]
    for tap, at_s in zip(found, tapped.values(), strict=True):
        assert tap.measured_at_ms / 1_000 == pytest.approx(at_s, abs=60)
