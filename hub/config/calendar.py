"""From [calendar] to the school calendar, and what to say about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from typing import Final

from hub.config.calendar_countries import PUBLISHED_YEARLY, is_published, public_days
from hub.config.calendar_schema import CalendarTable, ExceptionTable
from hub.config.document import Document, Entry
from hub.config.faults import Fault
from hub.config.table import TextTable
from hub.config.values import WEEKDAYS
from rules.calendar import IN_SESSION, USUAL_HOURS, Calendar, DayKind, Decider, LocalDays, Term
from rules.local_time import DAY, Span
from rules.model import Text

_SOON_DAYS: Final = 45
_SECTION: Final = ("calendar",)


def calendar_of(table: CalendarTable, zone: tzinfo) -> Calendar:
    """The calendar that a section without faults describes; an empty one: weekdays from 07:00 to 18:00."""
    hours = tuple(table.hours) if table.hours else USUAL_HOURS
    return Calendar(
        zone=zone,
        country=table.country or "",
        week=tuple(hours if day in table.weekdays else () for day in range(7)),
        make_up=hours,
        terms=tuple(Term(_text(term.name), term.first, term.last) for term in table.term),
        public=public_days(table.country) if table.country else (),
        local=tuple(_local(one) for one in table.exception),
    )


def summary(calendar: Calendar) -> str:
    """What `campushub check` says of it, in one line."""
    days = ", ".join(name for name, hours in zip(WEEKDAYS, calendar.week, strict=True) if hours)
    usual = f"{days} {' and '.join(_written(calendar.make_up))}"
    if calendar == Calendar(calendar.zone):
        return f"no [calendar]: every weekday is a school day ({usual}), public holidays too"
    terms = [f"{term.name.en} {term.first} to {term.last}" for term in calendar.terms] or ["no terms"]
    country = f"public holidays of {calendar.country}" if calendar.country else "no public holidays"
    count = len(calendar.local)
    return "; ".join((usual, country, *terms, f"{count} exception{'s' if count != 1 else ''}"))


def doubts_of_calendar(document: Document, calendar: Calendar) -> Iterator[Fault]:
    """What is allowed, and probably not meant: lessons on days that would be free."""
    for entry, days in zip(document.entries(*_SECTION, "exception"), calendar.local, strict=True):
        if days.kind in IN_SESSION and days.first != days.last:
            yield from _free_days(entry, days, calendar)


def reminders(document: Document, calendar: Calendar, today: date) -> Iterator[Fault]:
    """What somebody should add soon: a year whose make-up workdays nobody knows, the next term."""
    section = document.section(*_SECTION)
    if calendar.country in PUBLISHED_YEARLY:
        for year in _years(calendar, today):
            if not is_published(calendar.public, year) and not _is_written(calendar, year):
                problem = f"the public holidays of {year} are not known yet, only those that the law fixes"
                remedy = (
                    f"once they are published, update campushub, or write {year}'s holidays (kind = "
                    '"holiday") and make-up workdays (kind = "school") as [[calendar.exception]]'
                )
                yield section.fault("country", problem, remedy)
    last = max((term.last for term in calendar.terms), default=None)
    if last is not None and last < today + _SOON_DAYS * DAY:
        problem = f"no term is known after {last}: from then on every day is vacation"
        yield section.fault("term", problem, "add the next [[calendar.term]]")


def _free_days(entry: Entry, days: LocalDays, calendar: Calendar) -> Iterator[Fault]:
    without = Calendar(
        calendar.zone, calendar.week, calendar.make_up, calendar.terms, calendar.public, country=""
    )
    for number in range(min((days.last - days.first).days + 1, 366)):
        day = days.first + number * DAY
        is_exact = calendar.day(day).decider is Decider.DATE
        if not is_exact and without.day(day).kind not in IN_SESSION:
            problem = f"makes {day} a school day, which is free otherwise ({without.day(day).name.en})"
            yield entry.fault("first", problem, "write two ranges, or that day as a `date` of its own")
            return


def _years(calendar: Calendar, today: date) -> list[int]:
    """Those that school is known to be planned for; next year from December on."""
    planned = {today.year, (today.replace(day=1) + 31 * DAY).year}
    planned |= {year for term in calendar.terms for year in range(term.first.year, term.last.year + 1)}
    return sorted(year for year in planned if year >= today.year)[:3]


def _is_written(calendar: Calendar, year: int) -> bool:
    """Whether the file itself says something of a year's public holidays."""
    return any(
        days.kind is DayKind.HOLIDAY or (days.kind in IN_SESSION and not calendar.week[days.first.weekday()])
        for days in calendar.local
        if days.first.year == year
    )


def _local(table: ExceptionTable) -> LocalDays:
    first, last = table.date or table.first, table.date or table.last
    if first is None or last is None:  # pragma: no cover - a fault that was found before
        raise ValueError("an exception without a date")
    reason = None if table.reason is None else _text(table.reason)
    hours = None if table.hours is None else tuple(table.hours)
    return LocalDays(first, last, table.kind, _text(table.name), reason, hours)


def _written(hours: tuple[Span, ...]) -> list[str]:
    return [str(span) for span in hours]


def _text(text: TextTable) -> Text:
    return Text(zh=text.zh, en=text.en)
