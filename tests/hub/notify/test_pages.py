"""The ledger on the pages, in the API and in the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.notify import ledger
from hub.notify.channels import Outcome
from hub.notify.model import Kind, Matter, Notice
from rules.model import Severity
from tests.hub.notify.bureau import MINUTE, WARM, Bureau
from tests.hub.web_pages.school import MARKUP, School
from tests.hub.web_pages.test_desk import sign_in
from tests.hub.web_pages.test_pages import check


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    (tmp_path / "data").mkdir()
    school = School(tmp_path / "data")
    yield school
    school.close()


@pytest.fixture
def told(tmp_path: Path, school: School) -> int:
    """An alert that was told, over a channel that fails as well; its number."""
    bureau = Bureau(tmp_path, book=school.book)
    bureau.now_ms = school.now_ms - 40 * MINUTE
    bureau.channels["chief"].answer = lambda _: Outcome(f"310000: {MARKUP}")
    alert = bureau.raises()
    bureau.passes(20 * MINUTE)
    bureau.takes_on(alert)
    bureau.passes(MINUTE)
    school.follow()
    return alert


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ("Who was told", "Escalation", "delivered", "waiting to be sent", "these pages", "taken on by"),
        ),
        ("zh-CN", ("通知记录", "升级", "已送达", "等待发送", "本系统页面", "受理")),
    ],
)
def test_an_alert_s_page_says_whom_it_was_told(
    school: School, told: int, language: str, words: tuple[str, ...]
) -> None:
    answer = sign_in(school, "liu-yang").get(f"/alerts/{told}?lang={language}")
    assert answer.status_code == 200
    check(answer.text)
    section = answer.text.partition('id="told-title"')[2]
    for word in (*words, "group", "chief", "刘洋", "王芳", "310000: &lt;script&gt;"):
        assert word in section, word


@pytest.mark.parametrize(("language", "word"), [("en", "My notices"), ("zh-CN", "我的通知")])
def test_everybody_finds_their_own_notices(school: School, told: int, language: str, word: str) -> None:
    head = sign_in(school, "liu-yang").get(f"/notices?lang={language}")
    guard = sign_in(school, "zhang-wei").get(f"/notices?lang={language}")
    for answer in (head, guard):
        assert answer.status_code == 200
        check(answer.text)
        assert word in answer.text
    assert f"/alerts/{told}" in head.text
    assert f"/alerts/{told}" not in guard.text


def test_a_notice_of_an_alert_that_the_book_has_lost_is_listed_all_the_same(school: School) -> None:
    matter = Matter(WARM, MARKUP, Severity.CRITICAL, school.now_ms, school.now_ms, None)
    notice = Notice("x", 99, 1, Kind.RAISED, 0, 0, "liu-yang", "pages", school.now_ms, matter)
    with school.book.writing() as session:
        ledger.decide(session, [notice], school.now_ms)
    answer = sign_in(school, "liu-yang").get("/notices")
    assert answer.status_code == 200
    check(answer.text)


def test_the_api_has_the_ledger_of_an_alert(school: School, told: int) -> None:
    lines = sign_in(school, "liu-yang").get(f"/api/v1/alerts/{told}").json()["told"]
    assert [(line["kind"], line["channel"], line["state"]) for line in lines] == [
        ("raised", "group", "sent"),
        ("escalated", "chief", "queued"),
        ("escalated", "pages", "sent"),
    ]
    assert {line["acknowledged_by"] for line in lines} == {"wang-fang"}


def test_the_metrics_count_notices_by_state(school: School, told: int) -> None:
    assert told
    text = sign_in(school, "admin").get("/metrics").text
    assert 'campushub_notices{state="sent"} 2.0' in text
    assert 'campushub_notices{state="queued"} 1.0' in text
    assert 'campushub_notices{state="failed"} 0.0' in text


@pytest.mark.parametrize(("language", "words"), [("en", "New notices: 1"), ("zh-CN", "1 条新通知")])
def test_what_a_person_has_not_seen_is_counted_until_the_page_is_opened(
    school: School, told: int, language: str, words: str
) -> None:
    head, guard = sign_in(school, "liu-yang"), sign_in(school, "zhang-wei")
    query = f"?lang={language}"
    before = head.get(f"/alerts{query}")
    assert words in before.text
    assert 'href="/notices"' in before.text
    opened = head.get(f"/notices{query}").text
    assert ">new</" in opened or ">新</" in opened
    for answer in (head.get(f"/alerts{query}"), head.get(f"/notices{query}"), guard.get(f"/alerts{query}")):
        check(answer.text)
        assert words.strip("1 ") not in answer.text
        assert ">new</" not in answer.text
    (line,) = [
        line for line in head.get(f"/api/v1/alerts/{told}").json()["told"] if line["channel"] == "pages"
    ]
    assert line["seen_at_ms"] == school.now_ms
    assert head.get(f"/alerts/{told}{query}").status_code == 200


def test_a_channel_that_refuses_stands_on_the_page_and_in_the_metrics(tmp_path: Path, school: School) -> None:
    bureau = Bureau(tmp_path, book=school.book)
    school.deps = replace(school.deps, campus=replace(school.campus, channels=bureau.campus.channels))
    bureau.now_ms = school.now_ms - 40 * MINUTE
    bureau.channels["group"].answer = lambda _: Outcome(f"93000: {MARKUP}", is_refusal=True)
    bureau.raises()
    bureau.passes(5 * MINUTE)
    admin, guard = sign_in(school, "admin"), sign_in(school, "zhang-wei")
    for language, words in (("en", "has refused messages since"), ("zh-CN", "起拒收消息")):
        page = admin.get(f"/notices?lang={language}").text
        check(page)
        assert words in page
        assert "93000: &lt;script&gt;" in page
        others = guard.get(f"/notices?lang={language}").text
        assert words in others
        assert "93000" not in others
    text = admin.get("/metrics").text
    assert 'campushub_channel_refused{channel="group"} 1.0' in text
    assert 'campushub_channel_refused{channel="chief"} 0.0' in text
