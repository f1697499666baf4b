"""Hours and maintenance windows, against a clock that is read minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import Calendar, DayKind, LocalDays, Part, Pattern, PublicDay, SchoolDay, Term, Use
from rules.local_time import Span, local, midnight_ms
from rules.model import Text
from rules.recurrence import parse_recurrence
from rules.windows import (
    Fixed,
    Flexible,
    Hours,
    Maintenance,
    Recurring,
    Repeated,
    Window,
    parse_hours,
    window_of,
    with_problem,
)
from tests.rules.test_calendar import ZONES, any_days, days_of_change, times

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAME = Text("名", "name")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
USUAL = Calendar(SHANGHAI)

spans = st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Span(*pair))
weekdays = st.lists(st.integers(0, 6), unique=True, max_size=3).map(lambda days: tuple(sorted(days)))
kinds = st.lists(st.sampled_from(DayKind), unique=True, max_size=2).map(tuple)
parts = st.one_of(
    st.just(Part(Use.SCHOOL)),
    st.just(Part(Use.OUTSIDE)),
    st.builds(Part, st.just(Use.TIMES), weekdays, kinds, st.lists(spans, min_size=1, max_size=2).map(tuple)),
)
patterns = st.lists(parts, min_size=1, max_size=3).map(lambda found: Pattern(tuple(found)))


def calendar_in(zone: ZoneInfo, day: date) -> Calendar:
    """A busy one: around `day` there are a term's end, a holiday, a make-up workday and a half day."""
    after = day + timedelta(days=1)
    return Calendar(
        zone,
        week=((Span(time(1, 30), time(2, 30)), Span(time(7), time(18))),) * 5 + ((),) * 2,
        terms=(Term(NAME, day - timedelta(days=30), after),),
        public=(PublicDay(day - timedelta(days=1), NAME, works=True),),
        local=(LocalDays(after, after, DayKind.HALF, NAME, None, (Span(time(23), time(2)),)),),
    )


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp() * 1000)


def shown_so_far(zone: ZoneInfo, at_ms: int) -> datetime:
    """The latest time that a clock on the wall has shown: it does not go back when the clocks do."""
    walls = (local(zone, at_ms - by * MINUTE).replace(tzinfo=None) for by in range(180))
    return max(walls)


def read_from_the_wall(pattern: Pattern, calendar: Calendar, at_ms: int) -> bool:
    now = shown_so_far(calendar.zone, at_ms)  # type: ignore[arg-type] # these are ZoneInfo
    today = now.date()

    def within(found: list[tuple[date, tuple[Span, ...]]]) -> bool:
        return any(_is_in(now, day, span) for day, of_day in found for span in of_day)

    def of(part: Part, day: SchoolDay) -> tuple[Span, ...]:
        named = day.day.weekday() in part.weekdays or day.kind in part.kinds
        if part.use is Use.TIMES:
            return part.spans if named or not (part.weekdays or part.kinds) else ()
        return day.hours

    near = [calendar.day(today + timedelta(days=by)) for by in (-1, 0)]
    return any(
        within([(day.day, of(part, day)) for day in near]) is not (part.use is Use.OUTSIDE)
        for part in pattern.parts
    )


def _is_in(now: datetime, day: date, span: Span) -> bool:
    starts, ends = datetime.combine(day, span.starts), datetime.combine(day, span.ends)
    return starts <= now < (ends if ends > starts else ends + timedelta(days=1))


def changes(window: Window, from_ms: int, until_ms: int, step_ms: int) -> list[int]:
    """By asking at every step."""
    found = []
    before = window.active(from_ms)
    for at_ms in range(from_ms + step_ms, until_ms, step_ms):
        now = window.active(at_ms)
        if now is not before:
            found.append(at_ms)
        before = now
    return found


