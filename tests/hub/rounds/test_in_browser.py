"""What only a browser can tell of the head's pages: axe, widths, the stream, a plan that is clicked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from devices.facts import Order, RoundOrder
from hub.config.model import CampusPlan
from hub.web import accounts
from tests.hub.alerts.campus import MINUTE, MORNING, demo_campus
from tests.hub.rounds.desk import DEADLINE, HOSTILE_SVG, RUN, Desk
from tests.hub.web_pages.in_browser import Served, browser, served

__all__ = ["browser"]  # a fixture

_SIZES = ((390, 844), (820, 1180), (1920, 1080))
_PATHS = ("/rounds", "/rounds?place=1", "/rounds?day=2026-11-21", f"/rounds/{RUN}", "/rounds/calendar")
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass
class Site:
    """The desk's pages."""

    desk: Desk
    served: Served

    def page(self, path: str, person: str = "liu-yang", *, dark: bool = False) -> Page:
        """Somebody's page, in English."""
        own = self.desk.office
        if person not in accounts.states(own.book):
            accounts.set_secret(own.book, person, "correct horse", one_time=False, now_ms=own.now_ms)
        return self.served.page_of(person, path, color_scheme="dark" if dark else "light")

    def open(self, page: Page, path: str, language: str = "en") -> None:
        self.served.open(page, path, language)


@pytest.fixture
def site(desk: Desk, browser: Browser) -> Iterator[Site]:
    with served(desk.app, browser) as there:
        yield Site(desk, there)


