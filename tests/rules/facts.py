"""Short ways to write facts and to run them through the real `step`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.facts import Clock, Fact, Presence, Reading, Tap, Tick, Trust, Value
from rules.judge import step
from rules.model import Condition, Event, State, Watch

DEVICE = "cold-1"
OTHER = "cold-2"
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def reading(at_ms: int, received_ms: int | None = None, device: str = DEVICE, **values: Value) -> Reading:
    received_at_ms = at_ms if received_ms is None else received_ms
    return Reading(f"{device}/{at_ms}", device, at_ms, received_at_ms, Clock.DEVICE, tuple(values.items()))


def tap(at_ms: int, tag: str, received_ms: int | None = None) -> Tap:
    received_at_ms = at_ms if received_ms is None else received_ms
    return Tap(f"{tag}/{at_ms}", "phone-1", at_ms, received_at_ms, Clock.DEVICE, tag, "B1", Trust.SUN)


def presence(at_ms: int, *, online: bool, device: str = DEVICE) -> Presence:
    return Presence(f"{device}/{at_ms}", device, at_ms, at_ms, Clock.NONE, online)


def tick(at_ms: int, listening_since_ms: int = 0) -> Tick:
    return Tick(f"tick/{at_ms}", at_ms, listening_since_ms)


def run(
    condition: Condition | Watch, facts: Iterable[Fact], state: State | None = None
) -> tuple[State, list[Event]]:
    """The final state, and everything said on the way."""
    watch = condition if isinstance(condition, Watch) else Watch("test.rule", DEVICE, condition)
    state = State() if state is None else state
    events: list[Event] = []
    for fact in facts:
        state, said = step(watch, state, fact, fact.received_at_ms)
        events += said
    return state, events


def run_with_restarts(condition: Condition | Watch, facts: Iterable[Fact]) -> tuple[State, list[Event]]:
    """As `run`, but before every fact the state is stored and read back, as by a hub that restarted."""
    state = State()
    events: list[Event] = []
    for fact in facts:
        stored = msgspec.msgpack.encode(state)
        state, said = run(condition, [fact], msgspec.msgpack.decode(stored, type=State))
        events += said
    return state, events
