"""Rule cases as data: what a device or a round does, and what the shipped rule has to say about it.

A case file is `cases/<rule id>.toml`: one `[target]`, and `[[cases]]` with a `name`, `facts` and `expect`.
Times are durations from the start. A fact has `at` (with `until` and `every`: many of them), perhaps
`received`, and either `tick = true` (with `listening`), `online`, `tap`, or values of a reading. Expected are
`raised` (with `since`, perhaps `value`), `cleared`, `amended`, `moved` (with `state`, `visited`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devices.facts import Fact, Kind
from rules.bind import DeviceTarget, RoundTarget, Target
from rules.durations import parse_duration
from rules.model import Cleared, Event, Raised, RoundMoved, RoundState
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
    )


def facts_of(case: dict[str, Any]) -> Iterator[Fact]:
    for entry in case["facts"]:
        values = dict(entry)
        at_ms = parse_duration(values.pop("at"))
        until_ms = parse_duration(values.pop("until", f"{at_ms}ms"))
        every_ms = parse_duration(values.pop("every", "1m"))
        for time_ms in range(at_ms, until_ms + 1, every_ms):
            yield _fact(time_ms, dict(values))


def _fact(at_ms: int, values: dict[str, Any]) -> Fact:
    received_ms = parse_duration(values.pop("received", f"{at_ms}ms"))
    if values.pop("tick", False):
        return tick(at_ms, parse_duration(values.pop("listening", "0s")))
    if "online" in values:
        return presence(at_ms, online=values["online"])
    if "tap" in values:
        return tap(at_ms, values["tap"], received_ms)
    return reading(at_ms, received_ms, **values)


def is_as_expected(event: Event, expected: dict[str, Any]) -> bool:
    def at(key: str) -> bool:
        return key in expected and parse_duration(expected[key]) == event.at_ms

    if isinstance(event, Raised):
        same_value = "value" not in expected or expected["value"] == event.value
        return at("raised") and parse_duration(expected["since"]) == event.since_ms and same_value
    if isinstance(event, Cleared):
        return at("amended" if event.amended else "cleared")
    assert isinstance(event, RoundMoved)
    return (
        at("moved")
        and RoundState(expected["state"]) is event.state
        and expected["visited"] == len(event.visited)
    )
