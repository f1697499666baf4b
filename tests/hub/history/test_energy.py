"""Energy from counters: what was used when, and what happens where a counter falls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.history.energy import used
from hub.history.port import Sample, Used
from tests.hub.history.samples import MINUTE, NOON

HOUR = 60 * MINUTE


def by_minutes(values: dict[int, float]) -> list[Sample]:
    return [Sample(NOON + minute * MINUTE, value) for minute, value in values.items()]


def hourly(values: dict[int, float], most_kw: float = 500.0) -> list[tuple[int, float, int]]:
    """(hour, kWh, resets) of a counter's values by minutes since noon."""
    found = used("meter-1", by_minutes(values), NOON, HOUR, most_kw)
    return [((one.at_ms - NOON) // HOUR, round(one.energy_kwh, 6), one.resets) for one in found]


def test_energy_stands_in_the_interval_of_the_later_reading() -> None:
    assert hourly({-5: 10.0, 5: 11.0, 59: 14.0, 60: 14.5, 119: 15.0}) == [(0, 4.0, 0), (1, 1.0, 0)]


def test_the_first_reading_of_all_counts_nothing() -> None:
    assert hourly({5: 900.0}) == [(0, 0.0, 0)]
    assert hourly({-5: 900.0}) == []
    assert hourly({}) == []


def test_an_hour_without_readings_is_left_out_and_its_energy_is_not_lost() -> None:
    assert hourly({0: 1.0, 30: 2.0, 150: 7.0}) == [(0, 1.0, 0), (2, 5.0, 0)]


def test_a_meter_that_was_replaced_counts_from_where_the_new_one_stands() -> None:
    assert hourly({0: 5_000.0, 10: 5_001.0, 20: 3.0, 30: 4.5}) == [(0, 2.5, 1)]


def test_a_counter_near_its_end_rolls_over() -> None:
    assert hourly({0: 999_990.0, 30: 999_999.5, 40: 0.5}) == [(0, 10.5, 0)]


def test_a_rollover_that_would_take_more_power_than_there_is_is_a_reset() -> None:
    values = {0: 999_999.5, 10: 60.0}
    assert hourly(values, most_kw=500.0) == [(0, 60.5, 0)]
    assert hourly(values, most_kw=300.0) == [(0, 0.0, 1)]


@pytest.mark.parametrize("before", [5_000.0, 131_072.0156, 989_999.0, 1_000_000.0, 2_000_000.0])
def test_a_drop_far_from_the_end_is_a_reset_however_long_it_took(before: float) -> None:
    assert hourly({0: before, 50_000: 1.0})[-1][1:] == (0.0, 1)


COUNTERS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.5, 3.0, -7.0, -1_000.0])), min_size=1, max_size=40
)


@given(COUNTERS, st.integers(1, 90))
def test_lasts_and_neighbours_of_drops_are_enough(steps: list[tuple[int, float]], minutes: int) -> None:
    samples, at_ms, value = [], NOON - 10 * MINUTE, 5_000.0
    for pause, more in steps:
        at_ms, value = at_ms + pause * MINUTE, value + more
        samples.append(Sample(at_ms, value))
    step_ms = minutes * MINUTE
    edges = [one.at_ms < NOON or (one.at_ms - NOON) // step_ms for one in samples]
    thinned = [
        one
        for n, one in enumerate(samples)
        if n + 1 == len(samples)
        or edges[n + 1] != edges[n]
        or samples[n + 1].value < one.value
        or (n and one.value < samples[n - 1].value)
        or n == 0
    ]
    assert rounded(used("m", thinned, NOON, step_ms)) == rounded(used("m", samples, NOON, step_ms))


def rounded(found: tuple[Used, ...]) -> list[tuple[int, float, int]]:
    return [(one.at_ms, round(one.energy_kwh, 6), one.resets) for one in found]
