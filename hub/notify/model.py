"""The words of telling: what is told, of what, to whom, and what became of it."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Final

import msgspec

from rules.model import Severity


class Kind(Enum):
    """What a notice says. PUT_RIGHT: a second person has to confirm it. CHANNEL_…: of a channel, no alert;
    WORK_…: of a work order."""

    RAISED = "raised"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    CLEARED = "cleared"
    AMENDED = "amended"
    CLOSED = "closed"
    REOPENED = "reopened"
    FLAPPING = "flapping"
    WORSENED = "worsened"
    PUT_RIGHT = "put_right"
    CONFIRMED = "confirmed"
    CHANNEL_REFUSED = "channel_refused"
    CHANNEL_BACK = "channel_back"
    WORK_MADE = "work_made"
    WORK_TAKEN = "work_taken"
    WORK_GIVEN_BACK = "work_given_back"
    WORK_MOVED = "work_moved"
    WORK_DONE = "work_done"
    WORK_VERIFIED = "work_verified"
    WORK_SENT_BACK = "work_sent_back"
    WORK_CANCELLED = "work_cancelled"
    WORK_REOPENED = "work_reopened"
    WORK_OVERDUE = "work_overdue"


NO_ALERT: Final = 0  # the alert of notices about channels and work orders
PROBE: Final = ""  # recipient of what a channel that refuses is tried with, and says that it works again
# Those that ask somebody to act; the others tell whoever was asked how it went on.
ASKING: Final = frozenset({Kind.RAISED, Kind.ESCALATED, Kind.REPEATED, Kind.FLAPPING, Kind.WORSENED})


class State(Enum):
    """HELD until the quiet hours end, QUEUED until its channel took it, then SENT; or FAILED after long
    trying; or DROPPED, because it was over or taken on before it was to be told; or DIVERTED: its channel
    refused it, and others tell it instead."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    DIVERTED = "diverted"


class Dropped(Enum):
    """Why a held notice was never told."""

    OVER = "over"
    TAKEN_ON = "taken_on"
    HUSHED = "hushed"
    WORSENED = "worsened"  # what became of it was told at once


class Matter(msgspec.Struct, frozen=True):
    """What a notice is about. `at_ms`: when it happened, in the facts' time; `by`: a person, or empty.
    `due_ms`: when the limit that it forecasts will be reached. `is_over`: it was when it came to be told."""

    rule: str
    subject: str
    severity: Severity
    since_ms: int
    at_ms: int
    value: float | None
    by: str = ""
    note: str = ""
    due_ms: int | None = None
    is_over: bool = False


class Notice(msgspec.Struct, frozen=True):
    """One telling. The same decision, made again after a crash, has the same `id`.

    `recipient`: a person's id, or, on a channel that reaches a group, whom it is meant for (`Audience` as
    the file writes it, with commas); `again`: which repetition; `tell_at_ms`: not before. `work`: the number
    of the work order that it is about, or 0."""

    id: str
    alert: int
    occurrence: int
    kind: Kind
    step: int
    again: int
    recipient: str
    channel: str
    tell_at_ms: int
    matter: Matter
    work: int = 0


def notice_of(
    alert: int,
    occurrence: int,
    kind: Kind,
    step: int,
    again: int,
    recipient: str,
    channel: str,
    tell_at_ms: int,
    matter: Matter,
    work: int = 0,
) -> Notice:
    """A notice with the id that follows from what it tells to whom by what."""
    parts: list[object] = [alert, occurrence, kind.value, step, again, recipient, channel]
    if work:
        parts.append(f"work {work}")
    elif alert == NO_ALERT:
        parts.append(matter.subject)
    if matter.is_over:
        parts.append("over")  # the one that was held, and dropped when it was over, is another
    id_ = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]
    return Notice(id_, alert, occurrence, kind, step, again, recipient, channel, tell_at_ms, matter, work)


class Entry(msgspec.Struct, frozen=True):
    """A notice as the ledger has it. `result`: what the channel said, or why it was dropped. `seen_at_ms`:
    when its person first saw it on the pages."""

    number: int
    notice: Notice
    state: State
    decided_at_ms: int
    attempts: int
    next_try_ms: int
    sent_at_ms: int | None
    result: str
    acknowledged_by: str
    acknowledged_at_ms: int | None
    seen_at_ms: int | None = None


def short_id(id_: str) -> str:
    """Enough of an id for people to see that two messages are the same one."""
    return id_[:6]
