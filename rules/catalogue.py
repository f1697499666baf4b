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
from rules.causes import Causation, Way
from rules.checks import SUBJECTS, faults_of
from rules.model import (
    Closing,
    Direction,
    Escalation,
    Parameters,
    Role,
    Rule,
    RuleKind,
    Selector,
    Severity,
    Shape,
    Subject,
    Text,
)
from rules.tables import Faults, Table

_DELAYS: Final = ("for", "keep_for")
_RANGE: Final = ("low", "high", "fault_values", "ramp")
_TUNABLE: Final[dict[RuleKind, tuple[str, ...]]] = {
    RuleKind.THRESHOLD: (
        *("limit", "clear", *_DELAYS, *_RANGE),
        *("critical", "critical_for", "except_while", "except_at_most"),
    ),
    RuleKind.OUTSIDE: ("limit_low", "limit_high", "margin", *_DELAYS, *_RANGE),
    RuleKind.RATE: ("limit", "clear", "within", *_DELAYS, *_RANGE),
    RuleKind.FORECAST: (
        *("limit", "start", "shape", "within", "ahead", "points", "noise"),
        *_DELAYS,
        *_RANGE,
    ),
    RuleKind.SILENT: ("after", "intervals"),
    RuleKind.SENSOR_FAULT: (*_RANGE, "keep_for"),
    RuleKind.STUCK: ("after", "points", "keep_for", "low", "high", "fault_values"),
    RuleKind.HELD: _DELAYS,
    RuleKind.COUNT: ("times", "within", "limit", "keep_for"),
    RuleKind.SPREAD: ("limit", "clear", "least", *_DELAYS, "low", "high", "critical", "critical_for"),
    RuleKind.TOTAL: ("limit", "clear", "least", "fresh", *_DELAYS, "low", "high"),
    RuleKind.OVERDUE: ("for",),
    RuleKind.CLOCK: _DELAYS,
    RuleKind.ROUND_INCOMPLETE: (),
    RuleKind.ROUND_NOT_STARTED: ("after",),
    RuleKind.ROUND_LATE_START: ("after",),
    RuleKind.ROUND_OUT_OF_ORDER: (),
    RuleKind.ROUND_TOO_FAST: (),
    RuleKind.ROUND_TOO_SLOW: (),
    RuleKind.ROUND_OFF_TIME: (),
    RuleKind.ROUND_WRONG_PERSON: (),
    RuleKind.PATROLS_A_DAY: ("times", "within", "after"),
    RuleKind.TAG_UNKNOWN: ("keep_for",),
    RuleKind.TAG_MISPLACED: ("keep_for",),
    RuleKind.TAG_REPLAYED: ("keep_for",),
    RuleKind.TAG_CLOCK: ("within", "keep_for"),
}
_SELECTOR_KEYS: Final = ("kinds", "storages", "areas", "labels", "ids")
# What keeps its distance from a limit that is set alone.
_ALONG: Final = ("clear", "critical", "start")
_USUAL_ESCALATION: Final = {Severity.CRITICAL: (Escalation(15 * 60_000, Role.HEAD),)}
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


def parse_own(entry: Mapping[str, object], where: str) -> tuple[Rule, ...]:
    """The rules that one table of a campus's own makes, of the same shape as the catalogue's entries.

    Raises CatalogueError with every fault found; each begins with `where`."""
    faults: Faults = []
    rules = _rules_of(Table(entry, where, faults), faults)
    if faults:
        raise CatalogueError(tuple(faults))
    return tuple(rules)


def tunable(kind: RuleKind) -> tuple[str, ...]:
    """What `override` may set on a rule of this kind, as written in configuration."""
    hours = () if kind in SUBJECTS else ("when", "except_when")
    return ("severity", "basis", "closing", "select", *hours, "escalate", *_TUNABLE[kind])


def override(rule: Rule, changes: Mapping[str, object]) -> Rule:
    """The rule with a campus's own values; a new `limit` alone takes along what keeps a distance from it, and
    of `select` only what is given changes.

    Raises CatalogueError that names every wrong key and what would be right.
    """
    faults: Faults = []
    known = tunable(rule.kind)
    for key in changes.keys() - set(known):
        faults.append(f"{rule.id}: {key} cannot be set for this rule; what can: {', '.join(known)}")
    table = Table({key: changes[key] for key in known if key in changes}, rule.id, faults)
    severity = table.choice("severity", Severity, rule.severity)
    changed = replace(
        rule,
        severity=severity,
        basis=_text(table, "basis") if "basis" in table else rule.basis,
        closing=table.choice("closing", Closing, rule.closing),
        select=_selector(table.table("select"), rule.select) if "select" in table else rule.select,
        when=table.text("when") if "when" in table else rule.when,
        except_when=table.text("except_when") if "except_when" in table else rule.except_when,
        escalation=_escalation(table, severity)
        if "escalate" in table or rule.escalation == _USUAL_ESCALATION.get(rule.severity, ())
        else rule.escalation,
        parameters=_taken_along(table, rule.parameters, _parameters(table, rule.parameters)),
    )
    # Numbers that could not be read would be found to disagree as well: one fault is enough.
    faults += () if faults else (f"{rule.id}: {fault}" for fault in faults_of(changed))
    if faults:
        raise CatalogueError(tuple(sorted(faults)))
    return changed


