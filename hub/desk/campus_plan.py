"""The plan of the campus: how every checkpoint stands in the rounds of a day; pure.

now in a round that is under way:   visited | next | due | overdue (after the round's end, or its own latest)
in none, but in one that is over:   visited | missed
else:                               idle
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from devices.facts import Trust
from hub.book.model import RoundRun
from hub.config.model import Campus, CampusPlan, Checkpoint
from hub.rounds.standing import deadline_of
from hub.rounds.timeline import who_of
from hub.web.scene import Scene
from rules.model import RoundState, Text
from rules.progress import UNDER_WAY
from rules.route import Stop, Visit

_DONE: Final = (RoundState.COMPLETED, RoundState.COMPLETED_LATE)


class Stand(Enum):
    """How a checkpoint stands, the most urgent first."""

    OVERDUE = "overdue"
    NEXT = "next"
    DUE = "due"
    VISITED = "visited"
    MISSED = "missed"
    IDLE = "idle"


_TONES: Final = {
    Stand.OVERDUE: "warn",
    Stand.NEXT: "info",
    Stand.DUE: "off",
    Stand.VISITED: "ok",
    Stand.MISSED: "crit",
    Stand.IDLE: "off",
}
_EDGE: Final = 12  # percent of the picture
_URGENCY: Final = {stand: number for number, stand in enumerate(Stand)}


class Mark(msgspec.Struct, frozen=True):
    """A checkpoint on the plan. `number`: in the configuration, from 1; `x`, `y`: percent, as text; empty: it
    is not placed. `run`: of which `stand` tells, and `until_ms` when it is late there. `at_ms`, `who`: the
    last visit that counted on that day."""

    number: int
    id: str
    name: Text
    stand: Stand
    tone: str
    x: str = ""
    y: str = ""
    run: str = ""
    until_ms: int | None = None
    at_ms: int | None = None
    who: str = ""
    trust: Trust | None = None

    @property
    def anchor(self) -> str:
        """Where its words stand, so that they stay on the picture: `start` at its left edge."""
        percent = float(self.x.rstrip("%") or 50)
        return "start" if percent < _EDGE else "end" if percent > 100 - _EDGE else "middle"


class Group(msgspec.Struct, frozen=True):
    """The checkpoints of an area."""

    name: Text
    marks: tuple[Mark, ...]


class PlanCard(msgspec.Struct, frozen=True):
    """`picture`: what to ask for it by, which changes with it; empty: there is none."""

    picture: str
    placed: tuple[Mark, ...]
    unplaced: tuple[Mark, ...]
    groups: tuple[Group, ...]


def plan_card(scene: Scene, runs: Iterable[RoundRun]) -> PlanCard:
    """The plan by the runs of a day."""
    campus, runs = scene.campus, tuple(runs)
    places = campus.checkpoints.values()
    marks = [_mark(scene, runs, number, place) for number, place in enumerate(places, 1)]
    by_area = {
        area: [m for m, p in zip(marks, places, strict=True) if p.area == area] for area in campus.areas
    }
    has_plan = campus.plan is not None
    return PlanCard(
        picture=version_of(campus.plan) if campus.plan is not None else "",
        placed=tuple(mark for mark in marks if mark.x and has_plan),
        unplaced=tuple(mark for mark in marks if not mark.x and has_plan),
        groups=tuple(Group(scene.area_name(area), tuple(found)) for area, found in by_area.items() if found),
    )


def version_of(plan: CampusPlan) -> str:
    """The same for the same picture."""
    return hashlib.sha256(plan.content).hexdigest()[:16]


def _mark(scene: Scene, runs: tuple[RoundRun, ...], number: int, place: Checkpoint) -> Mark:
    found = [
        (_stand(scene, run, place), run)
        for run in runs
        if place.tag_uid in run.tags and run.state is not RoundState.EXCUSED
    ]
    current = [(stand, run) for stand, run in found if _is_current(scene, run)]
    over = [(stand, run) for stand, run in found if stand in (Stand.VISITED, Stand.MISSED)]
    if current:
        stand, run = min(current, key=lambda one: (_URGENCY[one[0]], one[1].ends_ms))
    elif over:
        stand, run = max(over, key=lambda one: (one[1].ends_ms, one[1].id))
    else:
        stand, run = Stand.IDLE, None
    last = _last(runs, place)
    spot = place.spot
    return Mark(
        number=number,
        id=place.id,
        name=place.name,
        stand=stand,
        tone=_TONES[stand],
        x=f"{spot.x:g}%" if spot else "",
        y=f"{spot.y:g}%" if spot else "",
        run=run.id if run else "",
        until_ms=_late_after(scene.campus, run, place) if run and stand in (Stand.NEXT, Stand.DUE) else None,
        at_ms=last.at_ms if last else None,
        who=who_of(scene.campus, last) if last else "",
        trust=last.trust if last else None,
    )


def _is_current(scene: Scene, run: RoundRun) -> bool:
    is_open = run.state in UNDER_WAY or run.state in _DONE
    return is_open and run.starts_ms <= scene.now_ms <= deadline_of(run)


def _stand(scene: Scene, run: RoundRun, place: Checkpoint) -> Stand:
    if place.tag_uid in run.visited:
        return Stand.VISITED
    if run.state not in UNDER_WAY or scene.now_ms > deadline_of(run):
        return Stand.MISSED
    if scene.now_ms < run.starts_ms:
        return Stand.IDLE
    if scene.now_ms > _late_after(scene.campus, run, place):
        return Stand.OVERDUE
    coming = next((tag for tag in run.tags if tag not in run.visited), "")
    return Stand.NEXT if coming == place.tag_uid else Stand.DUE


def _late_after(campus: Campus, run: RoundRun, place: Checkpoint) -> int:
    """When a checkpoint should have been visited in a run; later where the deadline was extended."""
    ends_ms = max(run.ends_ms, deadline_of(run) - run.grace_ms)
    planned = campus.rounds.get(run.round)
    stops = planned.stops if planned is not None else ()
    stop = next((one for one in stops if one.tag == place.tag_uid), Stop(place.tag_uid))
    return ends_ms if stop.latest_ms is None else min(ends_ms, run.starts_ms + stop.latest_ms)


def _last(runs: Iterable[RoundRun], place: Checkpoint) -> Visit | None:
    visits = [visit for run in runs for visit in run.visits if visit.tag == place.tag_uid]
    return max(visits, key=lambda visit: visit.at_ms, default=None)
