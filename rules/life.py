"""The life of an alert after judgement: what judged events, people's actions and its surroundings do to it.

state                      raised         cleared    amended    acknowledge        close            withdraw
none, or closed            RAISED¹        -          -          (ALREADY_CLOSED)   (ALREADY_CLOSED) -
active                     -              CLEARED²   AMENDED²   ACKNOWLEDGED       (STILL_ACTIVE)   WITHDRAWN
active, acknowledged       -              CLEARED²   AMENDED²   (ALREADY_ACKN.)    (STILL_ACTIVE)   WITHDRAWN
over                       RAISED_AGAIN   -          -          ACKNOWLEDGED       CLOSED⁴          WITHDRAWN
over, acknowledged         RAISED_AGAIN³  -          -          (ALREADY_ACKN.)    CLOSED⁴          WITHDRAWN
over, put right            RAISED_AGAIN³  -          -          as above           (ALREADY_PUT…)   WITHDRAWN

state                      confirm                     reject⁵              reopen
closed                     (ALREADY_CLOSED)            (ALREADY_CLOSED)     REOPENED, unless late⁶
put right                  CONFIRMED, by another one   REJECTED             (NOT_CLOSED)
any other                  (NOT_PUT_RIGHT)             (NOT_PUT_RIGHT)      (NOT_CLOSED)

state                      shelve                      unshelve, or its time is up
closed                     (ALREADY_CLOSED)            (NOT_SHELVED)
active                     SHELVED                     (NOT_SHELVED)
shelved                    (ALREADY_SHELVED)           UNSHELVED⁷
over                       (NOT_ACTIVE)                (NOT_SHELVED)

¹ a new alert; ² and then UNSHELVED where it was shelved until it clears, and CLOSED if the rule closes by
itself and the alert is not flapping, otherwise a person has to see and close it; ³ no longer acknowledged
nor put right: it is new trouble; ⁴ PUT_RIGHT with Closing.SECOND: another person has to confirm it;
⁵ the second person says that it is not put right; ⁶ not after `REOPENED_WITHIN_MS`, nor while there is a
newer alert of the same watch; ⁷ and then SURFACED, if nothing else hushes it and its cause lasts.
In parentheses: refusals; besides, whoever gives no reason where one is due is refused (NO_REASON).

Active and acknowledged are independent facts (ISA-18.2); a closed alert is never active. With Closing.REVIEW
`close` is taken while active too. What hushes an alert (maintenance, its device out of service, its cause,
its own flapping) comes and goes with `surround`; it is judged all the same. Closing ends whatever hushed it.
`worsened` (a second limit) ends a shelf, which was given for less.

What is critical has to be acknowledged before it is shelved (NOT_TAKEN_ON). All that it was shelved for since
people were last told that it was raised counts, also what was ended early: together no more than `SHELF_MS`
(SHELVED_ENOUGH).

Every step is one or more changes, and `after` says what each of them does: a state is nothing but the fold of
its changes, so that the journal alone gives it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, assert_never

import msgspec
from msgspec.structs import replace

from rules.model import Cleared, Closing, Raised, Role, Rule, Severity

_HOUR_MS: Final = 3_600_000
SHELF_MS: Final = {
    Severity.CRITICAL: 2 * _HOUR_MS,
    Severity.WARNING: 8 * _HOUR_MS,
    Severity.INFO: 8 * _HOUR_MS,
}
_LONGEST_SHELF_MS: Final = max(SHELF_MS.values())
REOPENED_WITHIN_MS: Final = 30 * 24 * _HOUR_MS


class Hush(Enum):
    """Why people are not told of an alert although it is open."""

    SHELVED = "shelved"  # a person asked for quiet
    MAINTENANCE = "maintenance"  # work is going on there
    OUT_OF_SERVICE = "out_of_service"  # its device is not in use
    CAUSE = "cause"  # another alert is the cause, and is told
    FLAPPING = "flapping"  # it comes and goes, which was told once


class Shelf(msgspec.Struct, frozen=True):
    """Quiet until `until_ms` of the hub's clock; `once`: or until the alert clears, if that is earlier."""

    until_ms: int
    once: bool


