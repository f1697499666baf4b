"""Shelving, confirming, reopening, maintenance and consequences on the pages, in both languages."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from hub.alerts import desk
from hub.alerts.minding import Minder
from hub.book.model import Alert
from hub.book.tables import AlertRow
from hub.config.model import Language
from hub.faces import make_pages
from rules.life import Change
from rules.model import Closing, Role
from tests.hub.web_pages.school import MINUTE_MS, School, viewer
from tests.hub.web_pages.test_desk import form, sign_in
from tests.hub.web_pages.test_pages import check

WARM = "cold.chilled.warm"
LANGUAGES = pytest.mark.parametrize("lang", ["zh-CN", "en"])


def mind(school: School) -> None:
    with school.book.writing() as session:
        Minder(school.campus, session).mind(session, school.now_ms)
    school.follow()


def feed(school: School, device: str, meter: str) -> None:
    """From now on a meter's circuit feeds a device."""
    fed = replace(school.campus.devices[device], fed_by=meter)
    school.campus = replace(school.campus, devices={**school.campus.devices, device: fed})


def closing(school: School, rule: str, how: Closing) -> None:
    changed = msgspec.structs.replace(school.campus.rules[rule], closing=how)
    school.campus = replace(school.campus, rules={**school.campus.rules, rule: changed})
    school.deps = replace(school.deps, campus=school.campus)
    school.pages = make_pages(school.deps)


def test_every_change_has_its_words_in_both_languages(school: School) -> None:
    for language in Language:
        said = {change: school.pages.text(language, f"alert_page.change.{change.value}") for change in Change}
        assert len(set(said.values())) == len(Change)


@LANGUAGES
def test_an_alert_is_shelved_shown_apart_and_taken_off_the_shelf(school: School, lang: str) -> None:
    id_ = school.alert("device.silent.cold", "cold-2")
    browser = sign_in(school, "wang-fang")
    assert f'action="/alerts/{id_}/shelve"' in browser.get(f"/alerts/{id_}?lang={lang}").text

    done = browser.post(
        f"/alerts/{id_}/shelve", csrf=False, data=form(browser, reason="等<b>配件</b>", how="4h")
    )

    assert done.headers["location"] == f"/alerts/{id_}?said=shelved"
    page = browser.get(f"/alerts/{id_}?lang={lang}").text
    check(page)
    assert "等&lt;b&gt;配件&lt;/b&gt;" in page
    listed = browser.get(f"/alerts?lang={lang}").text
    check(listed)
    assert 'id="quiet"' in listed
    live = browser.get(f"/?lang={lang}").text
    assert f'id="alert-{id_}"' not in live
    assert "/alerts#quiet" in live
    assert browser.post(f"/alerts/{id_}/unshelve", csrf=False, data=form(browser)).status_code == 303
    assert f'id="alert-{id_}"' in browser.get(f"/?lang={lang}").text


def test_a_shelf_that_is_too_long_is_refused_with_what_was_typed(school: School) -> None:
    id_ = school.alert(WARM, "cold-2")
    browser = sign_in(school, "wang-fang")
    assert "/shelve" not in browser.get(f"/alerts/{id_}").text  # critical: somebody takes it on first
    early = browser.post(f"/alerts/{id_}/shelve", csrf=False, data=form(browser, reason="等配件", how="1h"))
    assert early.status_code == 409
    assert "紧急告警须先有人确认接手" in early.text
    assert isinstance(desk.acknowledge(school.book, id_, "wang-fang", "在看", school.now_ms), Alert)
    school.follow()
    page = browser.get(f"/alerts/{id_}").text
    assert 'value="2h"' in page
    assert 'value="8h"' not in page  # critical

    answer = browser.post(f"/alerts/{id_}/shelve", csrf=False, data=form(browser, reason="等配件", how="8h"))

    assert answer.status_code == 409
    assert "搁置时间过长" in answer.text
    assert ">等配件</textarea>" in answer.text
    check(answer.text)


