"""The words of judgement: rules, what they watch, what they remember, what they say."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol, TypeAlias

import msgspec

from devices.facts import Kind
from rules.causes import Causation
from rules.route import Decided, Visit, Walk


class Severity(Enum):
    """How soon somebody must act: INFO today, WARNING this shift, CRITICAL now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


_BY_GRAVITY: Final = tuple(Severity)


def is_graver(one: Severity, other: Severity) -> bool:
    """Whether somebody must act sooner for the first."""
    return _BY_GRAVITY.index(one) > _BY_GRAVITY.index(other)


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

    `grave`: a second limit further out; beyond it for `grave_for_ms` the matter is CRITICAL. `excuse`: while
    this flag of the same reading is true, a value beyond the limit is not held against the device, for at
    most `excuse_ms`; empty: nothing excuses. `others`: further quantities that must be beyond the limit as
    well, where a reading gives them.
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
    grave: float | None = None
    grave_for_ms: int = 0
    excuse: str = ""
    excuse_ms: int = 0
    others: tuple[str, ...] = ()


class Outside(msgspec.Struct, frozen=True, tag="outside", gc=False):
    """`quantity` outside `low`…`high` for `for_ms`; over once `margin` inside both for `keep_for_ms`."""

    quantity: str
    low: float
    high: float
    margin: float
    for_ms: int
    keep_for_ms: int
    valid_low: float
    valid_high: float
    fault_values: tuple[float, ...] = ()
    ramp: float = 0.0


class Rate(msgspec.Struct, frozen=True, tag="rate", gc=False):
    """`quantity` rose (ABOVE) or fell (BELOW) by over `limit` within `within_ms`; over at `clear` or less.

    Both are amounts, never negative."""

    quantity: str
    direction: Direction
    limit: float
    clear: float
    within_ms: int
    for_ms: int
    keep_for_ms: int
    valid_low: float
    valid_high: float
    fault_values: tuple[float, ...] = ()
    ramp: float = 0.0


class Shape(Enum):
    """How a value is taken to go on: as it goes now, or ever slower towards an end of its own."""

    LINE = "line"
    EXPONENTIAL = "exponential"


class Forecast(msgspec.Struct, frozen=True, tag="forecast", gc=False):
    """`quantity` will be beyond `limit` within `ahead_ms`, by its course of the last `within_ms`.

    Judged from `start` on towards the limit. `noise`: how far readings may lie off their course (root mean
    square); a course moves by four times as much at least. `points`: fewer readings are no course."""

    quantity: str
    direction: Direction
    limit: float
    start: float
    shape: Shape
    within_ms: int
    ahead_ms: int
    points: int
    noise: float
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


class Stuck(msgspec.Struct, frozen=True, tag="stuck", gc=False):
    """`quantity` the very same for `after_ms` and in at least `points` readings; over once it moves."""

    quantity: str
    after_ms: int
    points: int
    keep_for_ms: int
    valid_low: float
    valid_high: float
    fault_values: tuple[float, ...] = ()


class Held(msgspec.Struct, frozen=True, tag="held", gc=False):
    """The flag `quantity` is `wanted` for `for_ms`; judged at ticks too, while the device is heard.

    `patience_ms`: nothing received for so long, and nobody knows whether it still is."""

    quantity: str
    wanted: bool
    for_ms: int
    keep_for_ms: int
    patience_ms: int


class Count(msgspec.Struct, frozen=True, tag="count", gc=False):
    """It began `times` times within `within_ms`, or more often.

    What begins: the flag `quantity` turns `wanted`, or with a `direction` the number goes beyond `limit`."""

    quantity: str
    times: int
    within_ms: int
    keep_for_ms: int
    wanted: bool = True
    direction: Direction | None = None
    limit: float = 0.0


class Spread(msgspec.Struct, frozen=True, tag="spread", gc=False):
    """One of several `quantities` of a reading lies more than `limit` percent off their mean.

    A mean below `least` counts as clear. `grave`: a second limit, CRITICAL after `grave_for_ms`."""

    quantities: tuple[str, ...]
    limit: float
    clear: float
    least: float
    for_ms: int
    keep_for_ms: int
    valid_low: float
    valid_high: float
    grave: float | None = None
    grave_for_ms: int = 0


