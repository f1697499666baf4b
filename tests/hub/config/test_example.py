"""The example is what the demonstration runs on, and documents every setting there is."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import time
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from devices.facts import Kind
from hub.config.load import load
from hub.config.model import Campus, Format, Language, Storing
from hub.config.rulebook import ENABLED, shipped
from hub.config.schema import File
from rules.catalogue import tunable
from rules.model import Role

_EXAMPLE = Path(str(resources.files("hub.demo"))) / "campus.toml"
_TEXT = _EXAMPLE.read_text(encoding="utf-8")
_OPTIONAL = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


@pytest.fixture(scope="module")
def campus() -> Campus:
    return load(_EXAMPLE, {})


def test_the_example_loads_without_a_warning(campus: Campus) -> None:
    assert campus.warnings == ()
    assert campus.rules_off == ()


def test_the_example_is_a_primary_school_in_shanghai_time_and_chinese(campus: Campus) -> None:
    assert campus.site.name.zh == "实验小学"
    assert campus.site.zone.key == "Asia/Shanghai"
    assert campus.site.language is Language.ZH


def test_the_example_has_the_devices_that_the_demonstration_shows(campus: Campus) -> None:
    devices = campus.devices.values()
    assert len(campus.checkpoints) == 8
    assert Counter(device.kind for device in devices) == {Kind.FRIDGE: 6, Kind.METER: 5, Kind.CHECKPOINT: 1}
    assert Counter(device.storing for device in devices if device.storing) == {
        Storing.CHILLED: 3,
        Storing.FROZEN: 2,
        Storing.SAMPLE: 1,
    }
    formats = Counter((device.kind, device.format) for device in devices)
    assert formats[(Kind.FRIDGE, Format.NATIVE)] == 3
    assert formats[(Kind.FRIDGE, Format.ZIGBEE2MQTT)] == 2
    assert formats[(Kind.FRIDGE, Format.TASMOTA)] == 1
    assert formats[(Kind.METER, Format.NATIVE)] == 2
    assert formats[(Kind.METER, Format.TASMOTA)] == 2
    assert formats[(Kind.METER, Format.ZIGBEE2MQTT)] == 1


def test_the_example_has_two_guards_with_badges_and_everybody_whom_an_alert_may_be_for(
    campus: Campus,
) -> None:
    roles = Counter(person.role for person in campus.people.values())
    assert roles[Role.GUARD] == 2
    assert set(roles) == set(Role)
    assert all(person.badge for person in campus.people.values() if person.role is Role.GUARD)


def test_the_example_s_guards_walk_two_shifts(campus: Campus) -> None:
    day = {walk.guard for walk in campus.rounds.values() if time(6) <= walk.starts < time(18)}
    night = {walk.guard for walk in campus.rounds.values() if not time(6) <= walk.starts < time(18)}
    assert len(day) == len(night) == 1
    assert day != night


def test_the_example_s_checkpoints_are_all_passed_at_least_five_times_a_day(campus: Campus) -> None:
    passed = Counter(place for walk in campus.rounds.values() for place in walk.checkpoints)
    assert all(passed[place] >= 5 for place in campus.checkpoints)


def test_a_round_is_never_more_than_half_an_hour_away(campus: Campus) -> None:
    windows = sorted((walk.starts, walk.ends) for walk in campus.rounds.values())
    for (_, ends), (starts, _) in zip(windows, [*windows[1:], windows[0]], strict=True):
        assert (starts.hour * 60 + starts.minute - ends.hour * 60 - ends.minute) % (24 * 60) <= 30


def test_the_example_s_tags_are_those_of_a_maker_of_ntag(campus: Campus) -> None:
    assert all(re.fullmatch("04[0-9A-F]{12}", place.tag_uid) for place in campus.checkpoints.values())


def _settings(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """Each table's path, and each key in it."""
    for key, field in model.model_fields.items():
        inner = next(
            (
                candidate
                for candidate in (field.annotation, *get_args(field.annotation))
                if isinstance(candidate, type)
                and issubclass(candidate, BaseModel)
                and "zh" not in candidate.model_fields
            ),
            None,
        )
        if inner is not None:
            yield from _settings(inner, f"{path}.{key}".strip("."))
        elif path:
            yield path, key


def _documented() -> set[tuple[str, str]]:
    found = set()
    table = ""
    for line in _OPTIONAL.sub("", _TEXT).splitlines():
        if header := re.match(r"\[+([^\]]+)\]+", line):
            table = header[1]
        elif inner := re.match(r"([a-z_]+) = \{ (?!zh)(.+?) \}", line):
            found |= {(f"{table}.{inner[1]}", key) for key in re.findall(r"([a-z_]+) = ", inner[2])}
        elif key := re.match(r"([a-z_]+) = ", line):
            found.add((table, key[1]))
    return found


@pytest.mark.parametrize("setting", sorted(_settings(File)), ids=".".join)
def test_every_setting_is_documented_in_the_example(setting: tuple[str, str]) -> None:
    assert setting in _documented()


def test_nothing_is_documented_that_does_not_exist() -> None:
    of_rules = {(table, key) for table, key in _documented() if table.startswith("rules.")}
    assert _documented() - of_rules <= set(_settings(File))


def test_the_example_s_rule_exists_and_shows_what_it_can_be_given() -> None:
    shown = {(table, key) for table, key in _documented() if table.startswith("rules.")}
    names = {table.removeprefix("rules.").strip('"') for table, _ in shown}
    (rule,) = [rule for rule in shipped() if rule.id in names]
    assert {key for _, key in shown} <= {ENABLED, *tunable(rule.kind)}
    assert {key for _, key in shown} >= {ENABLED, "limit", "for", "severity"}


def test_every_optional_setting_of_the_example_is_valid_toml() -> None:
    for line in _TEXT.splitlines():
        if _OPTIONAL.match(line):
            tomllib.loads(line.removeprefix("#"))