@LANGUAGES
def test_what_was_shelved_as_long_as_allowed_is_shelved_no_more(school: School, lang: str) -> None:
    id_ = school.alert(WARM, "cold-2")
    browser = sign_in(school, "wang-fang")
    for _ in range(2):
        assert isinstance(desk.acknowledge(school.book, id_, "wang-fang", "在看", school.now_ms), Alert)
        school.follow()
        browser.post(f"/alerts/{id_}/shelve", csrf=False, data=form(browser, reason="等配件", how="1h"))
        browser.post(f"/alerts/{id_}/unshelve", csrf=False, data=form(browser))
    assert isinstance(desk.acknowledge(school.book, id_, "wang-fang", "在看", school.now_ms), Alert)
    school.follow()

    page = browser.get(f"/alerts/{id_}?lang={lang}").text
    assert "/shelve" not in page
    assert ("搁置时间已用完" if lang == "zh-CN" else "shelved for as long as it may") in page
    again = form(browser, reason="等配件", how="1h")
    answer = browser.post(f"/alerts/{id_}/shelve?lang={lang}", csrf=False, data=again)
    assert answer.status_code == 409
    assert {"zh-CN": "累计 2 小时", "en": "as long as allowed"}[lang] in answer.text


@pytest.mark.parametrize(
    ("lang", "first"), [("zh-CN", "须先接手，才能搁置"), ("en", "has to be taken on before it")]
)
def test_a_critical_alert_says_that_it_is_taken_on_before_it_is_shelved(
    school: School, lang: str, first: str
) -> None:
    id_ = school.alert(WARM, "cold-2")
    canteen = sign_in(school, "wang-fang")
    assert first in canteen.get(f"/alerts/{id_}?lang={lang}").text
    assert (
        first not in sign_in(school, "zhang-wei").get(f"/alerts/{id_}?lang={lang}").text
    )  # who may not anyway
    desk.acknowledge(school.book, id_, "wang-fang", "正在查看", school.now_ms)
    school.follow()
    page = canteen.get(f"/alerts/{id_}?lang={lang}").text
    assert first not in page
    assert f'action="/alerts/{id_}/shelve"' in page


def test_a_guard_is_not_offered_to_shelve_and_may_not(school: School) -> None:
    id_ = school.alert(WARM, "cold-2")
    guard = sign_in(school, "zhang-wei")

    assert "/shelve" not in guard.get(f"/alerts/{id_}").text
    assert guard.post(f"/alerts/{id_}/shelve", csrf=False, data=form(guard, reason="x")).status_code == 403


@LANGUAGES
def test_two_people_close_where_the_rule_demands_it(school: School, lang: str) -> None:
    closing(school, WARM, Closing.SECOND)
    id_ = school.alert(WARM, "cold-2", active=False)
    cook, head = sign_in(school, "wang-fang"), sign_in(school, "liu-yang")
    done = cook.post(f"/alerts/{id_}/close", csrf=False, data=form(cook, action="换门封条"))
    assert done.headers["location"] == f"/alerts/{id_}?said=put_right"

    own, other = cook.get(f"/alerts/{id_}?lang={lang}").text, head.get(f"/alerts/{id_}?lang={lang}").text
    check(own)
    check(other)
    assert "/confirm" not in own
    assert f'action="/alerts/{id_}/confirm"' in other
    assert cook.post(f"/alerts/{id_}/confirm", csrf=False, data=form(cook)).status_code == 409
    again = head.post(f"/alerts/{id_}/reject", csrf=False, data=form(head, reason="仍漏风"))
    assert again.headers["location"].endswith("said=rejected")
    cook.post(f"/alerts/{id_}/close", csrf=False, data=form(cook, action="再换一次"))
    assert head.post(f"/alerts/{id_}/confirm", csrf=False, data=form(head)).status_code == 303
    assert school.board.alerts() == ()
    closed = head.get(f"/alerts?lang={lang}").text
    check(closed)
    assert "刘洋" in closed


