"""Who is meant: what policies write, as roles and people, and the people behind it; pure."""

from __future__ import annotations

from collections.abc import Iterable

from hub.config.duty import on_duty
from hub.config.model import Answerable, Audience, Campus
from hub.config.walkers import walkers_of
from rules.model import Role


def meant(campus: Campus, rule: str, subject: str, to: Iterable[Audience], at_ms: int) -> str:
    """Those whom an alert of `rule` about `subject` is for: `role:canteen`, `person:li`, in order, with
    commas; empty where nobody answers. `at_ms`: when they are told, which matters to who is on duty."""
    return ",".join(sorted({one for each in to for one in _meant(campus, rule, subject, each, at_ms) if one}))


def people(campus: Campus, recipient: str) -> tuple[str, ...]:
    """The ids of the people behind what `meant` says, or behind one person's id."""
    found: dict[str, None] = {}
    for part in filter(None, recipient.split(",")):
        kind, colon, name = part.partition(":")
        if kind == "role" and colon:
            found |= dict.fromkeys(_with_role(campus, name))
        elif name or not colon:
            found[name or part] = None
    return tuple(found)


def administrators(campus: Campus) -> tuple[str, ...]:
    """Those who look after the hub itself: the administrators, or the heads where there are none."""
    return _with_role(campus, caretaker(campus).value)


def caretaker(campus: Campus) -> Role:
    """The role that looks after the hub itself."""
    return Role.ADMIN if _with_role(campus, Role.ADMIN.value) else Role.HEAD


def _with_role(campus: Campus, role: str) -> tuple[str, ...]:
    return tuple(person.id for person in campus.people.values() if person.role.value == role)


def _meant(campus: Campus, rule: str, subject: str, to: Audience, at_ms: int) -> Iterable[str]:
    if to.on_duty:
        on_shift = [
            f"person:{person.id}" for person in on_duty(campus, at_ms) if to.role in (None, person.role)
        ]
        if on_shift:
            return on_shift  # otherwise the whole role, or whose business the rule is
    if to.role is not None:
        return (f"role:{to.role.value}",)
    if to.person:
        return (f"person:{to.person}",)
    if to.answerable is Answerable.PERSON:
        device = campus.devices.get(subject)
        planned = campus.rounds.get(subject.partition("@")[0])
        if device is not None:
            return (f"person:{device.owner}",)
        if planned is not None:
            return tuple(f"person:{person.id}" for person in walkers_of(campus, planned))
    known = campus.rules.get(rule)
    return (f"role:{known.owner.value}",) if known else ()
