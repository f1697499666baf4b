"""Who hears of an order, and what: those who have to act, and whoever reported it; pure.

On the pages, each person by a notice of their own. Nobody is told what they did themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from hub.config.model import PAGES, Campus
from hub.notify import audience
from hub.notify.model import NO_ALERT, Kind, Matter, Notice, notice_of
from hub.work.model import WorkOrder
from rules.model import Role, Severity
from rules.work import Change, Step, Urgency

RULE: Final = "work.order"  # what notices about orders name as their rule; it is none of the catalogue
_MOST_TITLE_CHARS: Final = 120
_SEVERITIES: Final = {
    Urgency.URGENT: Severity.CRITICAL,
    Urgency.NORMAL: Severity.WARNING,
    Urgency.LOW: Severity.INFO,
}
KINDS: Final[Mapping[Step, Kind]] = MappingProxyType(
    {
        Step.MADE: Kind.WORK_MADE,
        Step.TAKEN: Kind.WORK_TAKEN,
        Step.GIVEN_BACK: Kind.WORK_GIVEN_BACK,
        Step.ASSIGNED: Kind.WORK_MADE,
        Step.RESCHEDULED: Kind.WORK_MOVED,
        Step.DONE: Kind.WORK_DONE,
        Step.VERIFIED: Kind.WORK_VERIFIED,
        Step.SENT_BACK: Kind.WORK_SENT_BACK,
        Step.CANCELLED: Kind.WORK_CANCELLED,
        Step.REOPENED: Kind.WORK_REOPENED,
    }
)


def of_change(campus: Campus, order: WorkOrder, change: Change) -> tuple[Notice, ...]:
    """What a change tells. `order`: as it is after that."""
    people = dict.fromkeys(_concerned(campus, order, change.step))
    return tuple(
        _notice(order, KINDS[change.step], person, change.at_ms, change.by, change.note)
        for person in people
        if person in campus.people and person != change.by
    )


def overdue(campus: Campus, order: WorkOrder, now_ms: int) -> tuple[Notice, ...]:
    """Whoever is at it, or should be, and the heads hear that an order is not done in time."""
    people = dict.fromkeys((*_at_it(campus, order), *heads(campus)))
    return tuple(
        _notice(order, Kind.WORK_OVERDUE, person, now_ms, "", "")
        for person in people
        if person in campus.people
    )


def judges(campus: Campus, order: WorkOrder) -> tuple[str, ...]:
    """The ids of those who are asked to look whether it is put right: never whoever did it."""
    done_by = order.standing.done_by
    asked = [person for person in (order.reporter, *heads(campus)) if person != done_by]
    known = [person for person in asked if person in campus.people]
    return tuple(dict.fromkeys(known or audience.administrators(campus)))


def heads(campus: Campus) -> tuple[str, ...]:
    """The ids of the heads of logistics, or of the administrators where there are none."""
    return audience.people(campus, f"role:{Role.HEAD.value}") or audience.administrators(campus)


def _concerned(campus: Campus, order: WorkOrder, step: Step) -> Iterable[str]:
    doers = (order.standing.taken_by, order.standing.done_by)
    match step:
        case Step.MADE | Step.ASSIGNED:
            return _at_it(campus, order)
        case Step.TAKEN:
            return (order.reporter,)
        case Step.GIVEN_BACK:
            return (*_at_it(campus, order), *heads(campus))
        case Step.DONE:
            return judges(campus, order)
        case Step.RESCHEDULED | Step.SENT_BACK:
            return _at_it(campus, order)
        case Step.VERIFIED:
            return (order.reporter, *doers)
        case Step.CANCELLED:
            return (order.reporter, *(filter(None, doers) if any(doers) else _at_it(campus, order)))
        case Step.REOPENED:
            return (*_at_it(campus, order), order.reporter, *doers)


def _at_it(campus: Campus, order: WorkOrder) -> tuple[str, ...]:
    standing = order.standing
    return (standing.taken_by,) if standing.taken_by else audience.people(campus, standing.responsible)


def _notice(order: WorkOrder, kind: Kind, person: str, at_ms: int, by: str, note: str) -> Notice:
    matter = Matter(
        rule=RULE,
        subject=order.title[:_MOST_TITLE_CHARS],
        severity=_SEVERITIES[order.standing.urgency],
        since_ms=order.made_at_ms,
        at_ms=at_ms,
        value=None,
        by=by,
        note=note,
    )
    return notice_of(NO_ALERT, order.changes, kind, 0, 0, person, PAGES, at_ms, matter, work=order.number)
