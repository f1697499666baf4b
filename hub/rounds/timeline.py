"""The course of one run, stop by stop, and what is remarkable about each; pure.

    stops visited, in order of time          then those that were not, in the route's order
    gate 08:01 | hall 08:09 (+8 min) | gate 08:12 again | boiler room: not visited

What is marked is what the rules in force find (`rules.flaws`), so that the page says what the alerts say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec
from msgspec.structs import replace

from devices.facts import Order, RoundOrder, Trust
from hub.book.model import RoundRun
from hub.config.model import Campus, Checkpoint
from hub.rounds.standing import deadline_of
from rules.bind import RoundTarget, bind
from rules.flaws import findings
from rules.model import Flaw, RoundFlaw, RoundState, State, Text
from rules.progress import UNDER_WAY, progress_of
from rules.route import MOST_EXTENSION_MS, Decided, Stop, Visit, Walk

_ARRIVED_LATE_MS: Final = 10 * 60_000


class Mark(Enum):
    """What is remarkable about a visit."""

    LATE = "late"  # after the planned end, in the time of grace
    LATE_START = "late_start"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
    TOO_SLOW = "too_slow"
    OFF_TIME = "off_time"
    WRONG_PERSON = "wrong_person"
    AGAIN = "again"  # the stop was visited before
    ARRIVED_LATE = "arrived_late"  # the phone brought it later


_OF_FLAWS: Final[Mapping[Flaw, Mark]] = {
    Flaw.LATE_START: Mark.LATE_START,
    Flaw.OUT_OF_ORDER: Mark.OUT_OF_ORDER,
    Flaw.TOO_FAST: Mark.TOO_FAST,
    Flaw.TOO_SLOW: Mark.TOO_SLOW,
    Flaw.OFF_TIME: Mark.OFF_TIME,
    Flaw.WRONG_PERSON: Mark.WRONG_PERSON,
}


class Line(msgspec.Struct, frozen=True):
    """One stop. `number`: in the route, from 1. `earliest_ms`, `latest_ms`: when it may be visited;
    `least_ms`, `most_ms`: since the stop before it; None: any.

    `at_ms` None: it was not visited (yet). `since_ms`: since the visit before it; None: it was the first.
    `who`: a name, or what tapped where nobody is known."""

    number: int
    tag: str
    checkpoint: str
    name: Text
    area: Text | None
    earliest_ms: int | None = None
    latest_ms: int | None = None
    least_ms: int | None = None
    most_ms: int | None = None
    at_ms: int | None = None
    received_ms: int | None = None
    since_ms: int | None = None
    person: str = ""
    who: str = ""
    badge: str = ""
    device: str = ""
    trust: Trust | None = None
    marks: tuple[Mark, ...] = ()


def walk_of(run: RoundRun, target: RoundTarget | None) -> Walk:
    """What was to be walked: as configured now if that is what the run was planned as, and as far as the
    run itself tells otherwise."""
    if target is not None and target.walk.tags == run.tags:
        own = target.walk
    else:
        own = Walk(run.starts_ms, run.ends_ms, run.grace_ms, tuple(Stop(tag) for tag in run.tags))
    return replace(own, starts_ms=run.starts_ms, ends_ms=run.ends_ms, grace_ms=run.grace_ms)


def course(
    campus: Campus, run: RoundRun, walk: Walk, orders: Iterable[Decided], now_ms: int
) -> tuple[Line, ...]:
    """The stops of a run: visits in order of time, then what was not visited, in the route's order."""
    places = {place.tag_uid: place for place in campus.checkpoints.values()}
    blank = {tag: _blank(campus, walk, number, tag, places) for number, tag in enumerate(run.tags, 1)}
    marks = _marks(campus, run, walk, tuple(orders), now_ms)
    lines: list[Line] = []
    before: Visit | None = None
    for visit in run.visits:
        stop = blank.get(visit.tag)
        if stop is not None:
            again = any(line.tag == visit.tag for line in lines)
            lines.append(_visited(campus, run, stop, visit, before, marks.get(visit.at_ms, ()), again=again))
            before = visit
    seen = {line.tag for line in lines}
    # Of a round that an older campushub watched, only the tags are known.
    return (*lines, *(line for tag, line in blank.items() if tag not in seen))


def is_visited(run: RoundRun, line: Line) -> bool:
    """Whether a stop was visited, also where nothing else is known of it."""
    return line.at_ms is not None or line.tag in run.visited


def walked_ms(lines: Sequence[Line]) -> int | None:
    """From the first visit to the last; None: there are not two."""
    times = [line.at_ms for line in lines if line.at_ms is not None]
    return times[-1] - times[0] if len(times) > 1 else None


