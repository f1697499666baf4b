"""The shape of [[maintenance]]: where work is expected, when, and why.

A field's description is the remedy that people read when the key is missing or wrong.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from hub.config import values
from hub.config.calendar_schema import Day
from hub.config.faults import shown
from hub.config.table import Table, Text
from hub.config.telling_schema import Glob
from rules.calendar import Pattern
from rules.recurrence import parse_recurrence
from rules.windows import parse_hours

_MOMENT: Final = 'write a local date and time, as in "2026-08-03 08:00"'
_HOURS: Final = 'write hours, as in "sat,sun 08:00-12:00"'
_EVERY: Final = 'write a recurrence, as in "FREQ=MONTHLY;BYDAY=1SA"'


def parse_moment(value: object) -> datetime | None:
    """A local date and time of TOML, or one written as "2026-08-03 08:00"; never with an offset."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) >= 16 else value
    except ValueError:
        return None
    return moment if isinstance(moment, datetime) and moment.tzinfo is None else None


def _moment(value: object) -> datetime:
    moment = parse_moment(value)
    if moment is None:
        raise values.wrong(f"{shown(value)} is no local date and time", _MOMENT)
    return moment


def _pattern(value: object) -> Pattern:
    try:
        return parse_hours(value if isinstance(value, str) else "")
    except ValueError as error:
        raise values.wrong(f"{shown(value)} are no hours", str(error).partition(": ")[2] or _HOURS) from None


def _recurrence(value: object) -> str:
    text = value if isinstance(value, str) else ""
    try:
        parse_recurrence(text, date(2024, 1, 1), time(0), UTC)
    except ValueError as error:
        raise values.wrong(f"{shown(value)} is no recurrence", str(error).partition(": ")[2]) from None
    return text


Every = Annotated[str, BeforeValidator(_recurrence)]


class MaintenanceTable(Table):
    """[[maintenance]]"""

    id: values.Id = Field(
        description='choose an id of lower-case letters, digits and "-", as in "defrosting"'
    )
    reason: Text = Field(description='write why, as in { zh = "除霜", en = "Defrosting" }')
    owner: values.Id = Field(description="write the id of the [[person]] who answers for it")
    devices: list[values.Id] = Field(default_factory=list, description="write ids of devices")
    areas: list[values.Id] = Field(default_factory=list, description="write ids of areas")
    rules: list[Glob] = Field(
        default_factory=list, description='write ids of rules, "*" for any end, as in ["cold.*"]'
    )
    hours: Annotated[Pattern, BeforeValidator(_pattern)] | None = Field(default=None, description=_HOURS)
    starts: Annotated[datetime, BeforeValidator(_moment)] | None = Field(default=None, description=_MOMENT)
    ends: Annotated[datetime, BeforeValidator(_moment)] | None = Field(default=None, description=_MOMENT)
    every: Every | None = Field(default=None, description=_EVERY)
    first: Day | None = Field(default=None, description="write its first day, as in 2026-09-01")
    at: values.TimeOfDay | None = Field(default=None, description='write a local time, as in "08:00"')
    lasts: Annotated[values.DurationMs, Field(ge=60_000, le=31 * 86_400_000)] | None = Field(
        default=None, description='write for how long, as in "2h", from "1m" to "31d"'
    )
