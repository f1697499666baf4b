"""A planned round, judged: what a watch of one says to a tap, an order or the passing of time.

    taps so far   by the end    by the deadline   at the deadline      late arrival, tapped in time
    none          DUE           DUE               MISSED, Raised       INCOMPLETE
    some          IN_PROGRESS   IN_PROGRESS       INCOMPLETE, Raised   INCOMPLETE
    all           COMPLETED     COMPLETED_LATE    -                    COMPLETED…, Cleared(amended)

The deadline is the end and the grace. Each fact is added to what is known (`rules.route`), and the verdict is
found anew from all of it (`rules.progress`, `rules.flaws`): facts that are late, out of order or there twice
lead to the same one. What was raised and is wrong no more is amended if by what is known now it never was,
and cleared otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from devices.facts import Fact, RoundOrder, Tap
from rules.flaws import Finding, find, unstarted_at
from rules.model import (
    Cleared,
    Event,
    Flaw,
    Phase,
    Raised,
    RoundFlaw,
    RoundIncomplete,
    RoundMoved,
    RoundState,
    State,
)
from rules.progress import Progress, deadline_of, learn, progress_of
from rules.route import Walk

Moved: TypeAlias = tuple[State, tuple[Event, ...]]

_UNWALKED = (RoundState.INCOMPLETE, RoundState.MISSED)


def step(condition: RoundIncomplete | RoundFlaw, run: str, state: State, fact: Fact) -> Moved:
    """Judges a tap by any device, an order for this run, or a tick past an instant that matters."""
    walk = condition.walk
    after = learn((run,), walk, state, fact, marks_of(condition, state))
    if after is state:
        return state, ()

    def finding(known: State) -> Finding | None:
        progress = progress_of(walk, known)
        return (
            _unwalked(walk, progress)
            if isinstance(condition, RoundIncomplete)
            else find(condition, known, progress)
        )

    after, said = judged(after, fact, finding)
    if isinstance(condition, RoundIncomplete):
        after, moved = _move(walk, after, fact)
        said = (*said, *moved)
    return after, said


def marks_of(condition: RoundIncomplete | RoundFlaw, state: State) -> tuple[int, ...]:
    """The instants of which a tick has to tell that they are past."""
    deadline_ms = deadline_of(condition.walk, state.orders)
    if isinstance(condition, RoundIncomplete):
        return (condition.walk.starts_ms, deadline_ms)
    return (unstarted_at(condition), deadline_ms) if condition.what is Flaw.NOT_STARTED else ()


def judged(state: State, fact: Fact, finding: Callable[[State], Finding | None]) -> Moved:
    """Raises what is found, and takes back what is found no more."""
    found = finding(state)
    if found is not None and state.phase is Phase.QUIET:
        raised = replace(state, phase=Phase.ACTIVE, phase_since_ms=found.at_ms, wrong_since_ms=found.since_ms)
        return raised, (Raised(found.at_ms, found.since_ms, found.value),)
    if found is None and state.phase is not Phase.QUIET:
        at_ms = _said_for(state, fact)
        quiet = replace(state, phase=Phase.QUIET, phase_since_ms=at_ms)
        return quiet, (Cleared(at_ms, None, amended=_never_was(state, fact, finding)),)
    return state, ()


def _never_was(state: State, fact: Fact, finding: Callable[[State], Finding | None]) -> bool:
    """Whether what had been tapped when it was raised shows that it was not so."""
    if not isinstance(fact, Tap):
        return False
    until_then = tuple(visit for visit in state.visits if visit.at_ms <= state.phase_since_ms)
    return finding(replace(state, visits=until_then)) is None


def _said_for(state: State, fact: Fact) -> int:
    """The time of a change: that of the newest visit or order, or of what time passed."""
    if isinstance(fact, Tap):
        return max((visit.at_ms for visit in state.visits), default=fact.measured_at_ms)
    return fact.measured_at_ms if isinstance(fact, RoundOrder) else state.known_ms


def _unwalked(walk: Walk, progress: Progress) -> Finding | None:
    if progress.state not in _UNWALKED:
        return None
    # Said for the deadline, not for the tick: a replay with other ticks says the same.
    return Finding(progress.deadline_ms, min(walk.ends_ms, progress.deadline_ms))


def _move(walk: Walk, state: State, fact: Fact) -> Moved:
    """Says where the round stands, if that is something else than was said."""
    progress = progress_of(walk, state)
    said = (state.round_state or RoundState.PLANNED, state.visited, _or(state.deadline_ms, walk.deadline_ms))
    if said == (progress.state, progress.visited, progress.deadline_ms):
        return state, ()
    # Never earlier than what was said before: the newest point in the history is the round's last word.
    at_ms = max(state.newest_ms, _moved_at(progress, state, fact))
    after = replace(
        state,
        newest_ms=at_ms,
        visited=progress.visited,
        round_state=progress.state,
        deadline_ms=progress.deadline_ms,
    )
    why = progress.decided
    return after, (
        RoundMoved(
            at_ms,
            progress.state,
            progress.visited,
            progress.required,
            progress.deadline_ms,
            progress.visits,
            why.by if why else "",
            why.reason if why else "",
        ),
    )


def _moved_at(progress: Progress, state: State, fact: Fact) -> int:
    if progress.state in _UNWALKED:
        return progress.deadline_ms
    if isinstance(fact, Tap):
        return max((visit.at_ms for visit in progress.visits), default=fact.measured_at_ms)
    return _said_for(state, fact)


def _or(known_ms: int, planned_ms: int) -> int:
    return planned_ms if known_ms < 0 else known_ms