def merged(known: Iterable[Decided], logged: Iterable[RoundOrder]) -> tuple[Decided, ...]:
    """Decisions of the book and of the log, each once, in order of time. What the journal tells of is left
    out where the log has the decisions themselves."""
    found = {
        order.key: Decided(
            order.measured_at_ms, order.key, order.order, order.by, order.reason, order.until_ms, order.round
        )
        for order in logged
    }
    for one in known:
        if not (found and one.key.startswith("journal:")):
            found.setdefault(one.key, one)
    return tuple(sorted(found.values(), key=lambda one: (one.at_ms, one.key)))


def latest_deadline(run: RoundRun) -> int:
    """How late the deadline of a run may ever be."""
    return run.ends_ms + run.grace_ms + MOST_EXTENSION_MS


def choices(run: RoundRun, may: Iterable[Order], now_ms: int) -> tuple[Order, ...]:
    """Which of what somebody may decide makes sense now."""
    if run.state in (RoundState.COMPLETED, RoundState.COMPLETED_LATE):
        return ()
    allowed, begun = frozenset(may), now_ms >= run.starts_ms
    is_open = run.state in UNDER_WAY and now_ms < deadline_of(run)
    sensible = {
        Order.PAUSE: is_open and begun and run.state is not RoundState.PAUSED,
        Order.RESUME: begun
        and (run.state is RoundState.PAUSED or (run.state not in UNDER_WAY and bool(run.decided_by))),
        Order.FINISH: is_open and begun,
        Order.EXTEND: run.state is not RoundState.EXCUSED and now_ms < latest_deadline(run),
        Order.EXCUSE: run.state is not RoundState.EXCUSED,
    }
    return tuple(order for order in Order if order in allowed and sensible[order])


def _blank(campus: Campus, walk: Walk, number: int, tag: str, places: Mapping[str, Checkpoint]) -> Line:
    place = places.get(tag)
    area = campus.areas.get(place.area) if place else None
    stop = next((one for one in walk.stops if one.tag == tag), Stop(tag))
    return Line(
        number=number,
        tag=tag,
        checkpoint=place.id if place else "",
        name=place.name if place else Text(tag, tag),
        area=area.name if area else None,
        earliest_ms=_after(walk, stop.earliest_ms),
        latest_ms=_after(walk, stop.latest_ms),
        least_ms=stop.least_ms,
        most_ms=stop.most_ms,
    )


def _after(walk: Walk, by_ms: int | None) -> int | None:
    return None if by_ms is None else walk.starts_ms + by_ms


def _visited(
    campus: Campus,
    run: RoundRun,
    stop: Line,
    visit: Visit,
    before: Visit | None,
    marks: Iterable[Mark],
    *,
    again: bool,
) -> Line:
    own = [*marks]
    if visit.at_ms > run.ends_ms:
        own.append(Mark.LATE)
    if again:
        own.append(Mark.AGAIN)
    if visit.received_ms - visit.at_ms > _ARRIVED_LATE_MS:
        own.append(Mark.ARRIVED_LATE)
    person = person_of(campus, visit)
    return replace(
        stop,
        at_ms=visit.at_ms,
        received_ms=visit.received_ms or None,
        since_ms=visit.at_ms - before.at_ms if before is not None else None,
        person=person,
        who=who_of(campus, visit),
        badge=visit.badge,
        device=visit.device,
        trust=visit.trust,
        marks=tuple(mark for mark in Mark if mark in own),
    )


def person_of(campus: Campus, visit: Visit) -> str:
    """The id of who tapped, by phone or by badge; empty: nobody knows."""
    if visit.person:
        return visit.person
    found = (one.id for one in campus.people.values() if visit.badge and one.badge == visit.badge)
    return next(found, "")


def who_of(campus: Campus, visit: Visit) -> str:
    """The name of who tapped, or what is known instead: a badge, a device."""
    person = person_of(campus, visit)
    if person:
        return campus.people[person].name if person in campus.people else person
    return visit.badge


def _marks(
    campus: Campus, run: RoundRun, walk: Walk, orders: tuple[Decided, ...], now_ms: int
) -> dict[int, tuple[Mark, ...]]:
    """By the time of the visit."""
    state = State(visits=run.visits, orders=orders, known_ms=now_ms)
    progress = progress_of(walk, state)
    found: dict[int, tuple[Mark, ...]] = {}
    for flaw in _flaws(campus, run, walk):
        for finding in findings(flaw, state, progress):
            at_ms = finding.wrong_ms
            found[at_ms] = (*found.get(at_ms, ()), _OF_FLAWS[flaw.what])
    return found


def _flaws(campus: Campus, run: RoundRun, walk: Walk) -> Iterator[RoundFlaw]:
    """What the rules in force look for in this run."""
    for rule in campus.rules.values():
        watch = bind(rule, RoundTarget(run.id, walk))
        if watch is not None and isinstance(watch.condition, RoundFlaw) and watch.condition.what in _OF_FLAWS:
            yield watch.condition
