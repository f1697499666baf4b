"""The rule catalogue: from text to rules, and a campus's own numbers over the shipped ones.

`catalogue.toml` beside this module is what ships; whoever may read files hands its text to `parse`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from devices.facts import Kind
from rules.checks import faults_of
from rules.model import (
    Closing,
    Direction,
    Parameters,
    Role,
    Rule,
    RuleKind,
    Selector,
    Severity,
    Subject,
    Text,
)
from rules.tables import Faults, Table

_TUNABLE: Final[dict[RuleKind, tuple[str, ...]]] = {
    RuleKind.THRESHOLD: ("limit", "clear", "for", "keep_for", "low", "high", "fault_values", "ramp"),
    RuleKind.SILENT: ("after", "intervals"),
    RuleKind.SENSOR_FAULT: ("low", "high", "fault_values", "ramp", "keep_for"),
    RuleKind.ROUND_INCOMPLETE: (),
}
_EACH: Final = "{each}"


class CatalogueError(Exception):
    """Everything that is wrong with a catalogue or an override: `faults`, one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def parse(text: str) -> tuple[Rule, ...]:
    """The rules in a catalogue's text, in its order. Raises CatalogueError with every fault found.

    An entry with `each = {L1 = "voltage_l1_v", …}` makes one rule for each quantity: `.l1` is added to its
    id, and `{each}` in its texts becomes `L1`.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CatalogueError((f"catalogue: not TOML: {error}",)) from error
    faults: Faults = []
    root = Table(document, "catalogue", faults)
    rules = [rule for entry in root.tables("rules") for rule in _rules_of(entry, faults)]
    root.refuse_the_rest()
    repeated = (rule_id for rule_id, times in Counter(rule.id for rule in rules).items() if times > 1)
    faults += [f"catalogue: id {rule_id} is there more than once" for rule_id in repeated]
    if faults:
        raise CatalogueError(tuple(faults))
    return tuple(rules)


def tunable(kind: RuleKind) -> tuple[str, ...]:
    """What `override` may set on a rule of this kind, as written in configuration."""
    return ("severity", "basis", *_TUNABLE[kind])


def override(rule: Rule, changes: Mapping[str, object]) -> Rule:
    """The rule with a campus's own values; a new `limit` alone takes `clear` along.

    Raises CatalogueError that names every wrong key and what would be right.
    """
    faults: Faults = []
    known = tunable(rule.kind)
    for key in changes.keys() - set(known):
        faults.append(f"{rule.id}: {key} cannot be set for this rule; what can: {', '.join(known)}")
    table = Table({key: changes[key] for key in known if key in changes}, rule.id, faults)
    changed = replace(
        rule,
        severity=table.choice("severity", Severity, rule.severity),
        basis=_text(table.table("basis")) if "basis" in table else rule.basis,
        parameters=_with_clear_taken_along(table, rule.parameters, _parameters(table, rule.parameters)),
    )
    # Numbers that could not be read would be found to disagree as well: one fault is enough.
    faults += () if faults else (f"{rule.id}: {fault}" for fault in faults_of(changed))
    if faults:
        raise CatalogueError(tuple(sorted(faults)))
    return changed


def _with_clear_taken_along(table: Table, before: Parameters, after: Parameters) -> Parameters:
    if "clear" in table or before.limit is None or before.clear is None or after.limit is None:
        return after
    # Rounded, so that 5.1 and a hysteresis of 1 show as 4.1 and not with sixteen digits.
    return replace(after, clear=round(after.limit + (before.clear - before.limit), 6))


def _rules_of(entry: Table, faults: Faults) -> list[Rule]:
    rule_id = entry.text("id")
    if rule_id:
        entry.where = f"{entry.where} ({rule_id})"
    known_before = len(faults)
    family = _family(entry, rule_id)
    if len(faults) > known_before:
        return []
    faults += [f"{entry.where}: {fault}" for rule in family for fault in faults_of(rule)]
    return family


def _family(entry: Table, rule_id: str) -> list[Rule]:
    parameters = entry.table("parameters")
    numbers = replace(
        _parameters(parameters, Parameters()),
        quantity=parameters.text("quantity") if "quantity" in parameters else None,
        direction=parameters.choice("direction", Direction) if "direction" in parameters else None,
    )
    rule = Rule(
        id=rule_id,
        kind=entry.choice("kind", RuleKind),
        title=_text(entry.table("title")),
        severity=entry.choice("severity", Severity),
        basis=_text(entry.table("basis")),
        owner=entry.choice("owner", Role),
        playbook=tuple(_text(step) for step in entry.tables("playbook")),
        select=_selector(entry.table("select")),
        parameters=numbers,
        closing=entry.choice("closing", Closing),
    )
    each = entry.table("each").texts_by_name() if "each" in entry else None
    parameters.refuse_the_rest()
    entry.refuse_the_rest()
    if each is None:
        return [rule]
    return [_one_of_each(rule, name, quantity) for name, quantity in each.items()]


def _one_of_each(rule: Rule, name: str, quantity: str) -> Rule:
    def named(text: Text) -> Text:
        return Text(zh=text.zh.replace(_EACH, name), en=text.en.replace(_EACH, name))

    return replace(
        rule,
        id=f"{rule.id}.{name.lower()}",
        title=named(rule.title),
        basis=named(rule.basis),
        playbook=tuple(named(step) for step in rule.playbook),
        parameters=replace(rule.parameters, quantity=quantity),
    )


def _selector(table: Table) -> Selector:
    selector = Selector(
        subject=table.choice("subject", Subject),
        kinds=table.choices("kinds", Kind),
        storages=table.texts("storages"),
    )
    table.refuse_the_rest()
    return selector


def _text(table: Table) -> Text:
    text = Text(zh=table.text("zh"), en=table.text("en"))
    table.refuse_the_rest()
    return text


def _parameters(table: Table, before: Parameters) -> Parameters:
    """The numbers of `before` with those that the table gives instead."""
    return replace(
        before,
        limit=table.number("limit", before.limit),
        clear=table.number("clear", before.clear),
        for_ms=table.duration("for", before.for_ms),
        keep_for_ms=table.duration("keep_for", before.keep_for_ms),
        after_ms=table.duration("after", before.after_ms),
        intervals=table.number("intervals", before.intervals),
        low=table.number("low", before.low),
        high=table.number("high", before.high),
        fault_values=table.numbers("fault_values", before.fault_values),
        ramp=table.number("ramp", before.ramp),
    )