def told(window: Window, from_ms: int, until_ms: int) -> list[int]:
    """By asking for the next one."""
    found = []
    change = window.next_change(from_ms)
    while change is not None and change < until_ms:
        found.append(change)
        change = window.next_change(change)
    return found


@settings(max_examples=150, deadline=None)
@given(days_of_change, patterns, st.integers(0, 2 * 24 * 60))
def test_hours_are_those_that_the_clock_on_the_wall_shows(
    where: tuple[ZoneInfo, date], pattern: Pattern, minutes: int
) -> None:
    zone, day = where
    calendar = calendar_in(zone, day)
    hours = Hours(pattern, calendar)
    at_ms = midnight_ms(zone, day) + minutes * MINUTE
    expected = read_from_the_wall(pattern, calendar, at_ms)
    assert hours.active(at_ms) is expected
    assert calendar.is_expected(at_ms, pattern) is expected


@settings(max_examples=60, deadline=None)
@given(days_of_change, patterns)
def test_the_next_change_agrees_with_asking_every_minute(
    where: tuple[ZoneInfo, date], pattern: Pattern
) -> None:
    zone, day = where
    hours = Hours(pattern, calendar_in(zone, day))
    begin = midnight_ms(zone, day - timedelta(days=1))
    asked = changes(hours, begin, begin + 4 * DAY, MINUTE)
    assert told(hours, begin, begin + 4 * DAY) == asked


@settings(max_examples=60, deadline=None)
@given(days_of_change, patterns, st.lists(st.integers(-10 * DAY, 10 * DAY), max_size=30))
def test_the_order_of_questions_changes_no_answer(
    where: tuple[ZoneInfo, date], pattern: Pattern, offsets: list[int]
) -> None:
    zone, day = where
    calendar = calendar_in(zone, day)
    asked = Hours(pattern, calendar)
    for offset in offsets:
        at_ms = midnight_ms(zone, day) + offset
        fresh = Hours(pattern, calendar)
        assert asked.next_change(at_ms) == fresh.next_change(at_ms)
        assert asked.active(at_ms) is fresh.active(at_ms)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(ZONES)).map(ZoneInfo), any_days, st.integers(0, DAY))
def test_in_school_and_outside_school_divide_the_time(zone: ZoneInfo, day: date, offset_ms: int) -> None:
    calendar = calendar_in(zone, day)
    school, outside = (Hours(parse_hours(text), calendar) for text in ("school", "outside-school"))
    at_ms = midnight_ms(zone, day) + offset_ms
    assert school.active(at_ms) is not outside.active(at_ms)
    assert school.next_change(at_ms) == outside.next_change(at_ms)


def test_many_instants_in_order_look_at_each_day_once() -> None:
    class Counting(Calendar):
        def day(self, day: date) -> SchoolDay:
            looked.append(day)
            return super().day(day)

    looked: list[date] = []
    hours = Hours(parse_hours("school"), Counting(SHANGHAI))
    begin = at(date(2026, 9, 7), 0)
    for minute in range(7 * 24 * 60):
        hours.active(begin + minute * MINUTE)
        hours.next_change(begin + minute * MINUTE)
    assert len(looked) < 100  # two a day for either question, and the weekend ahead


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("school", (7, 0), (18, 0)),
        ("outside-school", (18, 0), (7, 0)),
        ("night 22:00-06:00", (5, 59), (6, 0)),
        ("22:00-06:00", (22, 0), (21, 59)),
        ("mon-fri 07:00-08:00,12:00-13:00", (12, 59), (8, 0)),
        ("School 06:30-07:00", (6, 30), (7, 0)),
        ("weekend; mon 09:00-10:00", (9, 0), (10, 0)),
        ("sun-mon 09:00-24:00", (23, 59), (8, 59)),
    ],
)
def test_hours_are_written_as_people_say_them(
    text: str, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    hours = Hours(parse_hours(text), USUAL)
    monday = date(2026, 9, 7)
    assert hours.active(at(monday, *inside))
    assert not hours.active(at(monday, *outside))


def test_always_never_changes() -> None:
    hours = Hours(parse_hours("always"), USUAL)
    assert hours.active(0)
    assert hours.next_change(0) is None
    assert hours.next_change(DAY) is None


@pytest.mark.parametrize(
    "text", ["", "schol", "night", "mon-fri 7-18", "monday", "school outside-school", "mon,xyz", "a b c", ";"]
)
def test_what_are_no_hours_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="write '"):
        parse_hours(text)