@LANGUAGES
def test_the_head_reopens_a_closed_alert(school: School, lang: str) -> None:
    id_ = school.alert(WARM, "cold-2", active=False)
    cook, head = sign_in(school, "wang-fang"), sign_in(school, "liu-yang")
    cook.post(f"/alerts/{id_}/close", csrf=False, data=form(cook, action="关门"))
    assert "/reopen" not in cook.get(f"/alerts/{id_}").text
    page = head.get(f"/alerts/{id_}?lang={lang}").text
    check(page)
    assert f'action="/alerts/{id_}/reopen"' in page

    assert head.post(f"/alerts/{id_}/reopen", csrf=False, data=form(head, reason=" ")).status_code == 409
    assert head.post(f"/alerts/{id_}/reopen", csrf=False, data=form(head, reason="又坏")).status_code == 303
    assert [alert.id for alert in school.board.alerts()] == [id_]


@LANGUAGES
def test_a_consequence_stands_below_its_cause(school: School, lang: str) -> None:
    feed(school, "cold-2", "meter-canteen")
    cause = school.alert("power.voltage-low.l1", "meter-canteen", value=150.0)
    id_ = school.alert("cold.chilled.freezing", "cold-2", value=-1.0)
    mind(school)
    browser = sign_in(school, "liu-yang")

    live = browser.get(f"/?lang={lang}").text
    assert f'id="alert-{id_}"' not in live
    assert f'href="/alerts/{id_}"' in live.partition(f'id="alert-{cause}"')[2].partition("</article>")[0]
    listed = browser.get(f"/alerts?lang={lang}").text
    assert listed.count(f'href="/alerts/{id_}"') == 1
    for page in (live, listed, browser.get(f"/alerts/{id_}").text, browser.get(f"/alerts/{cause}").text):
        check(page)
    assert f'href="/alerts/{cause}"' in browser.get(f"/alerts/{id_}").text


@LANGUAGES
def test_a_consequence_that_is_graver_than_its_cause_stands_by_itself(school: School, lang: str) -> None:
    feed(school, "cold-2", "meter-canteen")
    cause = school.alert("power.voltage-low.l1", "meter-canteen", value=150.0)
    id_ = school.alert(WARM, "cold-2")
    mind(school)
    browser = sign_in(school, "liu-yang")

    live = browser.get(f"/?lang={lang}").text
    assert f'id="alert-{id_}"' in live
    assert f'href="/alerts/{cause}"' in browser.get(f"/alerts/{id_}?lang={lang}").text


@LANGUAGES
def test_a_device_goes_out_of_service_and_comes_back(school: School, lang: str) -> None:
    id_ = school.alert(WARM, "cold-2")
    upkeeper, cook = sign_in(school, "chen-jie"), sign_in(school, "wang-fang")
    check(upkeeper.get(f"/upkeep?lang={lang}").text)
    taken = form(upkeeper, device="cold-2", reason="压缩机<送修>")

    assert (
        cook.post("/upkeep/out-of-service", csrf=False, data=form(cook, device="cold-2")).status_code == 403
    )
    done = upkeeper.post("/upkeep/out-of-service", csrf=False, data=taken)

    assert done.headers["location"] == "/upkeep?said=out"
    page = upkeeper.get(f"/upkeep?said=out&lang={lang}").text
    check(page)
    assert "压缩机&lt;送修&gt;" in page
    assert [alert.hushes != () for alert in school.board.alerts()] == [True]
    twice = upkeeper.post("/upkeep/out-of-service", csrf=False, data=taken)
    assert twice.status_code == 409
    assert ">压缩机&lt;送修&gt;</textarea>" in twice.text
    assert upkeeper.post("/upkeep/1/end", csrf=False, data=form(upkeeper)).status_code == 303
    assert [alert.hushes for alert in school.board.alerts()] == [()]
    record = upkeeper.get(f"/alerts/{id_}?lang={lang}").text
    check(record)
    assert "陈" in record


