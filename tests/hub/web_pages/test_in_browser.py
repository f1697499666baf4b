"""What only a browser can tell of the pages: widths, the keyboard, and a page that lost the hub."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.alerts import desk
from hub.book.tables import NoticeRow
from hub.log.model import Entry, Letter, Meeting
from hub.web import accounts
from tests.hub.web_pages.in_browser import Site, browser, site
from tests.hub.web_pages.school import NOW_MS

__all__ = ["browser", "site"]  # fixtures

_SIZES = ((390, 844), (820, 1180), (1920, 1080))
_ZOOMED_PHONE = (195, 422)
_NO_OVERFLOW = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# Words of one card, or of the wall's head, that lie over other words of it.
_OVERLAPS = """() => {
  const found = [];
  const isDrawn = (e) => e.checkVisibility() && !e.closest('.visually-hidden')
    && [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const linesOf = (e) => [...e.childNodes].filter((node) => node.nodeType === 3).flatMap((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  });
  const meet = (p, q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 3
    && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 8;
  for (const root of document.querySelectorAll('.card, .round, .wall-top')) {
    const drawn = [...root.querySelectorAll('*')].filter(isDrawn);
    const words = drawn.map((e) => [e.textContent.trim(), linesOf(e)]);
    words.forEach(([one, lines], at) => words.slice(at + 1).forEach(([other, others]) => {
      if (lines.some((line) => others.some((each) => meet(line, each)))) found.push(`${one} | ${other}`);
    }));
  }
  return found;
}"""


def test_texts_of_any_length_do_not_make_the_records_wider_than_the_screen(site: Site) -> None:
    long = "x" * 60_000
    letter = Letter(site.school.now_ms, f"campus/{long}", long.encode(), "bad_topic", long)
    meeting = Meeting(site.school.now_ms, f"zigbee2mqtt/{'y' * 200}", "zigbee2mqtt", "y" * 48)
    site.school.log.append([Entry(letters=(letter,), meetings=(meeting,))], site.school.now_ms)
    page = site.page("/records")
    for language in ("zh", "en"):
        page.goto(f"{site.address}/records?lang={language}")
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        for width, height in (*_SIZES, _ZOOMED_PHONE):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(_NO_OVERFLOW), (language, width)
            frames = page.evaluate(
                "[...document.querySelectorAll('.table-frame')].every((f) => f.scrollWidth <= f.clientWidth)"
            )
            assert frames, (language, width)


def test_the_wall_fits_portrait_and_narrow_screens_and_nothing_lies_over_anything(site: Site) -> None:
    site.school.trouble()
    page = site.page("/wall")
    for language in ("zh", "en"):
        page.goto(f"{site.address}/wall?lang={language}")
        for width, height in (
            _ZOOMED_PHONE,
            (390, 844),
            (820, 1180),
            (1000, 700),
            (1080, 1920),
        ):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(_NO_OVERFLOW), (language, width)
            assert page.evaluate(_OVERLAPS) == [], (language, width)


def test_the_live_page_fits_a_phone_at_200_percent(site: Site) -> None:
    site.school.trouble()
    page = site.page("/", size=_ZOOMED_PHONE)
    for language in ("zh", "en"):
        page.goto(f"{site.address}/?lang={language}")
        assert page.evaluate(_NO_OVERFLOW), language


@pytest.mark.parametrize("path", ["/", "/wall"])
def test_a_page_that_lost_the_hub_does_not_say_that_all_is_well(site: Site, path: str) -> None:
    page = site.page(path)
    summary = page.locator("#alerts-summary")
    expect(summary).to_contain_text("all is well")
    green = summary.evaluate("e => getComputedStyle(e).backgroundColor")

    page.evaluate("document.body.classList.add('is-lost')")

    expect(summary.get_by_text("all is well")).to_be_hidden()
    expect(summary.get_by_text("before the connection was lost")).to_be_visible()
    assert summary.evaluate("e => getComputedStyle(e).backgroundColor") != green


def test_the_list_of_alerts_and_the_page_of_one_follow_what_happens(site: Site) -> None:
    first = site.school.alert("cold.chilled.warm", "cold-2", active=True)
    page = site.page("/alerts", "wang-fang")
    one = site.page(f"/alerts/{first}", "wang-fang")
    expect(page.locator(".alerts-table tbody tr")).to_have_count(1)
    record = one.locator(".record-line")
    before = record.count()
    for each in (page, one):
        each.evaluate("window.isSame = true")

    second = site.school.alert("cold.chilled.warm", "cold-1", active=True)
    desk.acknowledge(site.school.book, first, "liu-yang", "on my way", site.school.now_ms)
    site.school.follow()
    site.announce_alerts(first, second)

    expect(page.locator(".alerts-table tbody tr")).to_have_count(2)
    expect(record).to_have_count(before + 1)
    assert page.evaluate("window.isSame") is one.evaluate("window.isSame") is True


def _act(page: Page, id_: int, words: str) -> None:
    """As somebody does who has only a keyboard."""
    card = page.locator(f"#alert-{id_}")
    card.locator("details.act summary", has_text=words).focus()
    page.keyboard.press("Enter")
    card.locator("details.act[open] textarea").focus()
    page.keyboard.type("done")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_the_focus_stays_on_the_card_and_goes_on_to_the_next_when_it_is_closed(site: Site) -> None:
    first = site.school.alert("cold.chilled.warm", "cold-2", active=False)
    second = site.school.alert("cold.chilled.warm", "cold-1", active=False)
    page = site.page("/", "wang-fang")
    in_order = page.locator("#alerts > article")
    ids = [in_order.nth(n).get_attribute("id") for n in range(2)]
    top, below = (first, second) if ids[0] == f"alert-{first}" else (second, first)

    _act(page, top, "Take it on")
    site_says = page.locator(f"#alert-{top} .acknowledged")
    expect(page.locator(f"#alert-{top}")).to_be_focused()
    site.announce_alerts(top)
    expect(site_says).to_be_visible()
    expect(page.locator(f"#alert-{top}")).to_be_focused()

    _act(page, top, "Close alert")
    expect(page.locator(f"#alert-{top}")).to_be_focused()
    site.announce_alerts(top)
    expect(page.locator(f"#alert-{top}")).to_have_count(0)
    expect(page.locator(f"#alert-{below}")).to_be_focused()

    _act(page, below, "Close alert")
    expect(page.locator(f"#alert-{below}")).to_be_focused()
    site.announce_alerts(below)
    expect(page.locator(f"#alert-{below}")).to_have_count(0)
    expect(page.locator("#content")).to_be_focused()


def test_the_account_menu_closes_with_escape_and_with_a_click_elsewhere(site: Site) -> None:
    page = site.page("/alerts")
    menu, summary = page.locator(".me details.menu"), page.locator(".me details.menu summary")

    summary.click()
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()

    summary.click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_a_one_time_password_is_asked_about_first_and_not_made_again_by_a_reload(site: Site) -> None:
    page = site.page("/people")
    row = page.locator("tr", has_text="zhang-wei")
    expect(row.locator("form button")).to_be_hidden()

    row.locator("summary").click()
    row.locator("form button").click()

    expect(page.locator(".one-time code")).to_be_visible()
    assert page.url == f"{site.address}/people"
    before = accounts.states(site.school.book)["zhang-wei"]
    page.reload()
    expect(page.locator(".one-time")).to_have_count(0)
    assert accounts.states(site.school.book)["zhang-wei"] == before


_SMALL_TARGETS = """() => [...document.querySelectorAll('.top :is(a, summary, button)')]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44 || box.left < 0 || box.right > innerWidth)
  .map(([words, box]) => `${words} ${box.width}x${box.height} ${box.right}`)"""
_PHONE = (360, 740)


def _unseen_notice(person: str) -> NoticeRow:
    return NoticeRow(
        id=person,
        alert=1,
        occurrence=1,
        kind="raised",
        step=0,
        again=0,
        recipient=person,
        channel="pages",
        tell_at_ms=0,
        matter=b"",
        state="sent",
        decided_at_ms=0,
        attempts=1,
        next_try_ms=0,
        result="",
        acknowledged_by="",
    )


@pytest.mark.parametrize("person", ["zhang-wei", "wang-fang", "chen-jie", "liu-yang", "admin"])
def test_on_a_phone_everybody_reaches_everything_without_scrolling_sideways(site: Site, person: str) -> None:
    with site.school.book.writing() as session:
        session.add(_unseen_notice(person))
    for language in ("zh-CN", "en"):
        page = site.page("/alerts", person=person, size=_PHONE)
        page.goto(f"{site.address}/alerts?lang={language}")
        assert page.locator(".news:visible").count() == 1
        more = page.locator(".nav-more")
        if more.count():
            more.locator("summary").click()
        assert page.evaluate(_NO_OVERFLOW), (person, language)
        assert page.evaluate(_SMALL_TARGETS) == [], (person, language)
        assert page.locator(".nav [aria-current]:visible").count() == 1
        shown = {link.get_attribute("href") for link in page.locator(".nav a:visible").all()}
        assert shown == {link.get_attribute("href") for link in page.locator(".nav a").all()}


def test_the_menu_of_a_phone_says_where_one_is_and_works_by_keyboard(site: Site) -> None:
    page = site.page("/load", person="liu-yang", size=_PHONE)
    summary = page.locator(".nav-more summary")
    expect(summary).to_contain_text("Load")
    expect(page.locator(".nav-more a").first).to_be_hidden()

    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".nav-more [aria-current=page]")).to_have_text("Load")
    page.keyboard.press("Escape")
    expect(page.locator(".nav-more a").first).to_be_hidden()
    expect(summary).to_be_focused()

    page.keyboard.press("Enter")
    page.locator(".nav-more a", has_text="Records").click()
    expect(page).to_have_url(f"{site.address}/records")


def test_a_wide_screen_shows_every_entry_and_no_menu(site: Site) -> None:
    page = site.page("/load", person="admin", size=(1440, 900))
    expect(page.locator(".nav-more")).to_be_hidden()
    assert page.locator(".nav > a:visible").count() == 9
    expect(page.locator(".nav > [aria-current=page]")).to_have_text("Load")


def test_the_wall_of_an_office_cuts_no_name_and_no_round(site: Site) -> None:
    site.school.now_ms = NOW_MS  # the day that is planned
    site.school.plan()
    site.school.gone("meter-building-a")
    page = site.page("/wall", size=(1920, 1080))
    for language in ("zh-CN", "en"):
        page.goto(f"{site.address}/wall?lang={language}")
        cut = page.evaluate(
            "[...document.querySelectorAll('.cold h3, .meter h3, .round h3')]"
            ".filter((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 4)"
            ".map((e) => e.textContent)"
        )
        assert [name for name in cut if "script" not in name] == [], language  # one is long on purpose
        rounds = page.locator(".round").all()
        assert len(rounds) == 8
        assert all(box["y"] + box["height"] <= 1080 for each in rounds if (box := each.bounding_box())), (
            language
        )
