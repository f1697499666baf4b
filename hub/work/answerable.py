"""Who answers for a place, and what a person is to an order; pure."""

from __future__ import annotations

from hub.config.model import Campus, Person
from hub.notify import audience
from hub.work.model import Place, WorkOrder
from rules.model import Role
from rules.work import Part

HEADS = frozenset({Role.HEAD, Role.ADMIN})


def responsible_for(campus: Campus, place: Place) -> str:
    """`person:<id>`: the device's owner, else the checkpoint's, else the area's; else `role:maintenance`, or
    the head where nobody is that."""
    device = campus.devices.get(place.device)
    checkpoint = campus.checkpoints.get(place.checkpoint)
    area = campus.areas.get(area_of(campus, place))
    owners = (owner.owner for owner in (device, checkpoint, area) if owner is not None)
    owner = next((id_ for id_ in owners if id_ in campus.people), "")
    if owner:
        return f"person:{owner}"
    role = Role.MAINTENANCE if audience.people(campus, f"role:{Role.MAINTENANCE.value}") else Role.HEAD
    return f"role:{role.value}"


def area_of(campus: Campus, place: Place) -> str:
    """The area of a place, also where only what stands there is known; or empty."""
    if place.area:
        return place.area
    found = campus.devices.get(place.device) or campus.checkpoints.get(place.checkpoint)
    return found.area if found is not None else ""


def is_somebody(campus: Campus, responsible: str) -> bool:
    """Whether it names a person or a role of this campus."""
    kind, _, name = responsible.partition(":")
    if kind == "person":
        return name in campus.people
    return kind == "role" and bool(audience.people(campus, responsible))


def parts_of(order: WorkOrder, person: Person) -> frozenset[Part]:
    """What a person is to an order."""
    standing = order.standing
    found = {
        Part.HEAD: person.role in HEADS,
        Part.UPKEEP: person.role is Role.MAINTENANCE,
        Part.RESPONSIBLE: standing.responsible in (f"person:{person.id}", f"role:{person.role.value}"),
        Part.REPORTER: order.reporter == person.id,
        Part.TAKER: standing.taken_by == person.id,
        Part.DOER: standing.done_by == person.id,
    }
    return frozenset(part for part, holds in found.items() if holds)
