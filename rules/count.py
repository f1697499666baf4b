"""Something that begins too often: a door that is opened again and again, a device that keeps dropping out.

    flag      _    _  _          _ _ _
    _________| |__| || |________| | | |_____________
             1    2  3          1 2 3 4
                     |<---- within ---->|
                     `times` = 3: ^ Raised     Cleared ^ once fewer lie within the window

Only the newest `times` beginnings are kept. A first reading begins nothing: what was before is not known.

A device may report on change only, so ticks judge as well what is raised, by the hub's clock from when the
newest beginning was received: no event is no event, also of a silent device (`silent` tells of that). They do
so only once the hub itself has listened for the whole of `within`.
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact, Tick
from rules.machine import Judged, Verdict, advance, is_raised
from rules.model import Count, Direction, Phase, State
from rules.sensing import flag_of, in_time, value_of


def step(condition: Count, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading (of `online`: a presence) of `subject`; a late one changes nothing. Or a tick."""
    if isinstance(fact, Tick):
        return _at_tick(condition, state, fact)
    value = _value(condition, subject, fact)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms:
        return state, ()
    begins = (
        state.last_value is not None and is_on(condition, value) and not is_on(condition, state.last_value)
    )
    seen = replace(state, newest_ms=at_ms, last_value=value)
    if begins:
        times_ms = (*state.times_ms, at_ms)[-condition.times :]
        seen = replace(seen, times_ms=times_ms, begun_ms=fact.received_at_ms)
    elif state.phase is Phase.QUIET:
        return seen, ()
    return _advance(condition, seen, at_ms)


def _at_tick(condition: Count, state: State, tick: Tick) -> Judged:
    now_ms = tick.measured_at_ms
    if not is_raised(state.phase) or now_ms - tick.listening_since_ms < condition.within_ms:
        return state, ()
    state = in_time(state, tick)
    newest_ms = max(state.newest_ms, state.phase_since_ms)
    began_ms = state.times_ms[-1] if state.times_ms else newest_ms
    if not 0 <= state.begun_ms <= now_ms:  # received by a clock that was set back since
        state = replace(state, begun_ms=now_ms)
    # In the device's own time, by how much passed in the hub's.
    return _advance(condition, state, max(newest_ms, began_ms + now_ms - state.begun_ms))


def _advance(condition: Count, seen: State, at_ms: int) -> Judged:
    within = [time_ms for time_ms in seen.times_ms if at_ms - time_ms < condition.within_ms]
    return advance(
        seen,
        Verdict.WRONG if len(within) >= condition.times else Verdict.CLEAR,
        at_ms,
        float(len(within)),
        for_ms=0,
        keep_for_ms=condition.keep_for_ms,
        since_ms=within[0] if within else None,
    )


def is_on(condition: Count, value: float) -> bool:
    """Whether a value (of a flag: 0 or 1) is what is counted while it begins."""
    match condition.direction:
        case None:
            return (value != 0) is condition.wanted
        case Direction.ABOVE:
            return value > condition.limit
        case Direction.BELOW:
            return value < condition.limit


def _value(condition: Count, subject: str, fact: Fact) -> float | None:
    if condition.direction is not None:
        value = value_of(fact, subject, condition.quantity)
        return value if value is None or value == value else None  # NaN is no value
    flag = flag_of(fact, subject, condition.quantity)
    return None if flag is None else float(flag)
