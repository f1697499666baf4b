"""Whose a round is: the people behind its guard, role or shift; pure."""

from __future__ import annotations

from hub.config.model import Campus, Person, Round


def walkers_of(campus: Campus, planned: Round) -> tuple[Person, ...]:
    """Everybody who may walk it, in the order of the configuration."""
    if planned.role is not None:
        return tuple(person for person in campus.people.values() if person.role is planned.role)
    if planned.shift:
        ids = {id_ for shift in campus.shifts if shift.id == planned.shift for id_ in shift.people}
        return tuple(person for person in campus.people.values() if person.id in ids)
    return tuple(person for person in campus.people.values() if person.id == planned.guard)
