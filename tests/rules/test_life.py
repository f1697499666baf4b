"""An alert's life: every cell of its table, and no way into an illegal state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.life import AlertState, Change, Lived, Refusal, acknowledge, close, judged, withdraw
from rules.model import Cleared, Closing, Raised

RAISED = Raised(0, 0, None)
CLEARED = Cleared(0, None)
AMENDED = Cleared(0, None, amended=True)

ACTIVE = AlertState(active=True, acknowledged=False, closed=False)
TAKEN_ON = AlertState(active=True, acknowledged=True, closed=False)
OVER = AlertState(active=False, acknowledged=False, closed=False)
OVER_TAKEN_ON = AlertState(active=False, acknowledged=True, closed=False)
CLOSED = AlertState(active=False, acknowledged=False, closed=True)
CLOSED_TAKEN_ON = AlertState(active=False, acknowledged=True, closed=True)
STATES = (ACTIVE, TAKEN_ON, OVER, OVER_TAKEN_ON, CLOSED, CLOSED_TAKEN_ON)


def test_a_first_alert_and_one_after_a_closed_one_are_new() -> None:
    for before in (None, CLOSED, CLOSED_TAKEN_ON):
        assert judged(before, RAISED, Closing.PERSON) == Lived(ACTIVE, (Change.RAISED,))


def test_what_is_active_already_is_not_raised_twice() -> None:
    for before in (ACTIVE, TAKEN_ON):
        assert judged(before, RAISED, Closing.PERSON) == Lived(before, ())


def test_what_comes_back_before_it_was_closed_is_new_trouble_that_nobody_has_taken_on() -> None:
    for before in (OVER, OVER_TAKEN_ON):
        assert judged(before, RAISED, Closing.PERSON) == Lived(ACTIVE, (Change.RAISED_AGAIN,))


def test_a_cleared_alert_waits_for_a_person() -> None:
    assert judged(ACTIVE, CLEARED, Closing.PERSON) == Lived(OVER, (Change.CLEARED,))
    assert judged(TAKEN_ON, CLEARED, Closing.PERSON) == Lived(OVER_TAKEN_ON, (Change.CLEARED,))


def test_a_cleared_alert_closes_by_itself_where_its_rule_says_so() -> None:
    changes = (Change.CLEARED, Change.CLOSED)
    assert judged(ACTIVE, CLEARED, Closing.AUTO) == Lived(CLOSED, changes)
    assert judged(TAKEN_ON, CLEARED, Closing.AUTO) == Lived(CLOSED_TAKEN_ON, changes)


def test_an_amended_alert_stays_for_a_person_to_see_the_note() -> None:
    assert judged(ACTIVE, AMENDED, Closing.PERSON) == Lived(OVER, (Change.AMENDED,))
    changes = (Change.AMENDED, Change.CLOSED)
    assert judged(ACTIVE, AMENDED, Closing.AUTO) == Lived(CLOSED, changes)


def test_clearing_what_is_not_active_does_nothing() -> None:
    assert judged(None, CLEARED, Closing.AUTO) is None
    for before in (OVER, OVER_TAKEN_ON, CLOSED, CLOSED_TAKEN_ON):
        assert judged(before, CLEARED, Closing.AUTO) == Lived(before, ())


def test_acknowledging_needs_a_reason_and_happens_once() -> None:
    assert acknowledge(ACTIVE, "已到现场") == Lived(TAKEN_ON, (Change.ACKNOWLEDGED,))
    assert acknowledge(OVER, "seen") == Lived(OVER_TAKEN_ON, (Change.ACKNOWLEDGED,))
    assert acknowledge(TAKEN_ON, "again") is Refusal.ALREADY_ACKNOWLEDGED
    assert acknowledge(CLOSED, "late") is Refusal.ALREADY_CLOSED


def test_closing_needs_the_cause_gone_and_what_was_put_right() -> None:
    assert close(OVER, "换了门封条", Closing.PERSON) == Lived(CLOSED, (Change.CLOSED,))
    assert close(OVER_TAKEN_ON, "new seal", Closing.PERSON) == Lived(CLOSED_TAKEN_ON, (Change.CLOSED,))
    assert close(ACTIVE, "new seal", Closing.PERSON) is Refusal.STILL_ACTIVE
    assert close(CLOSED, "new seal", Closing.PERSON) is Refusal.ALREADY_CLOSED


def test_what_only_looking_into_can_end_is_closed_at_any_time() -> None:
    assert close(ACTIVE, "已谈话", Closing.REVIEW) == Lived(CLOSED, (Change.CLOSED,))
    assert close(TAKEN_ON, "已补巡", Closing.REVIEW) == Lived(CLOSED_TAKEN_ON, (Change.CLOSED,))
    assert close(ACTIVE, "-", Closing.REVIEW) is Refusal.NO_REASON


@pytest.mark.parametrize("nothing", ["", " ", "\n\t", "\u3000", "\u200b", "-", "。。。"])
def test_blanks_and_lone_marks_are_no_reason(nothing: str) -> None:
    assert acknowledge(ACTIVE, nothing) is Refusal.NO_REASON
    assert close(OVER, nothing, Closing.PERSON) is Refusal.NO_REASON


def test_a_withdrawn_alert_is_closed_once() -> None:
    assert withdraw(TAKEN_ON) == Lived(CLOSED_TAKEN_ON, (Change.WITHDRAWN,))
    assert withdraw(OVER) == Lived(CLOSED, (Change.WITHDRAWN,))
    assert withdraw(CLOSED) == Lived(CLOSED, ())


def test_a_closed_alert_whose_cause_lasts_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="closed"):
        AlertState(active=True, acknowledged=False, closed=True)


MOVES = st.lists(st.sampled_from(["raised", "cleared", "amended", "acknowledge", "close", "withdraw"]))


def move(state: AlertState | None, name: str, closing: Closing) -> Lived | Refusal | None:
    events: dict[str, Raised | Cleared] = {"raised": RAISED, "cleared": CLEARED, "amended": AMENDED}
    if name in events:
        return judged(state, events[name], closing)
    if state is None:
        return None
    if name == "withdraw":
        return withdraw(state)
    return acknowledge(state, "ok") if name == "acknowledge" else close(state, "ok", closing)


@given(MOVES, st.sampled_from(Closing))
def test_no_sequence_of_moves_loses_or_falsifies_an_alert(names: list[str], closing: Closing) -> None:
    state: AlertState | None = None
    for name in names:
        outcome = move(state, name, closing)
        if not isinstance(outcome, Lived):
            continue
        before, state = state, outcome.state
        assert state in STATES
        # A state changes with an entry in the record, and only so.
        assert bool(outcome.changes) == (state != before or Change.RAISED in outcome.changes)
        if before is not None and state.closed and not before.closed:
            assert outcome.changes[-1] in {Change.CLOSED, Change.WITHDRAWN}
        if before is not None and before.closed and not state.closed:
            assert outcome.changes == (Change.RAISED,)
