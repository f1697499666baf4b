"""A real browser on the real pages: an alert appears without a reload, and somebody deals with it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.hub.ingest.publisher import publish_all
from tests.real import require
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import SECRET, HubProcess, configure, hub

PHONE = {"width": 390, "height": 844}
WALL = {"width": 1920, "height": 1080}
# Without these, Chromium talks to its maker, and it cannot have its sandbox as root.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("browser")
    with (
        mosquitto(folder / "mosquitto") as broker,
        hub(configure(folder, broker_port=broker.port)) as process,
    ):
        yield process


def page_of(browser: Browser, running: HubProcess, person: str, viewport: dict[str, int], path: str) -> Page:
    """Somebody's signed-in browser on a page; complaints of the page fail the test."""
    context = browser.new_context(viewport={"width": viewport["width"], "height": viewport["height"]})
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.goto(f"{running.address}/login?next={path}")
    page.fill("input[name=person]", person)
    page.fill("input[name=secret]", SECRET)
    page.press("input[name=secret]", "Enter")
    page.wait_for_url(f"{running.address}{path}")
    assert complaints == []
    return page


def send(running: HubProcess, device: str, degrees: float, minutes_ago: range) -> None:
    messages = []
    for minutes in minutes_ago:
        at = time.time() - minutes * 60
        payload = {"at": round(at, 3), "boot": 1, "seq": int(at * 1000), "temperature_c": degrees}
        messages.append((f"campus/shiyan/fridge/{device}/reading", json.dumps(payload)))
    publish_all(running.broker_port, messages)


def test_an_alert_appears_without_a_reload_and_is_acknowledged_in_chinese(
    browser: Browser, running: HubProcess, tmp_path: Path
) -> None:
    page = page_of(browser, running, "wang-fang", PHONE, "/")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    expect(page.locator("#device-cold-1")).to_contain_text("1号冷藏柜")
    page.evaluate("window.notReloaded = true")
    send(running, "cold-1", 12.5, range(14, 0, -1))
    card = page.locator("article.alert", has_text="1号冷藏柜")
    expect(card).to_contain_text("12.5")
    expect(card).to_contain_text("王芳")
    expect(page.locator("#device-cold-1")).to_contain_text("12.5")
    card.locator("summary", has_text="确认").click()
    card.locator("textarea[name=reason]").fill("正在把食材转移到2号柜")
    card.get_by_role("button", name="确认").click()
    expect(card.locator(".acknowledged")).to_contain_text("王芳")
    expect(card.locator(".acknowledged")).to_contain_text("正在把食材转移到2号柜")
    assert page.evaluate("window.notReloaded") is True
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    kept = running.signed_in("liu-yang").get("/api/v1/alerts").json()
    assert [alert["acknowledged_by"] for alert in kept if alert["subject"] == "cold-1"] == ["wang-fang"]
    page.context.close()


def test_text_that_somebody_is_typing_survives_a_live_update(browser: Browser, running: HubProcess) -> None:
    send(running, "cold-2", 12.5, range(14, 0, -1))
    page = page_of(browser, running, "liu-yang", PHONE, "/")
    card = page.locator("article.alert", has_text="2号冷藏柜")
    card.locator("summary", has_text="确认").click()
    card.locator("textarea[name=reason]").fill("我正在")
    send(running, "cold-2", 13.5, range(1))
    expect(page.locator("#device-cold-2")).to_contain_text("13.5")
    assert card.locator("textarea[name=reason]").input_value() == "我正在"
    page.context.close()


def test_a_name_with_markup_in_a_reason_is_text(browser: Browser, running: HubProcess) -> None:
    send(running, "cold-3", -2.0, range(20, 0, -1))
    page = page_of(browser, running, "liu-yang", PHONE, "/")
    card = page.locator("article.alert", has_text="3号冷冻柜")
    card.locator("summary", has_text="确认").click()
    card.locator("textarea[name=reason]").fill("<img src=x onerror='window.hacked=1'>已处理")
    card.get_by_role("button", name="确认").click()
    expect(card.locator(".acknowledged")).to_contain_text("<img src=x")
    assert page.evaluate("window.hacked") is None
    page.context.close()


@pytest.mark.parametrize("width", [320, 390, 820, 1366])
def test_the_page_fits_every_width_in_both_languages(
    browser: Browser, running: HubProcess, width: int
) -> None:
    page = page_of(browser, running, "liu-yang", {"width": width, "height": 900}, "/")
    for language in ("zh-CN", "en"):
        page.goto(f"{running.address}/?lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_the_wall_shows_everything_without_scrolling_and_says_when_it_is_old(
    browser: Browser, running: HubProcess, tmp_path: Path
) -> None:
    page = page_of(browser, running, "wall", WALL, "/wall")
    for device in ("cold-1", "cold-6", "meter-playground"):
        expect(page.locator(f"#device-{device}")).to_be_in_viewport(ratio=0.99)
    assert page.evaluate("document.documentElement.scrollHeight") <= WALL["height"]
    expect(page.locator("form")).to_have_count(0)
    page.screenshot(path=tmp_path / "wall.png")
    old = page.locator("#connection")
    expect(old).to_be_hidden()
    running.stop()
    try:
        expect(old).to_be_visible(timeout=30_000)
        expect(old).to_contain_text("失去连接")
        expect(page.locator("body")).to_have_class(re.compile("is-lost"))
    finally:
        running.start()
    expect(old).to_be_hidden(timeout=60_000)
    page.context.close()
