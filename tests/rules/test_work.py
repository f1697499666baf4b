"""The life of a work order, whatever people try: nobody verifies their own work, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules import work
from rules.work import (
    CLOSED,
    MOST_WORDS,
    REOPENED_WITHIN_MS,
    Change,
    Part,
    Refusal,
    Standing,
    State,
    Step,
    Urgency,
)

DAY_MS = 86_400_000
HEAD = frozenset({Part.HEAD})
STEPS = [step for step in Step if step is not Step.MADE]


def standing(state: State = State.OPEN, taken_by: str = "", done_by: str = "") -> Standing:
    return Standing(state, "role:maintenance", Urgency.NORMAL, 3 * DAY_MS, taken_by, done_by)


def change(step: Step, by: str = "chen", note: str = "为什么", at_ms: int = 1, **more: object) -> Change:
    return Change(step, by, at_ms, note, **more)  # type: ignore[arg-type] # of the fields of `Change`


def test_from_reported_to_verified() -> None:
    taken = work.decide(standing(), change(Step.TAKEN, note=""), frozenset({Part.RESPONSIBLE}))
    assert taken == standing(State.TAKEN, "chen")
    done = work.decide(taken, change(Step.DONE), frozenset({Part.TAKER}))
    assert done == standing(State.DONE, "chen", "chen")
    verified = work.decide(done, change(Step.VERIFIED, "zhang", ""), frozenset({Part.REPORTER}))
    assert verified == standing(State.VERIFIED, "chen", "chen")


def test_whoever_did_it_does_not_verify_it_whatever_else_they_are() -> None:
    done = standing(State.DONE, "chen", "chen")
    everything = frozenset(Part)
    assert work.decide(done, change(Step.VERIFIED), everything) is Refusal.SAME_PERSON
    assert Step.VERIFIED not in work.may(done, everything)
    assert Step.VERIFIED in work.may(done, everything - {Part.DOER})


def test_what_is_sent_back_is_on_the_hand_of_whoever_did_it() -> None:
    done = standing(State.DONE, "chen", "chen")
    back = work.decide(done, change(Step.SENT_BACK, "zhang"), frozenset({Part.REPORTER}))
    assert back == standing(State.TAKEN, "chen", "chen")
    undone = work.decide(done, change(Step.SENT_BACK), frozenset({Part.DOER}))
    assert undone == back


@pytest.mark.parametrize("step", [step for step in STEPS if step not in (Step.TAKEN, Step.VERIFIED)])
def test_a_step_that_others_have_to_understand_needs_words(step: Step) -> None:
    state = next(state for state in State if step in work.may(_any(state), frozenset(Part) - {Part.DOER}))
    for note in ("", "  ", "-", "…"):
        refused = work.decide(
            _any(state), change(step, note=note, responsible="role:head"), frozenset(Part) - {Part.DOER}
        )
        assert refused is Refusal.NO_WORDS
    assert (
        work.decide(_any(state), change(step, note="x" * (MOST_WORDS + 1)), frozenset(Part) - {Part.DOER})
        is Refusal.TOO_LONG
    )


def test_what_is_due_is_due_later_and_by_somebody() -> None:
    assert work.decide(standing(), change(Step.RESCHEDULED, due_ms=1), HEAD) is Refusal.BAD_DUE
    assert work.decide(standing(), change(Step.ASSIGNED), HEAD) is Refusal.NOBODY
    assigned = work.decide(
        standing(State.TAKEN, "chen"), change(Step.ASSIGNED, responsible="person:wang"), HEAD
    )
    assert isinstance(assigned, Standing)
    assert (assigned.state, assigned.responsible, assigned.taken_by) == (State.OPEN, "person:wang", "")


def test_what_was_closed_long_ago_stays_closed() -> None:
    closed = standing(State.VERIFIED, "chen", "chen")
    again = change(Step.REOPENED, "zhang")
    assert work.decide(closed, again, HEAD, REOPENED_WITHIN_MS + 1) is Refusal.TOO_LATE
    reopened = work.decide(closed, again, HEAD, REOPENED_WITHIN_MS)
    assert isinstance(reopened, Standing)
    assert (reopened.state, reopened.taken_by) == (State.OPEN, "")


def test_a_record_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="begins"):
        work.after(None, change(Step.TAKEN))
    with pytest.raises(ValueError, match="follow"):
        work.after(standing(), change(Step.VERIFIED))
    with pytest.raises(ValueError, match="somebody"):
        standing(State.TAKEN)
    with pytest.raises(ValueError, match="done"):
        standing(State.DONE, "chen")


def _any(state: State) -> Standing:
    by = "" if state is State.OPEN else "chen"
    return standing(state, by, "chen" if state in (State.DONE, State.VERIFIED) else "")


PEOPLE = {"head": {Part.HEAD}, "chen": {Part.UPKEEP}, "wang": {Part.RESPONSIBLE}, "zhang": {Part.REPORTER}}


class AnyLife(RuleBasedStateMachine):
    """People who try everything. What was allowed is in the record; what was refused changed nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 0
        self.record: list[Change] = []
        self.order = standing()

    @initialize(urgency=st.sampled_from(Urgency))
    def made(self, urgency: Urgency) -> None:
        first = Standing(State.OPEN, "role:maintenance", urgency, DAY_MS)
        self.record = [work.made("zhang", 0, "灯坏了", (), first)]
        self.order = first

    @rule(
        step=st.sampled_from(Step),
        who=st.sampled_from(sorted(PEOPLE)),
        note=st.sampled_from(["", "说明"]),
        responsible=st.sampled_from(["", "person:wang"]),
        due_in_ms=st.none() | st.integers(-DAY_MS, DAY_MS),
        passed_ms=st.integers(0, DAY_MS),
    )
    def somebody_tries(
        self, step: Step, who: str, note: str, responsible: str, due_in_ms: int | None, passed_ms: int
    ) -> None:
        self.now_ms += passed_ms
        parts = {*PEOPLE[who]}
        parts |= {Part.TAKER} if self.order.taken_by == who else set()
        parts |= {Part.DOER} if self.order.done_by == who else set()
        due_ms = None if due_in_ms is None else self.now_ms + due_in_ms
        tried = Change(step, who, self.now_ms, note, responsible=responsible, due_ms=due_ms)
        before = self.order
        result = work.decide(before, tried, frozenset(parts))
        if isinstance(result, Refusal):
            assert self.order == before
            return
        assert step in work.may(before, frozenset(parts))
        if step is Step.VERIFIED:
            assert before.done_by not in {"", who}
        if step is Step.CANCELLED:
            assert who == "head"
        self.record.append(tried)
        self.order = result

    @precondition(lambda self: self.order.state in CLOSED)
    @rule()
    def what_is_closed_can_be_opened_again_by_the_head(self) -> None:
        assert work.may(self.order, HEAD) == {Step.REOPENED}

    @invariant()
    def the_record_gives_the_order_back(self) -> None:
        if not self.record:
            return
        found: Standing | None = None
        for entry in self.record:
            found = work.after(found, entry)
        assert found == self.order

    @invariant()
    def somebody_can_always_go_on(self) -> None:
        everybody = frozenset(Part) - {Part.DOER}
        assert work.may(self.order, everybody)


TestAnyLife = AnyLife.TestCase
