"""Our thresholds against Prometheus, the peer whose `for` and `keep_firing_for` they have.

The random cases come from one seed and are the same everywhere. CAMPUSHUB_TEST_PROMTOOL_SEED takes another,
CAMPUSHUB_TEST_PROMTOOL_CASES more of them; a disagreement prints the seed, and a case as files for promtool.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import pytest
from msgspec.structs import replace

from rules.model import Direction
from tests.real import require
from tests.rules.promtool import Case, Gap, Promtool, Seen, ours

pytestmark = pytest.mark.real("promtool")

SEED: Final = int(os.environ.get("CAMPUSHUB_TEST_PROMTOOL_SEED", "20260607"))
CASES: Final = int(os.environ.get("CAMPUSHUB_TEST_PROMTOOL_CASES", "800"))
SAMPLES: Final = 60
# Longer than five minutes too: then Prometheus would have forgotten the sample before.
STEPS_S: Final = (1, 15, 60, 420)
LIMITS: Final = (8.0, 4.1, 0.0, -18.0)
# How far from the limit; at it nothing is wrong yet.
BY: Final = (0.0, 0.1, 1e-6, 3.0, 40.0)
MISSING, STALE = Gap.MISSING, Gap.STALE


@pytest.fixture(scope="module")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Promtool:
    return Promtool(require("promtool"), tmp_path_factory.mktemp("promtool"))


# --- cases ------------------------------------------------------------------------------------------------


def random_case(dice: Random) -> Case:
    """Right and wrong stretches whose lengths lie about the delays: there the boundaries are."""
    step_s = dice.choice(STEPS_S)
    direction, limit = dice.choice(list(Direction)), dice.choice(LIMITS)
    for_s, keep_s = (random_delay_s(dice, step_s) for _ in range(2))
    samples: list[float] = []
    wrong = dice.random() < 0.5
    while len(samples) < SAMPLES:
        delay = (for_s if wrong else keep_s) // step_s
        length = dice.choice((1, 1, 2, delay, delay + 1, delay + 2, delay + 5))
        samples += [random_value(dice, direction, limit, wrong) for _ in range(max(1, length))]
        wrong = not wrong
    return Case(step_s, direction, limit, for_s, keep_s, tuple(samples[:SAMPLES]))


def random_delay_s(dice: Random, step_s: int) -> int:
    if dice.random() < 0.2:
        return 0
    # Mostly whole steps, where the boundary is met exactly; else a delay that ends between two samples.
    return step_s * dice.randint(1, 8) + (dice.choice((0, 0, -1, 1)) if step_s > 1 else 0)


def random_value(dice: Random, direction: Direction, limit: float, wrong: bool) -> float:
    by = dice.choice(BY[1:] if wrong else BY)
    return round(limit + by if wrong is (direction is Direction.ABOVE) else limit - by, 6)


def with_gaps(dice: Random, case: Case) -> Case:
    """The case with some samples taken away; never so many in a row that Prometheus's five minutes end."""
    samples: list[float | Gap] = list(case.samples)
    at = dice.randint(1, 6)
    while at < len(samples):
        gap = dice.choice(list(Gap))
        longest = 12 if gap is STALE else max(1, min(12, 299 // case.step_s))
        end = min(len(samples), at + dice.randint(1, longest))
        samples[at:end] = [gap] * (end - at)
        at = end + dice.randint(1, 12)
    return replace(case, samples=tuple(samples))


def random_cases(promtool: Promtool, make: Callable[[Random], Case], count: int) -> list[Case]:
    dice = Random(SEED)
    cases = [make(dice) for _ in range(count)]
    if promtool.knows_keep_firing_for:
        return cases
    return [replace(case, keep_s=0) for case in cases]


def agree(promtool: Promtool, cases: Iterable[Case]) -> None:
    """Both see every alert begin, fire and end at the same times."""
    different = promtool.disagreeing([(case, ours(case)) for case in cases])
    if different:
        shortest = min(map(promtool.shortened, different[:5]), key=lambda case: len(case.samples))
        pytest.fail(f"{len(different)} cases of seed {SEED} differ, such as\n{promtool.told(shortest)}")


# --- a sample at each evaluation --------------------------------------------------------------------------


def test_this_promtool_knows_keep_firing_for(promtool: Promtool) -> None:
    if not promtool.knows_keep_firing_for:
        pytest.skip("promtool older than 2.42: keep_for is not compared")


def test_random_series_are_judged_as_prometheus_judges_them(promtool: Promtool) -> None:
    cases = random_cases(promtool, random_case, CASES)
    agree(promtool, cases)
    seen = [one for case in cases for one in ours(case)]
    assert sum(one.firing for one in seen) > len(seen) // 10  # not a comparison of silence with silence
    assert sum(one.since_ms is not None and not one.firing for one in seen) > len(seen) // 10


@pytest.mark.parametrize("direction", list(Direction))
def test_every_length_of_stretch_about_every_delay_is_judged_the_same(
    promtool: Promtool, direction: Direction
) -> None:
    wrong = 9.0 if direction is Direction.ABOVE else 7.0
    cases = []
    for for_s in (0, 59, 60, 61, 120, 180):
        for keep_s in (0, 59, 60, 61, 120, 180) if promtool.knows_keep_firing_for else (0,):
            for wrongs in range(1, 6):
                for rights in range(1, 6):
                    samples = (8.0, *[wrong] * wrongs, *[8.0] * rights, wrong, *[8.0] * 5, *[wrong] * 6)
                    cases.append(Case(60, direction, 8.0, for_s, keep_s, (*samples, *[8.0] * 10)[:24]))
    agree(promtool, cases)


def test_a_difference_of_one_step_is_noticed(promtool: Promtool) -> None:
    case = Case(60, Direction.ABOVE, 8.0, 120, 60 * promtool.knows_keep_firing_for, (9.0,) * 5 + (8.0,) * 5)
    right = ours(case)
    for wrong in (
        ours(replace(case, for_s=180)),
        ours(replace(case, for_s=60)),
        ours(replace(case, keep_s=case.keep_s + 60)),
        [replace(seen, since_ms=60_000) if seen.firing else seen for seen in right],
    ):
        assert promtool.disagreeing([(case, right)]) == []
        assert promtool.disagreeing([(case, wrong)]) == [case]


# --- gaps: here we differ, on purpose ---------------------------------------------------------------------


def as_prometheus_fills(case: Case) -> Case:
    """The series with what Prometheus makes of its gaps: the value before goes on, or nothing is wrong."""
    filled: list[float] = []
    for sample in case.samples:
        match sample:
            case Gap.MISSING:
                filled.append(filled[-1])
            case Gap.STALE:
                filled.append(case.limit)
            case value:
                filled.append(value)
    return replace(case, samples=tuple(filled))


def test_prometheus_judges_a_gap_as_we_would_judge_readings_that_it_invents(promtool: Promtool) -> None:
    """The only difference there is: given those readings, we say the same."""

    def make(dice: Random) -> Case:
        case = random_case(dice)
        return with_gaps(dice, replace(case, step_s=min(case.step_s, 60)))

    cases = random_cases(promtool, make, CASES // 4)
    assert promtool.disagreeing([(case, ours(as_prometheus_fills(case))) for case in cases]) == []
    assert any(ours(case) != ours(as_prometheus_fills(case)) for case in cases)


def firing(times: Iterable[int], since: Callable[[int], int], of: int) -> list[Seen]:
    steady = set(times)
    return [Seen(since(n) * 60_000, firing=True) if n in steady else Seen() for n in range(of)]


def test_an_alert_is_not_over_because_nothing_is_heard(promtool: Promtool) -> None:
    """Prometheus resolves and fires again; a dead probe in a warm fridge is no good news to us."""
    case = Case(60, Direction.ABOVE, 8.0, 0, 0, (9.0, STALE, STALE, STALE, 9.0, 8.0))
    theirs = firing([0, 4], lambda n: n, of=6)
    assert promtool.disagreeing([(case, theirs)]) == []
    assert ours(case) == firing(range(5), lambda _: 0, of=6)


def test_pending_is_neither_dropped_nor_fulfilled_by_a_gap_but_by_the_next_reading(
    promtool: Promtool,
) -> None:
    ended = Case(60, Direction.ABOVE, 8.0, 180, 0, (9.0, STALE, STALE, STALE, 9.0, 9.0))
    pending = [Seen(0)] + [Seen()] * 3 + [Seen(240_000)] * 2
    assert promtool.disagreeing([(ended, pending)]) == []
    assert ours(ended) == [Seen(0)] * 4 + [Seen(0, firing=True)] * 2

    missing = replace(ended, samples=(9.0, MISSING, MISSING, MISSING, 8.0, 8.0))
    on_an_old_value = [Seen(0)] * 3 + [Seen(0, firing=True)] + [Seen()] * 2
    assert promtool.disagreeing([(missing, on_an_old_value)]) == []
    assert ours(missing) == [Seen(0)] * 4 + [Seen()] * 2


def test_keep_for_ends_at_a_reading_and_not_in_a_gap(promtool: Promtool) -> None:
    if not promtool.knows_keep_firing_for:
        pytest.skip("promtool older than 2.42: keep_for is not compared")
    case = Case(60, Direction.ABOVE, 8.0, 0, 120, (9.0, 8.0, MISSING, MISSING, 9.0, 9.0))
    assert promtool.disagreeing([(case, firing([0, 1, 2, 4, 5], lambda n: n // 4 * 4, of=6))]) == []
    assert ours(case) == firing(range(6), lambda _: 0, of=6)


def test_our_alerts_change_at_readings_only(promtool: Promtool) -> None:
    for case in random_cases(promtool, lambda dice: with_gaps(dice, random_case(dice)), 200):
        seen = ours(case)
        for number, sample in enumerate(case.samples):
            if isinstance(sample, Gap):
                assert seen[number] == seen[number - 1]
