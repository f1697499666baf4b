"""What a round is: its stops, its window, its people; and what became known of it, whatever arrives when.

All that is known is kept as a set, in the order of the times claimed, so that any order of arrival and any
repetition gives the same:

    arrives    C 08:20    A 08:01    B 08:10    A 08:01    A 08:01:30
    known      C          A C        A B C      A B C      A B C        the same tag within a minute

On a route of fixed order a tap that came too early is made good by another in its turn, however soon:

    tapped     B 08:00    A 08:01    B 08:01:30 C 08:09    route A B C
    next       A          B          C          -          the second B is no repetition
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from enum import Enum
from operator import attrgetter
from typing import Final

import msgspec

from devices.facts import Order, RoundOrder, Tap, Trust

DUPLICATE_MS: Final = 60_000
MOST_EXTENSION_MS: Final = 6 * 3_600_000  # later taps are remembered for it


class Sequence(Enum):
    """In which order the stops are to be passed."""

    FREE = "free"
    FIXED = "fixed"


class Stop(msgspec.Struct, frozen=True, gc=False):
    """One checkpoint of a round, by its tag (upper-case hex UID).

    `earliest_ms`, `latest_ms`: after the round's start. `least_ms`, `most_ms`: since the stop passed before
    it, as far as the guard was not pausing; None: any."""

    tag: str
    earliest_ms: int | None = None
    latest_ms: int | None = None
    least_ms: int | None = None
    most_ms: int | None = None


class Walk(msgspec.Struct, frozen=True, gc=False):
    """One planned walk on one day. `people`, `badges`: whose it is; neither: anybody's.

    `others`: people and badges with rounds of their own past the same tags at the same time: what they tap is
    none of this one's. `least_ms`, `most_ms`: how long it takes, from the first visit to the last.
    `unstarted_ms`: when after its start somebody must hear that nobody has come; None: as the rule says.
    `duplicate_ms`: the same tag within it, by the same person, is one visit."""

    starts_ms: int
    ends_ms: int
    grace_ms: int
    stops: tuple[Stop, ...]
    sequence: Sequence = Sequence.FREE
    people: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    least_ms: int | None = None
    most_ms: int | None = None
    unstarted_ms: int | None = None
    duplicate_ms: int = DUPLICATE_MS

    @property
    def deadline_ms(self) -> int:
        """The last moment at which a visit counts, as planned."""
        return self.ends_ms + self.grace_ms

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags to visit, each once, in the order of the route."""
        return tuple(dict.fromkeys(stop.tag for stop in self.stops))


class Visit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A tap as a round remembers it. `key`: the tap's; what is taken from an older book has none."""

    at_ms: int
    key: str
    tag: str
    person: str = ""
    badge: str = ""
    device: str = ""
    trust: Trust = Trust.MANUAL
    received_ms: int = 0


