"""Shifts over midnight, over changes of the clocks, on the days of the calendar."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from rules.calendar import Calendar, DayKind, LocalDays, PublicDay
from rules.local_time import Span, instant_ms, parse_span
from rules.model import Text
from rules.shifts import Shift, times_of, under_way, worked_ms

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000
SCHOOL = (DayKind.SCHOOL,)


def shift(hours: str = "06:00-18:00", id_: str = "day", **more: object) -> Shift:
    return Shift(id_, Text(id_, id_), parse_span(hours), ("zhang-wei",), **more)  # type: ignore[arg-type]


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def names_at(text: str, *shifts: Shift, calendar: Calendar | None = None) -> list[str]:
    return [one.id for one in under_way(shifts, calendar or Calendar(SHANGHAI), at(text))]


def test_a_shift_has_its_beginning_and_not_its_end() -> None:
    day, night = shift(), shift("18:00-06:00", "night")
    assert names_at("2026-09-01 05:59:59", day, night) == ["night"]
    assert names_at("2026-09-01 06:00", day, night) == ["day"]
    assert names_at("2026-09-01 17:59:59", day, night) == ["day"]
    assert names_at("2026-09-01 18:00", day, night) == ["night"]


def test_after_midnight_it_is_still_the_night_of_the_day_before() -> None:
    friday = shift("22:00-06:00", weekdays=(4,))
    assert names_at("2026-09-04 22:00", friday) == ["day"]  # a Friday
    assert names_at("2026-09-05 05:59", friday) == ["day"]
    assert names_at("2026-09-04 05:00", friday) == []
    assert names_at("2026-09-05 22:30", friday) == []


def test_a_duty_of_a_whole_day_ends_when_the_next_one_begins() -> None:
    monday = Shift("d", Text("d", "d"), Span(time(8), time(8)), (), weekdays=(0,))
    assert names_at("2026-09-07 07:59", monday) == []
    assert names_at("2026-09-07 08:00", monday) == ["d"]
    assert names_at("2026-09-08 07:59", monday) == ["d"]
    assert names_at("2026-09-08 08:00", monday) == []


def test_where_two_overlap_both_are_under_way() -> None:
    early, late = shift("06:00-14:30", "early"), shift("14:00-22:00", "late")
    assert names_at("2026-09-01 14:15", early, late) == ["early", "late"]


def test_holidays_and_make_up_days_decide_by_the_kind_of_the_day() -> None:
    calendar = Calendar(
        SHANGHAI,
        public=(
            PublicDay(date(2026, 10, 1), Text("国庆节", "National Day"), works=False),
            PublicDay(date(2026, 10, 10), Text("调休", "Make-up"), works=True),
        ),
        local=(LocalDays(date(2026, 10, 12), date(2026, 10, 12), DayKind.VACATION, Text("假", "Off")),),
    )
    canteen = shift("05:30-18:30", on=SCHOOL)
    assert names_at("2026-09-30 06:00", canteen, calendar=calendar) == ["day"]
    assert names_at("2026-10-01 06:00", canteen, calendar=calendar) == []  # a Thursday, and a holiday
    assert names_at("2026-10-10 06:00", canteen, calendar=calendar) == ["day"]  # a Saturday that is worked
    assert names_at("2026-10-12 06:00", canteen, calendar=calendar) == []


def test_the_night_before_a_holiday_is_worked_to_its_end() -> None:
    calendar = Calendar(SHANGHAI, public=(PublicDay(date(2026, 10, 1), Text("国庆节", "Day"), works=False),))
    night = shift("22:00-06:00", on=SCHOOL)
    assert names_at("2026-10-01 05:00", night, calendar=calendar) == ["day"]
    assert names_at("2026-10-01 23:00", night, calendar=calendar) == []


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 1), 8)]
)
def test_a_night_over_a_change_of_the_clocks_is_an_hour_shorter_or_longer(first: date, hours: int) -> None:
    night = shift("22:00-06:00", weekdays=(first.weekday(),))
    midday = instant_ms(BERLIN, first, time(12))
    (found,) = times_of(night, Calendar(BERLIN), midday, midday + 24 * HOUR_MS)
    assert found.ends_ms - found.starts_ms == hours * HOUR_MS


def test_a_shift_that_the_clocks_skip_is_not_worked() -> None:
    skipped = shift("02:00-03:00")
    calendar = Calendar(BERLIN)
    midnight = at("2026-03-29 00:00", BERLIN)
    assert times_of(skipped, calendar, midnight, midnight + 20 * HOUR_MS) == ()


def test_each_instant_of_a_day_around_a_change_of_the_clocks_is_in_exactly_one_of_two() -> None:
    calendar = Calendar(BERLIN)
    day, night = shift(), shift("18:00-06:00", "night")
    begin = at("2026-10-24 12:00", BERLIN)
    for step in range(2 * 24 * 4):
        assert len(under_way((day, night), calendar, begin + step * HOUR_MS // 4)) == 1


def test_what_is_worked_counts_overlaps_once_and_is_cut_to_the_time_asked_for() -> None:
    calendar = Calendar(SHANGHAI)
    early, late = shift("06:00-14:30", "early"), shift("14:00-22:00", "late")
    begin = at("2026-09-01 00:00")
    assert worked_ms((early, late), calendar, begin, begin + 24 * HOUR_MS) == 16 * HOUR_MS
    assert worked_ms((early, late), calendar, begin + 7 * HOUR_MS, begin + 8 * HOUR_MS) == HOUR_MS
    assert worked_ms((), calendar, begin, begin + 1) == 0
    assert times_of(early, calendar, begin, begin) == ()
