"""`campushub rules` as it is typed, on the data folder of a hub that still runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from devices.facts import Presence, Reading, Tap
from devices.series import FRIDGE
from hub.cli.app import app
from hub.cli.exits import Exit
from hub.history.choose import DUCK_FILE
from hub.history.duck import DuckHistory
from hub.history.past import Past
from hub.history.port import Cursors, Point
from tests.hub.alerts.campus import MINUTE, MORNING, Office, demo_campus

DEVICE = "cold-1"
RULE = "cold.chilled.warm"
PAGE = Path(__file__).parents[3] / "docs" / "rules.md"


def call(*arguments: object) -> Result:
    environment = {**os.environ, "COLUMNS": "240"}
    return CliRunner().invoke(app, ["rules", *(str(argument) for argument in arguments)], env=environment)


def degrees(minute: int) -> float:
    return 12.0 if 20 <= minute < 60 else 4.0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A fridge that was warm from minute 20 to 60, judged by a hub."""
    campus = demo_campus(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    office = Office(folder, campus)
    for minute in range(90):
        at_ms = office.now_ms = MORNING + minute * MINUTE
        office.happens(office.reads(DEVICE, at_ms, temperature_c=degrees(minute)), office.ticks(at_ms + 1))
    yield office
    office.log.close()
    office.book.close()


def tried(office: Office, lines: str) -> Path:
    """A copy of the configuration with other numbers."""
    path = office.folder.parent / "tried.toml"
    text = (office.folder.parent / "campus.toml").read_text(encoding="utf-8")
    path.write_text(f"{text}\n{lines}\n", encoding="utf-8")
    return path


def backtest(office: Office, *arguments: object) -> dict[str, object]:
    config = office.folder.parent / "campus.toml"
    said = call("backtest", "--config", config, "--data", office.folder, "--json", *arguments)
    assert said.exit_code == Exit.OK, said.output
    return json.loads(said.stdout)  # type: ignore[no-any-return] # what the test is about


def test_the_same_rules_would_raise_what_was_raised(office: Office) -> None:
    outcome = backtest(office, "--rule", "cold.*")
    assert isinstance(outcome["both"], int)
    assert outcome["both"] >= 1
    assert (outcome["only_now"], outcome["only_then"]) == (0, 0)


def test_changed_rules_show_what_they_would_change(office: Office) -> None:
    stricter = tried(office, f'[rules."{RULE}"]\nlimit = 20.0\n[[rule]]\n' + OWN)
    said = call("backtest", "--config", stricter, "--data", office.folder, "-r", RULE, "-r", "own.*")
    assert said.exit_code == Exit.OK, said.output
    assert re.search(rf"{RULE}.*–.*only then", said.stdout)
    assert re.search(r"own\.mild.*40 min.*–.*only now", said.stdout)
    assert "0 as then, 1 only now, 1 only then" in said.stdout


OWN = """\
id = "own.mild"
kind = "threshold"
severity = "info"
owner = "canteen"
closing = "auto"
title = "Mild"
basis = "Our own"
select = { subject = "device", kinds = ["fridge"], storages = ["chilled"] }
playbook = [{ zh = "看", en = "Look" }]
[rule.parameters]
quantity = "temperature_c"
direction = "above"
limit = 11.0
clear = 10.0
for = "0s"
keep_for = "0s"
low = -60.0
high = 120.0
"""


def test_only_the_time_asked_for_counts(office: Office) -> None:
    before = backtest(office, "-r", RULE, "--to", "2026-11-21")
    assert (before["facts"], before["both"]) == (0, 0)
    during = backtest(office, "-r", RULE, "--from", "2026-11-22", "--to", "2026-11-23")
    assert during["both"] == 1


def test_a_rule_that_is_none_and_a_time_that_is_none_are_refused(office: Office) -> None:
    config = office.folder.parent / "campus.toml"
    assert call("backtest", "--config", config, "--rule", "nothing.*").exit_code == Exit.USAGE
    assert call("backtest", "--config", config, "--from", "monday").exit_code == Exit.USAGE
    assert call("backtest", "--config", config, "--warm-up", "long").exit_code == Exit.USAGE


def test_the_history_gives_the_same_where_the_log_is_gone(office: Office) -> None:
    campus, folder = office.campus, office.folder
    history = DuckHistory(folder / DUCK_FILE)
    area = campus.devices[DEVICE].area
    points = [
        Point(FRIDGE, campus.site.id, area, DEVICE, MORNING + n * MINUTE, (("temperature_c", degrees(n)),))
        for n in range(90)
    ]
    history.write(points, Cursors())
    history.close()
    by_history = backtest(office, "--history", "-r", RULE)
    by_log = backtest(office, "-r", RULE)
    assert by_history["matters"] == by_log["matters"]


def test_facts_of_the_history_have_ticks_only_while_some_device_was_heard() -> None:
    def at(minute: int) -> Point:
        return Point("device", "s", "a", "d", minute * MINUTE, (("online", True),))

    past = Past(0)
    facts = list(past.facts([at(1), at(2), at(60)], 62 * MINUTE))
    assert [fact.measured_at_ms // MINUTE for fact in facts if isinstance(fact, Presence)] == [1, 2, 60]
    ticks = [fact for fact in facts if not isinstance(fact, Presence | Reading | Tap)]
    assert [tick.measured_at_ms // MINUTE for tick in ticks] == [1, 2, 3, 4, 5, 6, 7, 60, 61]
    assert [getattr(tick, "listening_since_ms", None) for tick in ticks][-1] == 60 * MINUTE


@pytest.mark.parametrize(("language", "raised"), [("zh-CN", "发出告警"), ("en", "RAISED")])
def test_explain_shows_facts_transitions_and_the_record(office: Office, language: str, raised: str) -> None:
    [alert] = [alert for alert in office.alerts() if alert.rule == RULE]
    config = office.folder.parent / "campus.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(
        re.sub(r'language = "[^"]*"', f'language = "{language}"', text, count=1), encoding="utf-8"
    )
    said = call("explain", alert.id, "--config", config, "--data", office.folder)
    assert said.exit_code == Exit.OK, said.output
    facts = said.stdout
    assert "12.0\N{NO-BREAK SPACE}°C" in facts
    assert raised in facts
    assert "→" in facts
    assert RULE in facts


def test_explain_knows_no_alert_that_is_none(office: Office) -> None:
    config = office.folder.parent / "campus.toml"
    assert call("explain", 999, "--config", config, "--data", office.folder).exit_code == Exit.USAGE


def test_list_counts_what_each_rule_watches(office: Office) -> None:
    config = office.folder.parent / "campus.toml"
    rows = json.loads(call("list", "--config", config, "--json").stdout)
    by_id = {row["id"]: row for row in rows}
    assert by_id[RULE]["watches"] >= 1
    assert by_id["patrol.round-incomplete"]["watches"] == len(office.campus.rounds)
    assert RULE in call("list", "--config", config, "--rule", "cold.*").stdout


def test_the_shipped_cases_hold() -> None:
    said = call("test")
    assert said.exit_code == Exit.OK, said.output
    assert " 0 do not" in said.stdout


CASE = """\
rule = "cold.chilled.warm"
[title]
zh = "冷藏温度过高"
en = "Somewhere too warm"
[target]
kind = "fridge"
storing = "chilled"
interval = "1m"
[[cases]]
name = "hot"
facts = [{ at = "0s", until = "2h", temperature_c = 12.0 }]
expect = []
"""


def test_a_case_that_does_not_hold_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(CASE, encoding="utf-8")
    said = call("test", tmp_path)
    assert said.exit_code == Exit.FAILED
    assert "DOES NOT HOLD: cold.chilled.warm: hot" in said.stdout
    assert 'raised = "' in said.stdout
    assert "title: expected 冷藏温度过高 / Somewhere too warm" in said.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "not TOML"),
        ("[target]", "[target]: kind is missing"),
        (CASE.replace('"2h"', '"soon"'), "case “hot”: facts"),
        (CASE.replace("expect = []", 'expect = [{ shouted = "1m" }]'), "case “hot”: expect"),
        (CASE.replace("cold.chilled.warm", "cold.nothing"), "no rule is called cold.nothing"),
    ],
)
def test_a_case_file_that_makes_no_sense_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    said = call("test", path)
    assert said.exit_code == Exit.CONFIGURATION
    assert told in said.stderr


