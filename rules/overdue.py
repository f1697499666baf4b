"""Somebody who said for how long to wait, and has not been heard of since: a guard who walks alone.

    said        30 min         30 min               30 min                        0 (ended)
                |------------->|------------->|     |---->
    due                                       '-- for --|
                                                        ^ Raised    ^ Cleared, once something is said again

    arrives late   what was said before `for` was up shows that nobody was overdue: the alert is amended

What is said is a number of minutes, a day's at most; 0: nobody need wait any more. Times are the hub's own (a
phone tells how old its word is, not what its clock shows), so they move along when that is set. A hub that
was down has heard nobody: `for` counts from when it listens again. Phones need no broker: time passes here
also while it is away. What is older than the newest word is not judged.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Fact, Tick
from rules.machine import Judged
from rules.model import Cleared, Overdue, Phase, Raised, State
from rules.sensing import in_time, value_of

_MINUTE_MS: Final = 60_000
_MOST_MINUTES: Final = 24 * 60


def step(condition: Overdue, subject: str, state: State, fact: Fact) -> Judged:
    """Judges what `subject` says of itself, or a tick. PENDING: there is somebody to wait for, until
    `wrong_since_ms`."""
    if isinstance(fact, Tick):
        return _at_tick(condition, state, fact)
    minutes = value_of(fact, subject, condition.quantity)
    if minutes is None or not 0 <= minutes <= _MOST_MINUTES:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms:
        return state, ()
    due_ms = at_ms + round(minutes * _MINUTE_MS)
    after = replace(
        state,
        phase=Phase.PENDING if minutes else Phase.QUIET,
        phase_since_ms=at_ms,
        wrong_since_ms=due_ms,
        newest_ms=at_ms,
        last_value=minutes,
    )
    if state.phase is not Phase.ACTIVE:
        return after, ()
    return after, (Cleared(at_ms, None, amended=at_ms - state.wrong_since_ms <= condition.for_ms),)


def _at_tick(condition: Overdue, state: State, tick: Tick) -> Judged:
    now_ms = tick.measured_at_ms
    if state.phase is not Phase.PENDING:
        return state, ()
    if state.newest_ms > now_ms + AHEAD_TOLERANCE_MS:  # said by a clock that was set back since
        by_ms = now_ms - state.newest_ms
        state = replace(state, newest_ms=now_ms, wrong_since_ms=state.wrong_since_ms + by_ms)
    due_ms = state.wrong_since_ms
    heard_since_ms = tick.listening_since_ms if tick.phones_since_ms is None else tick.phones_since_ms
    if now_ms - max(due_ms, heard_since_ms) < condition.for_ms:
        return state, ()
    active = replace(state, phase=Phase.ACTIVE, phase_since_ms=now_ms)
    return active, (Raised(now_ms, due_ms, (now_ms - state.newest_ms) / _MINUTE_MS),)