def _something_of_everything(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", "building-a", "library")
    desk.happens(desk.tap("zhang-wei", "boiler-room", MORNING, refused="replay"))
    desk.happens(RoundOrder("order:1", MORNING, MORNING, RUN, Order.PAUSE, "zhang-wei", "电话"))
    desk.office.now_ms = DEADLINE - 5 * MINUTE
    desk.happens(desk.office.ticks(desk.office.now_ms))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible_and_fits_in_both_languages(site: Site, dark: bool) -> None:
    _something_of_everything(site.desk)
    page = site.page("/rounds", dark=dark)
    for path in (
        "/rounds",
        "/rounds?place=1",
        "/rounds?day=2026-11-21",
        f"/rounds/{RUN}",
        "/rounds/calendar",
    ):
        for language in ("zh", "en"):
            site.open(page, path, language)
            page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
            violations = Axe().run(page).response["violations"]
            said = [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]
            assert said == [], (path, language)
            for width, height in (*_SIZES, (195, 422)):
                page.set_viewport_size({"width": width, "height": height})
                assert not page.evaluate(_TOO_WIDE), (path, language, width)


def test_a_tap_moves_the_page_without_loading_it_anew(site: Site) -> None:
    page = site.page("/rounds", person="wall")
    gate = page.locator(".place", has_text="School gate")
    expect(gate).to_contain_text("next")
    page.evaluate("window.isSame = true")

    site.desk.walks("zhang-wei", "gatehouse")

    expect(gate).to_contain_text("visited")
    expect(page.locator("#whereabouts-list")).to_contain_text("School gate")
    expect(page.locator(f'#walks-list a[href="/rounds/{RUN}"]')).to_be_visible()
    expect(page.locator("#walks-list .is-current .dot.is-visited")).to_have_count(1)
    assert page.evaluate("window.isSame") is True


def test_the_page_of_a_run_follows_it_but_not_into_a_field(site: Site) -> None:
    page = site.page(f"/rounds/{RUN}")
    gate = page.locator(".course tr", has_text="School gate")
    expect(gate).to_contain_text("to come")
    page.evaluate("window.isSame = true")

    site.desk.walks("zhang-wei", "gatehouse")

    expect(gate).to_contain_text("Signed tag")
    field = page.locator("#why-excuse")
    page.locator("details", has=field).locator("summary").click()
    field.fill("a storm")
    site.desk.walks("zhang-wei", "gatehouse", "building-a")
    expect(page.locator(".updated-note")).to_be_visible()
    expect(field).to_have_value("a storm")

    field.fill("")
    field.blur()
    expect(page.locator(".course tr", has_text="Teaching building A")).to_contain_text("Reader")
    assert page.evaluate("window.isSame") is True


def test_on_a_phone_the_rounds_come_first_and_nothing_is_counted_that_is_not(site: Site) -> None:
    page = site.page("/rounds")
    tops = {}
    for width, height in _SIZES:
        page.set_viewport_size({"width": width, "height": height})
        boxes = {one: page.locator(f"#{one}-title").bounding_box() for one in ("walks", "where", "plan")}
        tops[width] = sorted(boxes, key=lambda one: boxes[one]["y"])  # type: ignore[index]  # all are there
    site.open(page, "/rounds/calendar")
    missed = page.locator(".legend li", has_text="Missed")
    to_come = page.locator(".legend li", has_text="To come")

    assert tops[390] == tops[820] == ["walks", "where", "plan"]
    assert tops[1920].index("where") < tops[1920].index("walks")
    expect(missed).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(missed).to_be_hidden()
    expect(to_come).to_be_visible()
    expect(page.locator(".counted td", has_text=re.compile("^0$")).filter(visible=True)).to_have_count(0)


def test_the_page_of_a_run_keeps_what_is_being_chosen(site: Site) -> None:
    page = site.page(f"/rounds/{RUN}")
    until = page.locator("#until")
    page.locator("details", has=until).locator("summary").click()
    until.select_option(index=2)
    until.evaluate("each => each.blur()")

    site.desk.walks("zhang-wei", "gatehouse")

    expect(page.locator(".updated-note")).to_be_visible()
    assert until.evaluate("each => each.selectedIndex") == 2


def test_a_page_that_could_not_be_fetched_is_fetched_again(site: Site) -> None:
    page = site.page(f"/rounds/{RUN}")
    row = page.locator(".course tr", has_text="School gate")
    expect(row).to_contain_text("to come")
    page.route(f"**/rounds/{RUN}*", lambda route: route.abort(), times=2)
    site.desk.walks("zhang-wei", "gatehouse")
    expect(row).to_contain_text("Signed tag", timeout=15_000)


def test_marks_stand_where_the_checkpoints_are(site: Site) -> None:
    page = site.page("/rounds")
    for width, height in _SIZES:
        page.set_viewport_size({"width": width, "height": height})
        frame = page.locator(".plan").bounding_box()
        assert frame is not None
        assert abs(frame["height"] / frame["width"] - 2 / 3) < 0.02  # as the picture is
        sign = page.locator(".plan .spot").nth(3).locator("circle").first.bounding_box()  # the library
        assert sign is not None
        assert abs((sign["x"] + sign["width"] / 2 - frame["x"]) / frame["width"] - 0.5) < 0.01
        assert abs((sign["y"] + sign["height"] / 2 - frame["y"]) / frame["height"] - 0.335) < 0.02


def test_a_click_on_the_plan_is_a_line_to_copy(site: Site) -> None:
    page = site.page("/rounds?place=1")
    frame = page.locator(".plan img").bounding_box()
    assert frame is not None

    at = {"x": 1 + frame["width"] / 4, "y": 1 + frame["height"] * 3 / 4}  # within the border
    page.locator(".plan").click(position={"x": at["x"], "y": at["y"]})

    said = re.compile(r"place = \{ x = 2[45][.\d]*, y = 7[45][.\d]* \}")
    expect(page.locator("#place-line")).to_have_text(said)
    assert abs(float(page.locator("#place-x").input_value()) - 25) < 0.3
    assert abs(float(page.locator("#place-y").input_value()) - 75) < 0.3
    page.locator("#place-y").fill("75")
    page.locator("#place-x").fill("12.5")
    expect(page.locator("#place-line")).to_have_text("place = { x = 12.5, y = 75 }")
    page.locator("#place-x").fill("120")
    expect(page.locator("#place-line")).to_have_text("")
    page.locator("#place-which").select_option("library")
    expect(page.locator("#place-line")).to_have_text("place = { x = 50, y = 33.5 }")
    assert "/rounds?place=1" in page.url


def test_a_head_decides_by_keyboard(site: Site) -> None:
    page = site.page(f"/rounds/{RUN}")
    page.get_by_text("Excuse", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("台风")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("The round is excused.")
    expect(page.locator(".card .chip").first).to_contain_text("Excused")
    assert [one.reason for one in site.desk.orders()] == ["台风"]


@pytest.fixture
def hostile(tmp_path: Path, browser: Browser) -> Iterator[Site]:
    campus = replace(demo_campus(tmp_path), plan=CampusPlan(HOSTILE_SVG, "image/svg+xml"))
    desk = Desk(tmp_path, campus=campus)
    with served(desk.app, browser) as there:
        yield Site(desk, there)
    desk.close()


def test_a_hostile_picture_runs_nothing_in_the_page_and_nothing_by_itself(hostile: Site) -> None:
    page = hostile.page("/rounds")
    expect(page.locator(".plan img")).to_be_visible()
    page.locator(".plan").click(position={"x": 5, "y": 5})
    assert page.title().startswith("Rounds")
    hostile.open(page, "/rounds/plan")
    page.locator("rect").click()
    assert page.evaluate("document.documentElement.localName") == "svg"
    assert page.title() == ""
    assert page.evaluate("origin") == "null"
