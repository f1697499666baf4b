"""Sensor faults: at once, and over only after good readings for a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Fact, Reading
from rules.model import Cleared, Phase, Raised, SensorFault, State
from tests.rules.facts import MINUTE, OTHER, reading, run, run_with_restarts, tick

PROBE = SensorFault("temperature_c", -60.0, 120.0, (85.0, -127.0), 5.0, 5 * MINUTE)


def each_minute(*temperatures: float) -> list[Reading]:
    return [reading(n * MINUTE, temperature_c=t) for n, t in enumerate(temperatures)]


def test_a_broken_probe_is_raised_at_once_with_what_it_read() -> None:
    _, events = run(PROBE, each_minute(4.0, -127.0, -127.0))
    assert events == [Raised(MINUTE, MINUTE, -127.0)]


def test_eighty_five_at_power_on_is_a_fault_and_after_a_ramp_is_not() -> None:
    assert run(PROBE, each_minute(85.0))[1] == [Raised(0, 0, 85.0)]
    assert run(PROBE, each_minute(4.0, 85.0))[1] == [Raised(MINUTE, MINUTE, 85.0)]
    assert run(PROBE, each_minute(80.0, 85.0, 85.0, 84.0))[1] == []


def test_a_value_that_is_no_number_or_out_of_range_is_a_fault() -> None:
    for nonsense in (float("inf"), float("-inf"), 120.1, -60.1):
        assert run(PROBE, each_minute(nonsense))[1] == [Raised(0, 0, nonsense)]
    assert run(PROBE, each_minute(float("nan")))[0].phase is Phase.ACTIVE


def test_it_is_over_after_good_readings_for_the_whole_time() -> None:
    _, events = run(PROBE, each_minute(-127.0, *[4.0] * 3, -127.0, *[4.0] * 6))
    assert events == [Raised(0, 0, -127.0), Cleared(10 * MINUTE, 4.0)]


def test_what_does_not_carry_the_quantity_proves_nothing() -> None:
    facts: list[Fact] = [
        reading(0, humidity_pct=300.0),
        reading(1, device=OTHER, temperature_c=-127.0),
        tick(2),
    ]
    assert run(PROBE, facts) == (State(), [])


@given(st.lists(st.sampled_from([4.0, 80.0, 85.0, -127.0, 200.0]), max_size=30))
def test_a_restart_and_a_redelivery_change_nothing(temperatures: list[float]) -> None:
    facts = each_minute(*temperatures)
    once = run(PROBE, facts)
    assert run_with_restarts(PROBE, facts) == once
    assert run(PROBE, [fact for fact in facts for _ in range(2)]) == once