class Total(msgspec.Struct, frozen=True, tag="total", gc=False):
    """`quantity` of the subject lies more than `limit` percent of itself off the sum of that of `parts`, ids.

    Not judged unless each part was measured within `fresh_ms` before. Below `least` it counts as clear."""

    quantity: str
    parts: tuple[str, ...]
    limit: float
    clear: float
    least: float
    fresh_ms: int
    for_ms: int
    keep_for_ms: int
    valid_low: float
    valid_high: float


class Overdue(msgspec.Struct, frozen=True, tag="overdue", gc=False):
    """Nothing said for `for_ms` after the minutes to wait that the subject gave as `quantity`; 0 ends it."""

    quantity: str
    for_ms: int


class ClockWrong(msgspec.Struct, frozen=True, tag="clock_wrong", gc=False):
    """What the subject says has a time that cannot be, for `for_ms`; over once right for `keep_for_ms`."""

    for_ms: int
    keep_for_ms: int


class RoundIncomplete(msgspec.Struct, frozen=True, tag="round_incomplete", gc=False):
    """Some of the walk's tags not tapped from its start to its deadline."""

    walk: Walk


class Flaw(Enum):
    """What can be wrong with a round besides that it is incomplete."""

    NOT_STARTED = "not_started"  # nobody has come, and it can still be walked
    LATE_START = "late_start"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
    TOO_SLOW = "too_slow"
    OFF_TIME = "off_time"  # a checkpoint passed outside its own hours
    WRONG_PERSON = "wrong_person"


class RoundFlaw(msgspec.Struct, frozen=True, tag="round_flaw", gc=False):
    """`after_ms`: how long after the start nobody has come (NOT_STARTED), or the first visit is late
    (LATE_START); of the others the walk itself has the numbers."""

    what: Flaw
    walk: Walk
    after_ms: int = 0


class TooFewPatrols(msgspec.Struct, frozen=True, tag="too_few_patrols", gc=False):
    """On a local day fewer than `times` of its `walks` (by run) were completed, and some of `key_tags` were
    visited fewer than `times` times from `starts_ms` to `ends_ms`; visits within `apart_ms` count as one.

    Judged `after_ms` after the day's end, or at the last deadline if that is later."""

    starts_ms: int
    ends_ms: int
    walks: tuple[tuple[str, Walk], ...]
    key_tags: tuple[str, ...]
    times: int
    apart_ms: int
    after_ms: int


class Odd(Enum):
    """What a single tap, or one tag's taps, can have odd about them."""

    UNKNOWN_TAG = "unknown_tag"
    WRONG_PLACE = "wrong_place"
    REPLAYED = "replayed"
    CLOCK_TAMPERED = "clock_tampered"


class OddTaps(msgspec.Struct, frozen=True, tag="odd_taps", gc=False):
    """Odd taps of a reader or phone, or of a checkpoint's tag; over once none came for `keep_for_ms`.

    `tags`: UNKNOWN_TAG: those that are known; WRONG_PLACE: those that hang elsewhere; else the checkpoint's.
    `tolerance_ms`: by how much the clocks of two phones may disagree."""

    what: Odd
    tags: tuple[str, ...]
    keep_for_ms: int
    tolerance_ms: int = 0


Condition: TypeAlias = (
    Threshold
    | Outside
    | Rate
    | Forecast
    | Silent
    | SensorFault
    | Stuck
    | Held
    | Count
    | Spread
    | Total
    | Overdue
    | ClockWrong
    | RoundIncomplete
    | RoundFlaw
    | TooFewPatrols
    | OddTaps
)


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
    SECOND = "second"  # once it has cleared; and then another person has to confirm that it is put right


class Subject(Enum):
    """What a rule is about: a device (for taps also a phone), a planned round, a local day of rounds, or a
    checkpoint with its tag."""

    DEVICE = "device"
    ROUND = "round"
    DAY = "day"
    CHECKPOINT = "checkpoint"


