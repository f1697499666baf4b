"""Rounds: taps in any order, offline taps that amend, and one verdict at the deadline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.facts import Fact, Order, RoundOrder, Tap
from rules.model import Cleared, Event, Phase, Raised, RoundIncomplete, RoundMoved, RoundState, State
from rules.route import Stop, Walk, quality
from tests.rules.facts import DEVICE, HOUR, MINUTE, presence, reading, run, run_with_restarts, tap, tick

START, END, GRACE = 10 * HOUR, 11 * HOUR, 15 * MINUTE
DEADLINE = END + GRACE
WALK = RoundIncomplete(Walk(START, END, GRACE, tuple(map(Stop, "ABC"))))


def moved(at_ms: int, state: RoundState, *visited: str) -> RoundMoved:
    return RoundMoved(at_ms, state, visited, 3, DEADLINE)


def plain(events: list[Event]) -> list[Event]:
    """Without the visits that a move tells of, beside their tags."""
    return [replace(event, visits=()) if isinstance(event, RoundMoved) else event for event in events]


def test_a_round_moves_with_each_new_tag_and_completes_with_the_last() -> None:
    facts: list[Fact] = [
        tap(START, "B"),
        tap(START + 1, "A"),
        tap(START + 2, "A"),
        tap(DEADLINE, "C"),
        tick(DEADLINE + HOUR),
    ]
    state, events = run(WALK, facts)
    assert plain(events) == [
        moved(START, RoundState.IN_PROGRESS, "B"),
        moved(START + 1, RoundState.IN_PROGRESS, "B", "A"),
        moved(DEADLINE, RoundState.COMPLETED_LATE, "B", "A", "C"),
    ]
    assert isinstance(events[-1], RoundMoved)
    assert [(visit.tag, visit.at_ms, visit.badge) for visit in events[-1].visits] == [
        ("B", START, "B1"),
        ("A", START + 1, "B1"),
        ("C", DEADLINE, "B1"),
    ]
    assert state.phase is Phase.QUIET


def test_taps_outside_the_window_or_of_other_tags_do_not_count() -> None:
    facts = [tap(START - 1, "A"), tap(DEADLINE + 1, "A"), tap(START, "Z")]
    assert run(WALK, facts)[1] == []


def test_a_visit_by_the_end_completes_a_round_in_time() -> None:
    _, events = run(WALK, [tap(END, tag) for tag in "ABC"])
    assert plain(events)[-1] == moved(END, RoundState.COMPLETED, "A", "B", "C")


def test_readings_presence_and_early_ticks_change_nothing() -> None:
    facts: list[Fact] = [reading(START), presence(START, online=False), tick(START - 1)]
    assert run(WALK, facts) == (State(), [])


def test_a_round_is_due_from_its_start_on_and_says_so_once() -> None:
    _, events = run(WALK, [tick(START + MINUTE), tick(END), tick(DEADLINE - 1)])
    assert events == [moved(START, RoundState.DUE)]


def test_a_round_that_nobody_walked_is_missed_at_its_deadline_whenever_the_tick_comes() -> None:
    _, events = run(WALK, [tick(DEADLINE + 3 * HOUR), tick(DEADLINE + 4 * HOUR)])
    assert plain(events) == [Raised(DEADLINE, END, None), moved(DEADLINE, RoundState.MISSED)]


def test_a_round_walked_in_part_is_incomplete_at_its_deadline() -> None:
    _, events = run(WALK, [tap(START, "A"), tick(DEADLINE)])
    assert plain(events[1:]) == [
        Raised(DEADLINE, END, None),
        moved(DEADLINE, RoundState.INCOMPLETE, "A"),
    ]


def test_offline_taps_that_arrive_late_amend_what_was_said() -> None:
    missed, _ = run(WALK, [tick(DEADLINE)])
    late = [tap(START + n * MINUTE, tag, 20 * HOUR) for n, tag in enumerate("ABC")]
    _, events = run(WALK, late, missed)
    assert plain(events) == [
        moved(DEADLINE, RoundState.INCOMPLETE, "A"),
        moved(DEADLINE, RoundState.INCOMPLETE, "A", "B"),
        Cleared(START + 2 * MINUTE, None, amended=True),
        moved(DEADLINE, RoundState.COMPLETED, "A", "B", "C"),
    ]


def test_a_tap_made_after_the_deadline_amends_nothing() -> None:
    missed, _ = run(WALK, [tick(DEADLINE)])
    assert run(WALK, [tap(DEADLINE + 1, "A")], missed)[1] == []


def test_what_an_older_book_remembers_is_taken_over() -> None:
    old = State(phase=Phase.ACTIVE, phase_since_ms=DEADLINE, visited=("B",), finished=True)
    _, events = run(WALK, [tap(START + MINUTE, "A"), tap(START + 2 * MINUTE, "C")], old)
    assert plain(events) == [
        moved(DEADLINE, RoundState.INCOMPLETE, "B", "A"),
        Cleared(START + 2 * MINUTE, None, amended=True),
        moved(DEADLINE, RoundState.COMPLETED, "B", "A", "C"),
    ]


def test_an_order_for_another_run_changes_nothing() -> None:
    other = RoundOrder("o", START, START, "night@2026-03-03", Order.EXCUSE, "head", "typhoon")
    assert run(WALK, [other]) == (State(), [])


def test_who_decided_and_why_goes_with_the_move() -> None:
    excused = RoundOrder("o", START, START, DEVICE, Order.EXCUSE, "liu-yang", "typhoon")
    _, events = run(WALK, [excused])
    assert events == [replace(moved(START, RoundState.EXCUSED), by="liu-yang", why="typhoon")]


def test_an_amended_round_is_not_judged_again() -> None:
    facts: list[Fact] = [tick(DEADLINE), *(tap(START, tag) for tag in "ABC")]
    amended, _ = run(WALK, facts)
    assert run(WALK, [tick(DEADLINE + HOUR), tap(START, "A")], amended) == (amended, [])


def test_quality_is_visited_of_required() -> None:
    assert (quality(3, 4), quality(0, 4), quality(4, 4), quality(0, 0)) == (0.75, 0.0, 1.0, 1.0)


TAPS = st.lists(
    st.builds(
        tap,
        st.integers(START - 2, START + 5) | st.integers(DEADLINE - 1, DEADLINE + 2),
        st.sampled_from("ABCZ"),
    ),
    max_size=12,
)


def last_round_state(events: list[Event]) -> RoundState:
    moves = [event.state for event in events if isinstance(event, RoundMoved)]
    return moves[-1] if moves else RoundState.PLANNED


def is_open(events: list[Event]) -> bool:
    marks = [event for event in events if isinstance(event, Raised | Cleared)]
    return bool(marks) and isinstance(marks[-1], Raised)


@given(TAPS, st.data())
def test_the_outcome_is_the_same_in_every_order_of_arrival(taps: list[Tap], data: st.DataObject) -> None:
    in_order: list[Fact] = [*taps, tick(DEADLINE)]
    shuffled = data.draw(st.permutations([*in_order, *taps]))
    state, events = run(WALK, in_order)
    other_state, other_events = run(WALK, shuffled)
    assert set(state.visited) == set(other_state.visited)
    assert last_round_state(events) == last_round_state(other_events)
    assert is_open(events) == is_open(other_events)


@given(TAPS, TAPS)
def test_a_restart_before_every_fact_changes_nothing(before: list[Tap], after: list[Tap]) -> None:
    facts: list[Fact] = [*before, tick(DEADLINE), *after]
    assert run_with_restarts(WALK, facts) == run(WALK, facts)


@given(TAPS, TAPS)
def test_the_newest_point_in_the_history_is_the_last_word(before: list[Tap], after: list[Tap]) -> None:
    _, events = run(WALK, [*before, tick(DEADLINE), *after])
    times = [event.at_ms for event in events if isinstance(event, RoundMoved)]
    assert times == sorted(times)