class AlertState(msgspec.Struct, frozen=True):
    """`active`: the cause lasts. `acknowledged`: somebody has taken it on. `closed`: nothing more to do.

    `put_right_by`: who said that it is put right, while somebody else has to confirm it; or empty.
    `suppressed`: what in its surroundings hushes it; never SHELVED, which is `shelf`'s. `shelved_ms`: for how
    long people asked for quiet, all shelves together, since it was last raised aloud."""

    active: bool
    acknowledged: bool
    closed: bool
    put_right_by: str = ""
    shelf: Shelf | None = None
    suppressed: frozenset[Hush] = frozenset()
    shelved_ms: int = 0

    def __post_init__(self) -> None:
        if self.active and self.closed:
            raise ValueError("an alert cannot be closed while its cause lasts")
        if self.put_right_by and (self.active or self.closed):
            raise ValueError("only an alert that is over and not closed waits for a second person")
        if self.closed and self.hushes:
            raise ValueError("nothing hushes a closed alert")
        if Hush.SHELVED in self.suppressed:
            raise ValueError("an alert is shelved by its shelf")

    @property
    def hushes(self) -> frozenset[Hush]:
        """All that keeps people from being told."""
        return self.suppressed | {Hush.SHELVED} if self.shelf else self.suppressed


class Change(Enum):
    """One entry in an alert's record."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"
    CLEARED = "cleared"
    AMENDED = "amended"
    ACKNOWLEDGED = "acknowledged"
    PUT_RIGHT = "put_right"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    MAINTENANCE = "maintenance"
    MAINTENANCE_OVER = "maintenance_over"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    CAUSE_KNOWN = "cause_known"
    CAUSE_GONE = "cause_gone"
    FLAPPING = "flapping"
    STEADY = "steady"
    SURFACED = "surfaced"
    RULE_CHANGED = "rule_changed"
    WORSENED = "worsened"
    EASED = "eased"


class Refusal(Enum):
    """Why a person's action is not taken."""

    ALREADY_CLOSED = "already_closed"
    STILL_ACTIVE = "still_active"
    NO_REASON = "no_reason"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_PUT_RIGHT = "already_put_right"
    NOT_PUT_RIGHT = "not_put_right"
    SAME_PERSON = "same_person"
    NOT_CLOSED = "not_closed"
    REOPENED_TOO_LATE = "reopened_too_late"
    NEWER_ALERT = "newer_alert"
    ALREADY_SHELVED = "already_shelved"
    NOT_SHELVED = "not_shelved"
    NOT_ACTIVE = "not_active"
    SHELF_TOO_LONG = "shelf_too_long"
    SHELVED_ENOUGH = "shelved_enough"
    NOT_TAKEN_ON = "not_taken_on"
    ALREADY_OUT_OF_SERVICE = "already_out_of_service"
    ENDS_TOO_EARLY = "ends_too_early"
    ENDS_TOO_LATE = "ends_too_late"
    NOT_YOURS = "not_yours"


class Lived(msgspec.Struct, frozen=True):
    """An alert's new state and what was done to it, in order; no changes: nothing happened."""

    state: AlertState
    changes: tuple[Change, ...]


_NEW: Final = AlertState(active=True, acknowledged=False, closed=False)
_BEGINS: Final = {
    Hush.MAINTENANCE: Change.MAINTENANCE,
    Hush.OUT_OF_SERVICE: Change.OUT_OF_SERVICE,
    Hush.CAUSE: Change.CAUSE_KNOWN,
    Hush.FLAPPING: Change.FLAPPING,
}
_ENDS: Final = {
    Hush.MAINTENANCE: Change.MAINTENANCE_OVER,
    Hush.OUT_OF_SERVICE: Change.IN_SERVICE,
    Hush.CAUSE: Change.CAUSE_GONE,
    Hush.FLAPPING: Change.STEADY,
}
_BEGUN: Final = {change: hush for hush, change in _BEGINS.items()}
_ENDED: Final = {change: hush for hush, change in _ENDS.items()}
HUSHING: Final = frozenset(_BEGINS)
_OVER: Final = {"active": False}
_DONE: Final = {"active": False, "closed": True, "put_right_by": "", "shelf": None, "suppressed": frozenset()}
# What each change sets, but for those that begin and end a hush, and those that somebody's words come with.
_SETS: Final[Mapping[Change, Mapping[str, Any]]] = {
    Change.RAISED_AGAIN: {"active": True, "acknowledged": False, "put_right_by": ""},
    Change.CLEARED: _OVER,
    Change.AMENDED: _OVER,
    Change.ACKNOWLEDGED: {"acknowledged": True},
    Change.REJECTED: {"acknowledged": False, "put_right_by": ""},
    Change.CONFIRMED: _DONE,
    Change.CLOSED: _DONE,
    Change.WITHDRAWN: _DONE,
    Change.REOPENED: {"acknowledged": False, "closed": False},
    Change.UNSHELVED: {"shelf": None},
    Change.SURFACED: {"acknowledged": False},  # it is told anew, so somebody is to take it on anew
    # These tell of things that are not the state's.
    Change.WORSENED: {},
    Change.EASED: {},
    Change.RULE_CHANGED: {},
}


