"""Routes and rounds: what a file says of them, what of it makes no sense, and which days it means."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hub.config.model import Campus
from hub.config.report import understood
from hub.config.walkers import walkers_of
from hub.rounds.planning import plan_of_day, planned, runs_of_day
from rules.bind import DayTarget, RoundTarget
from rules.model import Role
from rules.route import Sequence, Stop, Walk
from tests.hub.config.writing import VALID, faults_in, line_of, loaded

MINUTE = 60_000
MONDAY = date(2026, 3, 2)
SECOND_PLACE = """
[[checkpoint]]
id = "boiler"
name = "Boiler"
area = "canteen"
tag_uid = "0469D41E8C5780"
key = true

[[person]]
id = "li"
name = "Li"
role = "guard"

[[shift]]
id = "night"
name = "Night"
hours = "18:00-06:00"
people = ["li"]
"""
ROUTE = """
[[route]]
id = "way"
name = "Way"
order = "fixed"
checkpoints = ["gate", { id = "boiler", earliest = "10m", latest = "1h", least = "2m", most = "20m" }]
"""
ROUND = """
[[round]]
id = "second"
name = "Second"
starts = "22:00"
ends = "23:30"
"""
BASE = VALID + SECOND_PLACE


def text_of(campus: Campus) -> str:
    page = StringIO()
    Console(file=page, width=250).print(understood(campus))
    return page.getvalue()


def walk_of(campus: Campus, day: date = MONDAY, round_: str = "second") -> Walk:
    return next(run.walk for id_, run in runs_of_day(campus, day) if id_ == round_)


def test_a_route_gives_a_round_its_stops_their_times_and_their_order(tmp_path: Path) -> None:
    more = 'guard = "li"\nroute = "way"\nnot_started_after = "5m"\nduplicate = "90s"\n'
    campus = loaded(tmp_path, BASE + ROUTE + ROUND + more + 'duration = { least = "20m", most = "80m" }\n')
    walk = walk_of(campus)
    assert walk.stops == (
        Stop("04A1B2C3D4E580"),
        Stop("0469D41E8C5780", 10 * MINUTE, 60 * MINUTE, 2 * MINUTE, 20 * MINUTE),
    )
    assert walk.sequence is Sequence.FIXED
    assert (walk.least_ms, walk.most_ms, walk.unstarted_ms) == (20 * MINUTE, 80 * MINUTE, 5 * MINUTE)
    assert (walk.duplicate_ms, walk.people) == (90_000, ("li",))
    assert campus.rounds["second"].checkpoints == ("gate", "boiler")
    assert "Second" in text_of(campus)


def test_a_round_is_a_role_s_or_a_shift_s(tmp_path: Path) -> None:
    campus = loaded(tmp_path, BASE + ROUND + 'role = "guard"\ncheckpoints = ["gate"]\n')
    assert [person.id for person in walkers_of(campus, campus.rounds["second"])] == ["zhang", "li"]
    assert campus.rounds["second"].role is Role.GUARD
    campus = loaded(tmp_path, BASE + ROUND + 'shift = "night"\ncheckpoints = ["gate"]\n')
    assert walk_of(campus).people == ("li",)
    assert "Second" in text_of(campus)


def test_a_recurrence_names_the_days_on_the_calendar(tmp_path: Path) -> None:
    rule = 'rrule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"\nfirst = 2026-03-02\n'
    days = f'guard = "li"\ncheckpoints = ["gate"]\n{rule}'
    campus = loaded(tmp_path, BASE + ROUND + days)
    march = [date(2026, 3, day) for day in range(1, 32)]
    found = [day.day for day in march if "second" in dict(runs_of_day(campus, day))]
    assert found == [2, 16, 30]
    assert "second" not in dict(runs_of_day(campus, date(2026, 2, 16)))  # before it began
    never = loaded(tmp_path, BASE + ROUND + days + 'on = ["holiday"]\n')
    assert not [day for day in march if "second" in dict(runs_of_day(never, day))]


def test_a_day_has_its_runs_and_its_key_checkpoints(tmp_path: Path) -> None:
    campus = loaded(tmp_path, BASE)
    (_, run), (name, day) = plan_of_day(campus, MONDAY)
    assert (name, day.id) == ("patrols", "patrols@2026-03-02")
    assert isinstance(day, DayTarget)
    assert (day.runs, day.key_tags) == ((run,), ("04A1B2C3D4E580", "0469D41E8C5780"))
    assert day.ends_ms - day.starts_ms == 24 * 60 * MINUTE
    assert planned(campus, "patrols@2026-03-02") == day
    assert planned(campus, "morning@2026-03-02") == run
    assert planned(campus, "morning@yesterday") is None
    assert planned(campus, "gone@2026-03-02") is None


def test_guards_who_walk_at_the_same_time_are_told_apart(tmp_path: Path) -> None:
    second = (
        ROUND.replace("22:00", "08:00").replace("23:30", "09:00") + 'guard = "li"\ncheckpoints = ["gate"]\n'
    )
    campus = loaded(tmp_path, BASE + second)
    walks = {id_: run.walk for id_, run in runs_of_day(campus, MONDAY) if isinstance(run, RoundTarget)}
    assert walks["morning"].others == ("li",)
    assert walks["second"].others == ("04B83A1C", "zhang")
    later = loaded(tmp_path, BASE + ROUND + 'guard = "li"\ncheckpoints = ["gate"]\n')
    assert walk_of(later).others == ()


WRONG = {
    "nobody": ('checkpoints = ["gate"]\n', "guard", '[[round]]\nid = "second"', ("missing", "role", "shift")),
    "two of whom it is": (
        'guard = "zhang"\nrole = "guard"\ncheckpoints = ["gate"]\n',
        "role",
        'role = "guard"\ncheckpoints',
        ("guard",),
    ),
    "a shift that is not there": (
        'shift = "nigth"\ncheckpoints = ["gate"]\n',
        "shift",
        "nigth",
        ("did you mean",),
    ),
    "a role that nobody has": (
        'role = "maintenance"\ncheckpoints = ["gate"]\n',
        "role",
        'role = "maint',
        ("nobody",),
    ),
    "no way": ('guard = "li"\n', "checkpoints", '[[round]]\nid = "second"', ("missing", "[[route]]")),
    "two ways": (
        'guard = "li"\nroute = "way"\ncheckpoints = ["gate"]\n',
        "checkpoints",
        'checkpoints = ["gate"]\n\x00',
        ("route",),
    ),
    "a route that is not there": ('guard = "li"\nroute = "wya"\n', "route", "wya", ("did you mean “way”",)),
    "weekdays and a recurrence": (
        'guard = "li"\nroute = "way"\nrrule = "FREQ=DAILY"\nweekdays = ["mon"]\n',
        "weekdays",
        "weekdays",
        ("BYDAY",),
    ),
    "every other day from when": (
        'guard = "li"\nroute = "way"\nrrule = "FREQ=DAILY;INTERVAL=2"\n',
        "first",
        '[[round]]\nid = "second"',
        ("missing",),
    ),
    "a first day of nothing": (
        'guard = "li"\nroute = "way"\nfirst = 2026-03-02\n',
        "first",
        "first =",
        ("rrule",),
    ),
    "no recurrence": ('guard = "li"\nroute = "way"\nrrule = "DAILY"\n', "rrule", "rrule", ("FREQ",)),
    "not started when it is over": (
        'guard = "li"\nroute = "way"\nnot_started_after = "2h"\n',
        "not_started_after",
        "not_started_after",
        ("end",),
    ),
    "longer than its window": (
        'guard = "li"\nroute = "way"\nduration = { least = "3h" }\n',
        "duration.least",
        "duration",
        ("longer",),
    ),
    "the most is less than the least": (
        'guard = "li"\nroute = "way"\nduration = { least = "1h", most = "30m" }\n',
        "duration.most",
        "duration",
        ("least",),
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_round_is_said_with_its_line(
    wrong: tuple[str, str, str, tuple[str, ...]], tmp_path: Path
) -> None:
    more, key, at, words = wrong
    text = BASE + ROUTE + ROUND + more
    (fault,) = faults_in(tmp_path, text)
    assert fault.key == f"round.second.{key}"
    if "\x00" not in at:
        assert fault.line == line_of(text, at)
    for word in words:
        assert word in str(fault)


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ('"gaet"', ("there is no [[checkpoint]]", "did you mean “gate”")),
        ('{ id = "gaet" }', ("there is no [[checkpoint]]",)),
        ('"gate"', ("stands there already",)),
        ('{ id = "boiler", earliest = "1h", latest = "30m" }', ("is not more than earliest",)),
        ('{ id = "boiler", least = "1h", most = "1h" }', ("is not more than least",)),
        ('{ id = "boiler", least = "soon" }', ("is not a duration",)),
        ('{ id = "boiler", lest = "1m" }', ("is not a known setting",)),
    ],
)
def test_what_is_wrong_with_a_route_is_said_with_its_line(
    stop: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    text = f'{BASE}\n[[route]]\nid = "way"\nname = "Way"\ncheckpoints = [\n  "gate",\n  {stop},\n]\n'
    (fault,) = faults_in(tmp_path, text)
    assert fault.line == line_of(text, f"  {stop},\n]")
    for word in words:
        assert word in str(fault)


def test_a_reader_is_fixed_at_a_checkpoint_and_nothing_else_is(tmp_path: Path) -> None:
    reader = '\n[[device]]\nid = "r"\nname = "R"\nkind = "checkpoint"\narea = "canteen"\nowner = "wang"\n'
    assert loaded(tmp_path, f'{BASE}{reader}checkpoint = "gate"\n').devices["r"].checkpoint == "gate"
    (unknown,) = faults_in(tmp_path, f'{BASE}{reader}checkpoint = "gaet"\n')
    assert "there is no [[checkpoint]]" in str(unknown)
    (fridge,) = faults_in(
        tmp_path, BASE.replace('storing = "chilled"', 'storing = "chilled"\ncheckpoint = "gate"')
    )
    assert "readers of tags only" in str(fridge)


def test_no_round_has_the_name_of_a_day_of_rounds(tmp_path: Path) -> None:
    (fault,) = faults_in(tmp_path, VALID.replace('id = "morning"', 'id = "patrols"'))
    assert "choose another id" in str(fault)
