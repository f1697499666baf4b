"""[calendar]: what it means, what is wrong with it, and what the library knows of China's years."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, time, timedelta
from importlib import resources
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from hub.cli.calendar_month import page
from hub.config.calendar import reminders
from hub.config.calendar_countries import is_published, known_countries, public_days
from hub.config.document import read
from hub.config.model import Campus, Language
from hub.config.report import understood
from hub.rounds.planning import runs_of_day
from rules.calendar import IN_SESSION, USUAL_HOURS, Calendar, DayKind, Decider
from rules.local_time import Span
from rules.model import Text
from rules.windows import parse_hours
from tests.hub.config.writing import VALID, Case, changed, faults_in, line_of, loaded

SHANGHAI = ZoneInfo("Asia/Shanghai")

TERM = """
[[calendar.term]]
name = { zh = "秋季学期", en = "Autumn term" }
first = 2026-09-01
last = 2027-01-22
"""

CHINESE = f"""{VALID}
[calendar]
country = "CN"
hours = ["07:30-11:30", "13:30-17:30"]
{TERM}"""


def _exception(more: str) -> str:
    return f'{CHINESE}\n[[calendar.exception]]\nname = "Other"\n{more}\n'


def _on_paper(what: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=250).print(what)
    return text.getvalue()


def printed(campus: Campus) -> str:
    return _on_paper(understood(campus))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


# --- what it means --------------------------------------------------------------------------------------


def test_without_a_calendar_every_weekday_is_a_school_day_and_check_says_so(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID)
    assert campus.calendar == Calendar(SHANGHAI)
    assert campus.calendar.day(date(2026, 10, 1)).hours == USUAL_HOURS
    assert "no [calendar]: every weekday is a school day (mon, tue, wed, thu, fri 07:00-18:00)" in printed(
        campus
    )


def test_the_section_becomes_a_calendar(tmp_path: Path) -> None:
    campus = loaded(tmp_path, _exception('date = 2026-10-30\nkind = "half"\nhours = ["07:30-12:00"]'))
    calendar = campus.calendar
    lessons = (Span(time(7, 30), time(11, 30)), Span(time(13, 30), time(17, 30)))
    assert calendar.day(date(2026, 9, 1)).hours == lessons
    assert calendar.day(date(2026, 8, 31)).kind is DayKind.VACATION
    half = calendar.day(date(2026, 10, 30))
    assert (half.kind, half.decider, half.name) == (DayKind.HALF, Decider.DATE, Text("Other", "Other"))
    assert half.hours == (Span(time(7, 30), time(12)),)
    for piece in (
        "mon, tue, wed, thu, fri 07:30-11:30 and 13:30-17:30; public holidays of CN; ",
        "Autumn term 2026-09-01 to 2027-01-22; 1 exception",
    ):
        assert piece in printed(campus)


def test_dates_may_stand_between_quotes(tmp_path: Path) -> None:
    campus = loaded(tmp_path, CHINESE.replace("2026-09-01", '"2026-09-01"'))
    assert campus.calendar.terms[0].first == date(2026, 9, 1)


def test_a_date_within_a_range_is_no_contradiction(tmp_path: Path) -> None:
    ranged = _exception('first = 2026-11-02\nlast = 2026-11-06\nkind = "exam"')
    more = '[[calendar.exception]]\nname = "Free"\ndate = 2026-11-04\nkind = "holiday"\n'
    calendar = loaded(tmp_path, ranged + more).calendar
    kinds = [calendar.day(day).kind for day in _days(date(2026, 11, 2), date(2026, 11, 6))]
    assert kinds == [DayKind.EXAM, DayKind.EXAM, DayKind.HOLIDAY, DayKind.EXAM, DayKind.EXAM]


def test_an_exam_that_runs_over_a_weekend_is_a_warning(tmp_path: Path) -> None:
    campus = loaded(tmp_path, _exception('first = 2026-11-05\nlast = 2026-11-10\nkind = "exam"'))
    (warning,) = [one for one in campus.warnings if one.key.startswith("calendar")]
    assert "2026-11-07" in str(warning)
    assert "two ranges" in warning.remedy
    assert warning.line is not None


# --- what is wrong ----------------------------------------------------------------------------------------

WRONG = {
    "a country that does not exist": Case(
        CHINESE.replace('"CN"', '"CX1"'), "calendar.country", "country", ("two letters",)
    ),
    "a country that the library does not know": Case(
        CHINESE.replace('"CN"', '"XX"'), "calendar.country", "country", ("“XX” are not known",)
    ),
    "a weekday named twice": Case(
        CHINESE.replace("hours =", 'weekdays = ["mon", "mon"]\nhours ='),
        "calendar.weekdays.#2",
        "weekdays",
        ("once",),
    ),
    "hours that are none": Case(
        CHINESE.replace('"07:30-11:30"', '"7-11"'), "calendar.hours.#1", "hours", ("no hours", "07:00-11:30")
    ),
    "hours that overlap": Case(
        CHINESE.replace('"07:30-11:30"', '"07:30-14:00"'),
        "calendar.hours.#2",
        "hours",
        ("13:30-17:30 overlaps 07:30-14:00",),
    ),
    "hours that overlap past midnight": Case(
        CHINESE.replace('"07:30-11:30"', '"17:00-14:00"'), "calendar.hours.#2", "hours", ("overlaps",)
    ),
    "a term without an end": Case(
        CHINESE.replace("last = 2027-01-22", ""),
        "calendar.term.#1.last",
        "[[calendar.term]]",
        ("missing", "2026-09-01"),
    ),
    "a term that ends before it starts": Case(
        CHINESE.replace("2027-01-22", "2026-01-22"), "calendar.term.#1.last", "last =", ("before", "swap")
    ),
    "a term that never ends": Case(
        CHINESE.replace("2027-01-22", "2072-01-22"), "calendar.term.#1.last", "last =", ("more than a year",)
    ),
    "a date that is a time": Case(
        CHINESE.replace("2027-01-22", "2027-01-22T08:00:00"),
        "calendar.term.#1.last",
        "last =",
        ("not a date", "2026-09-01"),
    ),
    "terms that overlap": Case(
        CHINESE + '[[calendar.term]]\nname = "Spring"\nfirst = 2027-01-20\nlast = 2027-07-02\n',
        "calendar.term.#2.first",
        "first = 2027-01-20",
        ("both say what 2027-01-20 is",),
    ),
    "an exception at no time": Case(
        _exception('kind = "event"'),
        "calendar.exception.#1.date",
        "[[calendar.exception]]",
        ("missing", "`first`"),
    ),
    "an exception with half a range": Case(
        _exception('first = 2026-11-02\nkind = "event"'),
        "calendar.exception.#1.last",
        "[[calendar.exception]]",
        ("missing",),
    ),
    "an exception with a date and a range": Case(
        _exception('date = 2026-11-02\nlast = 2026-11-03\nkind = "event"'),
        "calendar.exception.#1.date",
        "date = 2026-11-02",
        ("either",),
    ),
    "two exceptions of one date": Case(
        _exception('date = 2026-11-02\nkind = "event"')
        + '[[calendar.exception]]\nname = "Off"\ndate =  2026-11-02\nkind = "holiday"\n',
        "calendar.exception.#2.date",
        "date =  2026",
        ("both say what 2026-11-02 is",),
    ),
    "two ranges that overlap": Case(
        _exception('first = 2026-11-02\nlast = 2026-11-06\nkind = "exam"')
        + '[[calendar.exception]]\nname = "Off"\nfirst = 2026-11-06\nlast = 2026-11-09\nkind = "vacation"\n',
        "calendar.exception.#2.first",
        "first = 2026-11-06",
        ("both say what 2026-11-06 is",),
    ),
    "a kind of day that there is not": Case(
        _exception('date = 2026-11-02\nkind = "exams"'),
        "calendar.exception.#1.kind",
        'kind = "exams"',
        ("mean “exam”", "write one of"),
    ),
    "a weekend by exception": Case(
        _exception('date = 2026-11-02\nkind = "weekend"'),
        "calendar.exception.#1.kind",
        'kind = "weekend"',
        ('"holiday"',),
    ),
    "a half day without hours": Case(
        _exception('date = 2026-11-02\nkind = "half"'),
        "calendar.exception.#1.hours",
        "[[calendar.exception]]",
        ("missing", "07:00-12:00"),
    ),
    "hours of a holiday": Case(
        _exception('date = 2026-11-02\nkind = "holiday"\nhours =  ["07:00-12:00"]'),
        "calendar.exception.#1.hours",
        "hours =  ",
        ("not in on a holiday",),
    ),
    "a setting that there is not": Case(
        CHINESE.replace("hours =", "colour = 1\nhours ="), "calendar.colour", "colour", ("known",)
    ),
    "a round on a kind of day that there is not": Case(
        changed('["gate"]', '["gate"]\non = ["schol"]'), "round.morning.on.#1", "on =", ("mean “school”",)
    ),
    "a round on a kind of day twice": Case(
        changed('["gate"]', '["gate"]\non = ["half", "half"]'), "round.morning.on.#2", "on =", ("once",)
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_fault_is_said_with_its_key_its_line_and_what_to_do(case: Case, tmp_path: Path) -> None:
    (fault,) = faults_in(tmp_path, case.text)
    assert fault.key == case.key
    assert fault.line == line_of(case.text, case.at)
    for word in case.words:
        assert word in str(fault)


def test_all_faults_of_the_section_come_at_once(tmp_path: Path) -> None:
    text = _exception('first = 2026-11-02\nkind = "half"').replace('"CN"', '"XX"').replace("2027-01-22", "1")
    assert [fault.key for fault in faults_in(tmp_path, text)] == [
        "calendar.country",
        "calendar.term.#1.last",
        "calendar.exception.#1.hours",
        "calendar.exception.#1.last",
    ]


# --- China ------------------------------------------------------------------------------------------------

CN = Calendar(SHANGHAI, country="CN", public=public_days("CN"))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 1, 28), date(2025, 2, 4)),
        (date(2025, 4, 4), date(2025, 4, 6)),
        (date(2025, 5, 1), date(2025, 5, 5)),
        (date(2025, 5, 31), date(2025, 6, 2)),
        (date(2025, 10, 1), date(2025, 10, 8)),
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 2, 15), date(2026, 2, 23)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_nobody_is_at_school_through_a_holiday_in_china_and_the_day_after_everybody_is(
    first: date, last: date
) -> None:
    assert not any(CN.day(day).kind in IN_SESSION for day in _days(first, last))
    after = next(day for day in _days(last + timedelta(days=1), last + timedelta(days=3)) if _works(day))
    assert CN.day(after).kind is DayKind.SCHOOL


def _works(day: date) -> bool:
    return day.weekday() < 5 or CN.day(day).decider is Decider.MAKE_UP


@pytest.mark.parametrize(
    ("day", "instead"),
    [
        (date(2025, 1, 26), date(2025, 2, 3)),
        (date(2025, 2, 8), date(2025, 2, 4)),
        (date(2025, 4, 27), date(2025, 5, 5)),
        (date(2025, 9, 28), date(2025, 10, 7)),
        (date(2025, 10, 11), date(2025, 10, 8)),
        (date(2026, 1, 4), date(2026, 1, 2)),
        (date(2026, 2, 14), date(2026, 2, 20)),
        (date(2026, 2, 28), date(2026, 2, 23)),
        (date(2026, 5, 9), date(2026, 5, 5)),
        (date(2026, 9, 20), date(2026, 10, 6)),
        (date(2026, 10, 10), date(2026, 10, 7)),
    ],
)
def test_a_make_up_workday_in_china_is_a_school_day_and_says_for_which_day(day: date, instead: date) -> None:
    found = CN.day(day)
    assert day.weekday() >= 5
    assert (found.kind, found.decider) == (DayKind.SCHOOL, Decider.MAKE_UP)
    assert found.name.en == f"Make-up workday (for {instead})"
    assert found.name.zh == f"调休上班（换 {instead} 放假）"
    assert CN.day(instead).kind is DayKind.HOLIDAY


def test_every_make_up_workday_of_two_years_is_named_above() -> None:
    works = [public.day for public in CN.public if public.works and public.day.year in (2025, 2026)]
    assert len(works) == 11


def test_holidays_have_their_names_in_both_languages() -> None:
    assert CN.day(date(2025, 10, 1)).name == Text("国庆节", "National Day")
    assert CN.day(date(2025, 10, 1)).why == Text("公共假日（CN）", "public holiday (CN)")


def test_the_library_is_imported_only_for_a_country() -> None:
    said = "import sys, hub.config.load; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_other_countries_have_holidays_and_no_make_up_workdays() -> None:
    assert {"CN", "DE", "US", "HK"} <= known_countries()
    assert Text("Neujahr", "New Year's Day") in {public.name for public in public_days("DE")}
    assert not any(public.works for public in public_days("US"))


# --- what is missing soon -----------------------------------------------------------------------------------


def _reminded(folder: Path, text: str, today: date) -> list[str]:
    campus = loaded(folder, text)
    return [str(fault) for fault in reminders(read(campus.source), campus.calendar, today)]


def _unpublished() -> int:
    """The first year whose arrangement the library does not know yet."""
    return next(year for year in range(2026, 2041) if not is_published(CN.public, year))


def test_a_year_whose_make_up_workdays_nobody_knows_is_a_warning_that_says_what_to_add(
    tmp_path: Path,
) -> None:
    year = _unpublished()
    text = CHINESE.replace("2026-09-01", f"{year - 1}-09-01").replace("2027-01-22", f"{year}-01-22")
    (line,) = _reminded(tmp_path, text, date(year - 1, 9, 1))
    assert f":{line_of(text, 'country')}: calendar.country" in line
    assert f"the public holidays of {year} are not known yet" in line
    assert "[[calendar.exception]]" in line
    more = f'[[calendar.exception]]\nname = "New Year"\ndate = {year}-01-01\nkind = "holiday"\n'
    assert _reminded(tmp_path, text + more, date(year - 1, 9, 1)) == []


def test_without_terms_next_year_is_asked_for_in_december(tmp_path: Path) -> None:
    year = _unpublished()
    text = f'{VALID}\n[calendar]\ncountry = "CN"\n'
    assert _reminded(tmp_path, text, date(year - 1, 11, 30)) == []
    assert len(_reminded(tmp_path, text, date(year - 1, 12, 1))) == 1
    assert _reminded(tmp_path, f"{VALID}\n[calendar]\n", date(year, 1, 1)) == []


def test_a_last_term_that_is_about_to_end_is_a_warning(tmp_path: Path) -> None:
    text = CHINESE.replace('country = "CN"', "")
    assert _reminded(tmp_path, text, date(2026, 12, 1)) == []
    (line,) = _reminded(tmp_path, text, date(2027, 1, 4))
    assert "no term is known after 2027-01-22" in line
    assert "[[calendar.term]]" in line


# --- rounds -------------------------------------------------------------------------------------------------


def _planned(campus: Campus, day: date) -> list[str]:
    return [id_ for id_, _ in runs_of_day(campus, day)]


def test_a_round_is_planned_on_the_kinds_of_day_that_it_names(tmp_path: Path) -> None:
    calendar = CHINESE.replace('["gate"]', '["gate"]\non = ["school", "half", "exam"]', 1)
    campus = loaded(tmp_path, calendar)
    assert _planned(campus, date(2026, 9, 18)) == ["morning"]
    assert _planned(campus, date(2026, 9, 19)) == []  # a Saturday
    assert _planned(campus, date(2026, 9, 20)) == ["morning"]  # a Sunday that is worked
    assert _planned(campus, date(2026, 10, 1)) == []
    assert _planned(campus, date(2027, 2, 1)) == []
    assert "daily on: school, half, exam" in printed(campus)


def test_a_round_that_names_none_is_planned_every_day(tmp_path: Path) -> None:
    campus = loaded(tmp_path, CHINESE)
    assert all(_planned(campus, day) for day in _days(date(2026, 9, 28), date(2026, 10, 11)))


def test_a_round_needs_its_weekday_and_its_kind_of_day(tmp_path: Path) -> None:
    text = CHINESE.replace('["gate"]', '["gate"]\nweekdays = ["sun"]\non = ["school"]', 1)
    campus = loaded(tmp_path, text)
    assert _planned(campus, date(2026, 9, 20)) == ["morning"]
    assert _planned(campus, date(2026, 9, 27)) == []


def _two_rounds(on: str, starts: str = "07:00", ends: str = "08:00") -> str:
    first = changed('["gate"]', '["gate"]\non = ["school", "half"]')
    second = f'\n[[round]]\nid = "second"\nname = "Second"\nstarts = "{starts}"\nends = "{ends}"\n'
    return f'{first}{second}guard = "zhang"\ncheckpoints = ["gate"]\non = {on}\n'


def test_rounds_of_one_guard_may_share_a_time_on_days_of_different_kinds(tmp_path: Path) -> None:
    assert faults_in(tmp_path, _two_rounds('["weekend", "holiday", "vacation"]')) == ()
    (fault,) = faults_in(tmp_path, _two_rounds('["half"]'))
    assert fault.key == "round.second.starts"
    # A night before a school day may be a holiday's.
    (fault,) = faults_in(tmp_path, _two_rounds('["holiday"]', "22:00", "06:30"))
    assert fault.key == "round.second.starts"


# --- what is printed ----------------------------------------------------------------------------------------


def test_a_month_is_printed_with_each_day_s_kind_and_why(tmp_path: Path) -> None:
    calendar = loaded(tmp_path, CHINESE).calendar
    october = date(2026, 10, 1)
    said = {language: _on_paper(page(calendar, october, language)).splitlines() for language in Language}
    (national,) = [line for line in said[Language.EN] if line.strip().startswith("2026-10-01")]
    assert "Public holiday" in national
    assert "National Day" in national
    (made_up,) = [line for line in said[Language.ZH] if line.strip().startswith("2026-10-10")]
    assert "调休上班（换 2026-10-07 放假）" in made_up
    assert "07:30-11:30, 13:30-17:30" in made_up
    assert len([line for line in said[Language.ZH] if line.strip().startswith("2026-10-")]) == 31


# --- the page about it --------------------------------------------------------------------------------------

_PAGE = (Path(__file__).parents[3] / "docs" / "calendar.md").read_text(encoding="utf-8")
_EXAMPLE = resources.files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8")


def test_the_page_s_examples_are_understood(tmp_path: Path) -> None:
    section, walk, _shifts = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)
    before, rest = _EXAMPLE.split("[calendar]\n", 1)
    rest = rest[rest.index("# --- where MQTT is") :]
    campus = loaded(tmp_path, f"{before}{section}\n{rest}\n{walk}")
    assert campus.warnings == ()
    calendar = campus.calendar
    assert calendar.day(date(2026, 6, 1)).kind is DayKind.HOLIDAY
    assert calendar.day(date(2026, 6, 25)).kind is DayKind.EXAM
    assert calendar.day(date(2026, 8, 3)).kind is DayKind.VACATION
    assert calendar.day(date(2026, 10, 30)).hours == (Span(time(7), time(12)),)
    assert "holiday-noon" in _planned(campus, date(2026, 10, 2))
    assert "holiday-noon" not in _planned(campus, date(2026, 10, 9))


def test_the_page_s_hours_are_hours() -> None:
    table = _PAGE[_PAGE.index("| written |") :]
    written = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    assert len(written) == 7
    for text in written:
        assert parse_hours(text).parts


def test_the_page_names_every_kind_of_day() -> None:
    table = _PAGE[_PAGE.index("| kind |") : _PAGE.index("Without `[calendar]`")]
    assert {kind.value for kind in DayKind} <= set(re.findall(r"`([a-z]+)`", table))
