"""What is wrong within [calendar]: dates that contradict, terms that overlap, hours of days that are free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from itertools import combinations
from typing import Final, NamedTuple

from hub.config.calendar_countries import known_countries
from hub.config.calendar_schema import parse_date, parse_hours
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from rules.calendar import IN_SESSION, DayKind
from rules.local_time import Span

_LONGEST_DAYS: Final = 400
_FREE: Final = frozenset({DayKind.HOLIDAY.value, DayKind.VACATION.value})


class _Days(NamedTuple):
    entry: Entry
    first: date
    last: date


def check_calendar(document: Document) -> Iterator[Fault]:
    """Every fault that lies between the section's keys."""
    calendar = document.section("calendar")
    country = calendar.text("country")
    if country is not None and len(country) == 2 and country.isupper() and country not in known_countries():
        problem = f"the public holidays of {shown(country)} are not known"
        yield calendar.fault("country", problem, suggestion(country, known_countries()))
    yield from _weekdays(calendar)
    yield from _hours(calendar)
    terms = list(document.entries("calendar", "term"))
    for term in terms:
        yield from _order(term)
    yield from _overlaps(_dated(terms), "this term")
    exceptions = list(document.entries("calendar", "exception"))
    for one in exceptions:
        yield from _dates(one)
        yield from _order(one)
        yield from _kind(one)
        yield from _hours(one)
    # An exact date takes one out of a range; two of a kind contradict each other.
    yield from _overlaps(_dated([one for one in exceptions if "date" in one.table]), "this date")
    yield from _overlaps(_dated([one for one in exceptions if "date" not in one.table]), "this range")


def _weekdays(calendar: Entry) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in calendar.texts("weekdays"):
        if name in seen:
            yield calendar.fault(
                ("weekdays", index), f"{shown(name)} stands there already", "name each weekday once"
            )
        seen.add(name)


def _dates(one: Entry) -> Iterator[Fault]:
    has_range = "first" in one.table or "last" in one.table
    if "date" in one.table and has_range:
        yield one.fault("date", "stands beside `first` or `last`", "write either `date`, or both of those")
    elif "date" not in one.table and not {"first", "last"} <= one.table.keys():
        missing = "last" if "first" in one.table else "first" if has_range else "date"
        remedy = "write `date = 2026-10-09`, or `first` and `last`"
        yield one.fault(missing, "is missing", remedy)


def _order(one: Entry) -> Iterator[Fault]:
    first, last = parse_date(one.table.get("first")), parse_date(one.table.get("last"))
    if first is None or last is None:
        return
    if last < first:
        yield one.fault("last", f"{last} is before first = {first}", "swap or correct the two")
    elif (last - first).days > _LONGEST_DAYS:
        yield one.fault("last", f"{last} is more than a year after {first}", "correct one of the two")


def _kind(one: Entry) -> Iterator[Fault]:
    kind = one.text("kind")
    if kind == DayKind.WEEKEND.value:
        remedy = 'write "holiday" or "vacation" for a free day'
        yield one.fault("kind", "a weekend is not an exception", remedy)
    if kind == DayKind.HALF.value and "hours" not in one.table:
        yield one.fault("hours", "is missing", 'write when school is in that day, as in ["07:00-12:00"]')
    if kind in _FREE and "hours" in one.table:
        known = ", ".join(sorted(day.value for day in IN_SESSION))
        yield one.fault(
            "hours", f"school is not in on a {kind}", f"leave it out, or write a kind of: {known}"
        )


def _hours(entry: Entry) -> Iterator[Fault]:
    spans = [(index, span) for index, text in entry.texts("hours") if (span := parse_hours(text))]
    for (_, one), (index, other) in combinations(spans, 2):
        if _meet(one, other):
            yield entry.fault(("hours", index), f"{other} overlaps {one}", "join the two, or correct one")


def _meet(one: Span, other: Span) -> bool:
    """Whether two spans of every day share a time, today's with yesterday's too."""
    (starts, ends), (other_starts, other_ends) = _minutes(one), _minutes(other)
    return any(starts < other_ends + by and other_starts + by < ends for by in (-1440, 0, 1440))


def _minutes(span: Span) -> tuple[int, int]:
    starts, ends = _minute(span.starts), _minute(span.ends)
    return starts, ends if ends > starts else ends + 1440


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _dated(entries: list[Entry]) -> list[_Days]:
    """Those whose dates can be compared."""
    found = []
    for entry in entries:
        first = parse_date(entry.table.get("date", entry.table.get("first")))
        last = parse_date(entry.table.get("date", entry.table.get("last")))
        if first is not None and last is not None and first <= last:
            found.append(_Days(entry, first, last))
    return found


def _overlaps(days: list[_Days], what: str) -> Iterator[Fault]:
    for one, other in combinations(days, 2):
        if one.first <= other.last and other.first <= one.last:
            key = "date" if "date" in other.entry.table else "first"
            line = one.entry.fault("date" if key == "date" else "first", "", "").line
            meets = max(one.first, other.first)
            problem = f"{what} and that in line {line} both say what {meets} is"
            yield other.entry.fault(key, problem, "correct the dates of one of them, or take it out")
