"""Devices that are worked on: what their cards say, on the live page and on the wall, and when that ends."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hub.alerts import upkeep
from hub.alerts.at_work import AtWork
from hub.book.model import Setting, Suppression
from hub.config.model import MaintenanceWindow
from hub.live.reader import LiveReader
from hub.log.reader import LogReader
from rules.model import Text
from rules.windows import Fixed, Flexible, Plan
from tests.hub.web_pages.school import MINUTE_MS, School
from tests.hub.web_pages.test_desk import sign_in
from tests.hub.web_pages.test_life_pages import mind

HOUR_MS = 60 * MINUTE_MS
WARM = "cold.chilled.warm"


def take_out(school: School, device: str) -> Suppression:
    done = upkeep.take_out(school.book, school.campus, device, "chen-jie", "压缩机送修", None, school.now_ms)
    assert isinstance(done, Suppression)
    school.follow()
    return done


def card(page: str, device: str) -> str:
    found = re.search(rf'<article[^>]*id="device-{device}".*?</article>', page, re.DOTALL)
    assert found, device
    return found[0]


@pytest.mark.parametrize(("lang", "out"), [("zh-CN", "停用"), ("en", "Out of service")])
def test_a_device_out_of_service_says_so_whatever_it_says_itself(school: School, lang: str, out: str) -> None:
    school.reading("cold-2", temperature_c=4.0)
    school.reading("cold-3", age_ms=HOUR_MS, temperature_c=-18.0)
    school.reading("meter-canteen", power_w=1.0)
    for device in ("cold-2", "cold-3", "cold-4", "meter-canteen", "reader-1"):
        take_out(school, device)
    browser = sign_in(school, "liu-yang")
    for path in ("/", "/wall"):
        page = browser.get(f"{path}?lang={lang}").text
        for device in ("cold-2", "cold-3", "cold-4", "meter-canteen"):
            assert out in card(page, device), device
            assert "tone-ok" not in card(page, device)
    assert out in card(browser.get(f"/?lang={lang}").text, "reader-1")


@pytest.mark.parametrize(("lang", "work"), [("zh-CN", "检修中"), ("en", "Maintenance")])
def test_maintenance_of_an_area_stands_on_the_cards_of_its_devices(
    school: School, lang: str, work: str
) -> None:
    school.reading("cold-4", temperature_c=4.0)
    upkeep.announce(
        school.book, school.campus, "canteen", "liu-yang", "清洗", school.now_ms + HOUR_MS, school.now_ms
    )
    school.follow()
    page = sign_in(school, "liu-yang").get(f"/?lang={lang}").text
    assert work in card(page, "cold-4")
    assert work not in card(page, "cold-1")


def test_a_hushed_alert_does_not_show_and_one_that_is_told_does(school: School) -> None:
    school.reading("cold-2", temperature_c=11.0)
    school.alert(WARM, "cold-2")
    browser = sign_in(school, "liu-yang")
    done = take_out(school, "cold-2")
    mind(school)
    assert "Out of service" in card(browser.get("/?lang=en").text, "cold-2")

    upkeep.end(school.book, school.campus, done.id, "chen-jie", school.now_ms)
    school.follow()
    assert "Too warm" in card(browser.get("/?lang=en").text, "cold-2")


def test_a_told_alert_stands_above_maintenance_of_other_rules(school: School) -> None:
    school.reading("cold-2", temperature_c=11.0)
    school.alert(WARM, "cold-2")
    plan_maintenance(school, Fixed(school.now_ms - 1, school.now_ms + HOUR_MS), rules=("device.*",))
    page = sign_in(school, "liu-yang").get("/?lang=en").text
    assert "Too warm" in card(page, "cold-2")


def plan_maintenance(school: School, plan: Plan, rules: tuple[str, ...] = ()) -> None:
    window = MaintenanceWindow(
        "work", ("cold-2",), ("boiler-room",), rules, plan, Text("修", "Work"), "liu-yang"
    )
    school.campus = replace(school.campus, maintenance=(window,))
    school.follow()


def test_configured_windows_begin_and_end_by_themselves(school: School) -> None:
    plan_maintenance(school, Fixed(school.now_ms + HOUR_MS, school.now_ms + 2 * HOUR_MS))
    work = AtWork(school.campus)
    with school.book.reading() as session:
        assert work.now(session, school.now_ms) == {}
        found = work.now(session, school.now_ms + HOUR_MS)
        assert found == {"cold-2": Setting.MAINTENANCE, "meter-boiler-room": Setting.MAINTENANCE}
        assert work.now(session, school.now_ms + 2 * HOUR_MS) == {}


def test_a_flexible_window_is_work_once_a_problem_started_it(school: School) -> None:
    plan_maintenance(school, Flexible(school.now_ms - HOUR_MS, school.now_ms + HOUR_MS, HOUR_MS))
    work = AtWork(school.campus)
    with school.book.reading() as session:
        assert work.now(session, school.now_ms) == {}
    school.alert(WARM, "cold-2")
    mind(school)
    with school.book.reading() as session:
        assert work.now(session, school.now_ms)["cold-2"] is Setting.MAINTENANCE


def test_out_of_service_goes_before_maintenance(school: School) -> None:
    plan_maintenance(school, Fixed(school.now_ms - 1, school.now_ms + HOUR_MS))
    take_out(school, "cold-2")
    upkeep.announce(
        school.book, school.campus, "cold-2", "liu-yang", "清洗", school.now_ms + HOUR_MS, school.now_ms
    )
    with school.book.reading() as session:
        assert AtWork(school.campus).now(session, school.now_ms)["cold-2"] is Setting.OUT_OF_SERVICE


def test_the_live_reader_hears_of_it_though_no_alert_changed(school: School) -> None:
    reader = LiveReader(
        school.board,
        LogReader(school.folder / "log.sqlite"),
        school.book,
        school.campus,
        lambda: school.now_ms,
    )
    reader.turn()
    heard: list[object] = []
    school.board.listen(heard.append)
    upkeep.take_out(school.book, school.campus, "cold-5", "chen-jie", "压缩机送修", None, school.now_ms)
    reader.look_at_book()
    reader.turn()
    assert heard == [frozenset({("device", "cold-5")})]
    now = school.board.device("cold-5")
    assert now is not None
    assert now.upkeep is Setting.OUT_OF_SERVICE
    reader.look_at_book()
    reader.turn()
    assert len(heard) == 1
