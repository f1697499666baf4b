"""The page of the alarm load, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from hub.book import journal
from hub.book.model import AlertChanged
from hub.desk.load import by_person, by_shift
from rules.life import Change
from rules.model import Severity
from tests.hub.web_pages.school import MINUTE_MS, School
from tests.hub.web_pages.test_desk import sign_in
from tests.hub.web_pages.test_pages import check

LANGUAGES = pytest.mark.parametrize(
    ("lang", "title", "none", "role"),
    [
        ("zh-CN", "告警负荷", "这段时间没有告警", "食堂"),
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


def raised(school: School, alert: int, rule: str, at: str, taken_on: tuple[str, int] | None = None) -> None:
    """An alert of the journal, at a local time of the day before; taken on by somebody after some minutes."""
    moment = datetime.fromisoformat(f"2026-05-28 {at}").replace(tzinfo=school.campus.site.zone)
    at_ms = int(moment.timestamp() * 1000)
    changes = [(Change.RAISED, at_ms, "")]
    changes += [(Change.ACKNOWLEDGED, at_ms + taken_on[1] * MINUTE_MS, taken_on[0])] if taken_on else []
    with school.book.writing() as session:
        for change, when_ms, by in changes:
            said = AlertChanged(
                alert=alert,
                rule=rule,
                subject="cold-1",
                severity=Severity.WARNING,
                change=change,
                active=True,
                closed=False,
                at_ms=when_ms,
                by=by,
                note="",
                value=None,
            )
            journal.record(session, said, when_ms)


def record_of(school: School) -> tuple[AlertChanged, ...]:
    with school.book.reading() as session:
        entries = journal.after(session, 0, 1_000)
    return tuple(entry.decision for entry in entries if isinstance(entry.decision, AlertChanged))


def test_each_shift_and_each_person_has_the_load_of_their_own_hours(school: School) -> None:
    raised(school, 1, "cold.chilled.warm", "10:00", ("wang-fang", 4))
    raised(school, 2, "cold.chilled.warm", "20:00", ("liu-yang", 30))
    raised(school, 3, "cold.chilled.warm", "11:00")
    shifts = by_shift(school.campus, record_of(school), 7, school.now_ms)
    assert [(line.shift.id if line.shift else "", line.load.who, line.load.alarms) for line in shifts] == [
        ("canteen", "canteen", 2),
        ("", "canteen", 1),
    ]
    canteen = shifts[0].load
    assert canteen.rate == pytest.approx(2 / (5 * 13 * 6))  # five school days of thirteen hours
    assert canteen.acknowledged is not None
    assert canteen.acknowledged.median_ms == 4 * MINUTE_MS
    people = by_person(school.campus, record_of(school), 7, school.now_ms)
    assert [(line.load.who, line.shift.id if line.shift else "") for line in people] == [
        ("liu-yang", ""),
        ("wang-fang", "canteen"),
    ]


def test_the_times_on_the_page_are_durations_and_the_guidance_stands_below_them(school: School) -> None:
    raised(school, 1, "cold.chilled.warm", "10:00", ("wang-fang", 4))
    page = sign_in(school, "admin").get("/load?lang=en").text
    check(page)
    assert '<span class="took">4 min</span>' in page
    assert "Canteen <small" in page
    assert "05:30-18:30" in page
    assert "王芳" in page
    assert page.count("Guidance (ISA-18.2)") == 2
    assert "No shifts are configured" not in page


def test_without_shifts_a_day_and_a_night_are_shown_and_the_page_says_so(school: School) -> None:
    raised(school, 1, "cold.chilled.warm", "23:00", ("wang-fang", 4))
    school.campus = replace(school.campus, shifts=())
    school.deps = replace(school.deps, campus=school.campus)
    page = sign_in(school, "admin").get("/load?lang=en").text
    assert "No shifts are configured" in page
    assert "22:00-06:00" in page
    (night,) = by_shift(school.campus, record_of(school), 7, school.now_ms)
    assert night.load.rate == pytest.approx(1 / (7 * 8 * 6), rel=0.05)