def after(
    state: AlertState | None, change: Change, by: str = "", shelf: Shelf | None = None, at_ms: int = 0
) -> AlertState:
    """What one change makes of a state: this is all there is to rebuild a state from its record.

    `by` counts for PUT_RIGHT, `shelf` and `at_ms` (when it began) for SHELVED. Raises ValueError for what is
    no record of an alert."""
    if change is Change.RAISED:
        return _NEW
    if state is None:
        raise ValueError("a record begins with an alert being raised")
    if change in _BEGUN:
        return replace(state, suppressed=state.suppressed | {_BEGUN[change]})
    if change in _ENDED:
        return replace(state, suppressed=state.suppressed - {_ENDED[change]})
    if change is Change.PUT_RIGHT:
        if not by:
            raise ValueError("somebody puts right")
        return replace(state, put_right_by=by)
    if change is Change.SHELVED:
        if shelf is None:
            raise ValueError("shelved until when?")
        return replace(state, shelf=shelf, shelved_ms=state.shelved_ms + shelf.until_ms - at_ms)
    if change is Change.RAISED_AGAIN and not state.hushes:  # people are told: quiet may be asked for anew
        state = replace(state, shelved_ms=0)
    return replace(state, **_SETS[change])


# --- what is judged ---------------------------------------------------------------------------------------


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


def _raised(state: AlertState | None) -> Lived:
    if state is None or state.closed:
        return Lived(_NEW, (Change.RAISED,))
    if state.active:
        return Lived(state, ())
    return _lived(state, Change.RAISED_AGAIN)


def _cleared(state: AlertState, closing: Closing, *, amended: bool) -> Lived:
    if not state.active:
        return Lived(state, ())
    changes = [Change.AMENDED if amended else Change.CLEARED]
    if state.shelf is not None and state.shelf.once:
        changes.append(Change.UNSHELVED)
    if _closes_itself(closing) and Hush.FLAPPING not in state.suppressed:
        changes.append(Change.CLOSED)
    return _lived(state, *changes)


def withdraw(state: AlertState) -> Lived:
    """The alert's rule or subject left the configuration: nobody can ever clear it."""
    return Lived(state, ()) if state.closed else _lived(state, Change.WITHDRAWN)


def worsened(state: AlertState) -> Lived:
    """It goes beyond a second limit: a shelf was given for less than that, and ends."""
    ends = [] if state.shelf is None else [Change.UNSHELVED]
    return _surfacing(state, [Change.WORSENED, *ends])


# --- what people do ---------------------------------------------------------------------------------------


