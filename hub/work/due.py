"""By when an order is due unless somebody says otherwise: in school days, unless it is urgent; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from rules.calendar import Calendar
from rules.local_time import day_at, midnight_ms
from rules.work import Urgency

_DAY: Final = timedelta(days=1)
URGENT_MS: Final = 24 * 3_600_000  # danger does not wait for school
# School days after the day of the report; and how many days it may take at most, since holidays are when
# much is put right.
SCHOOL_DAYS: Final[Mapping[Urgency, tuple[int, int]]] = MappingProxyType(
    {Urgency.NORMAL: (3, 14), Urgency.LOW: (10, 45)}
)


def due_ms(calendar: Calendar, urgency: Urgency, from_ms: int) -> int:
    """When an order that is made at `from_ms` is due: the end of school on that day, or of the day."""
    if urgency is Urgency.URGENT:
        return from_ms + URGENT_MS
    wanted, most = SCHOOL_DAYS[urgency]
    day = today = day_at(calendar.zone, from_ms)
    while wanted and day < today + most * _DAY:
        day += _DAY
        wanted -= bool(calendar.hours(day))
    return _end_of(calendar, day)


def _end_of(calendar: Calendar, day: date) -> int:
    hours = calendar.hours(day)
    return max(one.ends_ms for one in hours) if hours else midnight_ms(calendar.zone, day + _DAY)
