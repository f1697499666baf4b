"""Shifts: who works when, on which days of the calendar; pure.

    shift  day 06:00-18:00  |#########|         |#########|
           night 18:00-06:00          |#########|         |######
                            06        18        06        18

A shift belongs to the day on which it begins, also what of it lies after midnight: the night of a Friday that
is a school day ends on Saturday. Its hours are local: a change of the clocks makes it longer or shorter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rules.calendar import Calendar, DayKind
from rules.local_time import DAY, Interval, Span, clipped, day_at, merged
from rules.model import Role, Text

EVERY_DAY: Final = tuple(range(7))


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of work of `people` (ids), on every day of `weekdays` (Monday is 0) that is of a kind in `on`.

    `role`: whose people these are, where the shift is that of a whole role."""

    id: str
    name: Text
    hours: Span
    people: tuple[str, ...]
    weekdays: tuple[int, ...] = EVERY_DAY
    on: tuple[DayKind, ...] = tuple(DayKind)
    role: Role | None = None


def times_of(shift: Shift, calendar: Calendar, from_ms: int, to_ms: int) -> tuple[Interval, ...]:
    """When the shift is worked within [from, to), in order."""
    if from_ms >= to_ms:
        return ()
    day, last = day_at(calendar.zone, from_ms) - DAY, day_at(calendar.zone, to_ms - 1)
    found: list[Interval] = []
    while day <= last:
        if day.weekday() in shift.weekdays and calendar.day(day).kind in shift.on:
            found += calendar.intervals(day, (shift.hours,))
        day += DAY
    return tuple(clipped(found, Interval(from_ms, to_ms)))


def under_way(shifts: Iterable[Shift], calendar: Calendar, at_ms: int) -> tuple[Shift, ...]:
    """The shifts that are worked at an instant, in the order given. A shift's end is no part of it."""
    return tuple(shift for shift in shifts if times_of(shift, calendar, at_ms, at_ms + 1))


def worked_ms(shifts: Iterable[Shift], calendar: Calendar, from_ms: int, to_ms: int) -> int:
    """For how long at least one of the shifts is worked within [from, to)."""
    found = [one for shift in shifts for one in times_of(shift, calendar, from_ms, to_ms)]
    return sum(one.ends_ms - one.starts_ms for one in merged(found))
