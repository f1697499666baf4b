"""A guard who walks alone: the phone reminds, taps count, and the hub decides, also about a dead phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]
MINUTE = 60_000
# Words that this phone said earlier: minutes ago, and for how many minutes.
_SAID = """async ([person, words]) => {
  const store = await import("/guard/store.js");
  for (const [agoMs, minutes, fate] of words) {
    const id = store.uuid();
    const body = { id, minutes, round: null };
    await store.keep({ id, kind: "word", atMs: Date.now() - agoMs, person, fate, body, place: null });
  }
  new BroadcastChannel("campushub-guard").postMessage("items");
}"""
_COUNT_SIGNALS = """
  window.buzzes = [];
  Navigator.prototype.vibrate = (pattern) => window.buzzes.push(pattern.length);
"""


def alone_of(phone: Phone) -> Locator:
    return phone.page.locator("#alone")


def words_of(phone: Phone) -> list[tuple[int, str]]:
    return [(item["body"]["minutes"], item["fate"]) for item in phone.kept() if item["kind"] == "word"]


def said_earlier(phone: Phone, person: str, *words: tuple[float, int, str]) -> None:
    phone.page.evaluate(_SAID, [person, [list(word) for word in words]])


def alerts_of(office: httpx.Client, person: str) -> list[dict[str, Any]]:
    found = office.get("/api/v1/alerts", params={"state": "all", "limit": 500}).json()
    return [
        alert
        for alert in found
        if (alert["rule"], alert["subject"]) == ("patrol.lone-worker", f"phone:{person}")
    ]


def changes_of(office: httpx.Client, alert: int) -> list[str]:
    journal = office.get(f"/api/v1/alerts/{alert}").json()["journal"]
    return [entry["change"] for entry in journal if "change" in entry]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_begins_with_the_rounds_own_interval_and_ends_when_the_guard_ends_it(
    make_phone: MakePhone, night_guard: str, language: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard, f"/guard?lang={language}")
    page = phone.page
    named = {"zh-CN": "我一个人 · 每 30 分钟报平安", "en": "I walk alone · report every 30 min"}[language]
    page.get_by_role("button", name=named).click()
    assert_usable(page, "how often")
    expect(page.locator("#alone-dialog input[value='30']")).to_be_checked()
    page.locator("#alone-dialog input[value='45']").check(force=True)
    page.locator("#alone-dialog button[type=submit]").click()

    expect(alone_of(phone)).to_contain_text("45")
    assert_usable(page, "alone")
    wait_until(lambda: words_of(phone) == [(45, "sent")])
    page.locator("[data-do=well]").click()
    wait_until(lambda: words_of(phone) == [(45, "sent"), (45, "sent")])
    page.locator("[data-do=together]").click()
    expect(alone_of(phone)).to_be_hidden()
    wait_until(lambda: words_of(phone)[-1] == (0, "sent"))


def test_a_tap_counts_and_the_last_one_of_the_round_ends_it(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    phone.offline()
    phone.page.locator("[data-do=alone]").click()
    phone.page.locator("#alone-dialog button[type=submit]").click()
    expect(alone_of(phone)).to_contain_text("the hub does not know that you are alone")
    phone.listen()
    phone.touch(TAGS["boiler-room"])
    expect(phone.page.locator("#report")).to_be_visible()
    phone.page.keyboard.press("Escape")
    wait_until(lambda: words_of(phone) == [(30, "kept")] * 2)
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("Round complete")
    expect(alone_of(phone)).to_be_hidden()
    assert words_of(phone) == [(30, "kept"), (30, "kept"), (0, "kept")]
    phone.online()
    wait_until(lambda: {fate for _, fate in words_of(phone)} == {"sent"})


def test_it_outlives_a_phone_that_dies(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    phone.page.locator("[data-do=alone]").click()
    phone.page.locator("#alone-dialog button[type=submit]").click()
    expect(alone_of(phone)).to_contain_text("Say so by")
    phone.kill()
    phone.start()
    phone.offline()
    phone.open()
    expect(alone_of(phone)).to_contain_text("30 min left")
    phone.page.locator("[data-do=well]").click()
    expect(alone_of(phone)).to_contain_text("the hub waits by what you said before")


@pytest.mark.parametrize(
    ("ago_min", "urgency", "tones", "words"),
    [
        (10, "calm", 0, "还有 20 分钟"),
        (28.5, "soon", 3, "该报平安了"),
        (31.5, "overdue", 5, "已超时 2 分钟"),
    ],
)
def test_the_phone_reminds_before_it_runs_out_and_louder_after(
    make_phone: MakePhone, night_guard: str, ago_min: float, urgency: str, tones: int, words: str
) -> None:
    phone = make_phone()
    assert phone.context is not None
    phone.context.add_init_script(_COUNT_SIGNALS)
    phone.sign_in(night_guard, "/guard?lang=zh-CN")
    phone.settle()
    phone.offline()
    phone.page.locator("h1").click()  # browsers let nothing vibrate before a touch
    phone.page.evaluate("() => { window.buzzes.length = 0; }")
    said_earlier(phone, night_guard, (ago_min * MINUTE, 30, "kept"))
    expect(alone_of(phone)).to_have_attribute("data-urgency", urgency)
    expect(alone_of(phone)).to_contain_text(words)
    if tones:
        wait_until(lambda: phone.page.evaluate("window.buzzes") == [tones])
        expect(phone.page.locator("#alone-said")).to_contain_text(words[:4])
    else:
        phone.page.wait_for_timeout(1_200)  # one turn of what reminds
        assert phone.page.evaluate("window.buzzes") == []
    assert_usable(phone.page, urgency)


def test_a_phone_that_goes_dead_still_leads_to_a_critical_alert(
    make_phone: MakePhone, office: httpx.Client, night_guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.listen()
    phone.touch(TAGS["boiler-room"])
    expect(phone.page.locator("#report")).to_be_visible()
    phone.page.keyboard.press("Escape")
    expect(phone.counts).to_contain_text("1 sent")
    said_earlier(phone, night_guard, (10 * MINUTE - 5_000, 10, "kept"))
    phone.page.locator("#counts").click()
    phone.page.get_by_role("button", name="Send now").click()
    wait_until(lambda: words_of(phone) == [(10, "sent")])
    assert alerts_of(office, night_guard) == []
    phone.kill()

    (alert,) = wait_until(lambda: alerts_of(office, night_guard), within_s=60)
    assert (alert["severity"], alert["active"]) == ("critical", True)
    page = office.get(f"/alerts/{alert['id']}?lang=zh-CN").text
    assert "单独巡查人员未报平安" in page
    assert "锅炉房门口" in page


def test_a_word_that_the_phone_kept_takes_the_alert_back(
    make_phone: MakePhone, office: httpx.Client, night_guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    said_earlier(phone, night_guard, (40 * MINUTE, 30, "kept"))
    phone.page.locator("#counts").click()
    phone.page.get_by_role("button", name="Send now").click()
    phone.page.keyboard.press("Escape")
    (alert,) = wait_until(lambda: alerts_of(office, night_guard), within_s=60)
    assert alert["active"]

    phone.offline()
    said_earlier(phone, night_guard, (20 * MINUTE, 30, "kept"), (2 * MINUTE, 30, "kept"))
    phone.online()
    wait_until(lambda: words_of(phone) == [(30, "sent")] * 3)

    wait_until(lambda: "amended" in changes_of(office, alert["id"]))
    (alert,) = alerts_of(office, night_guard)
    assert not alert["active"]