class Selector(msgspec.Struct, frozen=True):
    """What a rule applies to: whatever meets all that is given; what is empty asks for nothing.

    `labels`: at least one of them; `ids`: patterns such as `cold-*`, of devices or of rounds."""

    subject: Subject
    kinds: tuple[Kind, ...] = ()
    storages: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


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
    critical: float | None = None  # threshold, spread: the second limit
    critical_for_ms: int | None = None
    except_while: str | None = None  # threshold: the flag that excuses …
    except_at_most_ms: int | None = None  # … for so long
    limit_low: float | None = None  # outside
    limit_high: float | None = None
    margin: float | None = None
    within_ms: int | None = None  # rate, forecast, count: how far back
    ahead_ms: int | None = None  # forecast: how far ahead
    start: float | None = None
    shape: Shape | None = None
    points: int | None = None  # forecast, stuck
    noise: float | None = None
    times: int | None = None  # count
    wanted: bool | None = None  # held, count
    quantities: tuple[str, ...] = ()  # spread; threshold: the others
    least: float | None = None  # spread, total
    fresh_ms: int | None = None  # total


class RuleKind(Enum):
    """Which condition a rule makes of its parameters."""

    THRESHOLD = "threshold"
    OUTSIDE = "outside"
    RATE = "rate"
    FORECAST = "forecast"
    SILENT = "silent"
    SENSOR_FAULT = "sensor_fault"
    STUCK = "stuck"
    HELD = "held"
    COUNT = "count"
    SPREAD = "spread"
    TOTAL = "total"
    OVERDUE = "overdue"
    CLOCK = "clock"
    ROUND_INCOMPLETE = "round_incomplete"
    ROUND_NOT_STARTED = "round_not_started"
    ROUND_LATE_START = "round_late_start"
    ROUND_OUT_OF_ORDER = "round_out_of_order"
    ROUND_TOO_FAST = "round_too_fast"
    ROUND_TOO_SLOW = "round_too_slow"
    ROUND_OFF_TIME = "round_off_time"
    ROUND_WRONG_PERSON = "round_wrong_person"
    PATROLS_A_DAY = "patrols_a_day"
    TAG_UNKNOWN = "tag_unknown"
    TAG_MISPLACED = "tag_misplaced"
    TAG_REPLAYED = "tag_replayed"
    TAG_CLOCK = "tag_clock"


class Escalation(msgspec.Struct, frozen=True):
    """Who is told as well once nobody has taken an alert on for `after_ms`."""

    after_ms: int
    to: Role


class Rule(msgspec.Struct, frozen=True):
    """One entry of the catalogue. `basis`: the law, standard or practice behind the numbers.

    `when`, `except_when`: the hours in which it applies and does not, as `rules.windows.parse_hours` reads
    them; empty: always. `severity` is that of the first limit; what is grave is CRITICAL."""

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
    when: str = ""
    except_when: str = ""
    escalation: tuple[Escalation, ...] = ()
    causes: tuple[Causation, ...] = ()  # besides those that `rules.causes` knows for all

    def severity_of(self, *, grave: bool) -> Severity:
        """How soon somebody must act, by the first limit or by the second."""
        return Severity.CRITICAL if grave else self.severity


# --- judging: what is watched, remembered, said ---------------------------------------------------------
# These hold nothing but values, so the garbage collector need not look at them (`gc=False`).


class Applies(Protocol):
    """Hours, as `rules.windows` compiles them."""

    def active(self, at_ms: int) -> bool:
        """Whether an instant lies in them."""
        ...


class Watch(msgspec.Struct, frozen=True, gc=False):
    """A rule bound to one subject: a device id, or a round's id (`<name>@<local date>`).

    `when`, `except_when`: the hours in which it applies, and in which it does not; None: no such hours."""

    rule: str
    subject: str
    condition: Condition
    when: Applies | None = None
    except_when: Applies | None = None

    def applies(self, at_ms: int) -> bool:
        """Whether an instant lies in its hours."""
        return (self.when is None or self.when.active(at_ms)) and (
            self.except_when is None or not self.except_when.active(at_ms)
        )


