"""Scenarios are data: what goes wrong on the campus, and when, in simulated seconds from the start."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from typing import Final

from devices.facts import Kind
from firmware_sim.plan import SimDevice, SimPlan, SimulationError, Words

_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_SELECTOR: Final = re.compile(r"(first|all):(\w+)")
_TYPES: Final = ("chilled", "frozen", "sample", *(kind.value for kind in Kind))
_KEYS: Final = frozenset({"title", "report_every", "walk_gap", "actions"})
_ACTION_KEYS: Final = frozenset({"at", "action", "device", "round", "pace", "value", "repeat"})
_WALK_GAP_S: Final = 45.0


class Action(Enum):
    """What can happen. Cold units fail by their compressor, meters by a leak to earth."""

    FAIL = "fail"
    HEAL = "heal"
    SENSOR_FAULT = "sensor_fault"
    OPEN_DOOR = "open_door"
    GO_OFFLINE = "go_offline"
    COME_BACK = "come_back"
    POWER_CUT = "power_cut"
    POWER_BACK = "power_back"
    SKIP_ROUND = "skip_round"
    SKIP_CHECKPOINT = "skip_checkpoint"
    CLONE_TAG = "clone_tag"
    START_LATE = "start_late"
    PACE = "pace"
    GO_BACKWARDS = "go_backwards"
    LEND_BADGE = "lend_badge"
    STRANGE_TAG = "strange_tag"
    SET_CLOCK = "set_clock"


_WITHOUT_DEVICE: Final = frozenset(
    {
        Action.POWER_CUT,
        Action.POWER_BACK,
        Action.SKIP_ROUND,
        Action.SKIP_CHECKPOINT,
        Action.CLONE_TAG,
        Action.START_LATE,
        Action.PACE,
        Action.GO_BACKWARDS,
        Action.LEND_BADGE,
        Action.STRANGE_TAG,
    }
)


@dataclass(frozen=True, slots=True)
class TimedAction:
    """One thing that happens `at_s`, and again every `repeat_s`.

    `device`: an id, or `first:`/`all:` and a kind or what is stored; empty for power: the whole campus.
    `round`: an id, or empty: the next one. `pace`: how much faster than real a cold unit warms or cools.
    `value`: the raw value of a sensor fault in °C, or seconds: how long a door stays open, after what time
    the copy of a tag's message comes, how late the next walk begins, how long it takes from one checkpoint
    to the next, how far a clock is ahead (none: it is not set).
    """

    at_s: float
    action: Action
    device: str
    round: str
    pace: float
    value: float | None
    repeat_s: float | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`report_every_s` overrides every device's interval; `walk_gap_s` lies between two checkpoints."""

    id: str
    title: Words
    report_every_s: float | None
    walk_gap_s: float
    actions: tuple[TimedAction, ...]


def names() -> tuple[str, ...]:
    """The scenarios that ship."""
    folder = files("firmware_sim").joinpath("scenarios")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load(name: str) -> Scenario:
    """A shipped scenario by its name; raises SimulationError."""
    if name not in names():
        raise SimulationError((f"no scenario {name!r}; there are: {', '.join(names())}",))
    return parse(name, files("firmware_sim").joinpath("scenarios", f"{name}.toml").read_text("utf-8"))


def parse(name: str, text: str) -> Scenario:
    """A scenario from TOML; raises SimulationError with every fault in it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SimulationError((f"{name}: {error}",)) from error
    reader = _Reader(name)
    scenario = reader.scenario(table)
    if reader.faults:
        raise SimulationError(tuple(reader.faults))
    return scenario


def select(selector: str, plan: SimPlan) -> tuple[SimDevice, ...]:
    """The devices that `selector` means in this plan: possibly none, but an unknown id is an error."""
    match = _SELECTOR.fullmatch(selector)
    if match is None:
        found = tuple(device for device in plan.devices if device.id == selector)
        if not found:
            raise SimulationError((f"the scenario names the device {selector!r}, which is not planned",))
        return found
    which, wanted = match.groups()
    found = tuple(device for device in plan.devices if wanted in (device.kind.value, device.storing))
    return found[:1] if which == "first" else found


class _Reader:
    """Reads tables and collects every fault instead of stopping at the first."""

    def __init__(self, name: str) -> None:
        self._where = name
        self.faults: list[str] = []

    def scenario(self, table: dict[str, object]) -> Scenario:
        self._unknown(table, _KEYS)
        title = table.get("title")
        zh, en = (title.get("zh"), title.get("en")) if isinstance(title, dict) else (None, None)
        if not isinstance(zh, str) or not isinstance(en, str):
            self._fault("title needs zh and en")
        return Scenario(
            id=self._where,
            title=Words(str(zh), str(en)),
            report_every_s=self._duration(table, "report_every"),
            walk_gap_s=self._duration(table, "walk_gap") or _WALK_GAP_S,
            actions=tuple(self._actions(table.get("actions", []))),
        )

    def _actions(self, tables: object) -> Iterator[TimedAction]:
        if not isinstance(tables, list):
            self._fault("actions is not a list of tables")
            return
        base = self._where
        for number, table in enumerate(tables, 1):
            self._where = f"{base}, action {number}"
            if isinstance(table, dict):
                yield self._action(table)
            else:
                self._fault("is not a table")
        self._where = base

    def _action(self, table: dict[str, object]) -> TimedAction:
        self._unknown(table, _ACTION_KEYS)
        at_s = self._duration(table, "at")
        if at_s is None and "at" not in table:
            self._fault("at is missing")
        action = self._which(table.get("action"))
        device = self._text(table, "device")
        if not device and action not in _WITHOUT_DEVICE:
            self._fault(f"{action.value} needs a device")
        match = _SELECTOR.fullmatch(device)
        if match and match[2] not in _TYPES:
            self._fault(f"device selects {match[2]!r}, which is none of {', '.join(_TYPES)}")
        repeat_s = self._duration(table, "repeat")
        if repeat_s == 0:
            self._fault("repeat is not positive")
        return TimedAction(
            at_s=at_s or 0.0,
            action=action,
            device=device,
            round=self._text(table, "round"),
            pace=self._number(table, "pace") or 1.0,
            value=self._number(table, "value"),
            repeat_s=repeat_s,
        )

    def _which(self, value: object) -> Action:
        try:
            return Action(value)
        except ValueError:
            self._fault(f"action {value!r} is none of {', '.join(action.value for action in Action)}")
            return Action.POWER_BACK

    def _duration(self, table: dict[str, object], key: str) -> float | None:
        value = table.get(key)
        if value is None:
            return None
        match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
        if match is None:
            self._fault(f"{key} = {value!r} is not a duration such as '90s', '2m' or '1h30m'")
            return None
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)

    def _number(self, table: dict[str, object], key: str) -> float | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._fault(f"{key} is not a number")
            return None
        if key == "pace" and value <= 0:
            self._fault("pace is not positive")
        return float(value)

    def _text(self, table: dict[str, object], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self._fault(f"{key} is not a text")
            return ""
        return value

    def _unknown(self, table: dict[str, object], known: frozenset[str]) -> None:
        for key in table:
            if key not in known:
                self._fault(f"{key!r} is not a key here; there are: {', '.join(sorted(known))}")

    def _fault(self, text: str) -> None:
        self.faults.append(f"{self._where}: {text}")
