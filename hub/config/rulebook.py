"""The shipped rules with this campus's own numbers: `[rules."cold.chilled.warm"]` and the like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

from hub.config.document import Document, Entry
from hub.config.faults import Fault, escaped, suggestion
from rules.catalogue import CatalogueError, override, parse, tunable
from rules.model import Rule

ENABLED: Final = "enabled"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`rules`: those in force, in the catalogue's order; `off`: the ids of those switched off."""

    rules: tuple[Rule, ...]
    off: tuple[str, ...]


def shipped() -> tuple[Rule, ...]:
    """The catalogue as shipped."""
    return parse(resources.files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8"))


def compile_rules(document: Document) -> tuple[Rulebook, list[Fault]]:
    """The rules in force here, and every fault of the overrides."""
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
    remedy = "correct it, or leave it out to keep the shipped number"
    return [
        entry.fault((causes[problem],) if problem in causes else (), _short(rule, problem), remedy)
        for problem in problems
    ]


def _short(rule: Rule, problem: str) -> str:
    text = problem.removeprefix(f"{rule.id}: ")
    return "".join(c if c.isprintable() else "?" for c in text)[:300]
