"""Meters: the counter only rises, by what the load took, and every value is possible."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.dice import dice
from firmware_sim.power import Meter, MeterState
from tests.firmware_sim.fakes import SHANGHAI

MONDAY = datetime(2026, 9, 28, tzinfo=SHANGHAI)


def day_of(meter: Meter, start: datetime, hours: float = 24, step_s: float = 10.0) -> list[MeterState]:
    states = []
    for number in range(1, int(hours * 3600 / step_s) + 1):
        meter.advance(step_s, start + timedelta(seconds=number * step_s))
        states.append(meter.measure())
    return states


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), phases=st.sampled_from((1, 3)), step_s=st.sampled_from((1.0, 7.0, 60.0)))
def test_the_counter_never_falls(seed: int, phases: int, step_s: float) -> None:
    states = day_of(Meter(phases, dice(seed)), MONDAY, 1, step_s)
    energies = [state.energy_kwh for state in states]
    assert energies == sorted(energies)
    assert energies[0] < energies[-1]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), phases=st.sampled_from((1, 3)))
def test_the_counter_adds_what_the_load_took(seed: int, phases: int) -> None:
    states = day_of(Meter(phases, dice(seed)), MONDAY, 2)
    taken_kwh = sum(state.power_w for state in states[1:]) * 10 / 3_600_000
    assert states[-1].energy_kwh - states[0].energy_kwh == pytest.approx(taken_kwh, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), phases=st.sampled_from((1, 3)))
def test_voltages_currents_and_power_agree_and_are_normal(seed: int, phases: int) -> None:
    for state in day_of(Meter(phases, dice(seed)), MONDAY, 24, 600):
        apparent = sum(phase.voltage_v * phase.current_a for phase in state.phases)
        assert apparent * state.power_factor == pytest.approx(state.power_w)
        assert len(state.phases) == phases
        assert all(198 < phase.voltage_v < 235.4 for phase in state.phases)
        assert 49.9 < state.frequency_hz < 50.1
        assert state.residual_current_ma < 100


def test_a_school_takes_more_by_day_than_by_night_and_at_the_weekend() -> None:
    def mean_w(start: datetime) -> float:
        states = day_of(Meter(3, dice(3)), start, 2, 60)
        return sum(state.power_w for state in states) / len(states)

    night, day = mean_w(MONDAY + timedelta(hours=2)), mean_w(MONDAY + timedelta(hours=10))
    sunday = mean_w(MONDAY - timedelta(hours=14))
    assert day > 2 * night
    assert day > 2 * sunday


def test_without_electricity_nothing_is_counted() -> None:
    meter = Meter(3, dice(1))
    before = day_of(meter, MONDAY, 0.1)[-1]
    meter.mains = False
    after = day_of(meter, MONDAY, 0.1)[-1]
    assert after.energy_kwh == before.energy_kwh
    assert after.power_w == 0
    assert {phase.voltage_v for phase in after.phases} == {0.0}


def test_a_leak_raises_the_residual_current_into_the_alarm_band_until_it_is_healed() -> None:
    meter = Meter(3, dice(1))
    meter.fail()
    assert 300 < day_of(meter, MONDAY, 0.1)[-1].residual_current_ma < 500
    meter.heal()
    assert day_of(meter, MONDAY, 0.1)[-1].residual_current_ma < 100


def test_today_becomes_yesterday_at_local_midnight() -> None:
    meter = Meter(1, dice(1))
    evening = day_of(meter, MONDAY + timedelta(hours=20), 3.9, 60)[-1]
    after = day_of(meter, MONDAY + timedelta(hours=24), 0.2, 60)[-1]
    assert after.yesterday_kwh == pytest.approx(evening.today_kwh, abs=0.1)
    assert after.today_kwh < 0.1 < after.yesterday_kwh


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_later_run_never_begins_below_where_an_earlier_one_ended(seed: int) -> None:
    earlier = day_of(Meter(3, dice(seed), age_s=1_000_000), MONDAY + timedelta(hours=11), 2, 60)[-1]
    later = Meter(3, dice(seed), age_s=1_000_000 + 2 * 3600).measure()
    assert later.energy_kwh >= earlier.energy_kwh
