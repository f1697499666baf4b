"""Whether a rule makes sense: what its kind needs is there, and its numbers agree with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from devices.series import FIELDS, FieldType, measurement_of
from rules.bind import kinds_of
from rules.model import Direction, Parameters, Rule, RuleKind, Subject

# `patrol.round-incomplete`: it stands in URLs, file names and configuration keys.
_ID: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")

_NEEDED: Final[dict[RuleKind, tuple[str, ...]]] = {
    RuleKind.THRESHOLD: (
        "quantity",
        "direction",
        "limit",
        "clear",
        "for_ms",
        "keep_for_ms",
        "low",
        "high",
    ),
    RuleKind.SILENT: ("after_ms", "intervals"),
    RuleKind.SENSOR_FAULT: ("quantity", "low", "high", "keep_for_ms"),
    RuleKind.ROUND_INCOMPLETE: (),
}


def faults_of(rule: Rule) -> tuple[str, ...]:
    """One sentence for each thing that is wrong with the rule; none if it can be bound and judged."""
    return (
        *_identity_faults(rule),
        *_presence_faults(rule),
        *_quantity_faults(rule),
        *_number_faults(rule.parameters),
    )


def _identity_faults(rule: Rule) -> Iterator[str]:
    if not _ID.fullmatch(rule.id):
        yield "id must be lower-case letters, digits, dots and dashes, such as cold.chilled.warm"
    if not rule.playbook:
        yield "playbook must have at least one step"
    about_rounds = rule.kind is RuleKind.ROUND_INCOMPLETE
    if about_rounds != (rule.select.subject is Subject.ROUND):
        right = Subject.ROUND if about_rounds else Subject.DEVICE
        yield f"select: subject must be {right.value} for a {rule.kind.value} rule"


def _presence_faults(rule: Rule) -> Iterator[str]:
    for name in _NEEDED[rule.kind]:
        if getattr(rule.parameters, name) is None:
            yield f"parameters: {name.removesuffix('_ms')} is needed by a {rule.kind.value} rule"


def _quantity_faults(rule: Rule) -> Iterator[str]:
    quantity = rule.parameters.quantity
    if quantity is None:
        return
    measurements = {measurement_of(kind) for kind in rule.select.kinds} or set(FIELDS)
    if not any(FIELDS[name].get(quantity) is FieldType.FLOAT for name in measurements):
        of = ", ".join(kind.value for kind in kinds_of(rule.select))
        yield f"parameters: quantity {quantity!r} is no number that devices of kind {of} measure"


def _number_faults(numbers: Parameters) -> Iterator[str]:
    low, high, limit = numbers.low, numbers.high, numbers.limit
    if low is not None and high is not None:
        if low >= high:
            yield f"parameters: low {low} must be less than high {high}"
        elif limit is not None and not low <= limit <= high:
            yield f"parameters: limit {limit} must be from low {low} to high {high}"
    yield from _clear_faults(numbers)
    if numbers.after_ms is not None and numbers.after_ms <= 0:
        yield "parameters: after must be longer than 0"
    if numbers.intervals is not None and numbers.intervals < 1:
        yield "parameters: intervals must be at least 1"
    if numbers.ramp is not None and numbers.ramp < 0:
        yield "parameters: ramp must not be negative"


def _clear_faults(numbers: Parameters) -> Iterator[str]:
    if numbers.limit is None or numbers.clear is None:
        return
    if numbers.direction is Direction.ABOVE and numbers.clear > numbers.limit:
        yield f"parameters: clear {numbers.clear} must not be above limit {numbers.limit}"
    if numbers.direction is Direction.BELOW and numbers.clear < numbers.limit:
        yield f"parameters: clear {numbers.clear} must not be below limit {numbers.limit}"
