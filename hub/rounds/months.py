"""A month of rounds, counted: how each ended, by round, by day and by person; pure.

kept         completed in time                incomplete, missed the deadline is over
late         completed in the time of grace   excused            nobody had to walk it: not in percents
open         due, or under way                to come            its start lies ahead
percent      (kept + late) ÷ all that are over
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Final

import msgspec

from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.config.walkers import walkers_of
from hub.rounds.queries import day_of
from hub.rounds.timeline import person_of
from rules.local_time import day_at
from rules.model import RoundState, Text


class Outcome(Enum):
    """How a run ended."""

    KEPT = "kept"
    LATE = "late"
    INCOMPLETE = "incomplete"
    MISSED = "missed"
    EXCUSED = "excused"
    OPEN = "open"
    TO_COME = "to_come"


_OUTCOMES: Final[Mapping[RoundState, Outcome]] = {
    RoundState.COMPLETED: Outcome.KEPT,
    RoundState.COMPLETED_LATE: Outcome.LATE,
    RoundState.INCOMPLETE: Outcome.INCOMPLETE,
    RoundState.MISSED: Outcome.MISSED,
    RoundState.EXCUSED: Outcome.EXCUSED,
}


_UNSTARTED: Final = frozenset({RoundState.PLANNED, RoundState.DUE})
_PLANNED_AHEAD: Final = timedelta(days=1)  # a day's rounds are written down on the day before


class Counts(msgspec.Struct, frozen=True):
    """How many runs ended how."""

    kept: int = 0
    late: int = 0
    incomplete: int = 0
    missed: int = 0
    excused: int = 0
    open: int = 0
    to_come: int = 0

    @property
    def judged(self) -> int:
        """Those that had to be walked and are over."""
        return self.kept + self.late + self.incomplete + self.missed

    @property
    def percent(self) -> int | None:
        """How many of them were completed, rounded down: 100 means all; None: there are none."""
        return 100 * (self.kept + self.late) // self.judged if self.judged else None


class Cell(msgspec.Struct, frozen=True):
    """A run in the grid."""

    run: str
    outcome: Outcome


class RoundRow(msgspec.Struct, frozen=True):
    """A round: its runs by day, in the order of the month's days, None where it was not planned."""

    id: str
    name: Text
    cells: tuple[Cell | None, ...]
    counts: Counts


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody's rounds. `id` empty: of rounds that several answer for, and nobody came."""

    id: str
    name: str
    counts: Counts


class Month(msgspec.Struct, frozen=True):
    """`per_day` goes with `days`. `before`: how many of the first days were before the hub's start; `ahead`:
    how many of the last ones are not planned yet."""

    days: tuple[date, ...]
    rounds: tuple[RoundRow, ...]
    per_day: tuple[Counts, ...]
    people: tuple[PersonRow, ...]
    counts: Counts
    before: int = 0
    ahead: int = 0


def outcome_of(run: RoundRun, now_ms: int) -> Outcome:
    """How a run ended, or that it did not yet, or has not begun."""
    is_to_come = run.state in _UNSTARTED and now_ms < run.starts_ms
    return _OUTCOMES.get(run.state, Outcome.TO_COME if is_to_come else Outcome.OPEN)


def days_of(first: date) -> tuple[date, ...]:
    """The days of the month that begins with `first`."""
    return tuple(first + timedelta(days=n) for n in range(monthrange(first.year, first.month)[1]))


def month_of(
    campus: Campus, runs: Iterable[RoundRun], first: date, now_ms: int, *, started: date | None = None
) -> Month:
    """The month that begins with `first`; `runs`: of its days; `started`: the first day with runs ever."""
    days = days_of(first)
    places = {day.isoformat(): number for number, day in enumerate(days)}
    own = [run for run in runs if day_of(run) in places]
    tomorrow = day_at(campus.site.zone, now_ms) + _PLANNED_AHEAD
    planned = max((tomorrow, *(days[places[day_of(run)]] for run in own)))
    return Month(
        days=days,
        rounds=tuple(_row(campus, id_, own, places, now_ms) for id_ in _ids(campus, own)),
        per_day=tuple(
            counts_of((run for run in own if places[day_of(run)] == number), now_ms)
            for number in range(len(days))
        ),
        people=_people(campus, own, now_ms),
        counts=counts_of(own, now_ms),
        before=sum(started is not None and day < started for day in days),
        ahead=sum(planned < day for day in days),
    )


def counts_of(runs: Iterable[RoundRun], now_ms: int) -> Counts:
    """Runs counted by how they ended."""
    found = dict.fromkeys(Outcome, 0)
    for run in runs:
        found[outcome_of(run, now_ms)] += 1
    return Counts(**{outcome.value: number for outcome, number in found.items()})


def whose(campus: Campus, run: RoundRun) -> tuple[str, ...]:
    """The ids of those whom a run is counted for: who walked it, else who had to; nobody if several had."""
    walked = dict.fromkeys(person for visit in run.visits if (person := person_of(campus, visit)))
    if walked:
        return tuple(walked)
    planned = campus.rounds.get(run.round)
    people = walkers_of(campus, planned) if planned is not None else ()
    return (people[0].id,) if len(people) == 1 else ()


def _ids(campus: Campus, runs: Iterable[RoundRun]) -> list[str]:
    """In the order of the configuration; what it has lost comes last."""
    seen = {run.round for run in runs}
    return [*(id_ for id_ in campus.rounds if id_ in seen), *sorted(seen - campus.rounds.keys())]


def _row(
    campus: Campus, id_: str, runs: Iterable[RoundRun], places: Mapping[str, int], now_ms: int
) -> RoundRow:
    own = [run for run in runs if run.round == id_]
    cells: list[Cell | None] = [None] * len(places)
    for run in own:
        cells[places[day_of(run)]] = Cell(run.id, outcome_of(run, now_ms))
    planned = campus.rounds.get(id_)
    return RoundRow(id_, planned.name if planned else Text(id_, id_), tuple(cells), counts_of(own, now_ms))


def _people(campus: Campus, runs: Iterable[RoundRun], now_ms: int) -> tuple[PersonRow, ...]:
    found: dict[str, list[RoundRun]] = {}
    for run in runs:
        for person in whose(campus, run) or ("",):
            found.setdefault(person, []).append(run)
    rows = [PersonRow(id_, _name(campus, id_), counts_of(own, now_ms)) for id_, own in found.items()]
    return tuple(sorted(rows, key=lambda row: (not row.id, row.name, row.id)))


def _name(campus: Campus, person: str) -> str:
    return campus.people[person].name if person in campus.people else person
