"""Who is where: everybody's last tap, and which round they are on; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from devices.facts import Tap, Trust
from hub.book.model import RoundRun
from hub.config.model import Campus, Person
from hub.config.walkers import walkers_of
from hub.rounds.standing import deadline_of
from hub.rounds.timeline import person_of
from hub.web.scene import Scene
from rules.model import Role, Text
from rules.progress import UNDER_WAY

_WITHIN_MS: Final = 24 * 3_600_000


class Whereabouts(msgspec.Struct, frozen=True):
    """Where somebody tapped last. `at_ms` None: nowhere within 24 hours; `where` None: the tag is unknown.

    `on`: the id and the name of the round that the person is on."""

    name: str
    role: Role
    at_ms: int | None
    where: Text | None
    trust: Trust
    on: tuple[str, Text] | None


class _Last(msgspec.Struct, frozen=True):
    at_ms: int
    tag: str
    trust: Trust


def whereabouts(scene: Scene, runs: Iterable[RoundRun]) -> tuple[Whereabouts, ...]:
    """Those who tapped within 24 hours, the newest first, then those whose round it is and who did not."""
    runs = tuple(runs)
    last = _last_of(scene, runs)
    on = {person: run for run in runs if _is_open(scene, run) for person in _walkers(scene.campus, run)}
    people = [one for one in scene.campus.people.values() if one.id in last or one.id in on]
    people.sort(key=lambda one: -last[one.id].at_ms if one.id in last else 0)
    return tuple(_line(scene, person, last.get(person.id), on.get(person.id)) for person in people)


def _line(scene: Scene, person: Person, last: _Last | None, run: RoundRun | None) -> Whereabouts:
    places = {place.tag_uid: place.name for place in scene.campus.checkpoints.values()}
    planned = scene.campus.rounds.get(run.round) if run else None
    return Whereabouts(
        name=person.name,
        role=person.role,
        at_ms=last.at_ms if last else None,
        where=places.get(last.tag) if last else None,
        trust=last.trust if last else Trust.MANUAL,
        on=(run.id, planned.name) if run and planned else None,
    )


def _last_of(scene: Scene, runs: Iterable[RoundRun]) -> dict[str, _Last]:
    newest: dict[str, _Last] = {}
    for person, last in _taps(scene, runs):
        is_recent = scene.now_ms - _WITHIN_MS <= last.at_ms <= scene.now_ms
        if is_recent and (person not in newest or newest[person].at_ms < last.at_ms):
            newest[person] = last
    return newest


def _taps(scene: Scene, runs: Iterable[RoundRun]) -> Iterator[tuple[str, _Last]]:
    for run in runs:
        for visit in run.visits:
            person = person_of(scene.campus, visit)
            if person:
                yield person, _Last(visit.at_ms, visit.tag, visit.trust)
    for tap in scene.taps:
        who = _tapped(scene.campus, tap)
        if who and not tap.refused:
            yield who, _Last(tap.measured_at_ms, tap.tag_uid, tap.trust)


def _tapped(campus: Campus, tap: Tap) -> str:
    if tap.person:
        return tap.person
    owners = (one.id for one in campus.people.values() if one.badge and one.badge == tap.badge)
    return next(owners, "")


def _walkers(campus: Campus, run: RoundRun) -> tuple[str, ...]:
    planned = campus.rounds.get(run.round)
    return tuple(person.id for person in walkers_of(campus, planned)) if planned else ()


def _is_open(scene: Scene, run: RoundRun) -> bool:
    return run.state in UNDER_WAY and run.starts_ms <= scene.now_ms <= deadline_of(run)