def acknowledge(state: AlertState, reason: str) -> Lived | Refusal:
    """Somebody takes the alert on, and says how or why."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if state.acknowledged:
        return Refusal.ALREADY_ACKNOWLEDGED
    if not says_something(reason):
        return Refusal.NO_REASON
    return _lived(state, Change.ACKNOWLEDGED)


def answers_for(rule: Rule | None, role: Role) -> bool:
    """Whether people of this role answer for what a rule watches: whom it names, and who is over all."""
    return role in (Role.HEAD, Role.ADMIN) or (rule is not None and role is rule.owner)


def close(
    state: AlertState, corrective_action: str, closing: Closing, by: str, *, answers: bool = True
) -> Lived | Refusal:
    """Somebody closes an alert that is over, or that only looking into can end; and says what was done.

    With Closing.SECOND, `by` (a person's id) has put it right, and it waits for somebody else. `answers`:
    whether `by` answers for what the rule watches; nobody else's look ends what only looking into can."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if closing is Closing.REVIEW and not answers:
        return Refusal.NOT_YOURS
    if state.active and closing is not Closing.REVIEW:
        return Refusal.STILL_ACTIVE
    if state.put_right_by:
        return Refusal.ALREADY_PUT_RIGHT
    if not says_something(corrective_action):
        return Refusal.NO_REASON
    return _lived(state, Change.PUT_RIGHT if closing is Closing.SECOND else Change.CLOSED, by=by)


def confirm(state: AlertState, by: str) -> Lived | Refusal:
    """A second person has looked: it is put right."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if not state.put_right_by:
        return Refusal.NOT_PUT_RIGHT
    if state.put_right_by == by:
        return Refusal.SAME_PERSON
    return _lived(state, Change.CONFIRMED)


def reject(state: AlertState, reason: str) -> Lived | Refusal:
    """Somebody has looked, and it is not put right: somebody has to take it on again."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if not state.put_right_by:
        return Refusal.NOT_PUT_RIGHT
    if not says_something(reason):
        return Refusal.NO_REASON
    return _lived(state, Change.REJECTED)


def reopen(state: AlertState, reason: str, *, closed_for_ms: int, has_newer: bool) -> Lived | Refusal:
    """A closed alert is to be dealt with once more. `has_newer`: its watch has another open alert by now."""
    if not state.closed:
        return Refusal.NOT_CLOSED
    if closed_for_ms > REOPENED_WITHIN_MS:
        return Refusal.REOPENED_TOO_LATE
    if has_newer:
        return Refusal.NEWER_ALERT
    if not says_something(reason):
        return Refusal.NO_REASON
    return _lived(state, Change.REOPENED)


def shelve(state: AlertState, reason: str, shelf: Shelf, severity: Severity, now_ms: int) -> Lived | Refusal:
    """Somebody asks for quiet about an alert that is known; for as long as its severity allows, in all."""
    if state.closed:
        return Refusal.ALREADY_CLOSED
    if state.shelf is not None:
        return Refusal.ALREADY_SHELVED
    if not state.active:
        return Refusal.NOT_ACTIVE
    if severity is Severity.CRITICAL and not state.acknowledged:
        return Refusal.NOT_TAKEN_ON
    asked_ms = shelf.until_ms - now_ms
    if state.shelved_ms and max(asked_ms, 1) > shelf_left_ms(state.shelved_ms, severity):
        return Refusal.SHELVED_ENOUGH
    if not 0 < asked_ms <= SHELF_MS[severity]:
        return Refusal.SHELF_TOO_LONG
    if not says_something(reason):
        return Refusal.NO_REASON
    return _lived(state, Change.SHELVED, shelf=shelf, at_ms=now_ms)


def shelf_left_ms(shelved_ms: int, severity: Severity) -> int:
    """For how long an alert that was shelved for `shelved_ms` already may be; 0: no more."""
    return max(0, SHELF_MS[severity] - shelved_ms)


def unshelve(state: AlertState) -> Lived | Refusal:
    """Somebody ends the quiet early."""
    return Refusal.NOT_SHELVED if state.shelf is None else _surfacing(state, [Change.UNSHELVED])


# --- what its surroundings do -----------------------------------------------------------------------------


def surround(state: AlertState, wanted: frozenset[Hush], closing: Closing, now_ms: int) -> Lived:
    """`wanted`: all in its surroundings that hushes it now (of `HUSHING`). Shelves whose time is up end, too.

    An alert that the last hush left while its cause lasts surfaces: people are to be told now."""
    if state.closed:
        return Lived(state, ())
    begun = [_BEGINS[hush] for hush in Hush if hush in wanted - state.suppressed]
    ended = [_ENDS[hush] for hush in Hush if hush in state.suppressed - wanted]
    # None is that long: it was given by a clock that has been set back since.
    if state.shelf is not None and not 0 < state.shelf.until_ms - now_ms <= _LONGEST_SHELF_MS:
        ended.append(Change.UNSHELVED)
    if Change.STEADY in ended and not state.active and _closes_itself(closing):
        return _lived(state, *begun, *ended, Change.CLOSED)
    return _surfacing(state, begun + ended)


def _surfacing(state: AlertState, changes: list[Change]) -> Lived:
    lived = _lived(state, *changes)
    surfaces = state.hushes and not lived.state.hushes and lived.state.active
    return _lived(state, *lived.changes, Change.SURFACED) if surfaces else lived


def _lived(
    state: AlertState, *changes: Change, by: str = "", shelf: Shelf | None = None, at_ms: int = 0
) -> Lived:
    for change in changes:
        state = after(state, change, by, shelf, at_ms)
    return Lived(state, changes)


def _closes_itself(closing: Closing) -> bool:
    match closing:
        case Closing.AUTO:
            return True
        case Closing.PERSON | Closing.REVIEW | Closing.SECOND:
            return False
        case _:
            assert_never(closing)


def says_something(text: str) -> bool:
    """Spaces, invisible characters and a lone dash are no reason; letters, digits and ideographs are."""
    return any(character.isalnum() for character in text)
