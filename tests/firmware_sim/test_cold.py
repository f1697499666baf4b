"""Cold units: healthy ones keep their limits, broken ones warm as physics says."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.cold import ColdUnit
from firmware_sim.dice import dice
from tests.firmware_sim.fakes import SHANGHAI

MIDNIGHT = datetime(2026, 9, 28, tzinfo=SHANGHAI)


def unit(storing: str, seed: int = 1) -> ColdUnit:
    return ColdUnit(storing, dice(seed, storing))


def run(cold: ColdUnit, seconds: float, start: datetime = MIDNIGHT, step_s: float = 60.0) -> list[float]:
    """The probe's temperature after every step."""
    temperatures = []
    for number in range(1, int(seconds / step_s) + 1):
        cold.advance(step_s, start + timedelta(seconds=number * step_s))
        temperatures.append(cold.probe_c)
    return temperatures


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize(
    ("storing", "low_c", "high_c"), [("chilled", 0, 8), ("sample", 0, 8), ("frozen", -25, -12)]
)
def test_a_healthy_unit_keeps_its_limits_for_a_day(
    storing: str, low_c: float, high_c: float, seed: int
) -> None:
    temperatures = run(unit(storing, seed), 86_400)
    assert low_c < min(temperatures)
    assert max(temperatures) < high_c


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_failed_chilled_unit_crosses_8_degrees_within_three_quarters_of_an_hour(seed: int) -> None:
    cold = unit("chilled", seed)
    cold.fail()
    temperatures = run(cold, 45 * 60)
    assert temperatures[4] < 8 < temperatures[-1]


def test_a_failed_unit_never_gets_warmer_than_the_room() -> None:
    cold = unit("chilled")
    cold.fail()
    assert 20 < run(cold, 3 * 86_400)[-1] < 27.5


def test_pace_makes_a_failure_as_quick_as_a_demonstration_needs() -> None:
    cold = unit("chilled")
    cold.fail(pace=45)
    assert run(cold, 75, step_s=5)[-1] > 8


def test_a_healed_unit_returns_to_its_band_and_to_its_own_pace() -> None:
    cold = unit("chilled")
    cold.fail(pace=45)
    run(cold, 300)
    cold.heal(pace=20)
    assert run(cold, 600)[-1] < 8
    hour = run(cold, 3600)
    assert max(abs(b - a) for a, b in pairwise(hour)) < 1.5


def test_a_unit_without_electricity_warms_and_recovers() -> None:
    cold = unit("chilled")
    cold.mains = False
    assert run(cold, 3600)[-1] > 8
    cold.mains = True
    assert run(cold, 7200)[-1] < 8


@pytest.mark.parametrize("raw_c", [85.0, -127.0])
def test_a_broken_sensor_says_only_its_fault_value_until_it_is_healed(raw_c: float) -> None:
    cold = unit("chilled")
    cold.break_sensor(raw_c)
    assert {cold.measure().temperature_c for _ in range(5)} == {raw_c}
    cold.heal()
    assert 2 < cold.measure().temperature_c < 6


def test_an_open_door_is_said_and_warms_the_unit() -> None:
    cold = unit("chilled")
    before_c = cold.probe_c
    cold.open_door(900)
    run(cold, 600)
    assert cold.measure().door_open
    assert cold.probe_c > before_c + 1


def test_a_freezer_defrosts_some_times_a_day_and_says_so() -> None:
    cold = unit("frozen")
    said = 0
    for number in range(1, 1441):
        cold.advance(60, MIDNIGHT + timedelta(minutes=number))
        said += cold.measure().defrost
    assert 20 <= said <= 40


def test_a_battery_only_drains() -> None:
    cold = unit("chilled")
    before = cold.measure().battery_pct
    run(cold, 86_400)
    assert before - 1 < cold.measure().battery_pct < before


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert run(unit("chilled", 7), 7200) == run(unit("chilled", 7), 7200)
    assert run(unit("chilled", 7), 7200) != run(unit("chilled", 8), 7200)


def test_a_sensor_that_works_does_not_look_stuck() -> None:
    cold = unit("frozen")
    values = []
    for number in range(1, 201):
        cold.advance(5, MIDNIGHT + timedelta(seconds=5 * number))
        values.append(round(cold.measure().temperature_c, 1))
    longest = run_length = 1
    for before, after in pairwise(values):
        run_length = run_length + 1 if before == after else 1
        longest = max(longest, run_length)
    assert longest < 20
