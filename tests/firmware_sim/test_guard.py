"""A guard's walks lie inside their windows, in the order of the route."""

from __future__ import annotations

from datetime import datetime, time
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.dice import dice
from firmware_sim.guard import Window, walk, windows
from firmware_sim.plan import SimRound
from tests.firmware_sim.fakes import NOON_S, SHANGHAI

NOON = SimRound("noon", time(11, 30), time(13), ("a", "b", "c"), "B", weekdays=(0, 1))
NIGHT = SimRound("night", time(23), time(1), ("a", "b"), "B")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def test_the_window_that_is_open_comes_first_and_others_follow_on_their_weekdays() -> None:
    found = [(window.opens_s, window.closes_s) for window in islice(windows(NOON, SHANGHAI, NOON_S), 3)]
    assert found == [
        (at("2026-09-28 11:30"), at("2026-09-28 13:00")),
        (at("2026-09-29 11:30"), at("2026-09-29 13:00")),
        (at("2026-10-05 11:30"), at("2026-10-05 13:00")),
    ]


def test_a_window_over_midnight_is_still_open_after_it() -> None:
    first = next(windows(NIGHT, SHANGHAI, at("2026-09-28 00:30")))
    assert (first.opens_s, first.closes_s) == (at("2026-09-27 23:00"), at("2026-09-28 01:00"))


def test_a_round_without_weekdays_never_opens() -> None:
    never = SimRound("never", time(1), time(2), ("a",), "B", weekdays=())
    assert list(windows(never, SHANGHAI, NOON_S)) == []


def test_an_open_window_is_walked_at_once_and_done_in_minutes() -> None:
    window = next(windows(NOON, SHANGHAI, NOON_S))
    taps = walk(window, NOON_S, 45, dice(1))
    assert NOON_S < taps[0].at_s < NOON_S + 20
    assert taps[-1].at_s < NOON_S + 180


@given(
    seed=st.integers(0, 1000),
    length_s=st.floats(60, 7200),
    into_s=st.floats(-3600, 7000),
    gap_s=st.floats(1, 600),
    count=st.integers(0, 12),
)
def test_every_tap_lies_inside_its_window_in_route_order(
    seed: int, length_s: float, into_s: float, gap_s: float, count: int
) -> None:
    route = tuple(f"point-{number}" for number in range(count))
    window = Window(SimRound("r", time(0), time(1), route, "B"), NOON_S, NOON_S + length_s)
    taps = walk(window, min(NOON_S + into_s, window.closes_s), gap_s, dice(seed))
    assert tuple(dict.fromkeys(tap.checkpoint for tap in taps)) == route
    assert all(window.opens_s <= tap.at_s <= window.closes_s for tap in taps)
    assert all(one.at_s <= two.at_s for one, two in pairwise(taps))
    assert len({tap.tap_id for tap in taps}) == len(taps)


def test_a_checkpoint_that_is_left_out_is_not_tapped() -> None:
    window = next(windows(NOON, SHANGHAI, NOON_S))
    taps = walk(window, NOON_S, 45, dice(1), frozenset(("b",)))
    assert {tap.checkpoint for tap in taps} == {"a", "c"}