class Decided(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An order as a round, or a day of rounds, remembers it."""

    at_ms: int
    key: str
    order: Order
    by: str
    reason: str
    until_ms: int = 0
    round: str = ""


_PLACE: Final = attrgetter("at_ms", "key")


def quality(visited: int, required: int) -> float:
    """The quality index of a round: visited ÷ required, from 0 to 1."""
    return min(1.0, visited / required) if required > 0 else 1.0


def visit_of(tap: Tap) -> Visit:
    """What a round remembers of a tap."""
    return Visit(
        tap.measured_at_ms,
        tap.key,
        tap.tag_uid,
        tap.person,
        tap.badge,
        tap.device,
        tap.trust,
        tap.received_at_ms,
    )


def concerns(walk: Walk, visit: Visit) -> bool:
    """Whether a tap may be a visit of this round, now or once its deadline is extended."""
    return (
        walk.starts_ms <= visit.at_ms <= walk.deadline_ms + MOST_EXTENSION_MS
        and any(stop.tag == visit.tag for stop in walk.stops)
        and (visit.person or visit.badge or None) not in walk.others
    )


def with_visit(walk: Walk, visits: tuple[Visit, ...], new: Visit) -> tuple[Visit, ...]:
    """What is known with one tap more; the very same tuple if it tells nothing new.

    Of many within one `duplicate_ms` of the clock only the first is remembered, so that no flood fills it; of
    fixed order also the last, within a minute at most, which may have been the one in its turn."""
    same = [known for known in visits if _slot(walk, known) == _slot(walk, new)]
    told = sorted((*same, new), key=_PLACE)
    remembered = told[:1] if walk.sequence is Sequence.FREE else [told[0], told[-1]]
    if not any(one is new for one in remembered) or any(_PLACE(one) == _PLACE(new) for one in same):
        return visits
    kept = [known for known in visits if known not in same or known in remembered]
    insort(kept, new, key=_PLACE)
    return tuple(kept)


def with_order(orders: tuple[Decided, ...], order: RoundOrder) -> tuple[Decided, ...]:
    """What is decided with one order more; the very same tuple if it is known."""
    if any(known.key == order.key for known in orders):
        return orders
    new = Decided(
        order.measured_at_ms, order.key, order.order, order.by, order.reason, order.until_ms, order.round
    )
    return tuple(sorted((*orders, new), key=_PLACE))


def distinct(walk: Walk, visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    """The visits, in order of time, without those that are the one before once more; of fixed order, what is
    tapped in its turn is never that."""
    in_turn = set(in_order(_visited(walk, visits), visits) if walk.sequence is Sequence.FIXED else ())
    newest: dict[tuple[str, ...], int] = {}
    kept = []
    for visit in visits:
        who = _who(visit)
        before_ms = newest.get(who)
        if before_ms is None or visit.at_ms - before_ms >= walk.duplicate_ms or visit in in_turn:
            newest[who] = visit.at_ms
            kept.append(visit)
    return tuple(kept)


def in_order(tags: Iterable[str], visits: Iterable[Visit]) -> tuple[Visit, ...]:
    """The visits by which the tags are passed in their order, from the first on, whatever comes between.

    `hub/patrol/app/round.js` does the same on the phone."""
    passed, coming = [], iter(visits)
    for tag in tags:
        visit = next((visit for visit in coming if visit.tag == tag), None)
        if visit is None:
            break
        passed.append(visit)
    return tuple(passed)


def next_tag(walk: Walk, visits: tuple[Visit, ...]) -> str | None:
    """Where to go next; of fixed order, so that the round is, or gets, in order. None: nowhere."""
    if walk.sequence is Sequence.FIXED:
        return next(iter(walk.tags[len(in_order(walk.tags, visits)) :]), None)
    visited = {visit.tag for visit in visits}
    return next((tag for tag in walk.tags if tag not in visited), None)


def is_in_order(walk: Walk, visits: tuple[Visit, ...]) -> bool:
    """Whether the stops that were visited were once passed in the route's order."""
    visited = _visited(walk, visits)
    return len(in_order(visited, visits)) == len(visited)


def with_tags(walk: Walk, tags: tuple[str, ...]) -> tuple[Visit, ...]:
    """The visits of which an older book knows the tags only."""
    return tuple(Visit(walk.starts_ms, f"{number}", tag) for number, tag in enumerate(tags))


def is_by_another(walk: Walk, visit: Visit) -> bool:
    """Whether somebody tapped whose round it is not; who gives no name is not judged."""
    if not walk.people and not walk.badges:
        return False
    if visit.person:
        return visit.person not in walk.people
    return bool(visit.badge) and visit.badge not in walk.badges


def _visited(walk: Walk, visits: tuple[Visit, ...]) -> tuple[str, ...]:
    """The tags that were visited, in the order of the route."""
    known = {visit.tag for visit in visits}
    return tuple(tag for tag in walk.tags if tag in known)


def _slot(walk: Walk, visit: Visit) -> tuple[str, str, str, int]:
    slot_ms = walk.duplicate_ms
    if walk.sequence is Sequence.FIXED:
        slot_ms = min(slot_ms, DUPLICATE_MS)
    return (*_who(visit), visit.at_ms // max(1, slot_ms))


def _who(visit: Visit) -> tuple[str, str, str]:
    return (visit.tag, visit.person, visit.badge)
