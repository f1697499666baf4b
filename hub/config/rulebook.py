"""The rules of this campus: the shipped ones with its own numbers (`[rules."cold.chilled.warm"]` and such),
and those that it writes itself (`[[rule]]`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

from hub.config.document import Document, Entry
from hub.config.faults import Fault, escaped, suggestion
from hub.config.model import Storing
from rules.catalogue import CatalogueError, override, parse, parse_own, tunable
from rules.model import Rule

ENABLED: Final = "enabled"
_OWN: Final = "own rule"
_REMEDY: Final = "correct it, or leave it out to keep the shipped number"
_SHAPE: Final = "docs/rules.md shows the shape of a rule, and what each kind of it needs"
# In a fault: `playbook 2` is the second table under that key, `limit must be …` is about a key.
_STEP: Final = re.compile(r"([a-z_]+)(?: ([0-9]+))?\b")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`rules`: those in force, in the catalogue's order; `off`: the ids of those switched off."""

    rules: tuple[Rule, ...]
    off: tuple[str, ...]


def shipped() -> tuple[Rule, ...]:
    """The catalogue as shipped."""
    return parse(resources.files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8"))


def compile_rules(document: Document) -> tuple[Rulebook, list[Fault]]:
    """The rules in force here, and every fault of the overrides and of the campus's own rules."""
    catalogue = shipped()
    faults = list(_unknown(document, {rule.id for rule in catalogue}))
    rules, off = [], []
    for rule in catalogue:
        entry = document.section("rules", rule.id)
        rules_own, its_faults = _changed(rule, entry)
        faults += its_faults
        if entry.table.get(ENABLED, True) is False:
            off.append(rule.id)
        else:
            rules.append(rules_own)
        faults += _unselectable(document, entry, rules_own)
    for entry in document.entries("rule"):
        own, its_faults = _own(entry, {rule.id for rule in (*catalogue, *rules)})
        rules += own
        faults += its_faults
    return Rulebook(tuple(rules), tuple(off)), faults


def _unknown(document: Document, known: set[str]) -> Iterator[Fault]:
    for name in document.section("rules").table:
        # Quotes forgotten: [rules.cold.chilled.warm] is a table in a table in a table.
        nested = [rule_id for rule_id in known if rule_id.startswith(f"{name}.")]
        if name not in known and nested:
            remedy = f'put the rule\'s id between quotes, as in [rules."{min(nested)}"]'
            yield document.fault(("rules", name), "is only the beginning of a rule's id", remedy)
        elif name not in known:
            yield document.fault(("rules", name), "is not a rule of the catalogue", suggestion(name, known))


def _changed(rule: Rule, entry: Entry) -> tuple[Rule, list[Fault]]:
    known = tunable(rule.kind)
    changes = {key: value for key, value in entry.table.items() if key in known}
    faults = [
        entry.fault(key, "cannot be set for this rule", suggestion(escaped(key), (ENABLED, *known)))
        for key in entry.table
        if key not in known and key != ENABLED
    ]
    if not isinstance(entry.table.get(ENABLED, True), bool):
        faults.append(
            entry.fault(ENABLED, "is neither true nor false", "write true or false, without quotes")
        )
    try:
        return override(rule, changes), faults
    except CatalogueError as error:
        return rule, faults + _located(rule, entry, changes, error.faults)


def _located(rule: Rule, entry: Entry, changes: dict[str, object], problems: tuple[str, ...]) -> list[Fault]:
    """Each problem at the one key that causes it alone, or at the rule's table if several do together."""
    causes: dict[str, str] = {}
    for key, value in changes.items():
        try:
            override(rule, {key: value})
        except CatalogueError as error:
            causes.update((problem, key) for problem in error.faults if problem not in causes)
    return [
        entry.fault((causes[problem],) if problem in causes else (), _short(rule, problem), _REMEDY)
        for problem in problems
    ]


def _own(entry: Entry, taken: set[str]) -> tuple[tuple[Rule, ...], list[Fault]]:
    """The rules of one [[rule]]: several, where it has `each`."""
    try:
        rules = parse_own(entry.table, _OWN)
    except CatalogueError as error:
        return (), [_fault_of_own(entry, problem) for problem in error.faults]
    faults = [
        entry.fault("id", f"“{rule.id}” is the id of another rule", "choose another id")
        for rule in rules
        if rule.id in taken
    ]
    for rule in rules[:1]:
        faults += _unselectable(entry.document, entry, rule)
    return rules, faults


def _fault_of_own(entry: Entry, problem: str) -> Fault:
    """The fault at the innermost key that its sentence names: `own rule (x.y): parameters: limit must …`."""
    place: tuple[str | int, ...] = ()
    table: object = entry.table
    sentence = problem.removeprefix(_OWN).removeprefix(f" ({entry.text('id')})").removeprefix(": ")
    rest = sentence
    while (found := _STEP.match(rest)) is not None and isinstance(table, dict):
        key, number = found[1], found[2]
        is_last = not rest[found.end() :].startswith(": ")
        if key in table or is_last:
            place = (*place, key)
        table = table.get(key)
        if number and isinstance(table, list):
            place = (*place, int(number) - 1)
            table = table[int(number) - 1]
        if is_last:
            break
        rest = rest[found.end() + 2 :]
    shown = "".join(c if c.isprintable() else "?" for c in sentence)[:300]
    return entry.fault(place, shown, _SHAPE)


def _unselectable(document: Document, entry: Entry, rule: Rule) -> Iterator[Fault]:
    """Areas and kinds of storage that this campus does not have; labels and ids may be for later."""
    select = entry.table.get("select")
    if not isinstance(select, dict):
        return
    areas = {own_id for area in document.entries("area") if (own_id := area.text("id")) is not None}
    for area in rule.select.areas if "areas" in select else ():
        if area not in areas:
            problem = f"there is no [[area]] “{escaped(area)}”"
            yield entry.fault(("select", "areas"), problem, suggestion(area, areas))
    storages = {storing.value for storing in Storing}
    for storage in rule.select.storages if "storages" in select else ():
        if storage not in storages:
            problem = f"“{escaped(storage)}” is nothing that a fridge is storing"
            yield entry.fault(("select", "storages"), problem, suggestion(storage, storages))


def _short(rule: Rule, problem: str) -> str:
    text = problem.removeprefix(f"{rule.id}: ")
    return "".join(c if c.isprintable() else "?" for c in text)[:300]
