"""Stretches outside limits: where they begin and end, and how long they are known to have lasted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.history.excursions import excursions
from hub.history.port import Excursion, Limits, Sample
from tests.hub.history.samples import MINUTE, NOON

CHILLED = Limits(0.0, 8.0)


def by_minutes(values: dict[int, float]) -> list[Sample]:
    return [Sample(NOON + minute * MINUTE, value) for minute, value in values.items()]


def test_a_stretch_begins_outside_and_ends_with_the_first_value_inside() -> None:
    found = excursions(by_minutes({0: 4.0, 5: 9.0, 10: 12.0, 15: 9.0, 20: 7.9, 25: 4.0}), CHILLED)
    assert found == (Excursion(NOON + 5 * MINUTE, NOON + 20 * MINUTE, 9.0, 12.0, 10.0, 15.0, is_over=True),)


def test_the_limits_themselves_are_inside() -> None:
    assert excursions(by_minutes({0: 0.0, 5: 8.0}), CHILLED) == ()


def test_a_stretch_that_lasts_is_not_over() -> None:
    (found,) = excursions(by_minutes({0: 4.0, 5: 9.0, 10: 10.0}), CHILLED)
    assert (found.is_over, found.end_ms, found.minutes) == (False, NOON + 10 * MINUTE, 5.0)


def test_a_single_value_outside_at_the_end_lasted_nobody_knows_how_long() -> None:
    (found,) = excursions(by_minutes({0: 9.0}), CHILLED)
    assert (found.start_ms, found.end_ms, found.minutes, found.is_over) == (NOON, NOON, 0.0, False)


def test_too_cold_and_too_warm_are_both_outside_and_one_stretch() -> None:
    (found,) = excursions(by_minutes({0: -2.0, 5: 9.0, 10: 4.0}), CHILLED)
    assert (found.low, found.high) == (-2.0, 9.0)


def test_a_silence_does_not_end_a_stretch_and_only_half_an_hour_of_it_counts() -> None:
    (found,) = excursions(by_minutes({0: 9.0, 10: 9.0, 300: 9.0, 310: 4.0}), CHILLED)
    assert (found.start_ms, found.end_ms) == (NOON, NOON + 310 * MINUTE)
    assert found.minutes == 10 + 30 + 10


@pytest.mark.parametrize(
    ("limits", "expected"),
    [(Limits(None, 8.0), 1), (Limits(0.0, None), 1), (Limits(None, None), 0), (CHILLED, 2)],
)
def test_a_limit_may_be_missing(limits: Limits, expected: int) -> None:
    assert len(excursions(by_minutes({0: 9.0, 5: 4.0, 10: -1.0}), limits)) == expected


def test_no_values_no_stretches() -> None:
    assert excursions([], CHILLED) == ()


@given(st.lists(st.sampled_from([-1.0, 4.0, 9.0]), max_size=30))
def test_stretches_hold_all_values_outside_and_none_inside(values: list[float]) -> None:
    samples = by_minutes(dict(enumerate(values)))
    found = excursions(samples, CHILLED)
    for one in samples:
        holding = [
            e
            for e in found
            if e.start_ms <= one.at_ms and (one.at_ms < e.end_ms or (not e.is_over and one.at_ms == e.end_ms))
        ]
        assert len(holding) == (one.value != 4.0)
