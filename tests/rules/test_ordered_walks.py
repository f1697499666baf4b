"""A route of fixed order: where to go next, so that a wrong start can be made good; what came too early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.flaws import findings
from rules.model import Cleared, Flaw, Raised, RoundFlaw, State, Watch
from rules.progress import progress_of
from rules.route import Sequence, Stop, Visit, Walk, next_tag, with_visit
from tests.rules.facts import HOUR, MINUTE, run, tap
from tests.rules.ordered_walks import CASES, ROUTE, taps_of

START = 10 * HOUR
WALK = Walk(START, START + HOUR, 15 * MINUTE, tuple(map(Stop, ROUTE)), sequence=Sequence.FIXED)
ORDER = RoundFlaw(Flaw.OUT_OF_ORDER, WALK)


def known_of(taps: list[tuple[str, int]], walk: Walk = WALK) -> State:
    visits: tuple[Visit, ...] = ()
    for tag, after_ms in taps:
        visits = with_visit(walk, visits, Visit(START + after_ms, f"{tag}{after_ms}", tag, "zhang"))
    return State(visits=visits)


def too_early(taps: list[tuple[str, int]]) -> list[str]:
    """The stops whose visits are marked."""
    state = known_of(taps)
    at = {START + after_ms: tag for tag, after_ms in taps}
    return [at[one.wrong_ms] for one in findings(ORDER, state, progress_of(WALK, state))]


@pytest.mark.parametrize(("said", "following"), CASES)
def test_who_went_wrong_is_led_back_into_the_order(said: str, following: str) -> None:
    assert (next_tag(WALK, progress_of(WALK, known_of(taps_of(said))).visits) or "") == following


@given(st.lists(st.tuples(st.sampled_from(ROUTE), st.integers(1, 200)), max_size=8), st.integers(1, 100))
def test_whoever_goes_where_they_are_told_has_walked_in_order(
    wrong: list[tuple[str, int]], each_s: int
) -> None:
    taps, at_ms = [], 0
    for tag, rest_s in wrong:
        at_ms += rest_s * 1000
        taps.append((tag, at_ms))
    for _ in ROUTE:
        following = next_tag(WALK, progress_of(WALK, known_of(taps)).visits)
        if following is None:
            break
        at_ms += max(each_s, 60) * 1000
        taps.append((following, at_ms))
    assert next_tag(WALK, progress_of(WALK, known_of(taps)).visits) is None
    assert too_early(taps) == []


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("B0 A120", "B"),
        ("B0 A120 C240", "B"),
        ("C0 A120 B240", "C"),
        ("C0 B120 A240", "CB"),
        ("A0 C120 B240", "C"),
        ("B0 A120 B240 C360", ""),
        ("B0 A20 B40 C50", ""),
        ("B0 C120", ""),
    ],
)
def test_the_visit_that_came_too_early_is_the_one_that_is_marked(said: str, marked: str) -> None:
    assert sorted(too_early(taps_of(said))) == sorted(marked)


def test_the_alert_is_raised_by_what_shows_it_and_cleared_by_the_tap_in_its_turn_however_soon() -> None:
    facts = [tap(START + at_ms, tag) for tag, at_ms in taps_of("B0 A20 B40")]
    watch = Watch("test.rule", "night@1970-01-01", ORDER)
    _, events = run(watch, facts)
    assert events == [Raised(START + 20_000, START + 20_000, 1.0), Cleared(START + 40_000, None)]


def test_of_free_order_the_same_tag_within_a_minute_stays_one_visit() -> None:
    free = Walk(START, START + HOUR, 0, tuple(map(Stop, ROUTE)))
    state = known_of(taps_of("B0 A20 B40"), free)
    assert [visit.tag for visit in progress_of(free, state).visits] == ["B", "A"]
    assert next_tag(free, progress_of(free, state).visits) == "C"


def test_a_hand_that_hesitates_is_one_visit_of_fixed_order_too() -> None:
    state = known_of(taps_of("A0 A20 B30 A40 B50"))
    assert [visit.tag for visit in progress_of(WALK, state).visits] == ["A", "B"]


def test_a_flood_of_taps_fills_no_memory() -> None:
    state = known_of([("A", second * 100) for second in range(600)])
    assert [visit.at_ms - START for visit in state.visits] == [0, 59_900]
