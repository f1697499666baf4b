"""Which facts a watch is about, for those who hand facts out."""

from __future__ import annotations

from typing import Final, assert_never

from devices.facts import ClockSet, Fact, Presence, Reading, RoundOrder, Tap, Tick
from rules.model import (
    ClockWrong,
    Condition,
    Count,
    Forecast,
    Held,
    OddTaps,
    Outside,
    Overdue,
    Rate,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Silent,
    Spread,
    Stuck,
    Threshold,
    TooFewPatrols,
    Total,
    Watch,
)
from rules.sensing import ONLINE

_NONE: Final = ()
OF_TAPS: Final = RoundIncomplete | RoundFlaw | TooFewPatrols | OddTaps


def quantities_of(condition: Condition) -> tuple[str, ...]:
    """What a reading must have, all of it, to be judged; empty for what is not about values."""
    match condition:
        case Silent() | ClockWrong() | RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return _NONE
        case Spread():
            return condition.quantities
        case (
            Threshold()
            | Outside()
            | Rate()
            | Forecast()
            | SensorFault()
            | Stuck()
            | Held()
            | Count()
            | Total()
            | Overdue()
        ):
            return (condition.quantity,)
        case _:
            assert_never(condition)


def devices_of(watch: Watch) -> tuple[str, ...]:
    """The devices whose readings a watch needs, its subject first; none for what is about taps."""
    match watch.condition:
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return ()
        case Total() as total:
            return (watch.subject, *total.parts)
        case _:
            return (watch.subject,)


def hears_life(condition: Condition) -> bool:
    """Whether any sign of life of its subject matters to it."""
    return isinstance(condition, Silent | Held)


def hears_ticks(watch: Watch) -> bool:
    """Whether the passing of time matters to it while something is wrong; a QUIET one never needs a tick,
    but for silence, and for a sign of life that lies ahead of the tick."""
    has_hours = watch.when is not None or watch.except_when is not None
    return has_hours or hears_life(watch.condition) or isinstance(watch.condition, Count | Overdue)


def depends_on_arrival(watch: Watch) -> bool:
    """Whether what it says hangs on when or in which order among devices facts reached the hub."""
    return hears_ticks(watch) or isinstance(watch.condition, Total | ClockWrong | OF_TAPS)


def is_judged_by(watch: Watch, fact: Fact) -> bool:
    """Whether a fact may move the watch's phase, if it is not late."""
    condition = watch.condition
    match fact:
        case Tick(phones_only=phones_only):
            return not phones_only or isinstance(condition, Overdue)
        case ClockSet() | RoundOrder():
            return False
        case Tap():
            return isinstance(condition, Silent | ClockWrong) and fact.device == watch.subject
        case Presence():
            if fact.device != watch.subject:
                return False
            if isinstance(condition, Silent):
                return fact.online
            return ONLINE in quantities_of(condition)
        case Reading():
            if fact.device != watch.subject:
                return False
            names = [name for name, _ in fact.values]
            return isinstance(condition, Silent) or all(one in names for one in quantities_of(condition))
        case _:
            assert_never(fact)