HOLIDAY = """\
rule = "power.holiday-load"
starts = 2026-10-01
zone = "Asia/Shanghai"
[target]
kind = "meter"
interval = "1m"
labels = ["off-in-holidays"]
[[cases]]
name = "a Thursday"
facts = [{ at = "8h", until = "9h", power_w = 900.0 }]
expect = EXPECTED
"""
RAISED = '[{ raised = "9h", since = "8h", value = 900.0 }]'
NATIONAL_DAY = '[[calendar.exception]]\ndate = 2026-10-01\nkind = "holiday"\nname = "National Day"\n'


@pytest.mark.parametrize(("calendar", "expected"), [("", "[]"), (NATIONAL_DAY, RAISED)], ids=["none", "own"])
def test_a_file_may_state_the_calendar_that_it_is_judged_by(
    tmp_path: Path, calendar: str, expected: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HOLIDAY.replace("EXPECTED", expected) + calendar, encoding="utf-8")
    said = call("test", path)
    assert said.exit_code == Exit.OK, said.output


def test_a_file_that_says_when_it_starts_is_judged_by_the_calendar_of_the_configuration(
    office: Office, tmp_path: Path
) -> None:
    config = office.folder.parent / "campus.toml"  # with China's holidays
    path = tmp_path / "mine.toml"
    own_zone = HOLIDAY.replace('zone = "Asia/Shanghai"\n', "")
    path.write_text(own_zone.replace("EXPECTED", RAISED), encoding="utf-8")
    assert call("test", path, "--config", config).exit_code == Exit.OK
    unsaid = own_zone.replace("starts = 2026-10-01\n", "").replace("EXPECTED", "[]")
    path.write_text(unsaid, encoding="utf-8")
    assert call("test", path, "--config", config).exit_code == Exit.OK


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2026-10-01", '"tomorrow"', "starts: write a date"),
        ("Asia/Shanghai", "Asia/Shanghay", "zone: "),
        ("starts = 2026-10-01\n", "", "a calendar needs `starts`"),
        ("[target]", '[calendar]\ncountry = "ZZ"\n[target]', "the public holidays of"),
        ("[target]", "[calendar]\nterms = 3\n[target]", "[calendar].terms"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HOLIDAY.replace("EXPECTED", "[]").replace(old, new), encoding="utf-8")
    said = call("test", path)
    assert said.exit_code == Exit.CONFIGURATION
    assert told in said.stderr


@pytest.mark.parametrize(
    ("kind", "rule"), [("case", "cold.chilled.warm"), ("calendar case", "power.holiday-load")]
)
def test_the_cases_in_the_documentation_hold(tmp_path: Path, kind: str, rule: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(rf"```toml {kind}\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example, encoding="utf-8")
    said = call("test", path, "--verbose")
    assert said.exit_code == Exit.OK, said.output
    assert f"holds: {rule}" in said.stdout
