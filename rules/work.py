"""The life of a work order (整改): what people do to it, from reported until somebody else has verified it.

step          from                    to          who                                       words
made          (none)                  open        whoever reports                           what is wrong
taken         open                    taken       whoever is responsible; maintenance; head -
given_back    taken                   open        whoever took it; head                     why
assigned      open, taken             open        head                                      why
rescheduled   open, taken             the same    head                                      why
done          taken                   done        whoever took it                           what was done
verified      done                    verified    reporter, head; never whoever did it      may be empty
sent_back     done                    taken       as verified; also whoever did it          what is wrong
cancelled     open, taken, done       cancelled   head                                      why
reopened      verified, cancelled     open        reporter, head; within 30 days            why

Whoever is sent back an order has it on hand again; to send back one's own is to take “done” back. What is
reopened is anybody's again, and due anew. An order is nothing but the fold of its changes: the journal alone
gives it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec.structs import replace

from rules.life import says_something

MOST_WORDS: Final = 2_000  # characters
REOPENED_WITHIN_MS: Final = 30 * 24 * 3_600_000


class State(Enum):
    """Where a work order stands."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    VERIFIED = "verified"
    CANCELLED = "cancelled"


class Step(Enum):
    """One entry in an order's record."""

    MADE = "made"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    ASSIGNED = "assigned"
    RESCHEDULED = "rescheduled"
    DONE = "done"
    VERIFIED = "verified"
    SENT_BACK = "sent_back"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


class Urgency(Enum):
    """How soon it has to be put right."""

    URGENT = "urgent"  # somebody may come to harm
    NORMAL = "normal"
    LOW = "low"


class Part(Enum):
    """What somebody is to an order; one person may be several."""

    HEAD = "head"
    UPKEEP = "upkeep"  # whoever maintains the campus
    RESPONSIBLE = "responsible"
    REPORTER = "reporter"
    TAKER = "taker"
    DOER = "doer"


class Refusal(Enum):
    """Why a step is not taken."""

    WRONG_STATE = "wrong_state"
    NOT_YOURS = "not_yours"
    SAME_PERSON = "same_person"
    NO_WORDS = "no_words"
    TOO_LONG = "too_long"
    TOO_LATE = "too_late"
    BAD_DUE = "bad_due"
    NOBODY = "nobody"


class Standing(msgspec.Struct, frozen=True):
    """How an order stands. `responsible`: `person:<id>` or `role:<role>`; `taken_by`, `done_by`: a person's
    id, or empty."""

    state: State
    responsible: str
    urgency: Urgency
    due_ms: int
    taken_by: str = ""
    done_by: str = ""

    def __post_init__(self) -> None:
        is_taken, is_open = self.state is State.TAKEN, self.state is State.OPEN
        if (is_taken and not self.taken_by) or (is_open and self.taken_by):
            raise ValueError("what is taken is somebody's, and what is open nobody's")
        if self.state in (State.DONE, State.VERIFIED) and not self.done_by:
            raise ValueError("somebody has done it")


class Change(msgspec.Struct, frozen=True):
    """What somebody did, when by the hub's clock, and in which words. `responsible`, `urgency`, `due_ms`: of
    those steps that set them."""

    step: Step
    by: str
    at_ms: int
    note: str = ""
    photos: tuple[str, ...] = ()
    responsible: str = ""
    urgency: Urgency | None = None
    due_ms: int | None = None


class _Move(msgspec.Struct, frozen=True):
    """A row of the table above. `to` None: the state stays."""

    since: frozenset[State]
    to: State | None
    who: frozenset[Part]
    needs_words: bool = True


