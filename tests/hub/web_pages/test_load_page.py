"""The page of the alarm load, in both languages."""

from __future__ import annotations

import pytest

from tests.hub.web_pages.school import School
from tests.hub.web_pages.test_desk import sign_in
from tests.hub.web_pages.test_pages import check

LANGUAGES = pytest.mark.parametrize(
    ("lang", "title", "none", "role"),
    [
        ("zh-CN", "报警负荷", "这段时间没有报警", "食堂"),
        ("en", "Alarm load", "No alerts in this time", "Canteen"),
    ],
)


@LANGUAGES
def test_without_alerts_the_page_says_so(school: School, lang: str, title: str, none: str, role: str) -> None:
    page = sign_in(school, "admin").get(f"/load?lang={lang}").text
    check(page)
    assert title in page
    assert none in page
    assert role not in page.partition("<main")[2]


@LANGUAGES
def test_an_alert_counts_for_its_role_and_shift(
    school: School, lang: str, title: str, none: str, role: str
) -> None:
    school.alert("cold.chilled.warm", "cold-1")
    page = sign_in(school, "admin").get(f"/load?days=30&lang={lang}").text
    check(page)
    assert none not in page
    assert role in page
    assert title in page
    assert "ISA-18.2" in page


def test_only_the_head_and_the_administrator_see_it(school: School) -> None:
    assert sign_in(school, "wang-fang").get("/load").status_code == 403
    assert sign_in(school, "admin").get("/load?days=5000").status_code == 200
