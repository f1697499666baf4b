"""Whether [[shift]] makes sense, and the shifts that it describes."""

from __future__ import annotations

from collections.abc import Iterator

from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from rules.model import Role, Text
from rules.shifts import Shift


def check_shifts(document: Document) -> Iterator[Fault]:
    """Every fault that lies between the keys of the shifts."""
    people = {id_: entry for entry in document.entries("person") if (id_ := entry.text("id"))}
    roles = {entry.text("role") for entry in people.values()}
    for shift in document.entries("shift"):
        for key, what in (("people", "person"), ("weekdays", "weekday"), ("on", "kind of day")):
            yield from _repeated(shift, key, what)
        for index, name in shift.texts("people"):
            if name not in people:
                problem = f"there is no [[person]] {shown(name)}"
                yield shift.fault(("people", index), problem, suggestion(name, people))
            elif people[name].text("role") == Role.WALL.value:
                yield shift.fault(("people", index), f"{shown(name)} is a screen", "name people")
        yield from _who(shift, roles)


def shifts_of(file: schema.File) -> tuple[Shift, ...]:
    """The shifts that a file without faults names, in its order."""
    return tuple(_shift(table, file) for table in file.shift)


def _who(shift: Entry, roles: set[str | None]) -> Iterator[Fault]:
    role = shift.text("role")
    if "role" in shift.table and "people" in shift.table:
        yield shift.fault("role", "does not go with people", "write one of the two")
    elif "role" not in shift.table and "people" not in shift.table:
        remedy = 'write the ids of those who work it, as in ["zhang-wei"], or role = "canteen" for all of one'
        yield shift.fault("people", "is missing", remedy)
    elif role == Role.WALL.value:
        yield shift.fault("role", "a wall is a screen", "name a role that people have")
    elif role in {known.value for known in Role} and role not in roles:
        yield shift.fault("role", f"nobody is {shown(role or '')}", "name another role, or people")


def _repeated(shift: Entry, key: str, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in shift.texts(key):
        if name in seen:
            yield shift.fault((key, index), f"{shown(name)} stands there already", f"name each {what} once")
        seen.add(name)


def _shift(table: schema.ShiftTable, file: schema.File) -> Shift:
    of_role = [person.id for person in file.person if person.role is table.role]
    return Shift(
        id=table.id,
        name=Text(zh=table.name.zh, en=table.name.en),
        hours=table.hours,
        people=tuple(table.people) if table.role is None else tuple(of_role),
        weekdays=tuple(sorted(table.weekdays)),
        on=tuple(table.on),
        role=table.role,
    )
