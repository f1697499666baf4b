"""Silence: the device's and never the hub's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Fact
from rules.model import Cleared, Raised, Silent, State
from tests.rules.facts import (
    HOUR,
    MINUTE,
    OTHER,
    SECOND,
    presence,
    reading,
    run,
    run_with_restarts,
    tick,
)

QUARTER = Silent(15 * MINUTE)


def test_a_device_is_silent_once_more_than_the_time_has_passed() -> None:
    facts: list[Fact] = [reading(MINUTE), tick(16 * MINUTE), tick(16 * MINUTE + 1), tick(HOUR)]
    assert run(QUARTER, facts)[1] == [Raised(16 * MINUTE + 1, MINUTE, None)]


def test_a_device_never_heard_counts_from_when_the_hub_began_to_listen() -> None:
    _, events = run(QUARTER, [tick(HOUR, 50 * MINUTE), tick(66 * MINUTE, 50 * MINUTE)])
    assert events == [Raised(66 * MINUTE, 50 * MINUTE, None)]


def test_a_hub_that_was_down_is_not_a_campus_that_was_silent() -> None:
    facts: list[Fact] = [reading(0), tick(10 * HOUR, 10 * HOUR), tick(10 * HOUR + MINUTE, 10 * HOUR)]
    assert run(QUARTER, facts)[1] == []


def test_a_device_that_stays_silent_after_the_hub_is_back_was_last_heard_before() -> None:
    facts: list[Fact] = [reading(MINUTE), tick(10 * HOUR, 9 * HOUR)]
    assert run(QUARTER, facts)[1] == [Raised(10 * HOUR, MINUTE, None)]


def test_any_sign_of_life_ends_it_even_an_old_reading_that_arrives_late() -> None:
    silent, _ = run(QUARTER, [reading(0), tick(HOUR)])
    late = reading(5 * MINUTE, received_ms=2 * HOUR)
    state, events = run(QUARTER, [late], silent)
    assert events == [Cleared(2 * HOUR, None)]
    assert state.heard_ms == 2 * HOUR
    assert run(QUARTER, [presence(HOUR + 1, online=True)], silent)[1] == [Cleared(HOUR + 1, None)]


def test_a_last_will_and_other_devices_are_no_sign_of_life() -> None:
    facts: list[Fact] = [presence(MINUTE, online=False), reading(MINUTE, device=OTHER)]
    assert run(QUARTER, facts) == (State(), [])


def test_old_receive_times_never_move_the_last_sign_of_life_back() -> None:
    state, _ = run(QUARTER, [reading(HOUR), reading(0, received_ms=MINUTE)])
    assert state.heard_ms == HOUR


@st.composite
def evenings(draw: st.DrawFn) -> list[Fact]:
    """Facts as the hub sees them: its own time never goes back, and it restarts now and then."""
    now_ms, listening_since_ms = 0, 0
    facts: list[Fact] = []
    for step_s, what in draw(
        st.lists(
            st.tuples(
                st.integers(0, 1200),
                st.sampled_from(["reading", "tick", "tick", "will", "restart"]),
            ),
            max_size=40,
        )
    ):
        now_ms += step_s * SECOND
        if what == "reading":
            facts.append(reading(max(0, now_ms - HOUR), received_ms=now_ms))
        elif what == "will":
            facts.append(presence(now_ms, online=False))
        elif what == "restart":
            listening_since_ms = now_ms
        else:
            facts.append(tick(now_ms, listening_since_ms))
    return facts


@given(evenings())
def test_a_restart_and_redelivery_change_nothing(facts: list[Fact]) -> None:
    once = run(QUARTER, facts)
    assert run_with_restarts(QUARTER, facts) == once
    assert run(QUARTER, [fact for fact in facts for _ in range(2)]) == once


@given(evenings())
def test_nothing_is_raised_unless_the_hub_listened_long_enough_in_vain(facts: list[Fact]) -> None:
    for event in run(QUARTER, facts)[1]:
        if isinstance(event, Raised):
            listened = [
                f.listening_since_ms
                for f in facts
                if f.measured_at_ms == event.at_ms and hasattr(f, "listening_since_ms")
            ]
            assert event.at_ms - min(listened) > QUARTER.after_ms
            assert event.at_ms - event.since_ms > QUARTER.after_ms
