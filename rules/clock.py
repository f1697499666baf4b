"""A device whose clock cannot be believed: it was never set, or it is ahead (`devices.clock`).

    clock     right  unset  unset  unset  right  right  right
                     |<--- for --->|      |<- keep_for ->|
                                   ^ Raised              ^ Cleared

Facts of a wrong clock have the hub's receive time, so `for` runs in the hub's time. While all is quiet, a
fact whose clock is right leaves nothing to be remembered.
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Clock, Fact, Reading, Tap
from rules.machine import Judged, Verdict, advance
from rules.model import ClockWrong, Phase, State
from rules.sensing import in_time


def step(condition: ClockWrong, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading or a tap of `subject`; a late one changes nothing."""
    if not isinstance(fact, Reading | Tap) or fact.device != subject:
        return state, ()
    wrong = is_wrong(fact.clock)
    if state.phase is Phase.QUIET and not wrong:
        return state, ()
    state = in_time(state, fact)
    if fact.measured_at_ms < state.newest_ms:
        return state, ()
    return advance(
        replace(state, newest_ms=fact.measured_at_ms),
        Verdict.WRONG if wrong else Verdict.CLEAR,
        fact.measured_at_ms,
        None,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
    )


def is_wrong(clock: Clock) -> bool:
    """Whether it says a time that cannot be; who says no time, or the site's, has nothing to put right."""
    return clock is Clock.UNSET or clock is Clock.AHEAD
