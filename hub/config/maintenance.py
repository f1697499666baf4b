"""Whether [[maintenance]] makes sense, and the windows that it describes."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import time, tzinfo
from fnmatch import fnmatchcase
from typing import Final

from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.maintenance_schema import MaintenanceTable, parse_moment
from hub.config.model import MaintenanceWindow
from rules.local_time import instant_ms
from rules.model import Text
from rules.windows import Fixed, Flexible, Plan, Recurring, Repeated

_FORMS: Final = {
    "hours": ("hours",),
    "every": ("every", "first", "at", "lasts"),
    "starts": ("starts", "ends", "lasts"),
}
_OPTIONAL: Final = {("starts", "lasts")}  # with it, the window is flexible
_WHEN: Final = tuple(dict.fromkeys(key for keys in _FORMS.values() for key in keys))


def check_maintenance(document: Document) -> Iterator[Fault]:
    """Every fault that lies between the keys of the windows."""
    known = {section: _ids(document, section) for section in ("device", "area", "person")}
    for window in document.entries("maintenance"):
        for key, section in (("devices", "device"), ("areas", "area")):
            for index, name in window.texts(key):
                if name not in known[section]:
                    problem = f"there is no [[{section}]] {shown(name)}"
                    yield window.fault((key, index), problem, suggestion(name, known[section]))
        owner = window.text("owner")
        if owner is not None and owner not in known["person"]:
            problem = f"there is no [[person]] {shown(owner)}"
            yield window.fault("owner", problem, suggestion(owner, known["person"]))
        if not any(window.table.get(key) for key in ("devices", "areas", "rules")):
            remedy = "name devices, areas or rules: a window over everything would hide everything"
            yield window.fault("devices", "is missing", remedy)
        yield from _when(window)


def check_rules_of_maintenance(document: Document, rules: frozenset[str]) -> Iterator[Fault]:
    """Patterns that no rule of the catalogue fits."""
    for window in document.entries("maintenance"):
        for index, pattern in window.texts("rules"):
            if not any(fnmatchcase(rule, pattern) for rule in rules):
                problem = f"no rule's id fits {shown(pattern)}"
                yield window.fault(("rules", index), problem, suggestion(pattern, rules))


def windows_of(tables: list[MaintenanceTable], zone: tzinfo) -> tuple[MaintenanceWindow, ...]:
    """The windows that sections without faults describe."""
    return tuple(
        MaintenanceWindow(
            id=table.id,
            devices=tuple(table.devices),
            areas=tuple(table.areas),
            rules=tuple(table.rules),
            plan=_plan(table, zone),
            reason=Text(zh=table.reason.zh, en=table.reason.en),
            owner=table.owner,
        )
        for table in tables
    )


def _when(window: Entry) -> Iterator[Fault]:
    forms = [key for key in _FORMS if key in window.table]
    if len(forms) != 1:
        problem = "is missing" if not forms else f"does not go with {forms[0]}"
        remedy = "write either `hours`, or `starts` and `ends`, or `every`, `first`, `at` and `lasts`"
        yield window.fault(forms[1] if forms else "hours", problem, remedy)
        return
    (form,) = forms
    wanted = _FORMS[form]
    for key in _WHEN:
        if key in window.table and key not in wanted:
            yield window.fault(key, f"does not go with {form}", "leave it out")
        elif key in wanted and key not in window.table and (form, key) not in _OPTIONAL:
            yield window.fault(key, "is missing", f"`{form}` needs it")
    starts, ends = parse_moment(window.table.get("starts")), parse_moment(window.table.get("ends"))
    if starts is not None and ends is not None and starts >= ends:
        yield window.fault("ends", "is not after it starts", "swap or correct the two")


def _plan(table: MaintenanceTable, zone: tzinfo) -> Plan:
    if table.hours is not None:
        return Repeated(table.hours)
    if table.every is not None and table.first is not None:
        return Recurring(table.every, table.first, table.at or time(0), table.lasts or 0)
    if table.starts is None or table.ends is None:
        raise ValueError("a window without a time was let through")
    from_ms = instant_ms(zone, table.starts.date(), table.starts.time())
    until_ms = instant_ms(zone, table.ends.date(), table.ends.time())
    return Fixed(from_ms, until_ms) if table.lasts is None else Flexible(from_ms, until_ms, table.lasts)


def _ids(document: Document, section: str) -> Set[str]:
    return {id_ for entry in document.entries(section) if (id_ := entry.text("id")) is not None}
