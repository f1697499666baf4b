"""The life of an alert after judgement: what judged events and people's actions do to it.

state                      raised         cleared    amended    acknowledge        close            withdraw
none, or closed            RAISED¹        -          -          (ALREADY_CLOSED)   (ALREADY_CLOSED) -
active                     -              CLEARED²   AMENDED²   ACKNOWLEDGED       (STILL_ACTIVE)   WITHDRAWN
active, acknowledged       -              CLEARED²   AMENDED²   (ALREADY_ACKN.)    (STILL_ACTIVE)   WITHDRAWN
over                       RAISED_AGAIN   -          -          ACKNOWLEDGED       CLOSED           WITHDRAWN
over, acknowledged         RAISED_AGAIN³  -          -          (ALREADY_ACKN.)    CLOSED           WITHDRAWN

¹ a new alert; ² and then CLOSED if the rule closes by itself, otherwise a person has to see and close it;
³ no longer acknowledged: it is new trouble. In parentheses: refusals. Active and acknowledged are
independent facts (ISA-18.2); a closed alert is never active. With Closing.REVIEW, `close` is taken while
active too.
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

import msgspec
from msgspec.structs import replace

from rules.model import Cleared, Closing, Raised


class AlertState(msgspec.Struct, frozen=True):
    """`active`: the cause lasts. `acknowledged`: somebody has taken it on. `closed`: nothing more to do."""

    active: bool
    acknowledged: bool
    closed: bool

    def __post_init__(self) -> None:
        if self.active and self.closed:
            raise ValueError("an alert cannot be closed while its cause lasts")


class Change(Enum):
    """One entry in an alert's record."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"
    CLEARED = "cleared"
    AMENDED = "amended"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Refusal(Enum):
    """Why a person's action is not taken."""

    ALREADY_CLOSED = "already_closed"
    STILL_ACTIVE = "still_active"
    NO_REASON = "no_reason"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"


class Lived(msgspec.Struct, frozen=True):
    """An alert's new state and what was done to it, in order; no changes: nothing happened."""

    state: AlertState
    changes: tuple[Change, ...]


_NEW = AlertState(active=True, acknowledged=False, closed=False)


def judged(state: AlertState | None, event: Raised | Cleared, closing: Closing) -> Lived | None:
    """What a judged event does to the newest alert of its watch (None: there never was one).

    RAISED stands for a new alert, also when `state` is a closed one. None: nothing to do, no alert.
    """
    match event:
        case Raised():
            return _raised(state)
        case Cleared():
            return None if state is None else _cleared(state, closing, amended=event.amended)
        case _:
            assert_never(event)


def acknowledge(state: AlertState, reason: str) -> Lived | Refusal:
    """Somebody takes the alert on, and says how or why."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if state.acknowledged:
        return Refusal.ALREADY_ACKNOWLEDGED
    if not _says_something(reason):
        return Refusal.NO_REASON
    return Lived(replace(state, acknowledged=True), (Change.ACKNOWLEDGED,))


def close(state: AlertState, corrective_action: str, closing: Closing) -> Lived | Refusal:
    """Somebody closes an alert that is over, or that only looking into can end; and says what was done."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if state.active and closing is not Closing.REVIEW:
        return Refusal.STILL_ACTIVE
    if not _says_something(corrective_action):
        return Refusal.NO_REASON
    return Lived(replace(state, active=False, closed=True), (Change.CLOSED,))


def withdraw(state: AlertState) -> Lived:
    """The alert's rule or subject left the configuration: nobody can ever clear it."""
    if state.closed:
        return Lived(state, ())
    return Lived(replace(state, active=False, closed=True), (Change.WITHDRAWN,))


def _raised(state: AlertState | None) -> Lived:
    if state is None or state.closed:
        return Lived(_NEW, (Change.RAISED,))
    if state.active:
        return Lived(state, ())
    return Lived(_NEW, (Change.RAISED_AGAIN,))


def _cleared(state: AlertState, closing: Closing, *, amended: bool) -> Lived:
    if not state.active:
        return Lived(state, ())
    over = replace(state, active=False)
    change = Change.AMENDED if amended else Change.CLEARED
    match closing:
        case Closing.AUTO:
            return Lived(replace(over, closed=True), (change, Change.CLOSED))
        case Closing.PERSON | Closing.REVIEW:
            return Lived(over, (change,))
        case _:
            assert_never(closing)


def _says_something(text: str) -> bool:
    # Spaces, invisible characters and a lone dash are not a reason; letters, digits and ideographs are.
    return any(character.isalnum() for character in text)
