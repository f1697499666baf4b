"""The one entrance to judgement: live, in backtests and in rule tests the same function."""

from __future__ import annotations

from typing import assert_never

from devices.facts import Fact
from rules import rounds, sensor_fault, silent, threshold
from rules.model import Event, RoundIncomplete, SensorFault, Silent, State, Threshold, Watch


def step(
    watch: Watch,
    state: State,
    fact: Fact,
    now_ms: int,  # noqa: ARG001 - part of the one signature; today's kinds find every time in the facts
) -> tuple[State, tuple[Event, ...]]:
    """What `watch` remembers after `fact`, and what it has to say; the same answer at any `now_ms`.

    Any fact may be given to any watch: one that does not concern it changes nothing.
    """
    match watch.condition:
        case Threshold() as condition:
            return threshold.step(condition, watch.subject, state, fact)
        case SensorFault() as condition:
            return sensor_fault.step(condition, watch.subject, state, fact)
        case Silent() as condition:
            return silent.step(condition, watch.subject, state, fact)
        case RoundIncomplete() as condition:
            return rounds.step(condition, state, fact)
        case _:
            assert_never(watch.condition)
