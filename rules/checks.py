"""Whether a rule makes sense: what its kind needs is there, and its numbers agree with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from devices.series import FIELDS, FieldType, measurement_of
from rules.bind import kinds_of
from rules.model import Closing, Direction, Parameters, Rule, RuleKind, Severity, Subject
from rules.samples import SLOTS
from rules.sensing import ONLINE
from rules.windows import parse_hours

# `patrol.round-incomplete`: it stands in URLs, file names and configuration keys.
_ID: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
MOST_TIMES: Final = 100

_RANGE: Final = ("low", "high")
_DELAYS: Final = ("for_ms", "keep_for_ms")
_NEEDED: Final[dict[RuleKind, tuple[str, ...]]] = {
    RuleKind.THRESHOLD: ("quantity", "direction", "limit", "clear", *_DELAYS, *_RANGE),
    RuleKind.OUTSIDE: ("quantity", "limit_low", "limit_high", "margin", *_DELAYS, *_RANGE),
    RuleKind.RATE: ("quantity", "direction", "limit", "clear", "within_ms", *_DELAYS, *_RANGE),
    RuleKind.FORECAST: (
        *("quantity", "direction", "limit", "start", "within_ms", "ahead_ms", "points", "noise"),
        *_DELAYS,
        *_RANGE,
    ),
    RuleKind.SILENT: ("after_ms", "intervals"),
    RuleKind.SENSOR_FAULT: ("quantity", *_RANGE, "keep_for_ms"),
    RuleKind.STUCK: ("quantity", "after_ms", "points", "keep_for_ms", *_RANGE),
    RuleKind.HELD: ("quantity", *_DELAYS),
    RuleKind.COUNT: ("quantity", "times", "within_ms", "keep_for_ms"),
    RuleKind.SPREAD: ("limit", "clear", "least", *_DELAYS, *_RANGE),
    RuleKind.TOTAL: ("quantity", "limit", "clear", "least", "fresh_ms", *_DELAYS, *_RANGE),
    RuleKind.OVERDUE: ("quantity", "for_ms"),
    RuleKind.CLOCK: _DELAYS,
    RuleKind.ROUND_INCOMPLETE: (),
    RuleKind.ROUND_NOT_STARTED: ("after_ms",),
    RuleKind.ROUND_LATE_START: ("after_ms",),
    RuleKind.ROUND_OUT_OF_ORDER: (),
    RuleKind.ROUND_TOO_FAST: (),
    RuleKind.ROUND_TOO_SLOW: (),
    RuleKind.ROUND_OFF_TIME: (),
    RuleKind.ROUND_WRONG_PERSON: (),
    RuleKind.PATROLS_A_DAY: ("times", "within_ms", "after_ms"),
    RuleKind.TAG_UNKNOWN: ("keep_for_ms",),
    RuleKind.TAG_MISPLACED: ("keep_for_ms",),
    RuleKind.TAG_REPLAYED: ("keep_for_ms",),
    RuleKind.TAG_CLOCK: ("within_ms", "keep_for_ms"),
}
# What the kinds that judge taps are about; all others are about devices.
SUBJECTS: Final = {
    RuleKind.PATROLS_A_DAY: Subject.DAY,
    RuleKind.TAG_UNKNOWN: Subject.DEVICE,
    RuleKind.TAG_MISPLACED: Subject.DEVICE,
    RuleKind.TAG_REPLAYED: Subject.CHECKPOINT,
    RuleKind.TAG_CLOCK: Subject.CHECKPOINT,
    **{kind: Subject.ROUND for kind in RuleKind if kind.value.startswith("round_")},
}
# What somebody has to look into: a round that is over stays as it was. Whoever has not come may still come.
_REVIEWED: Final = frozenset(
    kind
    for kind, subject in SUBJECTS.items()
    if subject in (Subject.ROUND, Subject.DAY) and kind is not RuleKind.ROUND_NOT_STARTED
)
_KEYS_OF_DEVICES: Final = ("kinds", "storages", "areas", "labels")
_USELESS_KEYS: Final = {
    Subject.ROUND: _KEYS_OF_DEVICES,
    Subject.DAY: (*_KEYS_OF_DEVICES, "ids"),
    Subject.CHECKPOINT: ("kinds", "storages", "labels"),
    Subject.DEVICE: (),
}
_LONGER_THAN_NOTHING: Final = ("after_ms", "within_ms", "ahead_ms", "fresh_ms", "except_at_most_ms")
_NEVER_NEGATIVE: Final = ("ramp", "margin", "noise", "least")


def faults_of(rule: Rule) -> tuple[str, ...]:
    """One sentence for each thing that is wrong with the rule; none if it can be bound and judged."""
    return (
        *_identity_faults(rule),
        *_closing_faults(rule),
        *_presence_faults(rule),
        *_quantity_faults(rule),
        *_hours_faults(rule),
        *_number_faults(rule.parameters),
        *_limit_faults(rule.parameters),
        *_tier_faults(rule),
    )


def _identity_faults(rule: Rule) -> Iterator[str]:
    if not _ID.fullmatch(rule.id):
        yield "id must be lower-case letters, digits, dots and dashes, such as cold.chilled.warm"
    if not rule.playbook:
        yield "playbook must have at least one step"
    subject = SUBJECTS.get(rule.kind, Subject.DEVICE)
    if subject is not rule.select.subject:
        yield f"select: subject must be {subject.value} for a {rule.kind.value} rule"
    for key in _USELESS_KEYS[subject]:
        if getattr(rule.select, key):
            yield f"select: {key} are of devices, and this rule is about {subject.value}s"


def _closing_faults(rule: Rule) -> Iterator[str]:
    is_reviewed = rule.kind in _REVIEWED
    if is_reviewed and rule.closing is not Closing.REVIEW:
        yield (
            f"closing {rule.closing.value!r} never happens to a round that was missed, which stays missed: "
            "write 'review', and somebody closes it who has looked into it"
        )
    if not is_reviewed and rule.closing is Closing.REVIEW:
        yield (
            "closing 'review' is for rounds; what is measured closes once it is right again: "
            "write 'auto', 'person' or 'second'"
        )


def _presence_faults(rule: Rule) -> Iterator[str]:
    for name in _NEEDED[rule.kind]:
        if getattr(rule.parameters, name) is None:
            yield f"parameters: {name.removesuffix('_ms')} is needed by a {rule.kind.value} rule"
    if rule.kind is RuleKind.SPREAD and len(rule.parameters.quantities) < 2:
        yield "parameters: quantities must be two or more for a spread rule"
    if rule.kind is RuleKind.COUNT and (rule.parameters.direction is None) != (rule.parameters.limit is None):
        yield "parameters: direction and limit belong together"
    if (rule.parameters.except_while is None) != (rule.parameters.except_at_most_ms is None):
        yield "parameters: except_while and except_at_most belong together"


def _quantity_faults(rule: Rule) -> Iterator[str]:
    numbers = rule.parameters
    is_flag = rule.kind is RuleKind.HELD or (rule.kind is RuleKind.COUNT and numbers.direction is None)
    wanted = FieldType.BOOL if is_flag else FieldType.FLOAT
    if numbers.quantity is not None and not (is_flag and numbers.quantity == ONLINE):
        yield from _unknown(rule, "quantity", numbers.quantity, wanted)
    for name in numbers.quantities:
        yield from _unknown(rule, "quantities", name, wanted)
    if numbers.except_while is not None:
        yield from _unknown(rule, "except_while", numbers.except_while, FieldType.BOOL)
    if rule.kind is RuleKind.HELD and numbers.quantity == ONLINE:
        yield "parameters: quantity 'online' is what a silent rule is for"


def _unknown(rule: Rule, key: str, quantity: str, wanted: FieldType) -> Iterator[str]:
    measurements = {measurement_of(kind) for kind in rule.select.kinds} or set(FIELDS)
    if not any(FIELDS[name].get(quantity) is wanted for name in measurements):
        of = ", ".join(kind.value for kind in kinds_of(rule.select))
        what = "number" if wanted is FieldType.FLOAT else "yes or no"
        yield f"parameters: {key} {quantity!r} is no {what} that devices of kind {of} measure"


def _hours_faults(rule: Rule) -> Iterator[str]:
    for key, text in (("when", rule.when), ("except_when", rule.except_when)):
        if not text:
            continue
        if rule.kind in SUBJECTS:
            yield f"{key} is for what devices measure; a [[round]] has days of its own"
        try:
            parse_hours(text)
        except ValueError as error:
            yield f"{key} {error}"


def _number_faults(numbers: Parameters) -> Iterator[str]:
    for name in _LONGER_THAN_NOTHING:
        value = getattr(numbers, name)
        if value is not None and value <= 0:
            yield f"parameters: {name.removesuffix('_ms')} must be longer than 0"
    for name in _NEVER_NEGATIVE:
        value = getattr(numbers, name)
        if value is not None and value < 0:
            yield f"parameters: {name} must not be negative"
    if numbers.intervals is not None and numbers.intervals < 1:
        yield "parameters: intervals must be at least 1"
    if numbers.points is not None and not 2 <= numbers.points <= MOST_TIMES:
        yield f"parameters: points must be from 2 to {MOST_TIMES}"
    if numbers.ahead_ms is not None and numbers.points is not None and not 3 <= numbers.points <= SLOTS // 2:
        yield f"parameters: points of a forecast must be from 3 to {SLOTS // 2}"
    if numbers.times is not None and not 1 <= numbers.times <= MOST_TIMES:
        yield f"parameters: times must be from 1 to {MOST_TIMES}"


def _limit_faults(numbers: Parameters) -> Iterator[str]:
    low, high, limit = numbers.low, numbers.high, numbers.limit
    is_amount = numbers.within_ms is not None and numbers.ahead_ms is None and numbers.times is None
    is_share = numbers.least is not None
    if low is not None and high is not None:
        if low >= high:
            yield f"parameters: low {low} must be less than high {high}"
        elif limit is not None and not is_amount and not is_share and not low <= limit <= high:
            yield f"parameters: limit {limit} must be from low {low} to high {high}"
    if (is_amount or is_share) and limit is not None and limit <= 0:
        yield f"parameters: limit {limit} must be more than 0: it is an amount"
    direction = Direction.ABOVE if is_amount or is_share else numbers.direction
    yield from _order_faults("clear", numbers.clear, limit, direction)
    yield from _order_faults("start", numbers.start, limit, direction)
    margin = numbers.margin or 0.0
    lowest, highest = numbers.limit_low, numbers.limit_high
    if lowest is not None and highest is not None and lowest + margin > highest - margin:
        yield "parameters: limit_low and limit_high must leave room for the margin on both sides"


def _order_faults(
    name: str, value: float | None, limit: float | None, direction: Direction | None
) -> Iterator[str]:
    if value is None or limit is None:
        return
    if direction is Direction.ABOVE and value > limit:
        yield f"parameters: {name} {value} must not be above limit {limit}"
    if direction is Direction.BELOW and value < limit:
        yield f"parameters: {name} {value} must not be below limit {limit}"


def _tier_faults(rule: Rule) -> Iterator[str]:
    numbers = rule.parameters
    if numbers.critical is None:
        return
    if rule.severity is Severity.CRITICAL:
        yield "severity is critical already: leave the second limit (critical) out"
    if numbers.limit is None:
        return
    further = numbers.critical - numbers.limit
    if (further if numbers.direction is not Direction.BELOW else -further) <= 0:
        yield f"parameters: critical {numbers.critical} must lie further out than limit {numbers.limit}"
    low, high = numbers.low, numbers.high
    if rule.kind is RuleKind.THRESHOLD and low is not None and high is not None:
        inside = low <= numbers.critical <= high
        yield from (
            ()
            if inside
            else (f"parameters: critical {numbers.critical} must be from low {low} to high {high}",)
        )
