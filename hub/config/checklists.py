"""What a guard looks at after a tap: the lists of the campus, and the points that every campus has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.model import Check
from hub.config.patrol_schema import CheckTable
from rules.model import Text

SHIPPED: Final[Mapping[str, Check]] = MappingProxyType(
    {
        check.id: check
        for check in (
            Check("extinguisher", Text("灭火器压力在绿区", "Extinguisher: needle in the green")),
            Check("door-locked", Text("门已锁好", "Door locked")),
            Check("lights-off", Text("灯已关", "Lights off")),
            Check("meter-seal", Text("电表铅封完好", "Meter seal intact")),
            Check("cleanliness", Text("地面整洁，无杂物", "Clean, nothing lying about")),
            Check("playground-equipment", Text("操场器械完好牢固", "Playground equipment whole and firm")),
        )
    }
)


def check_checklists(document: Document) -> Iterator[Fault]:
    """Lists with points that do not exist or come twice, and checkpoints with lists that do not exist."""
    known = {own_id for entry in document.entries("checklist") if (own_id := entry.text("id"))}
    for entry in document.entries("checklist"):
        yield from _points(entry, "items", frozenset(SHIPPED))
        if entry.text("id") in SHIPPED:
            problem = f"{shown(entry.text('id'))} is a point that every campus has"
            yield entry.fault("id", problem, "choose another id for the list")
    for place in document.entries("checkpoint"):
        named = place.text("checklist")
        if named is not None and named not in known:
            remedy = suggestion(named, known)
            if named in SHIPPED:
                remedy = f'write a single point as an array: checklist = ["{named}"]'
            yield place.fault("checklist", f"there is no [[checklist]] {shown(named)}", remedy)
        if isinstance(place.table.get("checklist"), list):
            yield from _points(place, "checklist", frozenset(SHIPPED))


def doubts_of_checklists(document: Document) -> Iterator[Fault]:
    """Lists that nobody will ever see."""
    used = {place.text("checklist") for place in document.entries("checkpoint")}
    for entry in document.entries("checklist"):
        if entry.text("id") not in used:
            yield entry.fault("id", "no checkpoint has it", "name it at a [[checkpoint]], as its checklist")


def checks_of(file: schema.File, place: schema.CheckpointTable) -> tuple[Check, ...]:
    """What is looked at in one place, by a file without faults."""
    if isinstance(place.checklist, str):
        items = next(one.items for one in file.checklist if one.id == place.checklist)
        return tuple(_check(item) for item in items)
    return tuple(SHIPPED[name] for name in place.checklist or ())


def _check(item: CheckTable) -> Check:
    if item.name is None:
        return SHIPPED[item.id]
    name = Text(zh=item.name.zh, en=item.name.en)
    return Check(item.id, name, item.unit if item.kind == "number" else None, item.min, item.max)


def _points(entry: Entry, key: str, shipped: frozenset[str]) -> Iterator[Fault]:
    items = entry.table.get(key)
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, list) else ()):
        own = Entry(entry.document, (*entry.path, key, index), item if isinstance(item, dict) else {})
        name = item if isinstance(item, str) else own.text("id")
        if name is None:
            continue
        if name in seen:
            yield entry.fault((key, index), f"{shown(name)} stands there already", "name each point once")
        seen.add(name)
        if "name" not in own.table and name not in shipped:
            yield _nameless(entry, own, (key, index), name, shipped)
        elif isinstance(item, dict):
            yield from _number(own)


def _nameless(
    entry: Entry, own: Entry, place: Sequence[str | int], name: str, shipped: frozenset[str]
) -> Fault:
    if own.table:
        remedy = 'write what to look at, as in { zh = "水压", en = "Water pressure" }'
        return own.fault("name", "is missing", remedy)
    problem = f"{shown(name)} is no point that every campus has"
    own_point = 'a point of your own stands in a [[checklist]] as { id = "…", name = "…" }'
    remedy = f"{suggestion(name, shipped)}; {own_point}"
    return entry.fault(tuple(place), problem, remedy)


def _number(own: Entry) -> Iterator[Fault]:
    is_number = own.table.get("kind") == "number"
    for key in ("unit", "min", "max"):
        if key in own.table and not is_number:
            yield own.fault(key, "is for numbers", 'leave it out, or write kind = "number"')
    if is_number and "name" not in own.table:
        yield own.fault("kind", "the points that every campus has are looked at", "choose an id of your own")
    low, high = own.number("min"), own.number("max")
    if low is not None and high is not None and low >= high:
        yield own.fault("max", "is not more than min", "swap or correct the two")
