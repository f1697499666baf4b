"""A state held for too long: a door left open, a defrost that does not end.

    flag             ______________________________
    ________________|                              |____________
    ticks         '     '     '     '     '     '     '     '
                    |<----- for ----->|
                                        ^ Raised   ^ Cleared after `keep_for`

A device may report on change only: so ticks judge as well, by the hub's own clock from when the change was
received. They do so only while the device is heard: of a silent one nobody knows whether its door is open. A
tick begins nothing: without a reading within the rule's hours nothing is open.
"""

from __future__ import annotations

from msgspec.structs import replace

from devices.facts import Fact, Presence, Tick
from rules.machine import Judged, Verdict, advance
from rules.model import Held, Phase, State
from rules.sensing import flag_of, in_time


def step(condition: Held, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject` or a tick; whatever else the device sends is a sign of life."""
    if isinstance(fact, Tick):
        return _at_tick(condition, state, fact)
    if fact.device != subject or (isinstance(fact, Presence) and not fact.online):
        return state, ()
    if fact.received_at_ms > state.heard_ms:
        state = replace(state, heard_ms=fact.received_at_ms)
    flag = flag_of(fact, subject, condition.quantity)
    if flag is None:
        return state, ()
    state = in_time(state, fact)
    if fact.measured_at_ms < state.newest_ms:
        return state, ()
    seen = replace(state, newest_ms=fact.measured_at_ms, last_value=float(flag))
    after, said = _advance(condition, seen, fact.measured_at_ms, is_held=flag == condition.wanted)
    if after.phase is not state.phase:
        after = replace(after, begun_ms=fact.received_at_ms)
    return after, said


def _at_tick(condition: Held, state: State, tick: Tick) -> Judged:
    now_ms = tick.measured_at_ms
    if state.heard_ms > now_ms:  # heard by a clock that was set back since
        state = replace(state, heard_ms=now_ms, begun_ms=min(state.begun_ms, now_ms))
    is_heard = state.heard_ms >= tick.listening_since_ms and now_ms - state.heard_ms <= condition.patience_ms
    if state.phase not in (Phase.PENDING, Phase.HOLDING) or not is_heard:
        return state, ()
    # In the device's own time, by how much passed in the hub's.
    at_ms = state.phase_since_ms + now_ms - state.begun_ms
    delay_ms = condition.for_ms if state.phase is Phase.PENDING else condition.keep_for_ms
    if now_ms - state.begun_ms < delay_ms:
        return state, ()
    return _advance(condition, state, at_ms, is_held=state.phase is Phase.PENDING)


def _advance(condition: Held, state: State, at_ms: int, *, is_held: bool) -> Judged:
    return advance(
        state,
        Verdict.WRONG if is_held else Verdict.CLEAR,
        at_ms,
        None,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
    )
