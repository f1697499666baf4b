"""Work orders in a browser: a phone's photos, three sizes of screens, two languages, axe, the keyboard."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from hub.photos.store import Photos
from hub.work import orders
from rules.work import State, Step
from tests.hub.web_pages.in_browser import Site, browser, site
from tests.hub.work.test_api import photo
from tests.hub.work.test_pages import do, reported

__all__ = ["browser", "site"]  # fixtures

_SIZES = ((390, 844), (820, 1180), (1920, 1080))
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_SMALL = """() => [...document.querySelectorAll("main :is(.button, button, select, textarea, input)")]
  .filter((e) => e.checkVisibility() && !["radio", "hidden"].includes(e.type))
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44).map(([html]) => html)"""
_BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth)
  .map((e) => e.outerHTML.slice(0, 120))"""


def assert_usable(page: Page, where: str) -> None:
    violations = Axe().run(page).response["violations"]
    said = [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]
    assert said == [], where
    assert not page.evaluate(_TOO_WIDE), (where, page.evaluate(_BEYOND))
    assert page.evaluate(_SMALL) == [], where


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("size", _SIZES, ids=["phone", "tablet", "wall"])
def test_every_page_is_usable(site: Site, size: tuple[int, int], lang: str) -> None:
    school = site.school
    long = "很长的标题" * 16
    order = reported(school, title=long, text="没有空格的一长串" * 40, photos=("ab" * 32,))
    other = reported(school, device="cold-2")
    do(school, other, "chen-jie", Step.TAKEN)
    do(school, other, "chen-jie", Step.DONE, "换了" * 200)
    alert = school.alert("cold.chilled.warm", "cold-2")
    school.now_ms += 40 * 86_400_000
    page = site.page("/work", person="liu-yang", size=size)
    for path in (
        "/work?which=all",
        "/work/1",
        "/work/2",
        "/work/new",
        f"/work/new?alert={alert}",
        "/notices",
    ):
        page.goto(f"{site.address}{path}{'&' if '?' in path else '?'}lang={lang}")
        for summary in page.locator("main details.act > summary").all():
            summary.click()
        assert_usable(page, f"{path} {size} {lang}")
    assert order.number == 1


def test_a_photo_is_taken_made_small_sent_and_shown(site: Site, tmp_path: Path) -> None:
    school = site.school
    order = reported(school)
    do(school, order, "chen-jie", Step.TAKEN)
    exif = Image.Exif()
    exif[0x010F] = "maker"
    Image.effect_noise((2400, 1800), 40).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    page = site.page(f"/work/{order.number}", person="chen-jie", size=_SIZES[0])
    page.get_by_label("What was done").fill("New fence")
    page.get_by_label("Photos").set_input_files(tmp_path / "photo.jpg")
    expect(page.get_by_role("img", name="Photo to be sent")).to_be_visible()
    page.get_by_role("button", name="It is put right").click()
    expect(page).to_have_url(f"{site.address}/work/{order.number}?said=done")
    shown = page.get_by_role("img", name="After 1")
    expect(shown).to_be_visible()
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1600
    with school.book.reading() as session:
        found = orders.one(session, order.number)
    assert found is not None
    (name,) = found.photos_after
    path = Photos(school.campus.storage.folder).path(name)
    assert path is not None
    with Image.open(io.BytesIO(path.read_bytes())) as kept:
        assert (kept.size, dict(kept.getexif())) == ((1600, 1200), {})


def test_without_scripts_the_same_forms_do(site: Site, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo((300, 200)))
    signed_in = site.page("/work", person="zhang-wei").context.storage_state()
    context = site.browser.new_context(
        java_script_enabled=False,
        storage_state=signed_in,
        viewport={"width": _SIZES[0][0], "height": _SIZES[0][1]},
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{site.address}/work/new?lang=en")
    page.get_by_label("What has to be put right").fill("No light")
    page.get_by_label("Where").select_option(label="Library entrance")
    page.get_by_role("button", name="Report it").click()
    expect(page).to_have_url(f"{site.address}/work/1?said=made")
    expect(page.get_by_role("status")).to_contain_text("Whoever is responsible is told")
    page.goto(f"{site.address}/work/new?lang=en")
    page.get_by_label("What has to be put right").fill("No water")
    page.get_by_label("Photos").set_input_files(tmp_path / "photo.jpg")
    page.get_by_role("button", name="Report it").click()
    expect(page).to_have_url(f"{site.address}/work/2?said=made")
    expect(page.get_by_role("img", name="Photo before 1")).to_be_visible()


def test_a_fitter_s_whole_day_by_keyboard_on_a_phone(site: Site) -> None:
    school = site.school
    reported(school)
    page = site.page("/alerts", person="chen-jie", size=_SIZES[0])
    link = page.locator(".nav > a", has_text="Work")
    expect(link).to_be_visible()  # among the first of the narrow bar
    expect(link).to_contain_text("1")
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="操场围网破了").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I take it on").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is yours")
    page.get_by_label("What was done").focus()
    page.keyboard.type("New fence")
    page.get_by_role("button", name="It is put right").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Somebody else has to verify it")
    expect(page.locator(".order-acts")).to_contain_text("You have done it")
    expect(page.get_by_role("button", name="Verified")).to_have_count(0)
    with school.book.reading() as session:
        found = orders.one(session, 1)
    assert found is not None
    assert found.state is State.DONE