_AT_WORK: Final = frozenset({State.OPEN, State.TAKEN})
CLOSED: Final = frozenset({State.VERIFIED, State.CANCELLED})
_JUDGES: Final = frozenset({Part.REPORTER, Part.HEAD})
_HEAD: Final = frozenset({Part.HEAD})
_MOVES: Final[Mapping[Step, _Move]] = MappingProxyType(
    {
        Step.TAKEN: _Move(
            frozenset({State.OPEN}),
            State.TAKEN,
            frozenset({Part.RESPONSIBLE, Part.UPKEEP, Part.HEAD}),
            needs_words=False,
        ),
        Step.GIVEN_BACK: _Move(frozenset({State.TAKEN}), State.OPEN, frozenset({Part.TAKER, Part.HEAD})),
        Step.ASSIGNED: _Move(_AT_WORK, State.OPEN, _HEAD),
        Step.RESCHEDULED: _Move(_AT_WORK, None, _HEAD),
        Step.DONE: _Move(frozenset({State.TAKEN}), State.DONE, frozenset({Part.TAKER})),
        Step.VERIFIED: _Move(frozenset({State.DONE}), State.VERIFIED, _JUDGES, needs_words=False),
        Step.SENT_BACK: _Move(frozenset({State.DONE}), State.TAKEN, _JUDGES | {Part.DOER}),
        Step.CANCELLED: _Move(_AT_WORK | {State.DONE}, State.CANCELLED, _HEAD),
        Step.REOPENED: _Move(CLOSED, State.OPEN, _JUDGES),
    }
)


def made(by: str, at_ms: int, note: str, photos: tuple[str, ...], standing: Standing) -> Change:
    """The first change of an order that begins as `standing`."""
    return Change(
        Step.MADE,
        by,
        at_ms,
        note,
        photos,
        responsible=standing.responsible,
        urgency=standing.urgency,
        due_ms=standing.due_ms,
    )


def may(standing: Standing, parts: frozenset[Part]) -> frozenset[Step]:
    """What somebody with these parts may do now."""
    return frozenset(step for step in _MOVES if _barred(standing, step, parts) is None)


def decide(
    standing: Standing, change: Change, parts: frozenset[Part], closed_for_ms: int = 0
) -> Standing | Refusal:
    """How the order stands after `change`, by somebody with these parts; or why it may not be. Never MADE.

    `closed_for_ms`: since it was verified or cancelled."""
    refused = _barred(standing, change.step, parts)
    if refused is not None:
        return refused
    if _MOVES[change.step].needs_words and not says_something(change.note):
        return Refusal.NO_WORDS
    if len(change.note) > MOST_WORDS:
        return Refusal.TOO_LONG
    if change.step is Step.REOPENED and closed_for_ms > REOPENED_WITHIN_MS:
        return Refusal.TOO_LATE
    if change.due_ms is not None and change.due_ms <= change.at_ms:
        return Refusal.BAD_DUE
    if change.step is Step.ASSIGNED and not change.responsible:
        return Refusal.NOBODY
    return after(standing, change)


def after(standing: Standing | None, change: Change) -> Standing:
    """What one change makes of an order: all there is to rebuild it from its record. Raises ValueError for
    what is no record of an order."""
    if standing is None:
        if change.step is not Step.MADE or change.urgency is None or change.due_ms is None:
            raise ValueError("a record begins with the order being made")
        return Standing(State.OPEN, change.responsible, change.urgency, change.due_ms)
    move = _MOVES.get(change.step)
    if move is None or standing.state not in move.since:
        raise ValueError(f"{change.step.value} does not follow {standing.state.value}")
    state = move.to or standing.state
    return replace(
        standing,
        state=state,
        responsible=change.responsible or standing.responsible,
        urgency=change.urgency or standing.urgency,
        due_ms=standing.due_ms if change.due_ms is None else change.due_ms,
        taken_by=_taker(standing, change, state),
        done_by=change.by if change.step is Step.DONE else standing.done_by,
    )


def _barred(standing: Standing, step: Step, parts: frozenset[Part]) -> Refusal | None:
    move = _MOVES.get(step)
    if move is None or standing.state not in move.since:
        return Refusal.WRONG_STATE
    if step is Step.VERIFIED and Part.DOER in parts:
        return Refusal.SAME_PERSON
    return None if parts & move.who else Refusal.NOT_YOURS


def _taker(standing: Standing, change: Change, state: State) -> str:
    if state is State.OPEN:
        return ""
    if change.step is Step.TAKEN:
        return change.by
    return standing.done_by if change.step is Step.SENT_BACK else standing.taken_by
