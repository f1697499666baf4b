"""The one entrance to judgement: live, in backtests and in rule tests the same function.

A rule may have hours (`when`, `except_when`; compiled into the watch by `rules.windows`):

    hours       |  applies            |  does not            |  applies
    wrong     ______________________________________________________________
    said               ^ Raised       ^ Cleared                      ^ Raised, after `for` from here on

Outside them its condition counts as clear: what is active is over at the next fact or tick, what is pending
is dropped; readings are remembered (a course or a rise does not begin anew with the hours), and nothing is
said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from devices.facts import ClockSet, Fact, Tick
from rules import (
    clock,
    count,
    forecast,
    held,
    odd_taps,
    outside,
    overdue,
    patrols,
    rate,
    rounds,
    sensor_fault,
    silent,
    spread,
    stuck,
    threshold,
    total,
)
from rules.machine import at_rest, is_raised
from rules.model import (
    Cleared,
    ClockWrong,
    Condition,
    Count,
    Event,
    Forecast,
    Held,
    OddTaps,
    Outside,
    Overdue,
    Phase,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Silent,
    Spread,
    State,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
    Watch,
)
from rules.own_clock import after_clock_set
from rules.reach import is_judged_by
from rules.sensing import in_time

Said: TypeAlias = tuple[State, tuple[Event, ...]]


def step(
    watch: Watch,
    state: State,
    fact: Fact,
    now_ms: int,  # noqa: ARG001 - part of the one signature; today's kinds find every time in the facts
) -> Said:
    """What `watch` remembers after `fact`, and what it has to say; the same answer at any `now_ms`.

    Any fact may be given to any watch: one that does not concern it changes nothing.
    """
    if fact.__class__ is ClockSet:
        return after_clock_set(watch.condition, state, fact), ()
    if fact.__class__ is Tick and fact.phones_only and not isinstance(watch.condition, Overdue):
        return state, ()
    if (watch.when is None and watch.except_when is None) or watch.applies(fact.measured_at_ms):
        return _step(watch, state, fact)
    return _outside_hours(watch, state, fact)


def wakes_at(watch: Watch, state: State) -> int | None:
    """The earliest tick at which a watch of taps has something to say or to note; None: there is none."""
    condition = watch.condition
    match condition:
        case OddTaps():
            return odd_taps.wakes_at(condition, state)
        case RoundIncomplete() | RoundFlaw():
            marks = rounds.marks_of(condition, state)
        case TooFewPatrols():
            marks = patrols.marks_of(condition, state)
        case _:
            raise ValueError(f"{watch.rule} is about no taps")
    return min((mark for mark in marks if mark > state.known_ms), default=None)


def _outside_hours(watch: Watch, state: State, fact: Fact) -> Said:
    after, _ = _step(watch, at_rest(state), fact)
    if state.phase is Phase.QUIET:
        return at_rest(after), ()
    if not is_judged_by(watch, fact) or fact.measured_at_ms < in_time(state, fact).newest_ms:
        return replace(after, phase=state.phase, grave_phase=state.grave_phase), ()
    said = (Cleared(fact.measured_at_ms, None),) if is_raised(state.phase) else ()
    return at_rest(after), said


def _step(watch: Watch, state: State, fact: Fact) -> Said:
    return _STEPS[watch.condition.__class__](watch.condition, watch.subject, state, fact)


# A table and no `match`: the last of a dozen cases would cost as much as what it leads to. A test holds it
# against `Condition`.
_STEPS: Final[Mapping[type[Condition], Callable[..., Said]]] = {
    Threshold: threshold.step,
    Outside: outside.step,
    Rate: rate.step,
    Forecast: forecast.step,
    Silent: silent.step,
    SensorFault: sensor_fault.step,
    Stuck: stuck.step,
    Held: held.step,
    Count: count.step,
    Spread: spread.step,
    Total: total.step,
    Overdue: overdue.step,
    ClockWrong: clock.step,
    RoundIncomplete: rounds.step,
    RoundFlaw: rounds.step,
    TooFewPatrols: patrols.step,
    OddTaps: odd_taps.step,
}
