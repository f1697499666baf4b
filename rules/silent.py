"""A device that nothing is heard from, judged by ticks and only while the hub itself was listening.

Everything here is in the hub's own time: a backlog of old readings is a sign of life of today.
"""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from devices.facts import ClockSet, Fact, Presence, Reading, RoundOrder, Tap, Tick
from rules.machine import Judged
from rules.model import Cleared, Phase, Raised, Silent, State


def step(condition: Silent, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a tick; whatever the device itself sends is a sign of life, a last will is not."""
    match fact:
        case Tick():
            return _judge(condition, state, fact)
        case Reading() | Tap() | Presence():
            if fact.device != subject or (isinstance(fact, Presence) and not fact.online):
                return state, ()
            return _hear(state, fact.received_at_ms)
        case ClockSet() | RoundOrder():
            return state, ()
        case _:
            assert_never(fact)


def _hear(state: State, received_at_ms: int) -> Judged:
    heard = replace(state, heard_ms=max(state.heard_ms, received_at_ms))
    if state.phase is not Phase.ACTIVE:
        return heard, ()
    quiet = replace(heard, phase=Phase.QUIET, phase_since_ms=received_at_ms)
    return quiet, (Cleared(received_at_ms, None),)


def _judge(condition: Silent, state: State, tick: Tick) -> Judged:
    if state.phase is Phase.ACTIVE:
        return state, ()
    if state.heard_ms > tick.measured_at_ms:  # heard by a clock that was set back since
        return replace(state, heard_ms=tick.measured_at_ms), ()
    # A hub that was down has heard nobody: its own silence does not count against the device.
    counted_from_ms = max(state.heard_ms, tick.listening_since_ms)
    if tick.measured_at_ms - counted_from_ms <= condition.after_ms:
        return state, ()
    since_ms = state.heard_ms if state.heard_ms >= 0 else tick.listening_since_ms
    active = replace(state, phase=Phase.ACTIVE, phase_since_ms=tick.measured_at_ms, wrong_since_ms=since_ms)
    return active, (Raised(tick.measured_at_ms, since_ms, None),)