@given(st.text(max_size=60))
def test_any_text_is_hours_or_a_value_error(text: str) -> None:
    try:
        Hours(parse_hours(text), USUAL).active(0)
    except ValueError as error:
        assert "write" in str(error)  # noqa: PT017 - most texts do not raise in the same place


# --- maintenance ----------------------------------------------------------------------------------------


def test_a_fixed_window_starts_inclusive_and_ends_exclusive() -> None:
    window = window_of(Fixed(1_000, 2_000), USUAL)
    assert [window.active(at_ms) for at_ms in (999, 1_000, 1_999, 2_000)] == [False, True, True, False]
    assert [window.next_change(at_ms) for at_ms in (0, 1_000, 2_000)] == [1_000, 2_000, None]


def test_a_repeated_window_is_the_hours_of_its_weekday() -> None:
    window = window_of(Repeated(parse_hours("sat 08:00-12:00")), USUAL)
    saturday = date(2026, 9, 12)
    assert window.active(at(saturday, 8))
    assert window.next_change(at(saturday, 8)) == at(saturday, 12)
    assert window.next_change(at(saturday, 12)) == at(saturday + timedelta(days=7), 8)


def test_a_recurrence_is_at_its_local_time_through_the_year() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    plan = Recurring("FREQ=MONTHLY;BYDAY=1SA", date(2026, 1, 1), time(9), 2 * HOUR)
    window = window_of(plan, Calendar(berlin))
    for day in (date(2026, 1, 3), date(2026, 7, 4), date(2026, 11, 7)):
        assert not window.active(at(day, 8, 59, berlin))
        assert window.active(at(day, 9, 0, berlin))
        assert not window.active(at(day, 11, 0, berlin))
    assert window.next_change(at(date(2026, 1, 3), 12, 0, berlin)) == at(date(2026, 2, 7), 9, 0, berlin)


def test_a_29_february_comes_round() -> None:
    window = window_of(
        Recurring("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", date(2026, 1, 1), time(0), DAY), USUAL
    )
    assert window.active(at(date(2028, 2, 29), 12))
    assert window.next_change(at(date(2027, 6, 1), 0)) == at(date(2028, 2, 29), 0)
    assert not window.active(at(date(2027, 3, 1), 0))


def test_windows_that_touch_are_one() -> None:
    window = window_of(Recurring("FREQ=DAILY;COUNT=3", date(2026, 9, 7), time(6), DAY), USUAL)
    assert window.next_change(at(date(2026, 9, 1), 0)) == at(date(2026, 9, 7), 6)
    assert window.next_change(at(date(2026, 9, 7), 6)) == at(date(2026, 9, 10), 6)
    assert window.next_change(at(date(2026, 9, 10), 6)) is None
    endless = window_of(Recurring("FREQ=DAILY", date(2026, 9, 7), time(6), 2 * DAY), USUAL)
    assert endless.next_change(at(date(2026, 9, 8), 6)) is None
    assert endless.active(at(date(2030, 9, 8), 6))


