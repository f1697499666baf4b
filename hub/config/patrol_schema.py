"""The shape of [[checklist]], [[route]] and [[round]]: what is looked at, what is walked, when, by whom.

A field's description is the remedy that people read when the key is missing or wrong.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from hub.config import values
from hub.config.calendar_schema import Day
from hub.config.maintenance_schema import Every
from hub.config.table import Table, Text
from rules.calendar import DayKind
from rules.model import Role
from rules.route import DUPLICATE_MS, Sequence

MOST_CHECKS: Final = 20  # who is asked more presses "all ok" without looking
_ID: Final = 'choose an id of lower-case letters, digits and "-", at most 48 long, as in "cold-1"'
_NAME: Final = 'write a name, as in "夜巡" or { zh = "夜巡", en = "Night round" }'
_AFTER_START: Final = 'write how long after the round\'s start, as in "30m"'
_SINCE: Final = 'write a time since the checkpoint before it, as in "2m"'
_WHOLE: Final = 'write how long the whole round takes, as in "40m"'
_Pace = Annotated[values.DurationMs, Field(ge=1_000, le=24 * 3_600_000)]
_Alone = Annotated[values.DurationMs, Field(ge=10 * 60_000, le=60 * 60_000)]
_Later = Annotated[values.DurationMs, Field(le=24 * 3_600_000)]


class CheckTable(Table):
    """One point of a [[checklist]]; the id alone stands for one that every campus has."""

    id: values.Id = Field(description="write the id of a point")
    name: Text | None = Field(
        default=None, description='write what to look at, as in { zh = "水压", en = "Water pressure" }'
    )
    kind: Literal["ok", "number"] = Field(default="ok", description='write "ok" or "number"')
    unit: Annotated[values.Label, Field(max_length=12)] | Literal[""] = Field(
        default="", description='write the unit, as in "MPa"'
    )
    min: values.Limit | None = Field(default=None, description="write a number, as in 0.1")
    max: values.Limit | None = Field(default=None, description="write a number, as in 0.3")


def _check(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class ChecklistTable(Table):
    """[[checklist]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description='write a name, as in { zh = "锅炉房", en = "Boiler room" }')
    items: Annotated[
        list[Annotated[CheckTable, BeforeValidator(_check)]], Field(min_length=1, max_length=MOST_CHECKS)
    ] = Field(
        description='write up to 20 points, as in ["extinguisher", { id = "valve", name = "Valve shut" }]'
    )


class StopTable(Table):
    """One checkpoint of a [[route]]; its id alone stands for one without times."""

    id: values.Id = Field(description="write the id of a [[checkpoint]]")
    earliest: _Later | None = Field(default=None, description=_AFTER_START)
    latest: _Later | None = Field(default=None, description=_AFTER_START)
    least: _Pace | None = Field(default=None, description=_SINCE)
    most: _Pace | None = Field(default=None, description=_SINCE)


def _stop(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class DurationTable(Table):
    """`duration` of a [[round]]"""

    least: _Pace | None = Field(default=None, description=_WHOLE)
    most: _Pace | None = Field(default=None, description=_WHOLE)


class RouteTable(Table):
    """[[route]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    order: Annotated[Sequence, Field(strict=False)] = Field(
        default=Sequence.FREE, description='write "free" or "fixed"'
    )
    checkpoints: Annotated[list[Annotated[StopTable, BeforeValidator(_stop)]], Field(min_length=1)] = Field(
        description='write ids of checkpoints, as in ["gatehouse", { id = "boiler", least = "2m" }]'
    )


class RoundTable(Table):
    """[[round]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    starts: values.TimeOfDay = Field(description='write a local time, as in "06:00"')
    ends: values.TimeOfDay = Field(description='write a local time, as in "08:30"')
    grace: values.Grace = Field(
        default=15 * 60_000, description='write how late it may end, as in "15m"; at most "12h"'
    )
    guard: values.Id | None = Field(default=None, description="write the id of the [[person]] who walks it")
    role: Annotated[Role, Field(strict=False)] | None = Field(
        default=None, description="write one of: " + ", ".join(role.value for role in Role)
    )
    shift: values.Id | None = Field(default=None, description="write the id of the [[shift]] that walks it")
    route: values.Id | None = Field(default=None, description="write the id of a [[route]]")
    checkpoints: Annotated[list[values.Id], Field(min_length=1)] = Field(
        default_factory=list,
        description='write the ids of the checkpoints to pass, as in ["gatehouse", "boiler"]',
    )
    weekdays: Annotated[list[values.Weekday], Field(min_length=1)] = Field(
        default_factory=lambda: list(range(7)),
        description="write some of: " + ", ".join(values.WEEKDAYS),
    )
    rrule: Every | None = Field(
        default=None, description='write a recurrence, as in "FREQ=WEEKLY;BYDAY=MO,WE,FR"'
    )
    first: Day | None = Field(
        default=None, description="write the recurrence's first day, as in 2026-09-01, without quotes"
    )
    on: Annotated[list[Annotated[DayKind, Field(strict=False)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(DayKind),
        description="write some of: " + ", ".join(kind.value for kind in DayKind),
    )
    not_started_after: _Later | None = Field(
        default=None, description='write when to say that nobody has come, as in "10m" after the start'
    )
    duration: DurationTable | None = Field(
        default=None, description='write it as { least = "20m", most = "2h" }'
    )
    duplicate: Annotated[values.DurationMs, Field(ge=1_000, le=3_600_000)] = Field(
        default=DUPLICATE_MS, description='write within what time one tag is one tap, as in "60s"'
    )
    alone: _Alone | None = Field(
        default=None, description='write how often a guard alone says that all is well, "10m" to "60m"'
    )
