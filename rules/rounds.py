"""A planned round: which of its tags were tapped inside its window, whatever order the taps arrive in.

taps so far       before the deadline (end plus grace)   at the deadline   late arrival, tapped in time
none              PLANNED (nothing said)                 MISSED, Raised    INCOMPLETE
some              IN_PROGRESS                            INCOMPLETE, Raised  INCOMPLETE
all               COMPLETED                              -                 COMPLETED, Cleared(amended)
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec.structs import replace

from devices.facts import Fact, Presence, Reading, Tap, Tick
from rules.model import Cleared, Event, Phase, Raised, RoundIncomplete, RoundMoved, RoundState, State

Moved: TypeAlias = tuple[State, tuple[Event, ...]]


def step(condition: RoundIncomplete, state: State, fact: Fact) -> Moved:
    """Judges a tap by any device, or the tick at which the deadline has passed."""
    match fact:
        case Tap():
            return _tap(condition, state, fact)
        case Tick():
            return _tick(condition, state, fact)
        case Reading() | Presence():
            return state, ()
        case _:
            assert_never(fact)


def _tap(condition: RoundIncomplete, state: State, tap: Tap) -> Moved:
    in_window = condition.starts_ms <= tap.measured_at_ms <= _deadline_ms(condition)
    if not in_window or tap.tag_uid not in condition.tags or tap.tag_uid in state.visited:
        return state, ()
    visited = (*state.visited, tap.tag_uid)
    newest_ms = max(state.newest_ms, tap.measured_at_ms)
    complete = _is_complete(condition, visited)
    after = replace(state, visited=visited, newest_ms=newest_ms, finished=state.finished or complete)
    if state.phase is Phase.ACTIVE:
        return _amend(condition, after, complete=complete)
    progress = RoundState.COMPLETED if complete else RoundState.IN_PROGRESS
    return after, (_moved(condition, newest_ms, progress, visited),)


def _amend(condition: RoundIncomplete, after: State, *, complete: bool) -> Moved:
    # The round's verdict stands in the history at the deadline, so what amends it is said for that time:
    # an earlier one would leave "incomplete" as the round's last word.
    deadline_ms = _deadline_ms(condition)
    if not complete:
        return after, (_moved(condition, deadline_ms, RoundState.INCOMPLETE, after.visited),)
    quiet = replace(after, phase=Phase.QUIET, phase_since_ms=deadline_ms)
    return quiet, (
        Cleared(after.newest_ms, None, amended=True),
        _moved(condition, deadline_ms, RoundState.COMPLETED, after.visited),
    )


def _tick(condition: RoundIncomplete, state: State, tick: Tick) -> Moved:
    deadline_ms = _deadline_ms(condition)
    if state.finished or tick.measured_at_ms < deadline_ms or _is_complete(condition, state.visited):
        return state, ()
    # Said for the deadline, not for the tick: a replay with other ticks says the same.
    over = replace(
        state,
        phase=Phase.ACTIVE,
        phase_since_ms=deadline_ms,
        wrong_since_ms=condition.ends_ms,
        finished=True,
    )
    verdict = RoundState.INCOMPLETE if state.visited else RoundState.MISSED
    return over, (
        Raised(deadline_ms, condition.ends_ms, None),
        _moved(condition, deadline_ms, verdict, state.visited),
    )


def _moved(condition: RoundIncomplete, at_ms: int, state: RoundState, visited: tuple[str, ...]) -> RoundMoved:
    return RoundMoved(at_ms, state, visited, len(set(condition.tags)))


def _is_complete(condition: RoundIncomplete, visited: tuple[str, ...]) -> bool:
    return set(condition.tags) <= set(visited)


def _deadline_ms(condition: RoundIncomplete) -> int:
    return condition.ends_ms + condition.grace_ms
