"""What the book hands out: frozen copies, never rows."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

from rules import work
from rules.life import Change, Hush
from rules.model import RoundState, Severity
from rules.route import Visit, quality
from rules.work import State


class Alert(msgspec.Struct, frozen=True):
    """One thing wrong. `active`: the cause lasts; `acknowledged_by`, `closed_by`: person ids, or empty.

    `put_right_by`: it waits for somebody else to confirm that. `hushes`: why people are not told of it now;
    `suppressed_…`: by whom, why and until when its surroundings do so, `shelved_…`: likewise for a person,
    `shelved_ms`: all that it was shelved for since it was raised aloud.
    `parent`: the alert that was found to be its cause. `late`: what raised it arrived long after it was
    measured. `due_ms`: when the limit that it forecasts will be reached, as it was known when raised."""

    id: int
    rule: str
    subject: str
    severity: Severity
    active: bool
    acknowledged: bool
    closed: bool
    raised_at_ms: int
    since_ms: int
    cleared_at_ms: int | None
    closed_at_ms: int | None
    value: float | None
    acknowledged_by: str
    acknowledged_reason: str
    acknowledged_at_ms: int | None
    closed_by: str
    closed_action: str
    put_right_by: str = ""
    confirmed_by: str = ""
    hushes: tuple[Hush, ...] = ()
    suppressed_by: str = ""
    suppressed_why: str = ""
    suppressed_until_ms: int | None = None
    shelved_by: str = ""
    shelved_why: str = ""
    shelved_until_ms: int | None = None
    shelved_once: bool = False
    shelved_ms: int = 0
    parent: int | None = None
    late: bool = False
    due_ms: int | None = None


class Setting(Enum):
    """What people set that hushes alerts."""

    OUT_OF_SERVICE = "out_of_service"
    MAINTENANCE = "maintenance"


class Suppression(msgspec.Struct, frozen=True):
    """Alerts on a device, or on all devices of an area, are not told. `until_ms` None: until a person says.

    `ended_at_ms`: it is over; `ended_by`: a person's id, or empty when its time was up."""

    id: int
    kind: Setting
    device: str
    area: str
    reason: str
    set_by: str
    set_at_ms: int
    until_ms: int | None
    ended_at_ms: int | None
    ended_by: str


class RoundRun(msgspec.Struct, frozen=True):
    """One planned round of one day. `tags` are the UIDs to visit, in the route's order, `visited` those that
    were.

    `deadline_ms`: until when visits count, as planned or as somebody decided; `decided_by`, `decided_why`:
    who and why, where a decision explains the state or the deadline. `visits`: in order of time; of a round
    that an older campushub watched there are none."""

    id: str
    round: str
    starts_ms: int
    ends_ms: int
    grace_ms: int
    state: RoundState
    tags: tuple[str, ...]
    visited: tuple[str, ...]
    deadline_ms: int = 0
    visits: tuple[Visit, ...] = ()
    decided_by: str = ""
    decided_why: str = ""

    @property
    def quality(self) -> float:
        """The quality index: visited ÷ required."""
        return quality(len(self.visited), len(self.tags))


class AlertChanged(msgspec.Struct, frozen=True, tag="alert"):
    """`at_ms`: when it happened, in the facts' time; `by`: a person's id, empty for the hub itself.

    `hushes`: what keeps people from being told, after this and the changes made with it. `until_ms`, `once`:
    of a shelf. `parent`: the cause, where this is about one. `due_ms`: of a forecast that was raised. Entries
    of older books have none of these."""

    alert: int
    rule: str
    subject: str
    severity: Severity
    change: Change
    active: bool
    closed: bool
    at_ms: int
    by: str
    note: str
    value: float | None
    hushes: tuple[Hush, ...] = ()
    until_ms: int | None = None
    once: bool = False
    parent: int | None = None
    late: bool = False
    due_ms: int | None = None


class RoundChanged(msgspec.Struct, frozen=True, tag="round"):
    """A round moved: how many of its checkpoints are visited now, and until when visits count.

    `by`, `note`: the decision that explains it, if one does. Entries of older books have none of these."""

    run: str
    round: str
    state: RoundState
    visited: int
    required: int
    at_ms: int
    deadline_ms: int = 0
    by: str = ""
    note: str = ""


class WorkChanged(msgspec.Struct, frozen=True, tag="work"):
    """Something was done to a work order, which stands so since."""

    order: int
    state: State
    change: work.Change


Decision: TypeAlias = AlertChanged | RoundChanged | WorkChanged


class Recorded(msgspec.Struct, frozen=True):
    """A decision with its place in the journal and when the hub wrote it down."""

    id: int
    recorded_at_ms: int
    decision: Decision
