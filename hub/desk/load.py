"""The page of the alarm load: what alarms ask of each shift and person, beside the guidance of ISA-18.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.config.model import Campus
from hub.web.deps import Deps
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.life import Change
from rules.load import FLOOD, MANAGEABLE, MOST_STANDING, Entry, Group, Load, loads
from rules.local_time import Span
from rules.model import Role, Text
from rules.shifts import Shift, under_way, worked_ms

_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_CHOICES: Final = (7, 30)
_BATCH: Final = 5_000
_OUTSIDE: Final = ""  # of all shifts of whoever it is about
# What a day is divided into where the configuration knows no shifts; everybody works both.
_HALVES: Final = (
    ("day", Text("白天", "Day"), time(6), time(22)),
    ("night", Text("夜间", "Night"), time(22), time(6)),
)

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


class Line(msgspec.Struct, frozen=True):
    """The load of somebody in a shift. `shift` None: outside every shift of theirs."""

    shift: Shift | None
    load: Load


def add_load(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The page."""

    @routes.get("/load")
    def load(viewer: CurrentViewer, days: int = _CHOICES[0]) -> Response:
        """The last 7 or 30 days."""
        shown = days if days in _CHOICES else _CHOICES[0]
        record = tuple(_record(deps.book))
        now_ms = deps.now()
        page = pages.page(
            "desk/load",
            viewer,
            viewer.language,
            days=shown,
            choices=_CHOICES,
            by_shift=by_shift(deps.campus, record, shown, now_ms),
            by_person=by_person(deps.campus, record, shown, now_ms),
            has_shifts=bool(deps.campus.shifts),
            flood=FLOOD,
            manageable=MANAGEABLE,
            most_standing=MOST_STANDING,
        )
        return HTMLResponse(page)


def by_shift(campus: Campus, record: Iterable[AlertChanged], days: int, now_ms: int) -> tuple[Line, ...]:
    """The loads of the last days by shift and role: an alert belongs to the role that its rule gives it to,
    and to the shift in which somebody of that role works."""
    shifts = _shifts(campus)
    roles = {role.value: tuple(one for one in shifts if _has(campus, one, role)) for role in Role}
    lines = _lines(campus, _by_role(campus, record), roles, days, now_ms)
    return tuple(sorted(lines, key=lambda line: (_place(shifts, line.shift), line.load.who)))


def by_person(campus: Campus, record: Iterable[AlertChanged], days: int, now_ms: int) -> tuple[Line, ...]:
    """The loads of the last days by person and shift: an alert belongs to whoever took it on first."""
    shifts = _shifts(campus)
    people = {id_: tuple(one for one in shifts if id_ in one.people) for id_ in campus.people}
    lines = _lines(campus, _by_taker(campus, tuple(record)), people, days, now_ms)
    return tuple(sorted(lines, key=lambda line: (line.load.who, _place(shifts, line.shift))))


def _lines(
    campus: Campus,
    entries: Iterator[Entry],
    shifts_of: dict[str, tuple[Shift, ...]],
    days: int,
    now_ms: int,
) -> list[Line]:
    from_ms, to_ms = now_ms - days * _DAY_MS, now_ms + 1

    def at(who: str, at_ms: int) -> tuple[str, ...]:
        worked = under_way(shifts_of[who], campus.calendar, at_ms)
        return tuple(shift.id for shift in worked) or (_OUTSIDE,)

    known = {shift.id: shift for shifts in shifts_of.values() for shift in shifts}
    found = loads(entries, at, _minutes(campus, shifts_of, from_ms, to_ms), from_ms, to_ms)
    return [Line(known.get(load.shift), load) for load in found]


def _minutes(
    campus: Campus, shifts_of: dict[str, tuple[Shift, ...]], from_ms: int, to_ms: int
) -> dict[Group, float]:
    """How long each shift of each was, and how long they had none."""

    def worked(shifts: tuple[Shift, ...]) -> int:
        return worked_ms(shifts, campus.calendar, from_ms, to_ms)

    found: dict[Group, float] = {}
    for who, shifts in shifts_of.items():
        found[who, _OUTSIDE] = (to_ms - from_ms - worked(shifts)) / _MINUTE_MS
        found.update(((who, shift.id), worked((shift,)) / _MINUTE_MS) for shift in shifts)
    return found


def _shifts(campus: Campus) -> tuple[Shift, ...]:
    everybody = tuple(campus.people)
    halves = (Shift(id_, name, Span(starts, ends), everybody) for id_, name, starts, ends in _HALVES)
    return campus.shifts or tuple(halves)


def _has(campus: Campus, shift: Shift, role: Role) -> bool:
    return any(campus.people[id_].role is role for id_ in shift.people)


def _place(shifts: tuple[Shift, ...], shift: Shift | None) -> int:
    """In the order of the configuration; what is outside of all comes last."""
    return shifts.index(shift) if shift is not None else len(shifts)


def _by_role(campus: Campus, record: Iterable[AlertChanged]) -> Iterator[Entry]:
    for change in record:
        rule = campus.rules.get(change.rule)
        if rule is not None:
            yield _entry(change, rule.owner.value)


def _by_taker(campus: Campus, record: tuple[AlertChanged, ...]) -> Iterator[Entry]:
    """What nobody took on belongs to nobody."""
    takers: dict[int, str] = {}
    for change in record:
        if change.change is Change.ACKNOWLEDGED and change.by in campus.people:
            takers.setdefault(change.alert, change.by)
    return (_entry(change, takers[change.alert]) for change in record if change.alert in takers)


def _entry(change: AlertChanged, who: str) -> Entry:
    return Entry(
        change.alert,
        change.rule,
        change.subject,
        who,
        change.change,
        change.at_ms,
        bool(change.hushes),
    )


def _record(book: Book) -> Iterator[AlertChanged]:
    last = 0
    while True:
        with book.reading() as session:
            entries = journal.after(session, last, _BATCH)
        if not entries:
            return
        last = entries[-1].id
        yield from (entry.decision for entry in entries if isinstance(entry.decision, AlertChanged))
