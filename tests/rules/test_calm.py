"""Calm readings: whatever is passed over says nothing, and the last of them leaves what all of them leave."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from devices.clock import AHEAD_TOLERANCE_MS
from rules.calm import Band, after_calm, after_signs_of_life, band_of, is_calm, is_calm_tick, mark_ms, shared
from rules.judge import step
from rules.model import (
    Condition,
    Count,
    Direction,
    Held,
    Outside,
    Phase,
    RoundIncomplete,
    SensorFault,
    Silent,
    State,
    Threshold,
    Watch,
)
from rules.route import Stop, Walk
from tests.rules.facts import DEVICE, presence, reading, run, tick

FAULTS = (85.0, -127.0)
WARM = Threshold("temperature_c", Direction.ABOVE, 8.0, 7.0, 0, 0, -60.0, 120.0, FAULTS, 5.0)
COLD = Threshold("temperature_c", Direction.BELOW, 0.0, 0.5, 0, 0, -60.0, 120.0, FAULTS, 5.0)
FAULT = SensorFault("temperature_c", -60.0, 120.0, FAULTS, 5.0, 60_000)

# Few numbers, so that limits, faults and values often meet.
NUMBERS = st.sampled_from([-127.0, -60.0, -0.0, 0.0, 4.0, 7.0, 8.0, 85.0, 120.0]) | st.floats(-200, 200)
LOWS, HIGHS = st.sampled_from([-60.0, 0.0, 8.0]), st.sampled_from([4.0, 85.0, 120.0])
TIMES = st.integers(-1, 50) | st.integers(0, 3 * AHEAD_TOLERANCE_MS)
DELAYS = st.integers(0, 3)
THRESHOLDS = st.builds(
    Threshold,
    quantity=st.just("temperature_c"),
    direction=st.sampled_from(Direction),
    limit=NUMBERS,
    clear=NUMBERS,
    for_ms=DELAYS,
    keep_for_ms=DELAYS,
    valid_low=LOWS,
    valid_high=HIGHS,
    fault_values=st.lists(NUMBERS, max_size=3).map(tuple),
    ramp=st.sampled_from([0.0, 5.0]),
    grave=st.none() | NUMBERS,
    excuse=st.sampled_from(["", "defrost"]),
    excuse_ms=DELAYS,
)
SENSOR_FAULTS = st.builds(
    SensorFault,
    quantity=st.just("temperature_c"),
    low=LOWS,
    high=HIGHS,
    fault_values=st.lists(NUMBERS, max_size=3).map(tuple),
    ramp=st.sampled_from([0.0, 5.0]),
    keep_for_ms=DELAYS,
)
OUTSIDES = st.builds(
    Outside,
    quantity=st.just("temperature_c"),
    low=NUMBERS,
    high=NUMBERS,
    margin=st.sampled_from([0.0, 1.0]),
    for_ms=DELAYS,
    keep_for_ms=DELAYS,
    valid_low=LOWS,
    valid_high=HIGHS,
    fault_values=st.lists(NUMBERS, max_size=3).map(tuple),
    ramp=st.sampled_from([0.0, 5.0]),
)
COUNTS = st.builds(
    Count,
    quantity=st.just("temperature_c"),
    times=st.integers(1, 3),
    within_ms=st.integers(1, 9),
    keep_for_ms=DELAYS,
    direction=st.sampled_from(Direction),
    limit=NUMBERS,
)
ABOUT_VALUES: st.SearchStrategy[Condition] = THRESHOLDS | SENSOR_FAULTS | OUTSIDES | COUNTS
QUIET = st.builds(
    State,
    phase=st.just(Phase.QUIET),
    phase_since_ms=TIMES,
    wrong_since_ms=TIMES,
    newest_ms=TIMES,
    heard_ms=TIMES,
    last_value=st.none() | NUMBERS,
)


def test_the_limit_itself_is_calm_and_a_fault_value_never_is() -> None:
    assert band_of(WARM) == Band("temperature_c", -60.0, 8.0)
    assert band_of(COLD) == Band("temperature_c", 0.0, 120.0, (85.0,))
    assert band_of(FAULT) == Band("temperature_c", -60.0, 120.0, (85.0,))


def test_what_is_not_about_a_value_has_no_band() -> None:
    assert band_of(Silent(1)) is None
    assert band_of(RoundIncomplete(Walk(0, 1, 0, (Stop("A"),)))) is None


def test_what_is_calm_to_all_is_between_their_limits() -> None:
    bands = [band for condition in (WARM, COLD, FAULT) if (band := band_of(condition)) is not None]
    assert shared(bands) == Band("temperature_c", 0.0, 8.0)


def test_late_loud_and_unquiet_are_not_calm() -> None:
    seen = State(newest_ms=5)
    assert is_calm(WARM, seen, 5, 8.0)
    assert not is_calm(WARM, seen, 4, 8.0)
    assert not is_calm(WARM, seen, 5, 8.1)
    assert not is_calm(WARM, seen, 5, math.nan)
    assert not is_calm(WARM, State(phase=Phase.PENDING), 5, 4.0)


@given(ABOUT_VALUES, QUIET, DELAYS, NUMBERS, st.integers(-AHEAD_TOLERANCE_MS, AHEAD_TOLERANCE_MS))
def test_a_calm_reading_says_nothing_and_leaves_its_time_and_value(
    condition: Condition, state: State, later_ms: int, value: float, transit_ms: int
) -> None:
    at_ms = mark_ms(state) + later_ms
    assume(is_calm(condition, state, at_ms, value))
    fact = reading(at_ms, at_ms + transit_ms, temperature_c=value)
    watch = Watch("test.rule", DEVICE, condition)
    assert step(watch, state, fact, 0) == (after_calm(state, at_ms, value), ())


@given(ABOUT_VALUES, QUIET, st.lists(st.tuples(DELAYS, NUMBERS), min_size=2, max_size=8))
def test_of_many_calm_readings_the_last_leaves_what_all_leave(
    condition: Condition, state: State, readings: list[tuple[int, float]]
) -> None:
    in_order = sorted((mark_ms(state) + later_ms, value) for later_ms, value in readings)
    calm = [one for one in in_order if is_calm(condition, state, *one)]
    assume(calm)
    facts = [reading(at_ms, temperature_c=value) for at_ms, value in calm]
    assert run(condition, facts, state) == (after_calm(state, *calm[-1]), [])


@given(st.booleans(), QUIET, DELAYS)
def test_a_flag_that_is_not_wanted_is_calm(wanted: bool, state: State, later_ms: int) -> None:
    at_ms = mark_ms(state) + later_ms
    fact = reading(at_ms, door_open=not wanted)
    for condition in (Held("door_open", wanted, 1, 1, 1), Count("door_open", 2, 9, 0, wanted)):
        assert is_calm(condition, state, at_ms, not wanted)
        assert not is_calm(condition, state, at_ms, wanted)
        assert not is_calm(condition, state, at_ms, float(not wanted))
        after = after_calm(state, at_ms, not wanted)
        if isinstance(condition, Held):
            after = after_signs_of_life(after, at_ms)
        assert step(Watch("test.rule", DEVICE, condition), state, fact, 0) == (after, ())


@given(st.lists(ABOUT_VALUES, min_size=1, max_size=4), NUMBERS)
def test_a_value_is_calm_to_all_if_and_only_if_it_is_to_each(
    conditions: list[Condition], value: float
) -> None:
    bands = [band for condition in conditions if (band := band_of(condition)) is not None]
    together = shared(bands)
    assert (together.low <= value <= together.high and value not in together.excluded) == all(
        is_calm(condition, State(), 0, value) for condition in conditions
    )


@given(QUIET, st.lists(TIMES, min_size=1))
def test_of_many_signs_of_life_the_latest_leaves_what_all_leave(state: State, received_ms: list[int]) -> None:
    facts = [presence(at_ms, online=True) for at_ms in received_ms]
    assert run(Silent(1), facts, state) == (after_signs_of_life(state, max(received_ms)), [])


@given(QUIET, st.integers(1, 20), TIMES, TIMES)
def test_a_tick_is_calm_if_and_only_if_it_changes_nothing(
    state: State, after_ms: int, at_ms: int, listening_since_ms: int
) -> None:
    calm = is_calm_tick(after_ms, state.heard_ms, at_ms, listening_since_ms)
    changes_nothing = run(Silent(after_ms), [tick(at_ms, listening_since_ms)], state) == (state, [])
    assert calm == changes_nothing
