"""Taps and decisions in any order of arrival, some of them twice: one round, one verdict, the same alerts."""

from __future__ import annotations

from collections.abc import Sequence as Many

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import Clock, Fact, Order, RoundOrder, Tap, Trust
from rules.judge import step, wakes_at
from rules.model import (
    Cleared,
    Condition,
    Event,
    Flaw,
    Odd,
    OddTaps,
    Phase,
    Raised,
    RoundFlaw,
    RoundIncomplete,
    State,
    TooFewPatrols,
    Watch,
)
from rules.odd_taps import REPLAY
from rules.progress import progress_of
from rules.route import Sequence, Stop, Walk
from tests.rules.facts import HOUR, MINUTE, run, run_with_restarts, tick

START, END, GRACE = 10 * HOUR, 11 * HOUR, 15 * MINUTE
RUN = "night@1970-01-01"
WALK = Walk(
    START,
    END,
    GRACE,
    (
        Stop("A", latest_ms=30 * MINUTE),
        Stop("B", least_ms=3 * MINUTE, most_ms=20 * MINUTE),
        Stop("C", earliest_ms=10 * MINUTE),
    ),
    sequence=Sequence.FIXED,
    people=("zhang",),
    others=("li",),
    least_ms=15 * MINUTE,
    most_ms=50 * MINUTE,
)
ROUND = RoundIncomplete(WALK)
CONDITIONS: list[Condition] = [
    ROUND,
    *(RoundFlaw(flaw, WALK, 10 * MINUTE) for flaw in Flaw),
    TooFewPatrols(0, 24 * HOUR, ((RUN, WALK),), ("A",), 1, 30 * MINUTE, 30 * MINUTE),
    *(OddTaps(odd, ("A", "B"), 10 * MINUTE, 2 * MINUTE) for odd in Odd),
]


def subject_of(condition: Condition) -> str:
    return "phone-1" if isinstance(condition, OddTaps) else RUN


MINUTES = st.integers(-5, 90)
TAPS = st.builds(
    lambda n, minute, tag, person, counter, refused, late: Tap(
        f"tap:{n}",
        "phone-1",
        START + minute * MINUTE,
        START + (minute + late) * MINUTE,
        Clock.DEVICE,
        tag,
        "",
        Trust.SUN,
        person,
        counter,
        refused,
    ),
    st.integers(0, 10_000),
    MINUTES,
    st.sampled_from("ABCZ"),
    st.sampled_from(["zhang", "zhang", "li", "wang", ""]),
    st.integers(-1, 6),
    st.sampled_from(["", "", "", REPLAY]),
    st.integers(0, 600),
)
ORDERS = st.builds(
    lambda n, minute, order, until: RoundOrder(
        f"order:{n}",
        START + minute * MINUTE,
        START + minute * MINUTE,
        RUN,
        order,
        "liu",
        "why",
        START + until * MINUTE if order is Order.EXTEND else 0,
    ),
    st.integers(0, 10_000),
    MINUTES,
    st.sampled_from(Order),
    st.integers(60, 200),
)


def by_key(fact: Fact) -> str:
    return fact.key


TOLD: st.SearchStrategy[list[Fact]] = st.lists(TAPS | ORDERS, max_size=12, unique_by=by_key)
LAST = tick(START + 40 * HOUR)


def stands(events: Many[Event]) -> bool:
    said = [event for event in events if isinstance(event, Raised | Cleared)]
    return bool(said) and isinstance(said[-1], Raised)


def judged(condition: Condition, facts: list[Fact]) -> tuple[State, list[Event]]:
    return run(Watch("test.rule", subject_of(condition), condition), facts)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@settings(max_examples=120, deadline=None)
@given(told=TOLD, data=st.data())
def test_any_order_of_arrival_and_any_repetition_leads_to_the_same(
    condition: Condition, told: list[Fact], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    shuffled = data.draw(st.permutations([*told, *again]))
    hours = data.draw(st.lists(st.integers(0, 40), max_size=3))
    between = [tick(START + hour * HOUR) for hour in hours]
    places = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), min_size=3, max_size=3)), reverse=True)
    if isinstance(condition, OddTaps):  # of these any tick that is late enough ends what stands
        state, events = judged(condition, told)
        other, other_events = judged(condition, shuffled)
        assert state.newest_ms == other.newest_ms
        assert state.reads == other.reads
    else:
        for place, one in zip(places, between, strict=False):
            shuffled.insert(place, one)
        state, events = judged(condition, [*told, LAST])
        other, other_events = judged(condition, [*shuffled, LAST])
    assert stands(events) == stands(other_events)
    assert state.phase is other.phase
    if not isinstance(condition, OddTaps):
        assert state.visits == other.visits
        assert state.orders == other.orders
        assert progress_of(WALK, state).state is progress_of(WALK, other).state
    if condition is ROUND:
        assert (state.round_state, state.visited) == (other.round_state, other.visited)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@settings(max_examples=60, deadline=None)
@given(told=TOLD, ticks=st.lists(st.integers(-10, 300), max_size=6), data=st.data())
def test_raised_and_cleared_take_turns_and_no_restart_is_noticed(
    condition: Condition, told: list[Fact], ticks: list[int], data: st.DataObject
) -> None:
    facts = data.draw(st.permutations([*told, *(tick(START + minute * MINUTE) for minute in ticks)]))
    watch = Watch("test.rule", subject_of(condition), condition)
    state, events = run(watch, facts)
    said = [type(event) for event in events if isinstance(event, Raised | Cleared)]
    assert said == ([Raised, Cleared] * len(said))[: len(said)]
    assert (state.phase is Phase.ACTIVE) == (len(said) % 2 == 1)
    assert run_with_restarts(watch, facts) == (state, events)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@settings(max_examples=60, deadline=None)
@given(told=TOLD, ticks=st.lists(st.integers(-10, 300), max_size=8), data=st.data())
def test_a_tick_before_a_watch_wakes_changes_nothing(
    condition: Condition, told: list[Fact], ticks: list[int], data: st.DataObject
) -> None:
    facts = data.draw(st.permutations([*told, *(tick(START + minute * MINUTE) for minute in ticks)]))
    watch, state = Watch("test.rule", subject_of(condition), condition), State()
    for fact in facts:
        wakes_ms = wakes_at(watch, state)
        after, events = step(watch, state, fact, 0)
        if fact.key.startswith("tick") and (wakes_ms is None or fact.measured_at_ms < wakes_ms):
            assert after is state
            assert events == ()
        state = after


@given(TOLD)
def test_what_is_taken_back_for_good_leaves_no_alert(told: list[Fact]) -> None:
    at_ms = START + 99 * MINUTE
    excused = RoundOrder("excused", at_ms, at_ms, RUN, Order.EXCUSE, "liu", "typhoon")
    for flaw in Flaw:
        _, events = judged(RoundFlaw(flaw, WALK, 10 * MINUTE), [*told, LAST, excused])
        complete = progress_of(WALK, judged(ROUND, [*told, LAST, excused])[0]).ended_ms is not None
        assert complete or not stands(events)
