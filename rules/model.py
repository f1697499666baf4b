"""The words of judgement: rules, what they watch, what they remember, what they say."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

from devices.facts import Kind


class Severity(Enum):
    """How soon somebody must act: INFO today, WARNING this shift, CRITICAL now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Text(msgspec.Struct, frozen=True):
    """A text for people, in both languages."""

    zh: str
    en: str


# --- conditions: what can be wrong ----------------------------------------------------------------------


class Direction(Enum):
    """On which side of the limit a value is wrong."""

    ABOVE = "above"
    BELOW = "below"


class Threshold(msgspec.Struct, frozen=True, tag="threshold", gc=False):
    """`quantity` strictly beyond `limit` for `for_ms`; over once back to `clear` or better for `keep_for_ms`.

    `clear` is the hysteresis: between limit and clear an active alert stays and a pending one is dropped.
    Values that a sensor cannot mean (outside `valid_low`…`valid_high`, or in `fault_values`) are not judged;
    a fault value is meant after all when the last good value lies within `ramp` of it.
    """

    quantity: str
    direction: Direction
    limit: float
    clear: float
    for_ms: int
    keep_for_ms: int
    valid_low: float
    valid_high: float
    fault_values: tuple[float, ...] = ()
    ramp: float = 0.0


class Silent(msgspec.Struct, frozen=True, tag="silent", gc=False):
    """Nothing received from the device for longer than `after_ms`, while the hub was listening."""

    after_ms: int


class SensorFault(msgspec.Struct, frozen=True, tag="sensor_fault", gc=False):
    """`quantity` outside its physical range, or exactly one of the values that a broken sensor reads.

    A fault value that neighbours within `ramp` of it lead to is a real one (85.0 °C in a hot cabinet).
    """

    quantity: str
    low: float
    high: float
    fault_values: tuple[float, ...]
    ramp: float
    keep_for_ms: int


class RoundIncomplete(msgspec.Struct, frozen=True, tag="round_incomplete", gc=False):
    """Some of `tags` (upper-case hex UIDs, one each checkpoint) not tapped from start to end plus grace."""

    starts_ms: int
    ends_ms: int
    grace_ms: int
    tags: tuple[str, ...]


Condition: TypeAlias = Threshold | Silent | SensorFault | RoundIncomplete


# --- the catalogue's entry --------------------------------------------------------------------------------


class Role(Enum):
    """What somebody is at the school, and so what is theirs to do and to see."""

    GUARD = "guard"
    CANTEEN = "canteen"
    MAINTENANCE = "maintenance"
    HEAD = "head"
    ADMIN = "admin"
    WALL = "wall"


class Closing(Enum):
    """Who closes an alert: the hub itself once it has cleared, or a person who writes what was done."""

    AUTO = "auto"
    PERSON = "person"  # once it has cleared
    REVIEW = "review"  # at any time: what was missed stays missed, and only looking into it ends the matter


class Subject(Enum):
    """What a rule is about: a device, or a planned round."""

    DEVICE = "device"
    ROUND = "round"


class Selector(msgspec.Struct, frozen=True):
    """What a rule applies to. Empty `kinds` or `storages` mean all."""

    subject: Subject
    kinds: tuple[Kind, ...] = ()
    storages: tuple[str, ...] = ()


class Parameters(msgspec.Struct, frozen=True):
    """A rule's numbers, as the catalogue ships them and `campus.toml` may override them; None: not used."""

    quantity: str | None = None
    direction: Direction | None = None
    limit: float | None = None
    clear: float | None = None
    for_ms: int | None = None
    keep_for_ms: int | None = None
    after_ms: int | None = None  # silent: at least this long …
    intervals: float | None = None  # … and at least this many of the device's expected intervals
    low: float | None = None
    high: float | None = None
    fault_values: tuple[float, ...] = ()
    ramp: float | None = None


class RuleKind(Enum):
    """Which condition a rule makes of its parameters."""

    THRESHOLD = "threshold"
    SILENT = "silent"
    SENSOR_FAULT = "sensor_fault"
    ROUND_INCOMPLETE = "round_incomplete"


class Rule(msgspec.Struct, frozen=True):
    """One entry of the catalogue. `basis`: the law, standard or practice behind the numbers."""

    id: str
    kind: RuleKind
    title: Text
    severity: Severity
    basis: Text
    owner: Role
    playbook: tuple[Text, ...]
    select: Selector
    parameters: Parameters
    closing: Closing


# --- judging: what is watched, remembered, said ---------------------------------------------------------
# These hold nothing but values, so the garbage collector need not look at them (`gc=False`).


class Watch(msgspec.Struct, frozen=True, gc=False):
    """A rule bound to one subject: a device id, or a round's id (`<name>@<local date>`)."""

    rule: str
    subject: str
    condition: Condition


class Phase(Enum):
    """QUIET → PENDING (`for` runs) → ACTIVE → HOLDING (`keep_for` runs) → QUIET."""

    QUIET = "quiet"
    PENDING = "pending"
    ACTIVE = "active"
    HOLDING = "holding"


class State(msgspec.Struct, frozen=True, gc=False):
    """What one watch remembers between facts. `phase_since_ms` is in the facts' own time."""

    phase: Phase = Phase.QUIET
    phase_since_ms: int = 0
    wrong_since_ms: int = 0  # start of the stretch that the alert is about
    newest_ms: int = -1  # newest fact judged; an older one is not judged
    heard_ms: int = -1  # silent: when the hub last received anything from the device
    last_value: float | None = None
    visited: tuple[str, ...] = ()  # round: the tags tapped, in the order they became known
    finished: bool = False  # round: nothing more to judge


class RoundState(Enum):
    """Where a round stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    MISSED = "missed"


class Raised(msgspec.Struct, frozen=True, tag="raised", gc=False):
    """Something is wrong since `since_ms`, judged so at `at_ms`; `value`: what was seen, if a number."""

    at_ms: int
    since_ms: int
    value: float | None


class Cleared(msgspec.Struct, frozen=True, tag="cleared", gc=False):
    """It is over since `at_ms`. `amended`: a late fact proved that it never was so."""

    at_ms: int
    value: float | None
    amended: bool = False


class RoundMoved(msgspec.Struct, frozen=True, tag="round_moved", gc=False):
    """A round's progress changed."""

    at_ms: int
    state: RoundState
    visited: tuple[str, ...]
    required: int


Event: TypeAlias = Raised | Cleared | RoundMoved
