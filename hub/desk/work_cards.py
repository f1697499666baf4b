"""What the pages of work orders show: a line of the list, an order with its photos and its record; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from hub.book.model import WorkChanged
from hub.config.model import Area, Campus, Checkpoint, Device, Person
from hub.work.answerable import parts_of
from hub.work.model import Place, WorkOrder
from hub.work.orders import Load
from rules import work
from rules.model import Role, Text
from rules.work import Part, State, Step, Urgency

_Known: TypeAlias = Mapping[str, Device | Checkpoint | Area]

_TONES = {
    State.OPEN: "warn",
    State.TAKEN: "info",
    State.DONE: "info",
    State.VERIFIED: "ok",
    State.CANCELLED: "off",
}
_ICONS = {State.TAKEN: "work", State.DONE: "clock"}
_URGENCY_TONES = {Urgency.URGENT: "crit", Urgency.NORMAL: "off", Urgency.LOW: "off"}


class With(msgspec.Struct, frozen=True):
    """With whom an order is: a role, or a person's name; the other is empty."""

    role: Role | None
    name: str
    person: str = ""


class Photo(msgspec.Struct, frozen=True):
    """A photo, under the address of its order; `is_here` False: the phone has not sent it yet."""

    sha256: str
    is_here: bool


class LoadLine(msgspec.Struct, frozen=True):
    """How many unclosed orders are with somebody."""

    whom: With
    load: Load


class OrderLine(msgspec.Struct, frozen=True):
    """A line of a list of orders."""

    order: WorkOrder
    place: tuple[Text, ...]
    whom: With
    tone: str
    icon: str
    urgency_tone: str
    is_overdue: bool
    reporter: str


class ChangeLine(msgspec.Struct, frozen=True):
    """An entry of the record. `whom`: to whom it was given; `is_undo`: somebody took a “done” of their own
    back."""

    entry: WorkChanged
    by: str
    whom: With | None
    photos: tuple[Photo, ...]
    is_undo: bool


class OrderCard(msgspec.Struct, frozen=True):
    """An order's own page. `may`: what whoever looks may do now; `is_doer`: it was they who did it."""

    line: OrderLine
    taken_by: str
    done_by: str
    closed_by: str
    photos: tuple[Photo, ...]
    photos_after: tuple[Photo, ...]
    record: tuple[ChangeLine, ...]
    may: frozenset[Step]
    is_doer: bool


class Spot(msgspec.Struct, frozen=True):
    """A place to choose: `value` is `checkpoint:<id>`, `device:<id>` or `area:<id>`."""

    value: str
    name: Text


def order_line(campus: Campus, order: WorkOrder, now_ms: int) -> OrderLine:
    """What a list says of an order."""
    standing = order.standing
    who = f"person:{standing.taken_by}" if standing.taken_by else standing.responsible
    return OrderLine(
        order=order,
        place=place_names(campus, order.place),
        whom=whom(campus, who),
        tone=_TONES[order.state],
        icon=_ICONS.get(order.state, ""),
        urgency_tone=_URGENCY_TONES[standing.urgency],
        is_overdue=order.is_overdue(now_ms),
        reporter=_name(campus, order.reporter),
    )


def order_card(
    campus: Campus,
    order: WorkOrder,
    record: Iterable[WorkChanged],
    person: Person,
    is_here: Callable[[str], bool],
    now_ms: int,
) -> OrderCard:
    """What an order's page says. `is_here`: whether a photo has arrived."""

    def photos(names: Iterable[str]) -> tuple[Photo, ...]:
        return tuple(Photo(name, is_here(name)) for name in names)

    parts = parts_of(order, person)
    allowed = work.may(order.standing, parts)
    too_late = order.closed_at_ms is not None and now_ms - order.closed_at_ms > work.REOPENED_WITHIN_MS
    lines, done_by = [], ""
    for entry in record:
        change = entry.change
        given = whom(campus, change.responsible) if change.responsible else None
        is_undo = change.step is Step.SENT_BACK and change.by == done_by
        done_by = change.by if change.step is Step.DONE else done_by
        lines.append(ChangeLine(entry, _name(campus, change.by), given, photos(change.photos), is_undo))
    return OrderCard(
        line=order_line(campus, order, now_ms),
        taken_by=_name(campus, order.standing.taken_by),
        done_by=_name(campus, order.standing.done_by),
        closed_by=_name(campus, order.closed_by),
        photos=photos(order.photos),
        photos_after=photos(order.photos_after),
        record=tuple(lines),
        may=allowed - {Step.REOPENED} if too_late else allowed,
        is_doer=Part.DOER in parts and order.state is State.DONE,
    )


def load_line(campus: Campus, load: Load) -> LoadLine:
    """What the list says of somebody's load."""
    return LoadLine(whom(campus, load.who), load)


def whom(campus: Campus, who: str) -> With:
    """A person or a role, as `person:<id>` or `role:<role>` names it."""
    kind, _, name = who.partition(":")
    if kind == "role" and name in {role.value for role in Role}:
        return With(Role(name), "")
    return With(None, _name(campus, name), name)


def place_names(campus: Campus, place: Place) -> tuple[Text, ...]:
    """From the exact to the wide: what, where; without saying the same twice."""
    known: tuple[tuple[_Known, str], ...] = (
        (campus.devices, place.device),
        (campus.checkpoints, place.checkpoint),
        (campus.areas, place.area),
    )
    return tuple(dict.fromkeys(ids[id_].name for ids, id_ in known if id_ in ids))


def spots(campus: Campus) -> tuple[tuple[str, tuple[Spot, ...]], ...]:
    """All places to choose from, by kind."""
    kinds: tuple[tuple[str, _Known], ...] = (
        ("area", campus.areas),
        ("checkpoint", campus.checkpoints),
        ("device", campus.devices),
    )
    return tuple(
        (kind, tuple(Spot(f"{kind}:{id_}", one.name) for id_, one in sorted(known.items())))
        for kind, known in kinds
    )


def place_of(value: str) -> Place:
    """The place that a form names by `Spot.value`; of anything else: nowhere."""
    kind, _, id_ = value.partition(":")
    return Place(**{kind: id_}) if kind in Place.__struct_fields__ else Place()


def _name(campus: Campus, person: str) -> str:
    found = campus.people.get(person)
    return found.name if found else person