def _taken_along(table: Table, before: Parameters, after: Parameters) -> Parameters:
    if before.limit is None or after.limit is None:
        return after
    by = after.limit - before.limit
    old = {name: getattr(before, name) for name in _ALONG}
    # Rounded, so that 5.1 and a hysteresis of 1 show as 4.1 and not with sixteen digits.
    moved = {
        name: round(value + by, 6) for name, value in old.items() if name not in table and value is not None
    }
    return replace(after, **moved)


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
        quantities=parameters.texts("quantities"),
        wanted=parameters.flag("value", default=None),
    )
    severity = entry.choice("severity", Severity)
    rule = Rule(
        id=rule_id,
        kind=entry.choice("kind", RuleKind),
        title=_text(entry, "title"),
        severity=severity,
        basis=_text(entry, "basis"),
        owner=entry.choice("owner", Role),
        playbook=tuple(_text_in(step) for step in entry.tables("playbook")),
        select=_selector(entry.table("select"), None),
        parameters=numbers,
        closing=entry.choice("closing", Closing),
        causes=_causes(entry.table("causes"), rule_id) if "causes" in entry else (),
        when=entry.text("when") if "when" in entry else "",
        except_when=entry.text("except_when") if "except_when" in entry else "",
        escalation=_escalation(entry, severity),
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


def _causes(table: Table, rule_id: str) -> tuple[Causation, ...]:
    """`causes = { via = ["device.silent.*"] }`; a family's rules have theirs in common."""
    found = tuple(Causation(f"{rule_id}*", way, table.texts(way.value)) for way in Way if way.value in table)
    table.refuse_the_rest()
    return found


def _selector(table: Table, before: Selector | None) -> Selector:
    """What the table selects; of `before` stays what the table does not give."""
    selector = Selector(
        subject=before.subject if before else table.choice("subject", Subject),
        kinds=table.choices("kinds", Kind),
        storages=table.texts("storages"),
        areas=table.texts("areas"),
        labels=table.texts("labels"),
        ids=table.texts("ids"),
    )
    table.refuse_the_rest()
    if before is None:
        return selector
    kept = {key: getattr(before, key) for key in _SELECTOR_KEYS if key not in table}
    return replace(selector, **kept)


def _escalation(table: Table, severity: Severity) -> tuple[Escalation, ...]:
    """Who is told later; without a word, the head of logistics of what is critical, after 15 minutes."""
    if "escalate" not in table:
        return _USUAL_ESCALATION.get(severity, ())
    steps = []
    for step in table.tables("escalate", may_be_empty=True):
        steps.append(Escalation(step.duration("after", 0) or 0, step.choice("to", Role)))
        step.refuse_the_rest()
    return tuple(sorted(steps, key=lambda step: step.after_ms))


def _text(table: Table, key: str) -> Text:
    """The text in both languages; a plain one serves both."""
    if table.is_plain_text(key):
        return Text(zh=table.text(key), en=table.text(key))
    return _text_in(table.table(key))


def _text_in(table: Table) -> Text:
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
        critical=table.number("critical", before.critical),
        critical_for_ms=table.duration("critical_for", before.critical_for_ms),
        except_while=table.text("except_while") if "except_while" in table else before.except_while,
        except_at_most_ms=table.duration("except_at_most", before.except_at_most_ms),
        limit_low=table.number("limit_low", before.limit_low),
        limit_high=table.number("limit_high", before.limit_high),
        margin=table.number("margin", before.margin),
        within_ms=table.duration("within", before.within_ms),
        ahead_ms=table.duration("ahead", before.ahead_ms),
        start=table.number("start", before.start),
        shape=table.choice("shape", Shape) if "shape" in table else before.shape,
        points=table.whole("points", before.points),
        noise=table.number("noise", before.noise),
        times=table.whole("times", before.times),
        least=table.number("least", before.least),
        fresh_ms=table.duration("fresh", before.fresh_ms),
    )
