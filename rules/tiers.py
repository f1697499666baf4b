"""Two limits in one rule: the phases of `rules.machine` run twice, and what is said is one alert's story.

    beyond the second limit                 _______        ____
                                           |       |      |    |
    beyond the limit               ________|       |______|    |_____
    said                           ^       ^           ^    ^         ^
                                   Raised  Worsened    Eased Worsened  Cleared

Whoever is beyond the second limit for its own `for` before the first one's is up is raised at once, and as
grave. The second limit lies further out, and its hysteresis is as wide: so it is over before the first is.
"""

from __future__ import annotations

from msgspec.structs import replace

from rules import machine
from rules.machine import Judged, Verdict, is_raised
from rules.model import Cleared, Eased, Phase, Raised, State, Worsened


def advance(
    state: State,
    verdict: Verdict,
    grave: Verdict,
    at_ms: int,
    value: float,
    *,
    for_ms: int,
    keep_for_ms: int,
    grave_for_ms: int,
) -> Judged:
    """As `machine.advance`, with a verdict of the second limit (`grave`) too."""
    after, said = machine.advance(state, verdict, at_ms, value, for_ms=for_ms, keep_for_ms=keep_for_ms)
    if after.phase is Phase.QUIET:
        return (after if after.grave_phase is Phase.QUIET else replace(after, grave_phase=Phase.QUIET)), said
    second = State(phase=state.grave_phase, phase_since_ms=state.grave_since_ms)
    second, told = machine.advance(second, grave, at_ms, value, for_ms=grave_for_ms, keep_for_ms=keep_for_ms)
    after = replace(after, grave_phase=second.phase, grave_since_ms=second.phase_since_ms)
    if after.phase is Phase.PENDING:
        return _raised_by_the_second(after, at_ms, value) if is_raised(second.phase) else (after, said)
    if said:  # raised by the first one's delay, perhaps beyond the second limit by now
        since_ms = after.wrong_since_ms
        return after, (Raised(at_ms, since_ms, value, grave=is_raised(second.phase)),)
    return after, tuple(
        Eased(at_ms, value) if isinstance(one, Cleared) else Worsened(at_ms, value) for one in told
    )


def _raised_by_the_second(pending: State, at_ms: int, value: float) -> Judged:
    active = replace(pending, phase=Phase.ACTIVE, phase_since_ms=at_ms)
    return active, (Raised(at_ms, pending.wrong_since_ms, value, grave=True),)
