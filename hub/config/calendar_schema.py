"""The shape of [calendar]: which settings it has, and how dates and hours are written.

A field's description is the remedy that people read when the key is missing or wrong.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from hub.config import values
from hub.config.faults import shown
from hub.config.table import Table, Text
from rules.calendar import DayKind
from rules.local_time import Span, parse_span

# A weekend is what is left when nothing else is said, so that nobody writes it.
WRITABLE: Final = tuple(kind for kind in DayKind if kind is not DayKind.WEEKEND)

_DATE: Final = "write a date, as in 2026-09-01"
_NAME: Final = 'write a name, as in { zh = "第一学期", en = "First term" }'
_HOURS: Final = 'write local times, as in ["07:00-11:30", "13:30-18:00"]'


def parse_date(value: object) -> date | None:
    """A date of TOML, or one written as "2026-09-01"."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def parse_hours(value: object) -> Span | None:
    """Hours written as "07:00-18:00"."""
    try:
        return parse_span(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _date(value: object) -> date:
    day = parse_date(value)
    if day is None:
        raise values.wrong(f"{shown(value)} is not a date")
    return day


def _span(value: object) -> Span:
    span = parse_hours(value)
    if span is None:
        raise values.wrong(f"{shown(value)} are no hours")
    return span


def _shift_hours(value: object) -> Span:
    """As `_span`; "08:00-08:00" is a duty of a whole day."""
    starts, dash, ends = value.partition("-") if isinstance(value, str) else ("", "", "")
    whole = values.parse_time(starts.strip()) if dash and starts.strip() == ends.strip() else None
    return Span(whole, whole) if whole is not None else _span(value)


Day = Annotated[date, BeforeValidator(_date)]
Hours = Annotated[list[Annotated[Span, BeforeValidator(_span)]], Field(min_length=1)]
ShiftHours = Annotated[Span, BeforeValidator(_shift_hours)]


class TermTable(Table):
    """[[calendar.term]]"""

    name: Text = Field(description=_NAME)
    first: Day = Field(description=_DATE)
    last: Day = Field(description=_DATE)


class ExceptionTable(Table):
    """[[calendar.exception]]"""

    date: Day | None = Field(default=None, description=_DATE)
    first: Day | None = Field(default=None, description=_DATE)
    last: Day | None = Field(default=None, description=_DATE)
    kind: Annotated[DayKind, Field(strict=False)] = Field(
        description="write one of: " + ", ".join(kind.value for kind in WRITABLE)
    )
    name: Text = Field(description='write a name, as in { zh = "运动会", en = "Sports day" }')
    hours: Hours | None = Field(default=None, description=_HOURS)
    reason: Text | None = Field(default=None, description="write who decided so, or where it stands")


class CalendarTable(Table):
    """[calendar]"""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description='write the two letters of a country, as in "CN"'
    )
    weekdays: Annotated[list[values.Weekday], Field(min_length=1)] = Field(
        default_factory=lambda: list(range(5)), description="write some of: " + ", ".join(values.WEEKDAYS)
    )
    hours: Hours | None = Field(default=None, description=_HOURS)
    term: list[TermTable] = Field(default_factory=list, description="write each as [[calendar.term]]")
    exception: list[ExceptionTable] = Field(
        default_factory=list, description="write each as [[calendar.exception]]"
    )
