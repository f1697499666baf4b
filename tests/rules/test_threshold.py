"""Thresholds: delays, hysteresis, event time, and values that a sensor cannot mean."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import Reading
from rules.model import Cleared, Direction, Event, Phase, Raised, State, Threshold
from tests.rules.facts import MINUTE, OTHER, SECOND, reading, run, run_with_restarts, tick

WARM = Threshold(
    quantity="temperature_c",
    direction=Direction.ABOVE,
    limit=8.0,
    clear=7.0,
    for_ms=10 * MINUTE,
    keep_for_ms=2 * MINUTE,
    valid_low=-60.0,
    valid_high=120.0,
    fault_values=(85.0, -127.0),
    ramp=5.0,
)
AT_ONCE = Threshold("temperature_c", Direction.ABOVE, 8.0, 7.0, 0, 0, -60.0, 120.0)
COLD = Threshold("temperature_c", Direction.BELOW, 0.0, 0.5, 0, 0, -60.0, 120.0)


def each_minute(*temperatures: float) -> list[Reading]:
    return [reading(n * MINUTE, temperature_c=t) for n, t in enumerate(temperatures)]


def test_is_raised_when_the_delay_has_passed_and_says_since_when() -> None:
    _, events = run(WARM, each_minute(4.0, *[9.0] * 11))
    assert events == [Raised(11 * MINUTE, 1 * MINUTE, 9.0)]


def test_is_not_raised_a_moment_before_the_delay_has_passed() -> None:
    facts = [reading(0, temperature_c=9.0), reading(10 * MINUTE - 1, temperature_c=9.0)]
    state, events = run(WARM, facts)
    assert events == []
    assert state.phase is Phase.PENDING


def test_one_right_reading_starts_the_delay_anew() -> None:
    _, events = run(WARM, each_minute(*[9.0] * 9, 8.0, *[9.0] * 11))
    assert events == [Raised(20 * MINUTE, 10 * MINUTE, 9.0)]


def test_without_a_delay_it_is_raised_and_cleared_at_once() -> None:
    _, events = run(AT_ONCE, each_minute(8.1, 8.0, 7.1, 7.0))
    assert events == [Raised(0, 0, 8.1), Cleared(3 * MINUTE, 7.0)]


def test_the_limit_itself_is_still_right() -> None:
    assert run(AT_ONCE, each_minute(8.0))[1] == []
    assert run(COLD, each_minute(0.0))[1] == []


def test_below_mirrors_above() -> None:
    _, events = run(COLD, each_minute(-0.1, 0.4, 0.5))
    assert events == [Raised(0, 0, -0.1), Cleared(2 * MINUTE, 0.5)]


def test_between_clear_and_limit_an_active_alert_stays() -> None:
    state, events = run(WARM, each_minute(*[9.0] * 11, *[7.5] * 30))
    assert len(events) == 1
    assert state.phase is Phase.ACTIVE


def test_clearing_takes_the_whole_keep_for_and_any_relapse_starts_it_anew() -> None:
    _, events = run(WARM, each_minute(*[9.0] * 11, 6.0, 7.5, 6.0, 9.0, 6.0, 6.0, 6.0))
    assert events == [Raised(10 * MINUTE, 0, 9.0), Cleared(17 * MINUTE, 6.0)]


def test_a_later_stretch_is_a_new_alert() -> None:
    _, events = run(AT_ONCE, each_minute(9.0, 6.0, 9.5))
    assert events == [
        Raised(0, 0, 9.0),
        Cleared(MINUTE, 6.0),
        Raised(2 * MINUTE, 2 * MINUTE, 9.5),
    ]


def test_passing_time_without_readings_proves_nothing() -> None:
    before, _ = run(WARM, each_minute(9.0))
    assert run(WARM, [tick(60 * MINUTE)], before) == (before, [])


def test_readings_of_others_and_without_the_quantity_change_nothing() -> None:
    facts = [
        reading(0, device=OTHER, temperature_c=20.0),
        reading(1, humidity_pct=90.0),
        reading(2, temperature_c=True),
    ]
    assert run(AT_ONCE, facts) == (State(), [])


def test_values_that_a_sensor_cannot_mean_neither_raise_nor_clear() -> None:
    active, _ = run(AT_ONCE, each_minute(9.0))
    for nonsense in (float("nan"), float("inf"), float("-inf"), -60.1, 120.1):
        assert run(AT_ONCE, [reading(5 * MINUTE, temperature_c=nonsense)], active) == (active, [])


def test_eighty_five_out_of_the_blue_is_a_fault_and_not_a_hot_fridge() -> None:
    sudden = Threshold("temperature_c", Direction.ABOVE, 8.0, 7.0, 0, 0, -60.0, 120.0, (85.0,), 5.0)
    assert run(sudden, each_minute(85.0)) == (State(), [])
    assert run(sudden, each_minute(4.0, 85.0, 85.0))[1] == []


def test_eighty_five_that_the_readings_lead_to_is_real() -> None:
    hot = Threshold("temperature_c", Direction.ABOVE, 84.9, 80.0, 0, 0, -60.0, 120.0, (85.0,), 5.0)
    assert run(hot, each_minute(76.0, 81.0, 85.0))[1] == [Raised(2 * MINUTE, 2 * MINUTE, 85.0)]


def test_a_reading_older_than_the_newest_judged_is_not_judged() -> None:
    state, _ = run(AT_ONCE, [reading(5 * MINUTE, temperature_c=4.0)])
    assert run(AT_ONCE, [reading(4 * MINUTE, temperature_c=20.0)], state) == (state, [])


def test_a_second_reading_of_the_same_time_is_judged() -> None:
    state, _ = run(AT_ONCE, [reading(5 * MINUTE, temperature_c=4.0)])
    _, events = run(AT_ONCE, [reading(5 * MINUTE, temperature_c=20.0)], state)
    assert events == [Raised(5 * MINUTE, 5 * MINUTE, 20.0)]


# --- properties -------------------------------------------------------------------------------------------

TEMPERATURES = st.sampled_from([6.0, 7.0, 7.5, 8.0, 8.5, 9.0, 85.0, -127.0, 130.0])
DELAYS_S = st.integers(0, 5)


@st.composite
def series(draw: st.DrawFn) -> list[Reading]:
    steps = draw(st.lists(st.tuples(st.integers(0, 3), TEMPERATURES), max_size=40))
    at_ms, facts = 0, []
    for step_s, temperature in steps:
        at_ms += step_s * SECOND
        facts.append(reading(at_ms, temperature_c=temperature))
    return facts


@st.composite
def conditions(draw: st.DrawFn) -> Threshold:
    direction, limit, clear = draw(
        st.sampled_from(
            [
                (Direction.ABOVE, 8.0, 7.0),
                (Direction.ABOVE, 8.0, 8.0),
                (Direction.BELOW, 7.0, 8.0),
            ]
        )
    )
    for_ms, keep_for_ms = draw(DELAYS_S) * SECOND, draw(DELAYS_S) * SECOND
    faults = (85.0, -127.0)
    return Threshold("temperature_c", direction, limit, clear, for_ms, keep_for_ms, -60.0, 120.0, faults)


def expected_events(condition: Threshold, facts: list[Reading]) -> list[Event]:
    """By the definition over the whole series, without a state: slow, and obviously what is meant."""
    points = [
        (fact.measured_at_ms, float(value))
        for fact in facts
        for _, value in fact.values
        if -60 <= value <= 120 and value not in condition.fault_values
    ]
    sign = 1 if condition.direction is Direction.ABOVE else -1

    def wrong(value: float) -> bool:
        return sign * value > sign * condition.limit

    def clear(value: float) -> bool:
        return sign * value <= sign * condition.clear

    events: list[Event] = []
    start = 0
    while start < len(points):
        looking_for_wrong = not events or isinstance(events[-1], Cleared)
        holds = wrong if looking_for_wrong else clear
        delay_ms = condition.for_ms if looking_for_wrong else condition.keep_for_ms
        end = next(
            (
                (first, last)
                for last in range(start, len(points))
                for first in range(start, last + 1)
                if all(holds(value) for _, value in points[first : last + 1])
                and points[last][0] - points[first][0] >= delay_ms
            ),
            None,
        )
        if end is None:
            break
        (since_ms, _), (at_ms, value) = points[end[0]], points[end[1]]
        events.append(Raised(at_ms, since_ms, value) if looking_for_wrong else Cleared(at_ms, value))
        start = end[1] + 1
    return events


@settings(deadline=None)  # quadratic and worse, on purpose
@given(conditions(), series())
def test_the_machine_says_what_the_definition_says(condition: Threshold, facts: list[Reading]) -> None:
    assert run(condition, facts)[1] == expected_events(condition, facts)


@given(conditions(), series())
def test_a_restart_before_every_reading_changes_nothing(condition: Threshold, facts: list[Reading]) -> None:
    assert run_with_restarts(condition, facts) == run(condition, facts)


@settings(deadline=None)  # quadratic and worse, on purpose
@given(conditions(), series(), st.data())
def test_redelivered_and_late_readings_change_nothing(
    condition: Threshold, facts: list[Reading], data: st.DataObject
) -> None:
    disturbed: list[Reading] = []
    newest_ms = -1
    for fact in facts:
        disturbed.append(fact)
        # An implausible reading is not judged, so it does not make a late one late.
        newest_ms = run(condition, disturbed)[0].newest_ms
        if data.draw(st.booleans()):
            disturbed.append(fact)
        if newest_ms > 0:
            late_ms = data.draw(st.integers(0, newest_ms - 1))
            disturbed.append(reading(late_ms, newest_ms, temperature_c=data.draw(TEMPERATURES)))
    assert run(condition, disturbed) == run(condition, facts)


@given(conditions(), series())
def test_raised_and_cleared_take_turns_in_order_of_time(condition: Threshold, facts: list[Reading]) -> None:
    _, events = run(condition, facts)
    assert [type(event) for event in events] == [
        Raised if n % 2 == 0 else Cleared for n in range(len(events))
    ]
    times = [event.at_ms for event in events]
    assert times == sorted(times)
