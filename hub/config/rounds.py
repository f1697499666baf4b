"""Whether the planned rounds can be walked: by a guard who exists, past places that exist, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from itertools import combinations

from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.values import parse_time, parse_weekday
from rules.calendar import DayKind
from rules.model import Role

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
    """Faults of single rounds, then rounds of one guard that overlap."""
    people = {own_id: entry for entry in document.entries("person") if (own_id := entry.text("id"))}
    guards = {name for name, entry in people.items() if entry.table.get("role") == Role.GUARD.value}
    places = {own_id for entry in document.entries("checkpoint") if (own_id := entry.text("id"))}
    for entry in document.entries("round"):
        guard = entry.text("guard")
        if guard is not None and guard not in people:
            yield entry.fault("guard", f"there is no [[person]] {shown(guard)}", suggestion(guard, guards))
        elif guard is not None and guard not in guards and people[guard].text("role") is not None:
            problem = f"{shown(guard)} is not a guard"
            yield entry.fault("guard", problem, 'name another person, or make this one role = "guard"')
        starts = _time(entry, "starts")
        if starts is not None and starts == _time(entry, "ends"):
            yield entry.fault("ends", "is when the round starts", "give people time to walk it")
        yield from _route(entry, places)
        yield from _repeated(entry, "weekdays", "weekday")
        yield from _repeated(entry, "on", "kind of day")
    yield from _overlaps(document)


def _route(entry: Entry, places: set[str]) -> Iterator[Fault]:
    for index, name in entry.texts("checkpoints"):
        if name not in places:
            problem = f"there is no [[checkpoint]] {shown(name)}"
            yield entry.fault(("checkpoints", index), problem, suggestion(name, places))
    yield from _repeated(entry, "checkpoints", "checkpoint")


def _repeated(entry: Entry, key: str, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in entry.texts(key):
        if name in seen:
            yield entry.fault((key, index), f"{shown(name)} stands there already", f"name each {what} once")
        seen.add(name)


def _overlaps(document: Document) -> Iterator[Fault]:
    walks = [(entry, entry.text("guard"), _windows(entry)) for entry in document.entries("round")]
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
