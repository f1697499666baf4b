"""The hub's own clock is set while something lasts: nothing is counted across that, nothing is forgotten."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from devices.facts import Clock, ClockSet, Fact, Reading, Value
from rules.model import Condition, Count, Event, Held, Phase, Raised, Silent, State
from tests.rules.facts import DEVICE, HOUR, MINUTE, reading, run, run_with_restarts, tick
from tests.rules.test_threshold import WARM

DAY = 24 * HOUR
OPEN = Held("door_open", wanted=True, for_ms=10 * MINUTE, keep_for_ms=0, patience_ms=5 * MINUTE)
OFTEN = Count("door_open", times=3, within_ms=30 * MINUTE, keep_for_ms=0)


def at(minute: float) -> int:
    return DAY + int(minute * MINUTE)


def clock_set(from_minute: float, to_minute: float) -> ClockSet:
    return ClockSet(f"clock/{from_minute}", at(to_minute), at(from_minute))


def without_clock(minute: float, **values: Value) -> Reading:
    return Reading(f"{minute}", DEVICE, at(minute), at(minute), Clock.NONE, tuple(values.items()))


def believed(minute: float, hub_minute: float, celsius: float) -> Reading:
    return reading(at(minute), at(hub_minute), temperature_c=celsius)


def too_far_ahead(hub_minute: float, celsius: float) -> Reading:
    return replace(reading(at(hub_minute), temperature_c=celsius), clock=Clock.AHEAD)


def minutes_of(events: list[Event]) -> list[tuple[float, float]]:
    """When each alert was raised, and since when."""
    return [((e.at_ms - DAY) / MINUTE, (e.since_ms - DAY) / MINUTE) for e in events if isinstance(e, Raised)]


@pytest.mark.parametrize("set_by", [-600, -60, -2, -0.1, 0.1, 2, 60, 600])
def test_a_device_without_a_clock_is_judged_by_the_time_that_passed(set_by: float) -> None:
    facts: list[Fact] = [
        *(without_clock(minute, temperature_c=12.0) for minute in range(7)),
        clock_set(6.5, 6.5 + set_by),
        *(without_clock(minute + set_by, temperature_c=12.0) for minute in range(7, 15)),
    ]
    _, events = run_with_restarts(WARM, facts)
    assert minutes_of(events) == [(10 + set_by, set_by)]


def test_a_device_whose_clock_seems_ahead_from_now_on_is_warm_since_it_was() -> None:
    facts: list[Fact] = [
        *(believed(minute, minute, 12.0) for minute in range(7)),
        clock_set(6.5, -53.5),
        *(too_far_ahead(minute - 60, 12.0) for minute in range(7, 15)),
    ]
    assert minutes_of(run_with_restarts(WARM, facts)[1]) == [(-50, -60)]


def test_a_device_whose_clock_is_believed_again_is_warm_since_it_was() -> None:
    facts: list[Fact] = [
        *(too_far_ahead(minute - 60, 12.0) for minute in range(7)),
        clock_set(-53.5, 6.5),
        *(believed(minute, minute, 12.0) for minute in range(7, 15)),
    ]
    assert minutes_of(run_with_restarts(WARM, facts)[1]) == [(10, 0)]


@pytest.mark.parametrize("was_ahead", [0, 60, 600])
@pytest.mark.parametrize("is_ahead", [0, -4, 60, 600])
def test_a_device_whose_clock_is_always_believed_does_not_mind(was_ahead: int, is_ahead: int) -> None:
    facts: list[Fact] = [
        *(believed(minute, minute + was_ahead, 12.0) for minute in range(7)),
        clock_set(6.5 + was_ahead, 6.5 + is_ahead),
        *(believed(minute, minute + is_ahead, 12.0) for minute in range(7, 15)),
    ]
    assert minutes_of(run_with_restarts(WARM, facts)[1]) == [(10, 0)]


def test_a_late_reading_does_not_tell_whose_the_times_are() -> None:
    facts: list[Fact] = [
        *(believed(minute, minute, 12.0) for minute in range(7)),
        clock_set(6.5, -53.5),
        believed(-300, -53.2, 4.0),
        *(too_far_ahead(minute - 60, 12.0) for minute in range(7, 15)),
    ]
    assert minutes_of(run_with_restarts(WARM, facts)[1]) == [(-50, -60)]


def test_a_device_that_got_its_time_meanwhile_is_warm_since_it_was() -> None:
    facts: list[Fact] = [
        *(without_clock(minute + 60, temperature_c=12.0) for minute in range(7)),
        clock_set(66.5, 6.5),
        *(believed(minute, minute, 12.0) for minute in range(7, 15)),
    ]
    assert minutes_of(run_with_restarts(WARM, facts)[1]) == [(10, 0)]


def test_a_clock_that_was_set_and_set_right_again_in_the_same_pause_changes_nothing() -> None:
    warm: list[Fact] = [believed(minute, minute, 12.0) for minute in range(15)]
    there, back = clock_set(6.4, 90.4), clock_set(90.6, 6.6)
    assert run(WARM, [*warm[:7], there, back, *warm[7:]]) == run(WARM, warm)


def test_what_never_was_judged_has_no_times_to_move() -> None:
    assert run(WARM, [clock_set(0, 60)]) == (State(), [])


@pytest.mark.parametrize("set_by", [-600, 600])
def test_a_door_is_open_for_as_long_as_it_is_with_ticks_and_signs_of_life(set_by: int) -> None:
    facts: list[Fact] = [
        without_clock(0, door_open=True),
        clock_set(5, 5 + set_by),
        without_clock(7 + set_by, temperature_c=4.0),
        *(tick(at(minute + set_by), at(set_by)) for minute in range(8, 12)),
    ]
    _, events = run_with_restarts(OPEN, facts)
    # Nothing has shown whose the time is since when it is open: it stays as it was said.
    assert minutes_of(events) == [(10, 0)]


@pytest.mark.parametrize("set_by", [-600, 600])
def test_what_began_before_and_after_is_counted_together(set_by: int) -> None:
    turns: list[Fact] = [without_clock(minute, door_open=minute % 2 == 1) for minute in range(4)]
    after = [without_clock(minute + set_by, door_open=minute % 2 == 1) for minute in range(4, 6)]
    _, events = run_with_restarts(OFTEN, [*turns, clock_set(3.5, 3.5 + set_by), *after])
    assert minutes_of(events) == [(5 + set_by, 1 + set_by)]


@pytest.mark.parametrize("set_by", [-600, 600])
def test_a_device_is_silent_since_it_was_last_heard(set_by: int) -> None:
    facts: list[Fact] = [
        without_clock(0, temperature_c=4.0),
        clock_set(5, 5 + set_by),
        tick(at(11 + set_by), 0),
    ]
    _, events = run_with_restarts(Silent(10 * MINUTE), facts)
    assert minutes_of(events) == [(11 + set_by, set_by)]


@pytest.mark.parametrize("condition", [WARM, OPEN, OFTEN, Silent(10 * MINUTE)])
def test_setting_the_clock_says_nothing_by_itself(condition: Condition) -> None:
    for phase in Phase:
        state = State(phase=phase, phase_since_ms=at(0), newest_ms=at(1), heard_ms=at(1), begun_ms=at(0))
        assert run(condition, [clock_set(2, 600), clock_set(600.1, -600)], state)[1] == []
