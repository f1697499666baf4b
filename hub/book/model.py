"""What the book hands out: frozen copies, never rows."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from rules.life import Change
from rules.model import RoundState, Severity


class Alert(msgspec.Struct, frozen=True):
    """One thing wrong. `active`: the cause lasts; `acknowledged_by`, `closed_by`: person ids, or empty."""

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


class RoundRun(msgspec.Struct, frozen=True):
    """One planned round of one day. `tags` are the UIDs to visit, `visited` those that were."""

    id: str
    round: str
    starts_ms: int
    ends_ms: int
    grace_ms: int
    state: RoundState
    tags: tuple[str, ...]
    visited: tuple[str, ...]


class AlertChanged(msgspec.Struct, frozen=True, tag="alert"):
    """`at_ms`: when it happened, in the facts' time; `by`: a person's id, empty for the hub itself."""

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


class RoundChanged(msgspec.Struct, frozen=True, tag="round"):
    """A round moved: how many of its checkpoints are visited now."""

    run: str
    round: str
    state: RoundState
    visited: int
    required: int
    at_ms: int


Decision: TypeAlias = AlertChanged | RoundChanged


class Recorded(msgspec.Struct, frozen=True):
    """A decision with its place in the journal and when the hub wrote it down."""

    id: int
    recorded_at_ms: int
    decision: Decision
