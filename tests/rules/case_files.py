"""Rule cases as data: what a device or a round does, and what the shipped rule has to say about it.

A case file is `cases/<rule id>.toml`: one `[target]`, and `[[cases]]` with a `name`, `facts` and `expect`.
Times are durations from the start, which is midnight in UTC on Thursday 1 January 1970; school is in on
weekdays from 07:00 to 18:00. A fact has `at` (with `until` and `every`: many of them), perhaps `received` and
`device`, and either `tick = true` (with `listening`), `online`, `tap`, or values of a reading; a value
written `[from, to]` goes from the one to the other in equal steps, and one of more numbers repeats them.
Expected are `raised` (with `since`, perhaps `value`, `grave`, `due`), `worsened`, `eased`, `cleared`,
`amended`, `moved` (with `state`, `visited`). A file may have `[[others]]`: devices that the target feeds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from devices.facts import Fact, Kind
from rules.bind import DeviceTarget, RoundTarget, Target, bind
from rules.calendar import Calendar
from rules.durations import parse_duration
from rules.model import Cleared, Eased, Event, Raised, RoundMoved, RoundState, Rule, Watch, Worsened
from rules.windows import Hours, parse_hours
from tests.rules.facts import DEVICE, presence, reading, tap, tick

FOLDER = Path(__file__).parent / "cases"


def load(rule_id: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{rule_id}.toml").read_text(encoding="utf-8"))


def target_of(file: dict[str, Any]) -> Target:
    table = file["target"]
    if "tags" in table:
        starts_ms, ends_ms, grace_ms = (parse_duration(table[key]) for key in ("starts", "ends", "grace"))
        return RoundTarget(DEVICE, starts_ms, ends_ms, grace_ms, tuple(table["tags"]))
    return DeviceTarget(
        id=DEVICE,
        kind=Kind(table["kind"]),
        storing=table.get("storing", ""),
        interval_ms=parse_duration(table["interval"]),
        low=table.get("low"),
        high=table.get("high"),
        labels=tuple(table.get("labels", ())),
    )


def watch_of(rule: Rule, file: dict[str, Any]) -> Watch | None:
    """What the rule watches on the target of its cases, with its hours."""
    others = [
        DeviceTarget(other["id"], Kind(file["target"]["kind"]), "", 60_000, fed_by=DEVICE)
        for other in file.get("others", ())
    ]
    return bind(rule, target_of(file), lambda text: Hours(parse_hours(text), Calendar(UTC)), others)


def facts_of(case: dict[str, Any]) -> list[Fact]:
    """In the order of their arrival; what arrives together, as it is written."""
    return sorted(_facts(case), key=lambda fact: fact.received_at_ms)


def _facts(case: dict[str, Any]) -> Iterator[Fact]:
    for entry in case["facts"]:
        values = dict(entry)
        at_ms = parse_duration(values.pop("at"))
        until_ms = parse_duration(values.pop("until", f"{at_ms}ms"))
        every_ms = parse_duration(values.pop("every", "1m"))
        times = range(at_ms, until_ms + 1, every_ms)
        for number, time_ms in enumerate(times):
            part = number / (len(times) - 1) if len(times) > 1 else 0.0
            yield _fact(time_ms, {key: _value(value, number, part) for key, value in values.items()})


def _value(value: Any, number: int, part: float) -> Any:
    """A list of two is a way from one to the other, one of more is gone through again and again."""
    if not isinstance(value, list):
        return value
    if len(value) == 2:
        return value[0] + (value[1] - value[0]) * part
    return value[number % len(value)]


def _fact(at_ms: int, values: dict[str, Any]) -> Fact:
    received_ms = parse_duration(values.pop("received", f"{at_ms}ms"))
    if values.pop("tick", False):
        return tick(at_ms, parse_duration(values.pop("listening", "0s")))
    if "online" in values:
        return presence(at_ms, online=values["online"])
    if "tap" in values:
        return tap(at_ms, values["tap"], received_ms)
    device = values.pop("device", DEVICE)
    return reading(at_ms, received_ms, device=device, **values)


def is_as_expected(event: Event, expected: dict[str, Any]) -> bool:
    def at(key: str) -> bool:
        return key in expected and parse_duration(expected[key]) == event.at_ms

    if isinstance(event, Raised):
        if not at("raised"):
            return False
        same_value = "value" not in expected or expected["value"] == event.value
        due_ms = parse_duration(expected["due"]) if "due" in expected else None
        same_course = (event.grave, event.due_ms) == (expected.get("grave", False), due_ms)
        same_start = parse_duration(expected["since"]) == event.since_ms
        return same_start and same_value and same_course
    if isinstance(event, Worsened | Eased):
        return at("worsened" if isinstance(event, Worsened) else "eased")
    if isinstance(event, Cleared):
        return at("amended" if event.amended else "cleared")
    assert isinstance(event, RoundMoved)
    return (
        at("moved")
        and RoundState(expected["state"]) is event.state
        and expected["visited"] == len(event.visited)
    )
