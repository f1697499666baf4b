"""Whether the planned rounds can be walked: by a guard who exists, past places that exist, one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations
from typing import Final

from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.model import ALL_ROUNDS, Recurring, Round
from hub.config.patrol_schema import RoundTable, RouteTable
from hub.config.tags import uid_of
from hub.config.values import parse_time, parse_weekday
from rules.calendar import DayKind
from rules.durations import parse_duration
from rules.model import Role, Text
from rules.route import Sequence, Stop

_FIRST: Final = date(2024, 1, 1)  # where a recurrence begins that can be told from any day
_ANCHORED: Final = re.compile(r"INTERVAL=|COUNT=")
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class _Window:
    """Minutes of the week, from Monday 00:00; `ends` may lie in the next week."""

    starts: int
    ends: int
    on: frozenset[str]  # kinds of day

    def overlaps(self, other: _Window) -> bool:
        if self.starts // _DAY == other.starts // _DAY and not self.on & other.on:
            return False  # never on the same day; on days that follow each other any kinds may be
        shifts = (-_WEEK, 0, _WEEK)
        return any(self.starts < other.ends + by and other.starts + by < self.ends for by in shifts)


def check_rounds(document: Document) -> Iterator[Fault]:
    """Faults of routes, of single rounds, then rounds of one guard that overlap."""
    people = {own_id: entry for entry in document.entries("person") if (own_id := entry.text("id"))}
    places = _ids(document, "checkpoint")
    routes, shifts = _ids(document, "route"), _ids(document, "shift")
    for route in document.entries("route"):
        yield from _stops(route, places)
    for entry in document.entries("round"):
        if entry.text("id") == ALL_ROUNDS:
            problem = f"{shown(ALL_ROUNDS)} stands for all rounds of a day"
            yield entry.fault("id", problem, "choose another id")
        yield from _whose(entry, people, shifts)
        starts = _time(entry, "starts")
        if starts is not None and starts == _time(entry, "ends"):
            yield entry.fault("ends", "is when the round starts", "give people time to walk it")
        yield from _way(entry, places, routes)
        yield from _days(entry)
        yield from _length(entry)
        yield from _repeated(entry, "weekdays", "weekday")
        yield from _repeated(entry, "on", "kind of day")
    yield from _overlaps(document)


def rounds_of(file: schema.File) -> tuple[Round, ...]:
    """The rounds that a file without faults names, in its order."""
    routes = {route.id: route for route in file.route}
    tags = {place.id: uid_of(file, place) for place in file.checkpoint}
    return tuple(_round(table, routes.get(table.route or ""), tags) for table in file.round)


def _whose(entry: Entry, people: Mapping[str, Entry], shifts: set[str]) -> Iterator[Fault]:
    guards = {name for name, person in people.items() if person.table.get("role") == Role.GUARD.value}
    given = [key for key in ("guard", "role", "shift") if key in entry.table]
    if not given:
        remedy = "write the id of the [[person]] who walks it, or name a role or a shift"
        yield entry.fault("guard", "is missing", remedy)
    for key in given[1:]:
        yield entry.fault(key, f"does not go with {given[0]}", "write one of guard, role and shift")
    guard, role, shift = entry.text("guard"), entry.text("role"), entry.text("shift")
    if guard is not None and guard not in people:
        yield entry.fault("guard", f"there is no [[person]] {shown(guard)}", suggestion(guard, guards))
    elif guard is not None and guard not in guards and people[guard].text("role") is not None:
        problem = f"{shown(guard)} is not a guard"
        yield entry.fault("guard", problem, 'name another person, or make this one role = "guard"')
    if role in {known.value for known in Role} and role not in {one.text("role") for one in people.values()}:
        yield entry.fault("role", f"nobody is {shown(role or '')}", "name another role, or a person")
    if shift is not None and shift not in shifts:
        yield entry.fault("shift", f"there is no [[shift]] {shown(shift)}", suggestion(shift, shifts))


def _way(entry: Entry, places: set[str], routes: set[str]) -> Iterator[Fault]:
    if "route" not in entry.table and "checkpoints" not in entry.table:
        remedy = 'write the ids of the checkpoints to pass, as in ["gatehouse"], or name a [[route]]'
        yield entry.fault("checkpoints", "is missing", remedy)
    if "route" in entry.table and "checkpoints" in entry.table:
        yield entry.fault("checkpoints", "does not go with route", "write one of the two")
    route = entry.text("route")
    if route is not None and route not in routes:
        yield entry.fault("route", f"there is no [[route]] {shown(route)}", suggestion(route, routes))
    for index, name in entry.texts("checkpoints"):
        if name not in places:
            problem = f"there is no [[checkpoint]] {shown(name)}"
            yield entry.fault(("checkpoints", index), problem, suggestion(name, places))
    yield from _repeated(entry, "checkpoints", "checkpoint")


def _stops(route: Entry, places: set[str]) -> Iterator[Fault]:
    items = route.table.get("checkpoints")
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, list) else ()):
        table = item if isinstance(item, dict) else {}
        stop = Entry(route.document, (*route.path, "checkpoints", index), table)
        name = item if isinstance(item, str) else stop.text("id")
        place = ("checkpoints", index)
        if name is None:
            continue
        if name not in places:
            yield route.fault(place, f"there is no [[checkpoint]] {shown(name)}", suggestion(name, places))
        if name in seen:
            yield route.fault(place, f"{shown(name)} stands there already", "name each checkpoint once")
        seen.add(name)
        yield from _in_order(stop, "earliest", "latest")
        yield from _in_order(stop, "least", "most")


def _days(entry: Entry) -> Iterator[Fault]:
    rule = entry.text("rrule")
    if rule is None:
        if "first" in entry.table:
            yield entry.fault("first", "is for a recurrence", "leave it out, or write rrule as well")
        return
    if "weekdays" in entry.table:
        remedy = "write the weekdays as BYDAY=MO,TU, or leave it out"
        yield entry.fault("weekdays", "does not go with rrule", remedy)
    if "first" not in entry.table and _ANCHORED.search(rule.upper()):
        remedy = "write its first day, as in 2026-09-01: every other one of what is counted from there"
        yield entry.fault("first", "is missing", remedy)


def _length(entry: Entry) -> Iterator[Fault]:
    starts, ends = _time(entry, "starts"), _time(entry, "ends")
    window_ms = None
    if starts is not None and ends is not None and starts != ends:
        window_ms = (_minutes(ends) - _minutes(starts)) % _DAY * 60_000
    after_ms = _duration(entry.table.get("not_started_after"))
    if window_ms is not None and after_ms is not None and after_ms >= window_ms:
        yield entry.fault("not_started_after", "is not before the round's end", "write a shorter time")
    table = entry.table.get("duration")
    duration = Entry(entry.document, (*entry.path, "duration"), table if isinstance(table, dict) else {})
    yield from _in_order(duration, "least", "most")
    least_ms = _duration(duration.table.get("least"))
    if window_ms is not None and least_ms is not None and least_ms > window_ms:
        yield duration.fault("least", "is longer than from starts to ends", "give people time to walk it")


def _in_order(entry: Entry, low: str, high: str) -> Iterator[Fault]:
    low_ms, high_ms = _duration(entry.table.get(low)), _duration(entry.table.get(high))
    if low_ms is not None and high_ms is not None and low_ms >= high_ms:
        yield entry.fault(high, f"is not more than {low}", "swap or correct the two")


def _duration(value: object) -> int | None:
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _round(table: RoundTable, route: RouteTable | None, tags: Mapping[str, str]) -> Round:
    stops = route.checkpoints if route is not None else ()
    duration = table.duration
    return Round(
        id=table.id,
        name=Text(zh=table.name.zh, en=table.name.en),
        starts=table.starts,
        ends=table.ends,
        grace_ms=table.grace,
        checkpoints=tuple(stop.id for stop in stops) if route is not None else tuple(table.checkpoints),
        guard=table.guard or "",
        weekdays=tuple(sorted(table.weekdays)),
        on=tuple(table.on),
        role=table.role,
        shift=table.shift or "",
        route=table.route or "",
        sequence=route.order if route is not None else Sequence.FREE,
        stops=tuple(Stop(tags[one.id], one.earliest, one.latest, one.least, one.most) for one in stops),
        recurring=None if table.rrule is None else Recurring(table.rrule, table.first or _FIRST),
        least_ms=duration.least if duration is not None else None,
        most_ms=duration.most if duration is not None else None,
        not_started_after_ms=table.not_started_after,
        duplicate_ms=table.duplicate,
        alone_ms=table.alone,
    )


def _ids(document: Document, section: str) -> set[str]:
    return {own_id for entry in document.entries(section) if (own_id := entry.text("id"))}


def _repeated(entry: Entry, key: str, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in entry.texts(key):
        if name in seen:
            yield entry.fault((key, index), f"{shown(name)} stands there already", f"name each {what} once")
        seen.add(name)


def _overlaps(document: Document) -> Iterator[Fault]:
    walks = [
        (entry, entry.text("guard"), _windows(entry))
        for entry in document.entries("round")
        if "rrule" not in entry.table  # who walks on which day only the calendar knows
    ]
    for (first, guard, windows), (second, other_guard, other_windows) in combinations(walks, 2):
        if guard is None or guard != other_guard:
            continue
        if any(window.overlaps(other) for window in windows for other in other_windows):
            problem = f"overlaps round {shown(first.text('id') or '?')}, and {shown(guard)} walks both"
            yield second.fault("starts", problem, "move one of them, or give it to another guard")


def _windows(entry: Entry) -> tuple[_Window, ...]:
    """When the round takes place in a week; none if its times or weekdays are wrong."""
    starts, ends = _time(entry, "starts"), _time(entry, "ends")
    if starts is None or ends is None or starts == ends:
        return ()
    days = range(7) if "weekdays" not in entry.table else _weekdays(entry)
    length = (_minutes(ends) - _minutes(starts)) % _DAY
    kinds = (
        (name for _, name in entry.texts("on")) if "on" in entry.table else (kind.value for kind in DayKind)
    )
    on = frozenset(kinds)
    return tuple(_Window(at := day * _DAY + _minutes(starts), at + length, on) for day in days)


def _weekdays(entry: Entry) -> list[int]:
    days = (parse_weekday(name) for _, name in entry.texts("weekdays"))
    return [day for day in days if day is not None]


def _time(entry: Entry, key: str) -> time | None:
    value = entry.table.get(key)
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    return parse_time(value) if isinstance(value, str) else None


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
