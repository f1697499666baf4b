"""[[shift]]: what it comes to, who is on duty, and what is wrong with it."""

from __future__ import annotations

from datetime import datetime, time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hub.config.duty import on_duty, shifts_at
from hub.config.model import Campus
from hub.config.report import understood
from rules.calendar import DayKind
from rules.local_time import Span
from rules.model import Role
from tests.hub.config.writing import VALID, faults_in, line_of, loaded

DAY = """
[[shift]]
id = "day"
name = { zh = "白班", en = "Day" }
hours = "06:00-18:00"
people = ["zhang"]
"""
NIGHT = """
[[shift]]
id = "night"
name = "Night"
hours = "18:00-06:00"
weekdays = ["mon", "tue"]
on = ["school", "half"]
role = "canteen"
"""


def names_at(campus: Campus, text: str) -> list[str]:
    moment = datetime.fromisoformat(text).replace(tzinfo=campus.site.zone)
    return [person.id for person in on_duty(campus, int(moment.timestamp() * 1000))]


def test_a_shift_is_of_people_or_of_a_role(tmp_path: Path) -> None:
    day, night = loaded(tmp_path, VALID + DAY + NIGHT).shifts
    assert (day.name.zh, day.hours, day.people, day.role) == (
        "白班",
        Span(time(6), time(18)),
        ("zhang",),
        None,
    )
    assert day.weekdays == tuple(range(7))
    assert day.on == tuple(DayKind)
    assert (night.people, night.role) == (("wang",), Role.CANTEEN)
    assert (night.weekdays, night.on) == ((0, 1), (DayKind.SCHOOL, DayKind.HALF))


def test_who_is_on_duty_is_asked_of_the_campus(tmp_path: Path) -> None:
    campus = loaded(tmp_path, VALID + DAY + NIGHT)
    assert names_at(campus, "2026-09-01 10:00") == ["zhang"]
    assert names_at(campus, "2026-09-01 20:00") == ["wang"]  # a Tuesday
    assert names_at(campus, "2026-09-02 05:00") == ["wang"]
    assert names_at(campus, "2026-09-02 20:00") == []


def test_who_works_two_shifts_at_once_is_there_once(tmp_path: Path) -> None:
    other = DAY.replace('"day"', '"noon"').replace("06:00-18:00", "12:00-13:00")
    campus = loaded(tmp_path, VALID + DAY + other)
    assert names_at(campus, "2026-09-01 12:30") == ["zhang"]
    moment = datetime(2026, 9, 1, 12, 30, tzinfo=campus.site.zone)
    assert [shift.id for shift in shifts_at(campus, int(moment.timestamp() * 1000))] == ["day", "noon"]


def test_without_shifts_nobody_is_known_to_be_on_duty(tmp_path: Path) -> None:
    assert names_at(loaded(tmp_path, VALID), "2026-09-01 10:00") == []


def test_a_duty_may_last_the_whole_day(tmp_path: Path) -> None:
    (shift,) = loaded(tmp_path, VALID + DAY.replace("06:00-18:00", "08:00-08:00")).shifts
    assert shift.hours == Span(time(8), time(8))


@pytest.mark.parametrize(
    ("more", "key", "at", "words"),
    [
        (DAY.replace("zhang", "zhong"), "shift.day.people.#1", "zhong", ("[[person]]", "“zhang”")),
        (DAY.replace('["zhang"]', '["zhang", "zhang"]'), "shift.day.people.#2", "people", ("already",)),
        (DAY.replace('["zhang"]', "[]"), "shift.day.people", "people", ("is empty", "ids")),
        (DAY.replace('people = ["zhang"]', ""), "shift.day.people", "[[shift]]", ("is missing", "role")),
        (f'{DAY}role = "guard"', "shift.day.role", 'role = "guard"', ("does not go with people",)),
        (NIGHT.replace('"canteen"', '"wall"'), "shift.night.role", 'role = "wall"', ("a screen",)),
        (NIGHT.replace('"canteen"', '"head"'), "shift.night.role", 'role = "head"', ("nobody is",)),
        (NIGHT.replace('"canteen"', '"cook"'), "shift.night.role", 'role = "cook"', ("canteen",)),
        (DAY.replace("06:00-18:00", "6-18"), "shift.day.hours", "hours", ("are no hours", "07:00-15:00")),
        (DAY.replace("06:00-18:00", "25:00-25:00"), "shift.day.hours", "hours", ("are no hours",)),
        (NIGHT.replace('"tue"', '"mon"'), "shift.night.weekdays.#2", "weekdays", ("already",)),
        (NIGHT.replace('"half"', '"sunday"'), "shift.night.on.#2", 'on = ["school"', ("vacation",)),
        (DAY + DAY, "shift.day.id", 'id = "day"', ("has the same id",)),
        (f'{DAY}who = "x"', "shift.day.who", "who", ("is not a known setting",)),
    ],
)
def test_what_makes_no_sense_is_named_with_its_line_and_a_remedy(
    tmp_path: Path, more: str, key: str, at: str, words: tuple[str, ...]
) -> None:
    text = VALID + more
    (fault,) = faults_in(tmp_path, text)
    assert fault.key == key
    first = line_of(more if key != "shift.day.id" else DAY, at)
    again = DAY.count("\n") if key == "shift.day.id" else 0
    assert fault.line == VALID.count("\n") + first + again
    for word in words:
        assert word in f"{fault.problem} {fault.remedy}"


def test_check_shows_the_shifts(tmp_path: Path) -> None:
    page = StringIO()
    Console(file=page, width=250).print(understood(loaded(tmp_path, VALID + DAY + NIGHT)))
    for piece in (
        "Shifts (times in Asia/Shanghai)",
        "18:00-06:00",
        "mon, tue on: school, half",
        "canteen: Wang",
    ):
        assert piece in page.getvalue()
