"""The phases of an alert condition in event time, with the delays of Prometheus (`for`, `keep_firing_for`).

    phase     wrong                      between            clear
    QUIET     PENDING, or ACTIVE¹        -                  -
    PENDING   ACTIVE¹ once `for` is up   QUIET              QUIET
    ACTIVE    -                          -                  HOLDING, or QUIET²
    HOLDING   ACTIVE                     ACTIVE             QUIET² once `keep_for` is up

    ¹ emits Raised, at once when `for` is 0; ² emits Cleared, at once when `keep_for` is 0.

"Between" is beyond the clear value and not beyond the limit. Whoever has no verdict does not call this:
unknown is neither wrong nor clear.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from rules.model import Cleared, Eased, Phase, Raised, State, Worsened

Judged: TypeAlias = tuple[State, tuple[Raised | Worsened | Eased | Cleared, ...]]


class Verdict(Enum):
    """What one reading says about a condition."""

    WRONG = "wrong"
    BETWEEN = "between"
    CLEAR = "clear"


def advance(
    state: State,
    verdict: Verdict,
    at_ms: int,
    value: float | None,
    *,
    for_ms: int,
    keep_for_ms: int,
    since_ms: int | None = None,
) -> Judged:
    """The state after a verdict on a reading measured at `at_ms`, and what to say about it.

    `since_ms`: since when it is wrong, where that is known to be earlier than this reading."""
    match state.phase:
        case Phase.QUIET:
            if verdict is not Verdict.WRONG:
                return state, ()
            began_ms = at_ms if since_ms is None else since_ms
            pending = replace(state, phase=Phase.PENDING, phase_since_ms=at_ms, wrong_since_ms=began_ms)
            return _raise_when_due(pending, at_ms, value, for_ms)
        case Phase.PENDING:
            if verdict is not Verdict.WRONG:
                return replace(state, phase=Phase.QUIET, phase_since_ms=at_ms), ()
            return _raise_when_due(state, at_ms, value, for_ms)
        case Phase.ACTIVE:
            if verdict is not Verdict.CLEAR:
                return state, ()
            holding = replace(state, phase=Phase.HOLDING, phase_since_ms=at_ms)
            return _clear_when_due(holding, at_ms, value, keep_for_ms)
        case Phase.HOLDING:
            if verdict is not Verdict.CLEAR:
                return replace(state, phase=Phase.ACTIVE, phase_since_ms=at_ms), ()
            return _clear_when_due(state, at_ms, value, keep_for_ms)
        case _:
            assert_never(state.phase)


def is_raised(phase: Phase) -> bool:
    """Whether what was raised lasts."""
    return phase is Phase.ACTIVE or phase is Phase.HOLDING


def at_rest(state: State) -> State:
    """The state with nothing wrong; what it remembers of readings stays."""
    if state.phase is Phase.QUIET:
        return state
    return replace(state, phase=Phase.QUIET, grave_phase=Phase.QUIET)


def _raise_when_due(pending: State, at_ms: int, value: float | None, for_ms: int) -> Judged:
    if at_ms - pending.phase_since_ms < for_ms:
        return pending, ()
    active = replace(pending, phase=Phase.ACTIVE, phase_since_ms=at_ms)
    return active, (Raised(at_ms, pending.wrong_since_ms, value),)


def _clear_when_due(holding: State, at_ms: int, value: float | None, keep_for_ms: int) -> Judged:
    if at_ms - holding.phase_since_ms < keep_for_ms:
        return holding, ()
    return replace(holding, phase=Phase.QUIET, phase_since_ms=at_ms), (Cleared(at_ms, value),)
