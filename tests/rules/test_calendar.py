"""What kind of day a date is, which entry decides, and when school is in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import (
    IN_SESSION,
    USUAL_HOURS,
    Calendar,
    DayKind,
    Decider,
    LocalDays,
    Part,
    Pattern,
    PublicDay,
    Term,
    Use,
)
from rules.local_time import Interval, Span, day_at, instant_ms, local, midnight_ms, parse_span
from rules.model import Text

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAME = Text("名", "name")
TERM = Term(Text("秋季学期", "Autumn term"), date(2026, 9, 1), date(2027, 1, 22))
MONDAY, SUNDAY = date(2026, 9, 7), date(2026, 9, 20)
HOUR_MS = 3_600_000

# Clocks that skip and repeat an hour, half an hour, two hours, midnight itself, and a whole day.
ZONES = {
    "Asia/Shanghai": date(2026, 3, 1),
    "America/New_York": date(2026, 3, 8),
    "Europe/Berlin": date(2026, 10, 25),
    "Australia/Lord_Howe": date(2026, 4, 5),
    "Antarctica/Troll": date(2026, 3, 29),
    "America/Sao_Paulo": date(2018, 11, 4),
    "America/Havana": date(2026, 11, 1),
    "America/St_Johns": date(1990, 10, 28),
    "Pacific/Apia": date(2011, 12, 30),
}
zones = st.sampled_from(sorted(ZONES)).map(ZoneInfo)
days_of_change = st.sampled_from(sorted(ZONES.items())).flatmap(
    lambda item: st.tuples(
        st.just(ZoneInfo(item[0])), st.integers(-2, 2).map(lambda by: item[1] + timedelta(days=by))
    )
)
any_days = st.dates(date(1975, 1, 1), date(2040, 12, 31))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def days(first: date, last: date, kind: DayKind, hours: tuple[Span, ...] | None = None) -> LocalDays:
    return LocalDays(first, last, kind, NAME, None, hours)


@pytest.mark.parametrize(
    ("calendar", "day", "kind", "decider"),
    [
        (Calendar(SHANGHAI), MONDAY, DayKind.SCHOOL, Decider.WEEKDAY),
        (Calendar(SHANGHAI), SUNDAY, DayKind.WEEKEND, Decider.WEEKDAY),
        (Calendar(SHANGHAI, terms=(TERM,)), date(2026, 8, 31), DayKind.VACATION, Decider.VACATION),
        (Calendar(SHANGHAI, terms=(TERM,)), date(2026, 9, 1), DayKind.SCHOOL, Decider.WEEKDAY),
        (Calendar(SHANGHAI, terms=(TERM,)), date(2027, 1, 22), DayKind.SCHOOL, Decider.WEEKDAY),
        (Calendar(SHANGHAI, terms=(TERM,)), date(2027, 1, 23), DayKind.VACATION, Decider.VACATION),
    ],
)
def test_weekdays_and_terms(calendar: Calendar, day: date, kind: DayKind, decider: Decider) -> None:
    found = calendar.day(day)
    assert (found.kind, found.decider) == (kind, decider)


def test_the_most_exact_entry_decides() -> None:
    public = (PublicDay(MONDAY, Text("节", "Holiday")), PublicDay(SUNDAY, Text("补", "Make-up"), works=True))
    whole = days(date(2026, 9, 1), date(2026, 9, 30), DayKind.EXAM)
    exact = days(MONDAY, MONDAY, DayKind.EVENT)

    holidays = Calendar(SHANGHAI, terms=(TERM,), public=public)
    assert holidays.day(MONDAY).decider is Decider.PUBLIC
    assert holidays.day(MONDAY).name.en == "Holiday"
    assert holidays.day(SUNDAY).decider is Decider.MAKE_UP
    assert holidays.day(SUNDAY).kind is DayKind.SCHOOL
    assert holidays.day(SUNDAY).hours == USUAL_HOURS
    ranged = Calendar(SHANGHAI, terms=(TERM,), public=public, local=(whole,))
    assert {ranged.day(day).decider for day in (MONDAY, SUNDAY)} == {Decider.RANGE}
    dated = Calendar(SHANGHAI, terms=(TERM,), public=public, local=(whole, exact))
    assert dated.day(MONDAY).kind is DayKind.EVENT
    assert dated.day(MONDAY).decider is Decider.DATE
    assert dated.day(SUNDAY).decider is Decider.RANGE


def test_a_holiday_in_the_vacation_is_a_holiday_and_a_make_up_workday_there_is_vacation() -> None:
    public = (PublicDay(date(2027, 2, 6), NAME), PublicDay(date(2027, 2, 14), NAME, works=True))
    calendar = Calendar(SHANGHAI, terms=(TERM,), public=public)
    assert calendar.day(date(2027, 2, 6)).kind is DayKind.HOLIDAY
    assert calendar.day(date(2027, 2, 14)).kind is DayKind.VACATION


def test_each_day_says_why_in_both_languages() -> None:
    later = Term(Text("春季学期", "Spring term"), date(2027, 3, 1), date(2027, 7, 2))
    calendar = Calendar(SHANGHAI, terms=(TERM, later))
    assert calendar.day(MONDAY).why == Text("秋季学期，星期一", "Autumn term, Monday")
    assert calendar.day(date(2026, 8, 1)).why.en == "before every term"
    assert calendar.day(date(2027, 2, 1)).why == Text("在“秋季学期”之后", "after Autumn term")
    assert calendar.day(date(2027, 8, 1)).why.en == "after the last term, Spring term"


def test_an_exception_has_its_own_hours_or_the_usual_ones_and_its_reason() -> None:
    morning = (Span(time(7), time(12)),)
    reason = Text("校长决定", "the head decided")
    half = LocalDays(MONDAY, MONDAY, DayKind.HALF, NAME, reason, morning)
    makeup = days(SUNDAY, SUNDAY, DayKind.SCHOOL)
    off = days(date(2026, 9, 8), date(2026, 9, 8), DayKind.VACATION)
    calendar = Calendar(SHANGHAI, local=(half, makeup, off))
    assert (calendar.day(MONDAY).hours, calendar.day(MONDAY).why) == (morning, reason)
    assert calendar.day(SUNDAY).hours == USUAL_HOURS
    assert calendar.hours(date(2026, 9, 8)) == ()


def test_hours_are_instants_in_the_site_s_zone_and_may_run_over_midnight() -> None:
    night = (Span(time(22), time(6)),)
    calendar = Calendar(SHANGHAI, week=(night,) * 7)
    (found,) = calendar.hours(MONDAY)
    begins = datetime(2026, 9, 7, 14, tzinfo=UTC)  # 22:00 at +08:00
    assert found == Interval(int(begins.timestamp() * 1000), int(begins.timestamp() * 1000) + 8 * HOUR_MS)


def test_a_skipped_time_is_the_moment_of_the_change_and_a_repeated_one_its_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    change = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000)
    assert instant_ms(berlin, spring, time(2, 0)) == instant_ms(berlin, spring, time(2, 59)) == change
    assert instant_ms(berlin, spring, time(3, 0)) == change
    assert instant_ms(berlin, autumn, time(2, 30)) == int(
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000
    )


@given(days_of_change, times, times)
def test_a_later_time_of_day_is_never_an_earlier_instant(
    where: tuple[ZoneInfo, date], one: time, other: time
) -> None:
    zone, day = where
    first, second = sorted((one, other))
    assert instant_ms(zone, day, first) <= instant_ms(zone, day, second)
    assert instant_ms(zone, day, second) <= midnight_ms(zone, day + timedelta(days=1))


@given(days_of_change, times)
def test_an_instant_is_the_first_at_which_the_clock_shows_its_time_or_a_later_one(
    where: tuple[ZoneInfo, date], at: time
) -> None:
    zone, day = where
    found = instant_ms(zone, day, at)
    wall = datetime.combine(day, at)
    assert local(zone, found).replace(tzinfo=None) >= wall
    before = (local(zone, found - by * 60_000 - 1).replace(tzinfo=None) for by in range(180))
    assert all(shown < wall for shown in before)


@given(zones, any_days)
def test_days_follow_each_other_without_gap_or_overlap(zone: ZoneInfo, day: date) -> None:
    begins = [midnight_ms(zone, day + timedelta(days=by)) for by in range(4)]
    for number, (starts, ends) in enumerate(pairwise(begins)):
        assert starts <= ends
        for at_ms in {starts, (starts + ends) // 2, ends - 1} if starts < ends else ():
            assert day_at(zone, at_ms) == day + timedelta(days=number)


@given(days_of_change, st.integers(0, 86_400_000 - 1))
def test_what_is_expected_is_what_the_hours_say(where: tuple[ZoneInfo, date], offset_ms: int) -> None:
    zone, day = where
    spans = (Span(time(1, 30), time(2, 45)), Span(time(22), time(0, 30)))
    calendar = Calendar(zone, week=(spans,) * 7)
    at_ms = midnight_ms(zone, day) + offset_ms
    near = [day + timedelta(days=by) for by in (-2, -1, 0, 1, 2)]
    inside = any(one.starts_ms <= at_ms < one.ends_ms for each in near for one in calendar.hours(each))
    assert calendar.is_expected(at_ms, Pattern((Part(Use.SCHOOL),))) is inside
    assert calendar.is_expected(at_ms, Pattern((Part(Use.OUTSIDE),))) is not inside


@given(any_days)
def test_school_is_in_on_days_in_session_only(day: date) -> None:
    public = tuple(PublicDay(date(year, 10, 1), NAME) for year in range(1975, 2041))
    found = Calendar(SHANGHAI, terms=(TERM,), public=public).day(day)
    assert bool(found.hours) is (found.kind in IN_SESSION)


def test_a_leap_day_is_a_day_like_any_other() -> None:
    leap = date(2028, 2, 29)
    calendar = Calendar(SHANGHAI, local=(days(leap, leap, DayKind.EVENT),))
    assert calendar.day(leap).kind is DayKind.EVENT
    assert calendar.day(date(2028, 3, 1)).decider is Decider.WEEKDAY


@pytest.mark.parametrize(
    "text", ["", "7:00-18:00", "07:00", "07:00-07:00", "24:00-06:00", "07:00-25:00", "07:00–18:00", "x" * 99]
)
def test_what_are_no_hours_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match=r"write '07:00-18:00'"):
        parse_span(text)


@given(times, times)
def test_hours_are_read_as_they_are_written(starts: time, ends: time) -> None:
    if starts != ends:
        assert parse_span(str(Span(starts, ends))) == Span(starts, ends)