class RoundState(Enum):
    """Where a round stands: `rules.progress`."""

    PLANNED = "planned"
    DUE = "due"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    COMPLETED = "completed"
    COMPLETED_LATE = "completed_late"
    INCOMPLETE = "incomplete"
    MISSED = "missed"
    EXCUSED = "excused"


class Read(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One signed read of a tag: its count, the time that the tap claims, and the tap's key."""

    counter: int
    at_ms: int
    key: str


class Phase(Enum):
    """QUIET → PENDING (`for` runs) → ACTIVE → HOLDING (`keep_for` runs) → QUIET."""

    QUIET = "quiet"
    PENDING = "pending"
    ACTIVE = "active"
    HOLDING = "holding"


class State(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one watch remembers between facts. `phase_since_ms` is in the facts' own time."""

    phase: Phase = Phase.QUIET
    phase_since_ms: int = 0
    wrong_since_ms: int = 0  # start of the stretch that the alert is about
    newest_ms: int = -1  # newest fact judged; an older one is not judged
    heard_ms: int = -1  # silent: when the hub last received anything from the device
    last_value: float | None = None
    visited: tuple[str, ...] = ()  # round: the tags visited, as last said
    finished: bool = False  # round: of an older book, its deadline was over
    grave_phase: Phase = Phase.QUIET  # of the second limit
    grave_since_ms: int = 0
    excused_since_ms: int = -1  # threshold: the first reading that was excused; -1: none was
    begun_ms: int = -1  # held: when the hub received what began the phase; count: the newest beginning
    run: int = 0  # stuck: in how many readings the value was the same
    times_ms: tuple[int, ...] = ()  # rate, forecast: of samples; count: of beginnings; total: of parts
    values: tuple[float, ...] = ()  # … and their values
    clock_moved_ms: int = 0  # how far the hub's clock was set since: see `rules.own_clock`
    visits: tuple[Visit, ...] = ()  # round, odd taps: what was tapped, by the time claimed
    orders: tuple[Decided, ...] = ()  # round: what people decided
    known_ms: int = -1  # round: the latest instant that matters and is known to be past
    round_state: RoundState | None = None  # round: as last said
    deadline_ms: int = -1  # round: as last said
    reads: tuple[Read, ...] = ()  # a tag's: by their counts


class Raised(msgspec.Struct, frozen=True, tag="raised", gc=False):
    """Something is wrong since `since_ms`, judged so at `at_ms`; `value`: what was seen, if a number.

    `grave`: beyond the second limit. `due_ms`: when a forecast's limit will be reached."""

    at_ms: int
    since_ms: int
    value: float | None
    grave: bool = False
    due_ms: int | None = None


class Worsened(msgspec.Struct, frozen=True, tag="worsened", gc=False):
    """What is wrong has been beyond its second limit for long enough: CRITICAL from now on."""

    at_ms: int
    value: float | None


class Eased(msgspec.Struct, frozen=True, tag="eased", gc=False):
    """What is wrong is within its second limit again, and no longer graver than its rule's severity."""

    at_ms: int
    value: float | None


class Cleared(msgspec.Struct, frozen=True, tag="cleared", gc=False):
    """It is over since `at_ms`. `amended`: a late fact proved that it never was so."""

    at_ms: int
    value: float | None
    amended: bool = False


class RoundMoved(msgspec.Struct, frozen=True, tag="round_moved", gc=False):
    """A round's progress changed. `visits`: all that count, in order of time; `by`, `why`: of the decision
    that explains its state or its `deadline_ms`, if one does."""

    at_ms: int
    state: RoundState
    visited: tuple[str, ...]
    required: int
    deadline_ms: int = 0
    visits: tuple[Visit, ...] = ()
    by: str = ""
    why: str = ""


Event: TypeAlias = Raised | Worsened | Eased | Cleared | RoundMoved
