"""Flapping against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.flapping import ENTER_PCT, EVERY_MS, LEAVE_PCT, STATES, Restless, passed, share_pct, turned


def after_turns(*at_ms: int) -> Restless:
    restless = Restless(to_ms=at_ms[0])
    for at in at_ms:
        restless = turned(restless, at)
    return restless


@pytest.mark.parametrize(
    ("changed", "share"),
    [
        (0, 0.0),
        (1, 5.75),  # the newest: 1.15 of 20
        (1 << 19, 4.0),  # the oldest: 0.8 of 20
        ((1 << 20) - 1, 97.5),  # all: 0.975 on average
        (0b11111, 27.8289),  # 1.15 × 5 − 0.35/19 × (0 + 1 + 2 + 3 + 4) = 5.56579, of 20
        (0b111111, 33.1184),  # and one more of 1.15 − 5 × 0.35/19 = 1.05789
    ],
)
def test_the_share_of_changes_is_weighted_by_age(changed: int, share: float) -> None:
    assert share_pct(Restless(changed)) == pytest.approx(share, abs=0.0001)


def test_six_turns_in_a_row_are_flapping_and_five_are_not() -> None:
    assert not after_turns(*range(0, 5_000, 1_000)).flapping
    assert after_turns(*range(0, 6_000, 1_000)).flapping


def test_flapping_ends_below_a_quarter_and_not_before() -> None:
    # Six turns age together: with n quiet states their weights are 1.15 − (n … n + 5) × 0.35/19.
    # Five of them weigh 25 % only when none has left the window: 6 × 1.15 − 0.35/19 × (6n + 15) < 5 needs
    # n ≥ 15: 6.9 − 0.018421 × 105 = 4.966, and with 14 it is 5.076.
    flapping = after_turns(*range(0, 6_000, 1_000))
    assert passed(flapping, 5_000 + 14 * EVERY_MS).flapping
    assert not passed(flapping, 5_000 + 15 * EVERY_MS).flapping


def test_a_slow_change_now_and_then_is_none() -> None:
    # Each turn every half an hour: one change among six states, a sixth.
    assert not after_turns(*range(0, 100 * EVERY_MS, 6 * EVERY_MS)).flapping


def test_a_turn_every_ten_minutes_is_flapping() -> None:
    assert after_turns(*range(0, 40 * EVERY_MS, 2 * EVERY_MS)).flapping


TURNS = st.lists(st.integers(0, 3 * EVERY_MS), max_size=60)


@given(TURNS, st.lists(st.integers(0, 3 * EVERY_MS), max_size=20))
def test_asking_in_between_changes_nothing(gaps: list[int], asked: list[int]) -> None:
    plain = watched = Restless()
    at_ms = 0
    for number, gap in enumerate(gaps):
        for part in asked[number : number + 2]:
            watched = passed(watched, at_ms + min(part, gap))
        at_ms += gap
        plain, watched = turned(plain, at_ms), turned(watched, at_ms)
    assert share_pct(plain) == share_pct(watched)
    assert plain.flapping == watched.flapping


@given(TURNS)
def test_flapping_means_what_it_says(gaps: list[int]) -> None:
    restless, at_ms = Restless(), 0
    for gap in gaps:
        at_ms += gap
        before, restless = restless, turned(restless, at_ms)
        share = share_pct(restless)
        assert 0 <= restless.changed < 1 << STATES
        assert restless.flapping or share <= ENTER_PCT
        assert not restless.flapping or before.flapping or share > ENTER_PCT
        assert not restless.flapping or share >= LEAVE_PCT
