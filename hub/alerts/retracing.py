"""The way of one watch through its phases, found by stepping it again; pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.facts import OF_THE_HUB, Fact, Presence, Reading
from rules.judge import step
from rules.model import Event, Phase, RoundMoved, State, Watch
from rules.reach import quantities_of
from rules.sensing import ONLINE


class Moment(msgspec.Struct, frozen=True):
    """One fact, what it gave for the watch's quantities, and what it did. `skipped`: left out before it."""

    fact: Fact
    values: tuple[tuple[str, float | bool], ...]
    before: Phase
    after: Phase
    grave: Phase
    said: tuple[Event, ...]
    skipped: int = 0

    @property
    def moved(self) -> bool:
        """Whether something changed."""
        return self.before is not self.after or bool(self.said)


def retrace(watch: Watch, facts: Iterable[Fact]) -> list[Moment]:
    """Every fact that concerns the watch, in order of arrival."""
    state, moments = State(), list[Moment]()
    for fact in facts:
        after, said = step(watch, state, fact, fact.received_at_ms)
        if after != state or said or not isinstance(fact, OF_THE_HUB):
            events = tuple(one for one in said if not isinstance(one, RoundMoved))
            moments.append(
                Moment(fact, _values(watch, fact), state.phase, after.phase, after.grave_phase, events)
            )
        state = after
    return moments


def around(moments: list[Moment], beside: int) -> list[Moment]:
    """The moments that moved something, with so many before and after each; the rest is counted."""
    wanted = {
        near
        for place, moment in enumerate(moments)
        if moment.moved
        for near in range(place - beside, place + beside + 1)
    }
    shown, skipped = list[Moment](), 0
    for place, moment in enumerate(moments):
        if place not in wanted:
            skipped += 1
            continue
        shown.append(msgspec.structs.replace(moment, skipped=skipped))
        skipped = 0
    return shown


def _values(watch: Watch, fact: Fact) -> tuple[tuple[str, float | bool], ...]:
    if isinstance(fact, Presence):
        return ((ONLINE, fact.online),)
    if not isinstance(fact, Reading):
        return ()
    wanted = quantities_of(watch.condition)
    return tuple(pair for pair in fact.values if pair[0] in wanted)
