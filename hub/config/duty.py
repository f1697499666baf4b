"""Who is on duty at an instant, by the shifts of the configuration; pure."""

from __future__ import annotations

from hub.config.model import Campus, Person
from rules.shifts import Shift, under_way


def shifts_at(campus: Campus, at_ms: int) -> tuple[Shift, ...]:
    """The shifts that are worked at an instant, in the order of the configuration."""
    return under_way(campus.shifts, campus.calendar, at_ms)


def on_duty(campus: Campus, at_ms: int) -> tuple[Person, ...]:
    """The people of those shifts, each once; empty where nobody is, and where no shifts are configured."""
    ids = dict.fromkeys(id_ for shift in shifts_at(campus, at_ms) for id_ in shift.people)
    return tuple(campus.people[id_] for id_ in ids)
