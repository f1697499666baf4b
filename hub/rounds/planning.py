"""From the rounds in the configuration to the runs of one local day; pure.

day               |00:00                              24:00|
runs                 |--dawn--|   |--morning--|        |--night, ends tomorrow--|
the day itself    |<--------------------------------------->|  `patrols@<day>`: enough of them?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from hub.config.model import ALL_ROUNDS, Campus, Round
from hub.config.walkers import walkers_of
from rules.bind import DayTarget, Planned, RoundTarget
from rules.local_time import Span, interval, midnight_ms
from rules.recurrence import falls_on
from rules.route import Stop, Walk

_DAY = timedelta(days=1)


def runs_of_day(campus: Campus, day: date) -> tuple[tuple[str, RoundTarget], ...]:
    """The runs that start on a local day, each with its round's id. A run's id is `<round>@<day>`.

    A round is planned on its weekdays, or by its recurrence, as far as the calendar makes them a kind of day
    that it is on. A time that a change of the clocks repeats is its first; one that it skips is the moment of
    the change."""
    near = [walk for each in (day - _DAY, day, day + _DAY) for walk in _walks(campus, each)]
    return tuple(
        (planned.id, RoundTarget(f"{planned.id}@{day.isoformat()}", _apart(walk, (one for _, one in near))))
        for planned, walk in _walks(campus, day)
    )


def plan_of_day(campus: Campus, day: date) -> tuple[tuple[str, Planned], ...]:
    """The runs of a local day, and the day itself if there are any."""
    runs = runs_of_day(campus, day)
    if not runs:
        return ()
    zone = campus.calendar.zone
    keys = tuple(place.tag_uid for place in campus.checkpoints.values() if place.key)
    whole = DayTarget(
        id=f"{ALL_ROUNDS}@{day.isoformat()}",
        starts_ms=midnight_ms(zone, day),
        ends_ms=midnight_ms(zone, day + _DAY),
        runs=tuple(run for _, run in runs),
        key_tags=keys,
    )
    return (*runs, (ALL_ROUNDS, whole))


def planned(campus: Campus, subject: str) -> Planned | None:
    """The run or the day with this id, by the configuration of now; None: it has no such."""
    try:
        day = date.fromisoformat(subject.partition("@")[2])
    except ValueError:
        return None
    return next((target for _, target in plan_of_day(campus, day) if target.id == subject), None)


def _walks(campus: Campus, day: date) -> Iterator[tuple[Round, Walk]]:
    kind = campus.calendar.day(day).kind
    for planned in campus.rounds.values():
        if kind in planned.on and _is_day(planned, day):
            yield planned, _walk(campus, planned, day)


def _is_day(planned: Round, day: date) -> bool:
    if planned.recurring is None:
        return day.weekday() in planned.weekdays
    return falls_on(planned.recurring.rule, planned.recurring.first, day)


def _walk(campus: Campus, planned: Round, day: date) -> Walk:
    when = interval(campus.calendar.zone, day, Span(planned.starts, planned.ends))
    own = {stop.tag: stop for stop in planned.stops}
    tags = (campus.checkpoints[checkpoint].tag_uid for checkpoint in planned.checkpoints)
    people = walkers_of(campus, planned)
    return Walk(
        starts_ms=when.starts_ms,
        ends_ms=when.ends_ms,
        grace_ms=planned.grace_ms,
        stops=tuple(own.get(tag, Stop(tag)) for tag in tags),
        sequence=planned.sequence,
        people=tuple(person.id for person in people),
        badges=tuple(person.badge for person in people if person.badge),
        least_ms=planned.least_ms,
        most_ms=planned.most_ms,
        unstarted_ms=planned.not_started_after_ms,
        duplicate_ms=planned.duplicate_ms,
    )


def _apart(walk: Walk, near: Iterable[Walk]) -> Walk:
    """The walk, knowing whose taps belong to rounds of their own at the same time and places."""
    own = {*walk.people, *walk.badges}
    others = {
        name
        for other in near
        if other.starts_ms <= walk.deadline_ms
        and walk.starts_ms <= other.deadline_ms
        and not set(other.tags).isdisjoint(walk.tags)
        for name in (*other.people, *other.badges)
    }
    return replace(walk, others=tuple(sorted(others - own)))
