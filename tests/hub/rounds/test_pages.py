"""The head's pages of rounds: what stands there, for whom, in both languages, and what its forms do."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from devices.facts import Order
from hub.config.model import CampusPlan, Language, Spot
from hub.config.subjects import called, name_of
from hub.desk.campus_plan import Stand, plan_card
from hub.desk.rounds_table import COLUMNS, table
from hub.live.board import Topic
from hub.rounds import queries
from hub.web.viewer import Viewer
from rules.model import Role, RoundState, Text
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, demo_campus
from tests.hub.rounds.desk import DEADLINE, HOSTILE_SVG, RUN, STARTS, SVG, Desk, decision, key, names
from tests.hub.web_pages.test_pages import check

PATHS = (
    "/rounds",
    "/rounds?day=2026-11-21",
    "/rounds?day=2030-01-01",
    "/rounds?day=nonsense&place=1",
    f"/rounds/{RUN}",
    f"/rounds/{RUN}?said=excuse",
    "/rounds/calendar",
    "/rounds/calendar?month=1999-13",
    "/rounds/calendar?month=2026-02",
)


def page_of(desk: Desk, person: str, path: str, language: str = "en") -> str:
    joint = "&" if "?" in path else "?"
    answer = desk.browser(person).get(f"{path}{joint}lang={language}")
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("person", ["liu-yang", "zhang-wei", "wang-fang", "chen-jie", "admin", "wall"])
def test_every_page_answers_for_everybody(desk: Desk, person: str, language: str) -> None:
    desk.walks("zhang-wei", "gatehouse", "library")
    desk.happens(desk.tap("zhang-wei", "boiler-room", MORNING, refused="forged"))
    for path in PATHS:
        html = page_of(desk, person, path, language)
        check(re.sub(r"<img [^>]*>", "", html))


def test_forms_are_shown_to_those_who_may_decide(desk: Desk) -> None:
    def offered(person: str) -> list[str]:
        return re.findall(r'name="order" value="(\w+)"', page_of(desk, person, f"/rounds/{RUN}"))

    assert offered("liu-yang") == ["pause", "finish", "extend", "excuse"]
    assert offered("zhang-wei") == ["pause", "finish"]
    assert offered("li-qiang") == offered("admin") == offered("wang-fang") == offered("wall") == []


def test_a_form_decides_and_sending_it_twice_decides_once(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    html = browser.get(f"/rounds/{RUN}").text
    until = re.findall(r'<option value="(\d+)"', html)[-1]
    fields = {
        "csrf": browser.csrf,
        "order": "extend",
        "until": until,
        "reason": "校门口\r\n有活动",
        "key": key(),
    }

    first = browser.post(f"/rounds/{RUN}/orders", csrf=False, data=fields)
    second = browser.post(f"/rounds/{RUN}/orders", csrf=False, data=fields)

    assert (first.status_code, first.headers["location"]) == (303, f"/rounds/{RUN}?said=extend")
    assert second.status_code == 303
    (fact,) = desk.orders()
    assert (fact.until_ms, fact.reason) == (int(until), "校门口  有活动")
    assert int(until) == DEADLINE + 2 * HOUR
    html = page_of(desk, "wall", f"/rounds/{RUN}")
    assert "extended" in html
    assert "校门口" in html


def test_another_time_may_be_written(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    fields = {"order": "extend", "until_at": "2026-11-22T11:00", "reason": "r", "key": key()}

    answer = browser.post(f"/rounds/{RUN}/orders", csrf=False, data={"csrf": browser.csrf, **fields})

    assert answer.status_code == 303, answer.text
    assert desk.orders()[0].until_ms == MORNING + 4 * HOUR


@pytest.mark.parametrize(
    ("person", "fields", "status"),
    [
        ("liu-yang", {"order": "excuse", "reason": " "}, 409),
        ("liu-yang", {"order": "extend", "reason": "r", "until": "9" * 40}, 422),
        ("liu-yang", {"order": "extend", "reason": "r", "until_at": "0001-01-01T00:00"}, 422),
        ("liu-yang", {"order": "extend", "reason": "r", "until_at": "never"}, 422),
        ("zhang-wei", {"order": "excuse", "reason": "r"}, 403),
        ("zhang-wei", {"order": "resume"}, 409),
    ],
)
def test_what_is_refused_keeps_what_was_typed_and_says_why(
    desk: Desk, person: str, fields: dict[str, str], status: int
) -> None:
    browser = desk.browser(person)

    answer = browser.post(
        f"/rounds/{RUN}/orders", csrf=False, data={"csrf": browser.csrf, "key": key(), **fields}
    )

    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    check(answer.text)
    assert desk.orders() == []


def test_a_form_that_is_none_is_refused(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    for fields in ({}, {"order": "burn", "key": key()}, {"order": "excuse", "reason": "r", "key": "no-uuid"}):
        answer = browser.post(f"/rounds/{RUN}/orders", csrf=False, data={"csrf": browser.csrf, **fields})
        assert answer.status_code == 422, fields
    answer = browser.post(
        "/rounds/no-such@2026-11-22/orders",
        csrf=False,
        data={"csrf": browser.csrf} | {"order": "excuse", "reason": "r", "key": key()},
    )
    assert answer.status_code == 404
    assert browser.get("/rounds/no-such@2026-11-22").status_code == 404
    assert desk.orders() == []


def test_a_page_says_who_is_where_and_how_every_round_stands(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", "library")
    desk.office.now_ms = MORNING + 10 * MINUTE

    html = page_of(desk, "wall", "/rounds")

    seen = html[html.index('id="whereabouts-list"') : html.index('id="plan-title"')]
    assert "张伟" in seen
    assert "Library entrance" in seen
    assert "Reader" in seen
    assert f"/rounds/{RUN}" in seen
    walks = html[html.index('id="walks-list"') :]
    assert "2 of 8 visited" in walks
    assert "by 08:45" in walks


def test_the_plan_says_how_every_checkpoint_stands(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", "building-a")
    head = Viewer("liu-yang", "刘洋", Role.HEAD, Language.EN, csrf="", must_change_secret=False)

    def stands(now_ms: int) -> dict[str, Stand]:
        desk.office.now_ms = now_ms
        desk.happens(desk.office.ticks(now_ms))
        card = plan_card(desk.pages.scene(head), desk.board.rounds())
        return {mark.id: mark.stand for mark in card.placed}

    assert stands(STARTS - MINUTE)["library"] in (Stand.IDLE, Stand.MISSED)  # of the night's rounds
    under_way = stands(MORNING + 10 * MINUTE)
    assert (under_way["gatehouse"], under_way["building-b"], under_way["library"]) == (
        Stand.VISITED,
        Stand.NEXT,
        Stand.DUE,
    )
    assert stands(DEADLINE - MINUTE)["library"] is Stand.OVERDUE
    after = stands(DEADLINE + MINUTE)
    assert (after["gatehouse"], after["library"]) == (Stand.VISITED, Stand.MISSED)


def test_a_checkpoint_s_own_latest_makes_it_overdue_and_an_extension_puts_it_off(desk: Desk) -> None:
    head = Viewer("liu-yang", "刘洋", Role.HEAD, Language.EN, csrf="", must_change_secret=False)
    desk.browser("liu-yang").post(
        f"/api/v1/rounds/{RUN}/orders", json=decision(Order.EXTEND, until=(DEADLINE + HOUR) / 1000)
    )
    desk.office.now_ms = DEADLINE - MINUTE
    desk.happens(desk.office.ticks(desk.office.now_ms))

    card = plan_card(desk.pages.scene(head), desk.board.rounds())

    assert {mark.stand for mark in card.placed} == {Stand.NEXT, Stand.DUE}


def test_an_excused_round_asks_for_nothing(desk: Desk) -> None:
    head = Viewer("liu-yang", "刘洋", Role.HEAD, Language.EN, csrf="", must_change_secret=False)
    desk.browser("liu-yang").post(f"/api/v1/rounds/{RUN}/orders", json=decision(Order.EXCUSE))

    card = plan_card(desk.pages.scene(head), [desk.office.runs()[RUN]])

    assert {mark.stand for mark in card.placed} == {Stand.IDLE}


@pytest.mark.parametrize(
    "picture",
    [
        SVG,
        HOSTILE_SVG,
    ],
    ids=["the demonstration's", "a hostile one"],
)
def test_an_svg_is_served_as_an_image_that_can_run_nothing(tmp_path: Path, picture: bytes) -> None:
    campus = replace(demo_campus(tmp_path), plan=CampusPlan(picture, "image/svg+xml"))
    desk = Desk(tmp_path, campus=campus)
    browser = desk.browser("wall")

    answer = browser.get("/rounds/plan")

    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert "sandbox" in policy
    assert policy["sandbox"] == ""
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content == picture
    again = browser.get("/rounds/plan", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    html = page_of(desk, "wall", "/rounds")
    assert 'onload="' not in html
    assert "<script>alert" not in html
    assert re.search(r'<img src="/rounds/plan\?v=\w+"', html)
    desk.close()


def test_without_a_picture_the_checkpoints_stand_by_area(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=demo_campus(tmp_path))

    html = page_of(desk, "liu-yang", "/rounds")

    assert "<img" not in html
    assert "image = &#34;plan.svg&#34;" in html
    assert html.count('class="places-area"') == len({p.area for p in desk.deps.campus.checkpoints.values()})
    assert desk.browser("liu-yang").get("/rounds/plan").status_code == 404
    assert "place.js" not in page_of(desk, "liu-yang", "/rounds?place=1")
    desk.close()


def test_what_is_not_placed_is_listed_with_what_to_write(tmp_path: Path) -> None:
    campus = demo_campus(tmp_path)
    places = {
        id_: replace(p, spot=None if id_ == "library" else p.spot) for id_, p in campus.checkpoints.items()
    }
    desk = Desk(tmp_path, campus=replace(campus, checkpoints=places, plan=CampusPlan(SVG, "image/svg+xml")))

    html = page_of(desk, "zhang-wei", "/rounds")

    assert "<code>library</code>" in html
    assert "place = { x = 23.5, y = 40 }" in html
    assert html.count('<svg class="spot ') == len(places) - 1
    desk.close()


def test_only_the_head_and_administrators_place_checkpoints(desk: Desk) -> None:
    assert "/rounds?place=1" in page_of(desk, "liu-yang", "/rounds")
    assert 'id="placing"' in page_of(desk, "admin", "/rounds?place=1")
    assert "/rounds?place=1" not in page_of(desk, "zhang-wei", "/rounds")
    assert 'id="placing"' not in page_of(desk, "zhang-wei", "/rounds?place=1")


def test_words_of_a_mark_stay_on_the_picture(tmp_path: Path) -> None:
    campus = demo_campus(tmp_path)
    spots = (Spot(0, 0), Spot(100, 100), Spot(50, 50))
    places = dict(zip(campus.checkpoints, spots, strict=False))
    shown = {id_: replace(campus.checkpoints[id_], spot=spot) for id_, spot in places.items()}
    desk = Desk(
        tmp_path,
        campus=replace(
            campus, checkpoints={**campus.checkpoints, **shown}, plan=CampusPlan(SVG, "image/svg+xml")
        ),
    )
    head = Viewer("liu-yang", "刘洋", Role.HEAD, Language.EN, csrf="", must_change_secret=False)

    card = plan_card(desk.pages.scene(head), ())

    assert [(mark.x, mark.anchor) for mark in card.placed[:3]] == [
        ("0%", "start"),
        ("100%", "end"),
        ("50%", "middle"),
    ]
    desk.close()


def test_the_stream_draws_what_the_page_of_rounds_draws(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse")
    html = page_of(desk, "liu-yang", "/rounds")
    nobody = Viewer("", "", Role.HEAD, Language.EN, csrf="", must_change_secret=False)

    fragments = {one.element: one.html for one in desk.pages.fragments([(Topic.ROUND, RUN)], nobody)}

    for element in ("whereabouts-list", "walks-list", "campus-plan"):
        assert fragments[element] in html
    live = page_of(desk, "liu-yang", "/")
    assert "campus-plan" not in live
    assert "walks-list" not in live


def test_the_export_reads_back_as_what_the_book_has(desk: Desk) -> None:
    desk.walks("zhang-wei", "gatehouse", "building-a", "library")
    browser = desk.browser("liu-yang")

    answer = browser.get("/rounds/export?from=2026-11-22&to=2026-11-22&format=csv&lang=en")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="rounds-2026-11-22-2026-11-22.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    runs = [run for run in desk.office.runs().values() if queries.day_of(run) == "2026-11-22"]
    assert len(rows) == sum(len(run.tags) for run in runs)
    own = [row for row in rows if row["Id"] == RUN]
    assert [row["Checkpoint id"] for row in own][:3] == ["gatehouse", "building-a", "library"]
    assert [row["Visited"] for row in own] == ["yes"] * 3 + ["no"] * 5
    at = own[0]["Visited at (Asia/Shanghai)"]
    assert at == "2026-11-22 07:00:00"
    zone = desk.deps.campus.site.zone
    assert datetime.fromisoformat(at).replace(tzinfo=zone).timestamp() * 1000 == MORNING
    assert own[0]["Planned start (Asia/Shanghai)"] == "2026-11-22 06:00:00"
    assert (own[1]["Minutes since the one before"], own[0]["Trust"]) == ("5.0", "Signed tag")
    assert (own[0]["Who"], own[0]["Person id"], own[0]["State"]) == ("张伟", "zhang-wei", "Under way")


def test_nothing_in_the_export_is_a_formula(desk: Desk) -> None:
    for number, reason in enumerate(("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1＋1", "\t=1")):
        desk.browser("liu-yang").post(
            f"/api/v1/rounds/{RUN}/orders",
            json=decision(
                Order.EXTEND, number, reason=reason, until=(DEADLINE + (number + 1) * MINUTE) / 1000
            ),
        )
        answer = desk.browser("liu-yang").get("/rounds/export?from=2026-11-22&to=2026-11-22&lang=zh")
        cells = [cell for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) for cell in row]
        assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "＝", "\t")] == []
        assert f"'{reason.strip()}" in cells


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?from=2026-11-22",
        "?from=2026-11-22&to=2026-11-21",
        "?from=2026-01-01&to=2027-01-02",
        "?from=x&to=y",
        "?from=0001-01-01&to=0001-01-02",
        "?from=2026-11-22&to=2026-11-22&format=exe",
    ],
)
def test_a_table_that_cannot_be_is_refused(desk: Desk, query: str) -> None:
    assert desk.browser("liu-yang").get(f"/rounds/export{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "zh", "en"),
    [
        ("?from=2026-11-23&to=2026-11-22", "开始日期晚于结束日期", "The first day is after the last"),
        ("?lang=", "请选择日期", "Choose the days"),
        ("?from=&to=2026-11-22", "请选择日期", "Choose the days"),
        ("?from=2026-11-22&to=2026-11-31", "请选择日期", "Choose the days"),
        ("?from=2026-01-01&to=2027-01-02", "一次最多导出 366 天", "Choose 366 days at most"),
    ],
)
def test_a_table_that_cannot_be_says_why(desk: Desk, query: str, zh: str, en: str) -> None:
    browser = desk.browser("liu-yang")
    assert zh in browser.get(f"/rounds/export{query}&lang=zh").text
    assert en in browser.get(f"/rounds/export{query}&lang=en").text


def test_the_table_is_the_head_s(desk: Desk) -> None:
    for person, status in (("liu-yang", 200), ("admin", 200), ("zhang-wei", 403), ("wall", 403)):
        assert desk.browser(person).get("/rounds/export?from=2026-11-22&to=2026-11-22").status_code == status


def test_every_column_has_a_heading_of_its_own(desk: Desk) -> None:
    for language in Language:
        said = table(
            desk.deps.campus,
            (),
            {},
            {},
            0,
            say=lambda text: text.zh,
            text=partial(desk.pages.text, language),
        )
        headings = next(csv.reader(io.StringIO(said.removeprefix("\ufeff"))))
        assert len(set(headings)) == len(COLUMNS)


def test_the_month_leads_to_every_round_and_counts_it(desk: Desk) -> None:
    desk.happens(desk.office.ticks(DEADLINE + MINUTE))

    html = page_of(desk, "wall", "/rounds/calendar?month=2026-11")

    for id_, run in desk.office.runs().items():
        assert f'href="/rounds/{id_}"' in html, run.state
    assert f'href="/rounds/{RUN}" title="Morning round, day 22: Missed"' in html
    assert desk.office.runs()[RUN].state is RoundState.MISSED


def test_the_month_says_why_days_have_no_rounds(desk: Desk) -> None:
    """The hub started on the 22nd, with the evening's round of the day before; it plans until tomorrow."""
    first = queries.first_day(desk.deps.book)
    assert first is not None

    grid = page_of(desk, "wall", "/rounds/calendar?month=2026-11")
    before = page_of(desk, "wall", "/rounds/calendar?month=2026-10", "zh")
    ahead = page_of(desk, "wall", "/rounds/calendar?month=2026-12")
    desk.office.now_ms = STARTS - HOUR
    early = page_of(desk, "wall", "/rounds/calendar?month=2026-11")

    rows = len(desk.deps.campus.rounds)
    assert f'colspan="{first.day - 1}" rowspan="{rows}"><span>before the start' in grid
    assert f'colspan="7" rowspan="{rows}"><span>not planned yet' in grid  # from the 24th on
    assert "启用前" in before
    assert "Not planned yet" in ahead
    assert f'href="/rounds/{RUN}" title="Morning round, day 22: Under way"' in grid
    assert f'href="/rounds/{RUN}" title="Morning round, day 22: To come"' in early


def test_without_a_plan_the_heading_does_not_promise_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, campus=demo_campus(tmp_path))

    html = page_of(desk, "wall", "/rounds", "zh")

    assert '<h2 id="plan-title">巡更点</h2>' in html
    assert "校园平面图</h2>" not in html
    desk.close()


def test_subjects_are_called_by_their_names(desk: Desk) -> None:
    campus = desk.deps.campus
    assert name_of(campus, "patrols@2026-11-22") == Text("2026-11-22 全天巡更", "All rounds of 2026-11-22")
    assert name_of(campus, "phone:zhang-wei") == Text("张伟", "张伟")
    assert name_of(campus, "library") == campus.checkpoints["library"].name
    assert name_of(campus, "patrols@") is None
    assert called(campus, RUN) == Text("清晨巡查 2026-11-22", "Morning round 2026-11-22")
    assert called(campus, "cold-2") == campus.devices["cold-2"].name
    assert called(campus, "gone@2026-11-22") == Text("gone@2026-11-22", "gone@2026-11-22")
    assert names(Order) == ["pause", "resume", "finish", "extend", "excuse"]
