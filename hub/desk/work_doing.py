"""What the pages and the API of work orders share: making one, doing something to one, keeping its photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

import msgspec

from devices.identity import canonical
from hub.alerts import keeping
from hub.book.model import Alert
from hub.book.tables import AlertRow
from hub.config.model import Campus, Person
from hub.photos.store import Photos
from hub.web import photos
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.work import orders
from hub.work.answerable import HEADS
from hub.work.model import NewOrder, Place, Source, WorkOrder
from hub.work.orders import Filter, Said
from rules.life import says_something
from rules.model import Role, Severity, Text
from rules.work import MOST_WORDS, Refusal, State, Step, Urgency

MOST_PHOTOS: Final = 10
MOST_TITLE_CHARS: Final = 80
_LARGEST_ID: Final = 2**63 - 1
_CODES: Final[Mapping[Refusal, Code]] = MappingProxyType(
    {
        Refusal.WRONG_STATE: Code.WRONG_STATE,
        Refusal.NOT_YOURS: Code.NOT_YOURS,
        Refusal.SAME_PERSON: Code.SAME_PERSON,
        Refusal.NO_WORDS: Code.NO_REASON,
        Refusal.TOO_LONG: Code.INVALID,
        Refusal.TOO_LATE: Code.REOPENED_LATE,
        Refusal.BAD_DUE: Code.BAD_DUE,
        Refusal.NOBODY: Code.NOBODY,
    }
)
_URGENCIES: Final = {
    Severity.CRITICAL: Urgency.URGENT,
    Severity.WARNING: Urgency.NORMAL,
    Severity.INFO: Urgency.LOW,
}


class Which(Enum):
    """Which orders: those that wait for whoever asks, those that they reported, those that are not closed,
    those that are not done in time, all."""

    MINE = "mine"
    REPORTED = "reported"
    OPEN = "open"
    OVERDUE = "overdue"
    ALL = "all"


class Wanted(msgspec.Struct, frozen=True):
    """An order that somebody asks for. `id`: a UUID; the same again is the same order."""

    id: str
    title: str
    text: str
    place: Place
    urgency: Urgency
    photos: tuple[str, ...]
    alert: int | None = None


def filter_of(which: Which, asking: Person, now_ms: int, person: Person | None = None) -> Filter:
    """What to ask the book for; `person`: only what is with them."""
    match which:
        case Which.MINE:
            return Filter(waits_for=asking, person=person)
        case Which.REPORTED:
            return Filter(reporter=asking.id, person=person)
        case Which.OPEN:
            return Filter(states=(State.OPEN, State.TAKEN, State.DONE), person=person)
        case Which.OVERDUE:
            return Filter(overdue_at_ms=now_ms, person=person)
        case Which.ALL:
            return Filter(person=person)


def make(deps: Deps, person: Person, wanted: Wanted) -> WorkOrder:
    """Makes an order in a person's name. Raises Problem."""
    campus = deps.campus
    id_ = canonical(wanted.id)
    if id_ is None:
        raise Problem(Code.INVALID, details=("id: a UUID is needed",))
    if not says_something(wanted.title):
        raise Problem(Code.NO_REASON, Text("请写明要整改什么。", "Say what has to be put right."))
    if len(wanted.title) > MOST_TITLE_CHARS or len(wanted.text) > MOST_WORDS:
        raise Problem(Code.INVALID, details=("title or text: too long",))
    _check_place(campus, wanted.place)
    _check_photos(deps, wanted.photos)
    place = wanted.place
    with deps.book.writing() as session:
        if wanted.alert is not None:
            row = session.get(AlertRow, wanted.alert) if 0 < wanted.alert <= _LARGEST_ID else None
            if row is None:
                raise Problem(Code.NOT_FOUND)
            alert = keeping.alert_of(row)
            if not may_make_of(campus, person, alert):
                raise Problem(Code.NOT_YOURS)
            place = place if place != Place() else place_of(campus, alert)
        new = NewOrder(
            key=f"hand:{person.id}:{id_}",
            source=Source.HAND if wanted.alert is None else Source.ALERT,
            title=wanted.title.strip(),
            text=wanted.text.strip(),
            place=place,
            photos=wanted.photos,
            reporter=person.id,
            reported_at_ms=deps.now(),
            urgency=wanted.urgency,
            alert=wanted.alert,
        )
        return orders.make(session, campus, new, deps.now())


def act(deps: Deps, person: Person, number: int, step: Step, said: Said) -> WorkOrder:
    """Does something to an order in a person's name. Raises Problem."""
    _check_photos(deps, said.photos)
    done = orders.act(deps.book, deps.campus, number, person, step, said, deps.now())
    if done is None:
        raise Problem(Code.NOT_FOUND)
    if isinstance(done, Refusal):
        raise Problem(_CODES[done])
    return done


def may_make_of(campus: Campus, person: Person, alert: Alert) -> bool:
    """Whether somebody may make a work order from an alert: the head, maintenance, whoever owns it."""
    device, rule = campus.devices.get(alert.subject), campus.rules.get(alert.rule)
    return (
        person.role in HEADS
        or person.role is Role.MAINTENANCE
        or (device is not None and device.owner == person.id)
        or (rule is not None and rule.owner is person.role)
    )


def place_of(campus: Campus, alert: Alert) -> Place:
    """Where what an alert is about stands."""
    return Place(device=alert.subject) if alert.subject in campus.devices else Place()


def urgency_of(alert: Alert) -> Urgency:
    """As grave as the alert."""
    return _URGENCIES[alert.severity]


def keep_photos(deps: Deps, files: Iterable[bytes]) -> tuple[str, ...]:
    """Keeps what a form carries; returns the hashes. Raises Problem."""
    names: dict[str, None] = {}
    for content in files:
        name = hashlib.sha256(content).hexdigest()
        photos.keep(deps, name, content)
        names[name] = None
    if len(names) > MOST_PHOTOS:
        raise Problem(Code.TOO_LARGE, Text(f"最多 {MOST_PHOTOS} 张照片。", f"{MOST_PHOTOS} photos at most."))
    return tuple(names)


def _check_place(campus: Campus, place: Place) -> None:
    known = (
        ("checkpoint", place.checkpoint, campus.checkpoints),
        ("area", place.area, campus.areas),
        ("device", place.device, campus.devices),
    )
    unknown = tuple(f"{key}: there is none of that id" for key, id_, ids in known if id_ and id_ not in ids)
    if unknown:
        raise Problem(Code.INVALID, details=unknown)


def _check_photos(deps: Deps, names: tuple[str, ...]) -> None:
    store = Photos(deps.campus.storage.folder)
    if len(names) > MOST_PHOTOS:
        raise Problem(Code.INVALID, details=(f"photos: {MOST_PHOTOS} at most",))
    if any(store.path(name) is None for name in names):
        raise Problem(Code.NO_PHOTO, details=("photos: send each of them first",))
