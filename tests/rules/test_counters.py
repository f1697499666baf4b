"""Counts of a SUN tag: the documented timeline, and that no count is ever accepted for two taps."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.counters import FAR_AHEAD, REMEMBERED, Counters, CounterUse, Judgement, Used, judge

Claim = tuple[int, str]


def judged(claims: list[Claim], remembered: int = REMEMBERED) -> tuple[Counters, list[Judgement]]:
    counters, judgements = Counters(), []
    for counter, tap in claims:
        counters, judgement = judge(counters, counter, tap, remembered=remembered)
        judgements.append(judgement)
    return counters, judgements


def test_the_documented_timeline() -> None:
    claims = [
        (41, "a"),
        (43, "b"),
        (42, "c"),
        (43, "b"),
        (43, "d"),
        (250, "e"),
        (44, "f"),
        (44, "f"),
        (41, "a"),
    ]
    counters, judgements = judged(claims, remembered=4)
    uses = " ".join(judgement.use.name for judgement in judgements)
    assert uses == "NEWEST NEWEST LATE SAME_TAP REPLAY AHEAD LATE SAME_TAP FORGOTTEN"
    assert [judgement.skipped for judgement in judgements] == [0, 1, 0, 0, 0, 206, 0, 0, 0]
    assert [judgement.holder for judgement in judgements if judgement.holder] == ["b"]
    assert counters == Counters((Used(42, "c"), Used(43, "b"), Used(44, "f"), Used(250, "e")), 41)


def test_the_first_claim_of_a_tag_of_unknown_count_skips_nothing() -> None:
    assert judge(Counters(), 16_777_215, "a")[1] == Judgement(CounterUse.NEWEST)
    assert judge(Counters(), 0, "a")[1] == Judgement(CounterUse.NEWEST)


def test_reads_before_a_tag_was_put_up_are_void() -> None:
    put_up = Counters(forgotten_to=12)
    for counter in (1, 12):
        assert judge(put_up, counter, "a") == (put_up, Judgement(CounterUse.FORGOTTEN))
    assert judge(put_up, 13, "a") == (Counters((Used(13, "a"),), 12), Judgement(CounterUse.NEWEST))
    assert judge(put_up, 15, "a")[1] == Judgement(CounterUse.NEWEST, skipped=2)


@pytest.mark.parametrize(("skipped", "use"), [(100, CounterUse.NEWEST), (101, CounterUse.AHEAD)])
def test_more_skipped_reads_than_passers_by_explain_are_noted(skipped: int, use: CounterUse) -> None:
    assert FAR_AHEAD == 100
    judgement = judge(Counters((Used(7, "a"),)), 8 + skipped, "b")[1]
    assert judgement == Judgement(use, skipped)
    assert judgement.is_accepted


def test_a_jump_ahead_does_not_make_offline_taps_too_old() -> None:
    counters, _ = judged([(10, "a"), (2**24 - 1, "b")])
    assert judge(counters, 11, "c")[1].use is CounterUse.LATE


def test_what_is_refused_changes_nothing() -> None:
    counters, _ = judged([(10, "a"), (12, "b")])
    for claim in ((10, "x"), (12, "a"), (12, "b")):
        assert judge(counters, *claim)[0] is counters


CLAIMS = st.lists(
    st.tuples(st.integers(0, 30) | st.integers(0, 2**24 - 1), st.sampled_from("abcd")), max_size=80
)


@given(CLAIMS, st.integers(1, 40))
def test_no_count_is_accepted_for_two_taps_and_memory_is_bounded(
    claims: list[Claim], remembered: int
) -> None:
    owners: dict[int, str] = {}
    counters = Counters()
    for counter, tap in claims:
        before = counters
        counters, judgement = judge(counters, counter, tap, remembered=remembered)
        if judgement.is_accepted:
            assert owners.setdefault(counter, tap) == tap
        if judgement.use is CounterUse.REPLAY:
            assert owners[counter] == judgement.holder != tap
        assert len(counters.used) <= remembered
        assert counters.newest >= before.newest
        assert counters.forgotten_to >= before.forgotten_to
        numbers = [used.counter for used in counters.used]
        assert numbers == sorted(set(numbers))
        assert all(number > counters.forgotten_to for number in numbers)


@given(CLAIMS)
def test_the_first_tap_of_a_count_keeps_it_and_every_later_one_hears_whose_it_is(claims: list[Claim]) -> None:
    owners: dict[int, str] = {}
    _, judgements = judged(claims)
    for (counter, tap), judgement in zip(claims, judgements, strict=True):
        if counter not in owners:
            assert judgement.use in (CounterUse.NEWEST, CounterUse.AHEAD, CounterUse.LATE)
            assert judgement.skipped <= counter
        elif owners[counter] == tap:
            assert judgement == Judgement(CounterUse.SAME_TAP)
        else:
            assert judgement == Judgement(CounterUse.REPLAY, holder=owners[counter])
        owners.setdefault(counter, tap)


@given(CLAIMS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides_only_between_taps_with_one_count(
    claims: list[Claim], chance: Random
) -> None:
    contested = {counter for counter, _ in claims if len({t for c, t in claims if c == counter}) > 1}
    shuffled = list(claims)
    chance.shuffle(shuffled)

    def accepted(order: list[Claim]) -> set[Claim]:
        return {
            claim for claim, judgement in zip(order, judged(order)[1], strict=True) if judgement.is_accepted
        }

    one, other = accepted(claims), accepted(shuffled)
    assert {claim for claim in one ^ other if claim[0] not in contested} == set()
    assert {counter for counter, _ in one} == {counter for counter, _ in other} == {c for c, _ in claims}
    assert len(one) == len(other) == len({counter for counter, _ in claims})


@given(CLAIMS)
def test_delivering_everything_again_changes_nothing(claims: list[Claim]) -> None:
    counters, first = judged(claims)
    again = counters
    for (counter, tap), before in zip(claims, first, strict=True):
        again, judgement = judge(again, counter, tap)
        assert judgement.is_accepted is before.is_accepted
    assert again == counters