rules_of_days = st.builds(
    lambda freq, interval, extra: f"FREQ={freq};INTERVAL={interval}{extra}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 3),
    st.sampled_from(
        ["", ";COUNT=4", ";UNTIL=20261101", ";BYDAY=SA,SU", ";BYDAY=SA;COUNT=3", ";BYMONTHDAY=25"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(ZONES)).map(ZoneInfo),
    rules_of_days,
    st.integers(0, 23).map(time),
    st.integers(1, 60),
    st.integers(-3, 40),
)
def test_a_recurrence_s_next_change_agrees_with_asking_every_half_hour(
    zone: ZoneInfo, rule: str, starts: time, half_hours: int, day: int
) -> None:
    plan = Recurring(rule, date(2026, 10, 1), starts, half_hours * HOUR // 2)
    window = window_of(plan, Calendar(zone))
    begin = midnight_ms(zone, date(2026, 10, 1) + timedelta(days=day))
    assert told(window, begin, begin + 20 * DAY) == changes(window, begin, begin + 20 * DAY, HOUR // 2)


def test_an_until_in_utc_is_the_zone_s_own_time() -> None:
    # 2026-09-09T00:00Z is 08:00 in Shanghai: the ninth at 09:00 is too late, at 07:00 it is not.
    found = {
        hour: len(
            list(
                parse_recurrence(
                    "RRULE:FREQ=DAILY;UNTIL=20260909T000000Z", date(2026, 9, 7), time(hour), SHANGHAI
                )
            )
        )
        for hour in (7, 9)
    }
    assert found == {7: 3, 9: 2}


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=DAILY;INTERVAL=0",
        "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;UNTIL=20250101",
        "FREQ=DAILY;UNTIL=20261301",
        "FREQ=DAILY\nEXDATE:20260101",
        "every day",
        "FREQ=DAILY;" * 50,
    ],
)
def test_what_is_no_recurrence_is_refused_with_advice(rule: str) -> None:
    with pytest.raises(ValueError, match=r"write it as in|happens"):
        parse_recurrence(rule, date(2026, 1, 1), time(9), SHANGHAI)


names = st.sampled_from(
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYWEEKNO", "BYSETPOS", "WKST"]
)
texts = st.sampled_from(
    ["YEARLY", "WEEKLY", "0", "1", "-1", "53", "99", "MO", "+1FR", "-53SU", "20261231", "x"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, texts), max_size=4))
def test_any_recurrence_is_one_or_a_value_error(found: list[tuple[str, str]]) -> None:
    rule = ";".join(f"{name}={value}" for name, value in [("FREQ", "MONTHLY"), *found])
    try:
        next(iter(parse_recurrence(rule, date(2026, 1, 1), time(9), SHANGHAI)))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - most do not raise in the same place


def test_a_flexible_window_starts_with_the_first_problem_inside_it_and_lasts_its_time() -> None:
    plan = Flexible(10 * HOUR, 12 * HOUR, 3 * HOUR)
    assert window_of(plan, USUAL).next_change(0) is None
    assert with_problem(plan, 9 * HOUR) == plan
    assert with_problem(plan, 12 * HOUR) == plan
    begun = with_problem(plan, 11 * HOUR)
    assert with_problem(begun, 11 * HOUR + 1) == begun
    window = window_of(begun, USUAL)
    assert [window.active(hour * HOUR) for hour in (10, 11, 13, 14)] == [False, True, True, False]


def test_only_flexible_windows_start_with_a_problem() -> None:
    assert with_problem(Fixed(1, 2), 1) == Fixed(1, 2)


@pytest.mark.parametrize(
    "plan",
    [
        Fixed(2, 2),
        Flexible(2, 1, 1),
        Flexible(1, 2, 0),
        Recurring("FREQ=DAILY", date(2026, 1, 1), time(0), 0),
    ],
)
def test_a_window_that_lasts_no_time_is_refused(plan: Fixed | Flexible | Recurring) -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        window_of(plan, USUAL)


def test_a_maintenance_window_says_why_and_who() -> None:
    window = Maintenance(Fixed(0, int(datetime(2026, 9, 1, tzinfo=UTC).timestamp())), "new compressor", "liu")
    assert (window.reason, window.set_by) == ("new compressor", "liu")