@LANGUAGES
def test_the_head_announces_maintenance_of_an_area_with_an_end(school: School, lang: str) -> None:
    id_ = school.alert(WARM, "cold-2")
    head = sign_in(school, "liu-yang")
    past = form(head, place="cold-room", reason="大扫除", until="2026-05-29T04:00")
    assert head.post("/upkeep/maintenance", csrf=False, data=past).status_code == 409
    never = form(head, place="cold-room", reason="大扫除", until="tomorrow")
    assert head.post("/upkeep/maintenance", csrf=False, data=never).status_code == 409
    nowhere = form(head, place="the moon", reason="大扫除", until="2026-05-29T06:00")
    assert head.post("/upkeep/maintenance", csrf=False, data=nowhere).status_code == 404

    done = head.post("/upkeep/maintenance", csrf=False, data=past | {"until": "2026-05-29T06:00"})

    assert done.status_code == 303
    alert = school.board.alerts()[0]
    assert alert.suppressed_until_ms == 1_780_005_600_000  # 06:00 in Shanghai
    check(head.get(f"/upkeep?lang={lang}").text)
    check(head.get(f"/alerts/{id_}?lang={lang}").text)


def test_the_list_puts_each_open_alert_where_it_belongs(school: School) -> None:
    to_do = school.alert(WARM, "cold-1")
    taken = school.alert(WARM, "cold-2")
    over = school.alert("cold.frozen.warm", "cold-3", active=False)
    assert isinstance(desk.acknowledge(school.book, taken, "wang-fang", "在看", school.now_ms), Alert)
    with school.book.writing() as session:
        row = session.get(AlertRow, to_do)
        assert row is not None
        row.late = True
    school.follow()
    page = sign_in(school, "liu-yang").get("/alerts?lang=en").text
    first, _, rest = page.partition('id="taken-on-title"')
    assert f"/alerts/{to_do}" in first
    assert f"/alerts/{over}" in first
    assert "data arrived late" in first
    assert f"/alerts/{taken}" in rest


def test_the_api_shelves_confirms_and_lists_upkeep(school: School) -> None:
    id_ = school.alert("device.silent.cold", "cold-2")
    head = sign_in(school, "liu-yang")

    shelved = head.post(f"/api/v1/alerts/{id_}/shelve", json={"reason": "等配件", "how": "once"}).json()
    assert (shelved["hushes"], shelved["shelved_once"]) == (["shelved"], True)
    assert head.post(f"/api/v1/alerts/{id_}/shelve", json={"reason": "等"}).json()["error"]["code"] == (
        "already_shelved"
    )
    assert head.post(f"/api/v1/alerts/{id_}/unshelve", json={}).json()["hushes"] == []
    assert head.post(f"/api/v1/alerts/{id_}/confirm", json={}).json()["error"]["code"] == "not_put_right"
    until_ms = school.now_ms + 60 * MINUTE_MS
    body = {"place": "cold-room", "reason": "除霜", "until_ms": until_ms}
    set_ = head.post("/api/v1/upkeep/maintenance", json=body).json()
    assert (set_["area"], set_["device"], set_["set_by"]) == ("cold-room", "", "liu-yang")
    assert head.get("/api/v1/upkeep").json() == [set_]
    ended = head.post(f"/api/v1/upkeep/{set_['id']}/end", json={}).json()
    assert ended["ended_by"] == "liu-yang"
    record = head.get(f"/api/v1/alerts/{id_}").json()
    assert [entry["change"] for entry in record["journal"]][:2] == ["raised", "shelved"]
    assert viewer(Role.HEAD).person == "liu-yang"
