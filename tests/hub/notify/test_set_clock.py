"""The hub's clock is set while people wait: no wait is skipped, and none lasts longer because of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.notify.channels import Outcome
from hub.notify.model import Kind, State
from hub.notify.set_clock import SetClock
from tests.hub.notify.bureau import HOUR, MINUTE, SILENT, Bureau

SETS = [-1_000, -30_000, -20 * MINUTE, -HOUR, -48 * HOUR, 1_000, HOUR, 48 * HOUR]
DOWN = Outcome("not reached")


@pytest.mark.parametrize("by_ms", SETS)
@pytest.mark.parametrize("before_ms", [1_000, 5 * MINUTE])
def test_escalation_comes_after_its_time_however_the_clock_is_set(
    bureau: Bureau, by_ms: int, before_ms: int
) -> None:
    bureau.raises()
    bureau.passes(before_ms, 1_000)
    bureau.sets_clock(by_ms)
    bureau.passes(10 * MINUTE - before_ms, 1_000)
    assert [kind for kind, _, _ in bureau.told("group")] == [Kind.RAISED]
    assert bureau.told("chief") == []
    bureau.passes(6 * MINUTE, 1_000)
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED]
    bureau.passes(28 * MINUTE, 5_000)
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED]
    bureau.passes(3 * MINUTE, 5_000)
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED, Kind.REPEATED]


@pytest.mark.parametrize("by_ms", [-1_000, -HOUR, -48 * HOUR])
def test_what_was_raised_just_before_the_clock_went_back_waits_as_long_as_ever(
    bureau: Bureau, by_ms: int
) -> None:
    bureau.turn()
    bureau.raises()
    bureau.sets_clock(by_ms)
    bureau.passes(28_000, 1_000)
    assert bureau.told() == []
    bureau.passes(5_000, 1_000)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED]


@pytest.mark.parametrize("by_ms", [-1_000, -HOUR, -48 * HOUR])
def test_after_a_restart_by_a_clock_that_went_back_nothing_waits_for_the_old_time(
    bureau: Bureau, by_ms: int
) -> None:
    bureau.raises()
    bureau.passes(5 * MINUTE)
    bureau.sets_clock(by_ms)
    bureau.restart()
    bureau.passes(17 * MINUTE)
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED]


@pytest.mark.parametrize("by_ms", SETS)
def test_retries_wait_as_long_as_they_should(bureau: Bureau, by_ms: int) -> None:
    bureau.channels["group"].answer = lambda _: Outcome("too often", retry_after_s=600.0)
    bureau.raises()
    bureau.passes(MINUTE, 1_000)
    assert bureau.entries()[0].attempts == 1
    bureau.sets_clock(by_ms)
    bureau.passes(9 * MINUTE, 1_000)
    assert bureau.entries()[0].attempts == 1
    bureau.passes(2 * MINUTE, 1_000)
    assert bureau.entries()[0].attempts == 2


@pytest.mark.parametrize("by_ms", [-1_000, -HOUR])
def test_what_waits_to_be_sent_for_the_first_time_does_not_wait_for_the_clock(
    bureau: Bureau, by_ms: int
) -> None:
    bureau.raises()
    bureau.decide()
    bureau.now_ms += MINUTE
    bureau.decide()
    bureau.sets_clock(by_ms)
    bureau.turn()
    assert len(bureau.channels["group"].messages) == 1


def test_who_asks_to_be_left_alone_is_sent_nothing_at_all_meanwhile_and_for_an_hour_at_most(
    bureau: Bureau,
) -> None:
    bureau.channels["group"].answer = lambda _: Outcome("quota", retry_after_s=80_000.0)
    bureau.raises("cold-1")
    bureau.passes(MINUTE)
    bureau.raises("cold-2")
    bureau.passes(50 * MINUTE)
    attempts = [e.attempts for e in bureau.entries() if e.notice.channel == "group"]
    assert attempts[0] == 1
    assert set(attempts[1:]) == {0}
    bureau.channels["group"].answer = lambda _: Outcome()
    bureau.passes(11 * MINUTE)
    assert {state for _, _, state in bureau.told("group")} == {State.SENT}


def test_a_clock_that_leaps_ahead_makes_nobody_give_up(bureau: Bureau) -> None:
    bureau.channels["group"].answer = lambda _: DOWN
    bureau.raises()
    bureau.passes(MINUTE)
    bureau.sets_clock(10_000 * HOUR)
    bureau.passes(HOUR)
    assert State.FAILED not in {state for _, _, state in bureau.told("group")}


def test_what_quiet_hours_hold_is_not_held_for_years_by_a_clock_set_back(bureau: Bureau) -> None:
    bureau.now_ms += 11 * HOUR
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(MINUTE)
    assert [state for _, _, state in bureau.told()] == [State.HELD]
    bureau.sets_clock(-20_000 * HOUR)
    bureau.restart()
    bureau.passes(MINUTE)
    assert [state for _, _, state in bureau.told()] == [State.SENT]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-(10**9), 10**9)), max_size=20))
def test_what_it_was_set_by_is_found_out_once(events: list[tuple[int, int]]) -> None:
    now_ms, steady_ms = 10**12, 0
    clock = SetClock(lambda: now_ms, lambda: steady_ms)
    assert clock.set_by_ms() == 0
    for passed_ms, set_ms in events:
        now_ms += passed_ms + set_ms
        steady_ms += passed_ms
        found = clock.set_by_ms()
        assert found == (set_ms if abs(set_ms) >= 500 else 0)
        assert clock.set_by_ms() == 0
