"""What the kinds of rules beyond a plain limit promise, apart from what the cases of the catalogue show."""

from __future__ import annotations

import math
import random
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from rules import judge
from rules.judge import step
from rules.model import (
    Cleared,
    Condition,
    Count,
    Direction,
    Eased,
    Forecast,
    Held,
    Outside,
    Phase,
    Raised,
    Rate,
    Shape,
    Spread,
    State,
    Stuck,
    Threshold,
    Total,
    Watch,
    Worsened,
)
from rules.samples import SLOTS
from tests.rules.facts import (
    DEVICE,
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

TIERED = Threshold(
    "temperature_c", Direction.ABOVE, 8.0, 7.0, 10 * MINUTE, 2 * MINUTE, -60.0, 120.0, grave=12.0,
    grave_for_ms=3 * MINUTE,
)  # fmt: skip
DEFROSTS = Threshold(
    "temperature_c", Direction.ABOVE, -12.0, -13.0, 5 * MINUTE, 0, -60.0, 120.0, excuse="defrost",
    excuse_ms=30 * MINUTE,
)  # fmt: skip
JUMP = Rate("temperature_c", Direction.ABOVE, 5.0, 2.0, 10 * MINUTE, 0, 0, -60.0, 120.0)
COURSE = Forecast(
    "temperature_c", Direction.ABOVE, 8.0, 5.0, Shape.LINE, 20 * MINUTE, 20 * MINUTE, 8, 0.3, 3 * MINUTE,
    5 * MINUTE, -60.0, 120.0,
)  # fmt: skip
STUCK = Stuck("temperature_c", HOUR, 10, 0, -60.0, 120.0)
DOOR = Held("door_open", True, 5 * MINUTE, 2 * MINUTE, 10 * MINUTE)  # noqa: FBT003 - as in a catalogue
OFTEN = Count("door_open", 3, 10 * MINUTE, 0)
SUM = Total("power_w", (OTHER,), 10.0, 8.0, 100.0, 5 * MINUTE, 0, 0, -1e6, 1e7)
ALL: list[Condition] = [
    TIERED,
    DEFROSTS,
    JUMP,
    COURSE,
    replace(COURSE, shape=Shape.EXPONENTIAL),
    STUCK,
    DOOR,
    OFTEN,
    Outside("temperature_c", 0.0, 8.0, 1.0, 0, 0, -60.0, 120.0),
    Spread(("temperature_c", "humidity_pct"), 5.0, 4.0, 1.0, 0, 0, -60.0, 120.0, 20.0, 0),
    Total("temperature_c", (OTHER,), 10.0, 8.0, 1.0, MINUTE, 0, 0, -60.0, 120.0),
]


def minutes(*values: float, start: int = 0, defrost: bool = False) -> list[object]:
    return [
        reading((start + at) * MINUTE, temperature_c=value, defrost=defrost)
        for at, value in enumerate(values)
    ]


def said(condition: Condition, *facts: object) -> list[object]:
    return list(run(condition, facts)[1])  # type: ignore[arg-type] # tests mix kinds of facts


# --- two limits -------------------------------------------------------------------------------------------


def test_an_alert_worsens_and_eases_and_is_one() -> None:
    values = [9.0] * 12 + [13.0] * 5 + [11.5] * 3 + [10.9] * 4 + [6.0] * 4
    assert [type(event) for event in said(TIERED, *minutes(*values))] == [Raised, Worsened, Eased, Cleared]


def test_beyond_the_second_limit_it_is_raised_sooner_and_as_grave() -> None:
    assert said(TIERED, *minutes(*[13.0] * 5)) == [Raised(3 * MINUTE, 0, 13.0, grave=True)]


@given(st.lists(st.sampled_from([6.0, 7.5, 8.0, 9.0, 11.0, 11.5, 12.0, 13.0]), max_size=60))
def test_the_story_of_two_limits_is_always_told_in_order(values: list[float]) -> None:
    active = grave = False
    for event in said(TIERED, *minutes(*values)):
        match event:
            case Raised():
                assert not active
                active, grave = True, event.grave
            case Worsened():
                assert active
                assert not grave
                grave = True
            case Eased():
                assert active
                assert grave
                grave = False
            case Cleared():
                assert active
                active = grave = False


# --- excuses ----------------------------------------------------------------------------------------------


def test_a_defrost_excuses_for_its_time_and_no_longer() -> None:
    assert said(DEFROSTS, *minutes(*[-5.0] * 29, defrost=True)) == []
    assert said(DEFROSTS, *minutes(*[-5.0] * 60, defrost=True)) == [Raised(35 * MINUTE, 30 * MINUTE, -5.0)]


def test_the_next_defrost_has_a_time_of_its_own() -> None:
    twice = [
        *minutes(*[-5.0] * 29, defrost=True),
        *minutes(-18.0, start=29, defrost=False),
        *minutes(*[-5.0] * 29, start=30, defrost=True),
    ]
    assert said(DEFROSTS, *twice) == []


def test_a_defrost_neither_ends_nor_hides_what_is_raised() -> None:
    facts = [*minutes(*[-5.0] * 6), *minutes(*[-5.0] * 20, start=6, defrost=True)]
    assert said(DEFROSTS, *facts) == [Raised(5 * MINUTE, 0, -5.0)]


# --- courses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("seed", range(20))
def test_noise_raises_no_forecast(shape: Shape, seed: int) -> None:
    noise = random.Random(seed)
    values = [6.5 + noise.gauss(0.0, 0.3) for _ in range(24 * 60)]
    assert said(replace(COURSE, shape=shape), *minutes(*values)) == []


def test_a_forecast_says_when_and_is_right() -> None:
    [raised] = said(COURSE, *minutes(*[4.0 + 0.1 * minute for minute in range(35)]))
    assert isinstance(raised, Raised)
    assert raised.due_ms == pytest.approx(40 * MINUTE, abs=MINUTE)


def test_a_curve_that_slows_down_is_forecast_by_its_own_end() -> None:
    curve = replace(COURSE, shape=Shape.EXPONENTIAL, noise=0.1)
    towards_20 = [20.0 - 16.0 * math.exp(-minute / 60) for minute in range(18)]
    towards_7 = [7.0 - 3.0 * math.exp(-minute / 10) for minute in range(60)]
    [raised] = said(curve, *minutes(*towards_20))
    assert isinstance(raised, Raised)
    assert raised.due_ms == pytest.approx(60 * math.log(16 / 12) * MINUTE, abs=MINUTE)
    assert said(curve, *minutes(*towards_7)) == []


def test_a_forecast_is_over_once_it_turns_and_stays_beyond_its_limit() -> None:
    up = [4.0 + 0.1 * minute for minute in range(60)]
    [raised] = said(COURSE, *minutes(*up))
    assert isinstance(raised, Raised)
    down = [up[30] - 0.1 * minute for minute in range(40)]
    assert [type(one) for one in said(COURSE, *minutes(*up[:31], *down))] == [Raised, Cleared]


@given(st.lists(st.tuples(st.integers(1, 5 * MINUTE), st.floats(-50, 100)), max_size=200))
def test_what_is_remembered_of_a_course_is_bounded(steps: list[tuple[int, float]]) -> None:
    for condition in (JUMP, COURSE):
        state, at_ms = State(), 0
        for step_ms, value in steps:
            at_ms += step_ms
            state, _ = run(condition, [reading(at_ms, temperature_c=value)], state)
            assert len(state.times_ms) == len(state.values) <= SLOTS + 1


# --- states and counts ------------------------------------------------------------------------------------


def test_a_door_is_open_in_its_own_time_however_late_that_is_heard() -> None:
    backlog = [reading(at * MINUTE, 3 * HOUR, door_open=at < 4) for at in range(10)]
    assert said(DOOR, *backlog, tick(3 * HOUR + MINUTE)) == []


def test_a_closed_door_is_over_by_a_tick() -> None:
    opened = [reading(0, door_open=True), reading(4 * MINUTE, temperature_c=4.0), tick(5 * MINUTE)]
    closed = [reading(6 * MINUTE, door_open=False), tick(7 * MINUTE), tick(8 * MINUTE)]
    assert said(DOOR, *opened, *closed) == [Raised(5 * MINUTE, 0, None), Cleared(8 * MINUTE, None)]


def test_a_hub_that_was_down_has_not_heard_that_a_door_stayed_open() -> None:
    assert said(DOOR, reading(0, door_open=True), tick(6 * MINUTE, listening_since_ms=5 * MINUTE)) == []


def test_coming_and_going_is_counted_by_what_the_broker_says() -> None:
    unstable = Count("online", 2, HOUR, 0, wanted=False)
    facts = [presence(at * MINUTE, online=at % 2 == 0) for at in range(4)]
    assert said(unstable, *facts) == [Raised(3 * MINUTE, MINUTE, 2.0)]


def test_what_is_counted_clears_by_ticks_once_the_window_has_passed() -> None:
    opened = [reading(at * MINUTE, door_open=at % 2 == 1) for at in range(6)]
    raised = Raised(5 * MINUTE, MINUTE, 3.0)
    early, late = tick(10 * MINUTE), tick(11 * MINUTE)
    assert said(OFTEN, *opened, early) == [raised]
    assert said(OFTEN, *opened, early, late) == [raised, Cleared(11 * MINUTE, 2.0)]
    deaf = tick(20 * MINUTE, listening_since_ms=11 * MINUTE)  # the hub has not heard for long enough
    assert said(OFTEN, *opened, deaf) == [raised]


def test_a_backlog_of_events_is_not_cleared_by_a_tick_while_it_arrives() -> None:
    late_ms = 3 * HOUR
    opened = [reading(at * MINUTE, at * MINUTE + late_ms, door_open=at % 2 == 1) for at in range(6)]
    facts = [*opened, tick(late_ms + 6 * MINUTE), reading(6 * MINUTE, late_ms + 7 * MINUTE, door_open=False)]
    assert said(OFTEN, *facts) == [Raised(5 * MINUTE, MINUTE, 3.0)]
    assert said(OFTEN, *facts, tick(late_ms + 11 * MINUTE))[1:] == [Cleared(11 * MINUTE, 2.0)]


def test_what_is_counted_clears_by_ticks_after_the_hub_s_clock_was_set_back() -> None:
    ahead = 4 * MINUTE
    opened = [
        reading(HOUR + at * MINUTE, HOUR + ahead + at * MINUTE, door_open=at % 2 == 1) for at in range(6)
    ]
    back = [tick(HOUR + at * MINUTE) for at in range(5, 30)]
    assert [type(one) for one in said(OFTEN, *opened, *back)] == [Raised, Cleared]


def test_late_readings_of_a_part_are_not_taken() -> None:
    facts = [
        reading(2 * MINUTE, device=OTHER, power_w=1000.0),
        reading(MINUTE, device=OTHER, power_w=10.0),
        reading(2 * MINUTE, power_w=1000.0),
    ]
    assert said(SUM, *facts) == []


# --- all of them ------------------------------------------------------------------------------------------


def test_every_condition_is_judged() -> None:
    assert set(judge._STEPS) == set(get_args(Condition))


VALUES = st.sampled_from([4.0, 6.0, 8.5, 9.0, 13.0, -5.0, 85.0, math.nan, math.inf])


@st.composite
def histories(draw: st.DrawFn) -> list[object]:
    at_ms, facts = 0, list[object]()
    for _ in range(draw(st.integers(0, 40))):
        at_ms = max(0, at_ms + draw(st.sampled_from([SECOND, MINUTE, 5 * MINUTE, -MINUTE, HOUR])))
        received_ms = at_ms + draw(st.sampled_from([0, 0, 0, HOUR, -2 * AHEAD_TOLERANCE_MS]))
        device = draw(st.sampled_from([DEVICE, DEVICE, DEVICE, OTHER]))
        values = {
            "temperature_c": draw(VALUES),
            "humidity_pct": draw(VALUES),
            "door_open": draw(st.booleans()),
        }
        if draw(st.integers(0, 4)) == 0:
            facts.append(tick(max(0, received_ms)))
        else:
            facts.append(reading(at_ms, received_ms, device, defrost=draw(st.booleans()), **values))
    return facts


@pytest.mark.parametrize("condition", ALL, ids=lambda one: type(one).__name__)
@given(facts=histories())
def test_raised_and_cleared_take_turns_and_a_restart_between_any_two_facts_changes_nothing(
    condition: Condition, facts: list[object]
) -> None:
    state, events = run(condition, facts)  # type: ignore[arg-type] # tests mix kinds of facts
    assert run_with_restarts(condition, facts) == (state, events)  # type: ignore[arg-type] # likewise
    turns = [isinstance(event, Raised) for event in events if isinstance(event, Raised | Cleared)]
    assert turns == [number % 2 == 0 for number in range(len(turns))]
    assert len(msgspec.msgpack.encode(state)) < 2_000


class Morning:
    def active(self, at_ms: int) -> bool:
        return at_ms < 12 * HOUR


def test_outside_its_hours_what_is_active_is_over_and_what_is_pending_is_dropped() -> None:
    warm = Watch("w", DEVICE, replace(TIERED, grave=None), Morning())
    noon = 12 * 60
    active = minutes(*[9.0] * 20, start=noon - 15)
    assert said_by(warm, active) == [
        Raised(12 * HOUR - 5 * MINUTE, 12 * HOUR - 15 * MINUTE, 9.0),
        Cleared(12 * HOUR, None),
    ]
    pending = minutes(*[9.0] * 60, start=noon - 5)
    assert said_by(warm, pending) == []
    assert said_by(replace(warm, when=None, except_when=Morning()), pending) == [
        Raised(12 * HOUR + 10 * MINUTE, 12 * HOUR, 9.0)
    ]


def test_a_late_reading_of_other_hours_ends_nothing() -> None:
    warm = Watch("w", DEVICE, replace(TIERED, grave=None, for_ms=0), except_when=Morning())
    state, _ = run(warm, [reading(13 * HOUR, temperature_c=9.0)])
    assert step(warm, state, reading(11 * HOUR, 13 * HOUR, temperature_c=9.0), 0) == (state, ())
    assert state.phase is Phase.ACTIVE


def test_but_it_is_a_sign_of_life() -> None:
    door = Watch("w", DEVICE, replace(DOOR, for_ms=0), except_when=Morning())
    state, _ = run(door, [reading(13 * HOUR, door_open=True)])
    after, _ = step(door, state, reading(11 * HOUR, 13 * HOUR + MINUTE, door_open=True), 0)
    assert after == replace(state, heard_ms=13 * HOUR + MINUTE)


def said_by(watch: Watch, facts: list[object]) -> list[object]:
    return list(run(watch, facts)[1])  # type: ignore[arg-type] # tests mix kinds of facts
