"""An alert's life: every cell of its table, and no way into an illegal state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from rules.life import (
    HUSHING,
    REOPENED_WITHIN_MS,
    SHELF_MS,
    AlertState,
    Change,
    Hush,
    Lived,
    Refusal,
    Shelf,
    acknowledge,
    after,
    close,
    confirm,
    judged,
    reject,
    reopen,
    shelf_left_ms,
    shelve,
    surround,
    unshelve,
    withdraw,
    worsened,
)
from rules.model import Cleared, Closing, Raised, Severity

HOUR = 3_600_000

RAISED = Raised(0, 0, None)
CLEARED = Cleared(0, None)
AMENDED = Cleared(0, None, amended=True)

ACTIVE = AlertState(active=True, acknowledged=False, closed=False)
TAKEN_ON = AlertState(active=True, acknowledged=True, closed=False)
OVER = AlertState(active=False, acknowledged=False, closed=False)
OVER_TAKEN_ON = AlertState(active=False, acknowledged=True, closed=False)
CLOSED = AlertState(active=False, acknowledged=False, closed=True)
CLOSED_TAKEN_ON = AlertState(active=False, acknowledged=True, closed=True)


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
    assert close(OVER, "换了门封条", Closing.PERSON, "li") == Lived(CLOSED, (Change.CLOSED,))
    assert close(OVER_TAKEN_ON, "new seal", Closing.PERSON, "li") == Lived(CLOSED_TAKEN_ON, (Change.CLOSED,))
    assert close(ACTIVE, "new seal", Closing.PERSON, "li") is Refusal.STILL_ACTIVE
    assert close(CLOSED, "new seal", Closing.PERSON, "li") is Refusal.ALREADY_CLOSED


def test_what_only_looking_into_can_end_is_closed_at_any_time() -> None:
    assert close(ACTIVE, "已谈话", Closing.REVIEW, "li") == Lived(CLOSED, (Change.CLOSED,))
    assert close(TAKEN_ON, "已补巡", Closing.REVIEW, "li") == Lived(CLOSED_TAKEN_ON, (Change.CLOSED,))
    assert close(ACTIVE, "-", Closing.REVIEW, "li") is Refusal.NO_REASON


@pytest.mark.parametrize("nothing", ["", " ", "\n\t", "\u3000", "\u200b", "-", "。。。"])
def test_blanks_and_lone_marks_are_no_reason(nothing: str) -> None:
    assert acknowledge(ACTIVE, nothing) is Refusal.NO_REASON
    assert close(OVER, nothing, Closing.PERSON, "li") is Refusal.NO_REASON


def test_a_withdrawn_alert_is_closed_once() -> None:
    assert withdraw(TAKEN_ON) == Lived(CLOSED_TAKEN_ON, (Change.WITHDRAWN,))
    assert withdraw(OVER) == Lived(CLOSED, (Change.WITHDRAWN,))
    assert withdraw(CLOSED) == Lived(CLOSED, ())


def test_a_closed_alert_whose_cause_lasts_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="closed"):
        AlertState(active=True, acknowledged=False, closed=True)


# --- a second person ---

RIGHT = AlertState(active=False, acknowledged=False, closed=False, put_right_by="li")


def test_where_the_rule_demands_it_another_person_confirms() -> None:
    assert close(OVER, "new seal", Closing.SECOND, "li") == Lived(RIGHT, (Change.PUT_RIGHT,))
    assert close(ACTIVE, "new seal", Closing.SECOND, "li") is Refusal.STILL_ACTIVE
    assert close(RIGHT, "new seal", Closing.SECOND, "wang") is Refusal.ALREADY_PUT_RIGHT
    assert confirm(RIGHT, "li") is Refusal.SAME_PERSON
    assert confirm(RIGHT, "wang") == Lived(CLOSED, (Change.CONFIRMED,))
    assert confirm(OVER, "wang") is Refusal.NOT_PUT_RIGHT
    assert confirm(CLOSED, "wang") is Refusal.ALREADY_CLOSED


def test_what_is_not_put_right_is_somebody_s_again() -> None:
    taken_on = AlertState(active=False, acknowledged=True, closed=False, put_right_by="li")
    assert reject(taken_on, "still loose") == Lived(OVER, (Change.REJECTED,))
    assert reject(RIGHT, " ") is Refusal.NO_REASON
    assert reject(OVER, "still loose") is Refusal.NOT_PUT_RIGHT
    assert reject(CLOSED, "still loose") is Refusal.ALREADY_CLOSED


def test_new_trouble_makes_nobody_s_work_done() -> None:
    assert judged(RIGHT, RAISED, Closing.SECOND) == Lived(ACTIVE, (Change.RAISED_AGAIN,))


def test_a_closed_alert_is_reopened_within_a_month_unless_there_is_a_newer_one() -> None:
    def reopened(state: AlertState, reason: str = "again", ms: int = 0, *, newer: bool = False) -> object:
        return reopen(state, reason, closed_for_ms=ms, has_newer=newer)

    assert reopened(CLOSED_TAKEN_ON, ms=REOPENED_WITHIN_MS) == Lived(OVER, (Change.REOPENED,))
    assert reopened(CLOSED, ms=REOPENED_WITHIN_MS + 1) is Refusal.REOPENED_TOO_LATE
    assert reopened(CLOSED, newer=True) is Refusal.NEWER_ALERT
    assert reopened(CLOSED, "…") is Refusal.NO_REASON
    assert reopened(OVER) is Refusal.NOT_CLOSED


# --- what hushes ---

NOTHING: frozenset[Hush] = frozenset()


def hushed(state: AlertState, *hushes: Hush) -> AlertState:
    return replace(state, suppressed=frozenset(hushes))


def shelved(state: AlertState, until_ms: int = 100, *, once: bool = False) -> AlertState:
    return replace(state, shelf=Shelf(until_ms, once))


def test_shelving_needs_an_active_alert_a_reason_and_an_end_within_the_cap() -> None:
    def shelve_at(state: AlertState, ms: int, severity: Severity, reason: str = "repair") -> object:
        return shelve(state, reason, Shelf(1_000 + ms, once=False), severity, 1_000)

    state = replace(shelved(TAKEN_ON, 1_000 + 8 * HOUR), shelved_ms=8 * HOUR)
    done = Lived(state, (Change.SHELVED,))
    assert shelve_at(TAKEN_ON, 8 * HOUR, Severity.WARNING) == done
    assert shelve_at(ACTIVE, 8 * HOUR + 1, Severity.WARNING) is Refusal.SHELF_TOO_LONG
    assert shelve_at(TAKEN_ON, 2 * HOUR + 1, Severity.CRITICAL) is Refusal.SHELF_TOO_LONG
    assert shelve_at(ACTIVE, HOUR, Severity.CRITICAL) is Refusal.NOT_TAKEN_ON
    assert shelve_at(ACTIVE, 0, Severity.INFO) is Refusal.SHELF_TOO_LONG
    assert shelve_at(ACTIVE, HOUR, Severity.INFO, "-") is Refusal.NO_REASON
    assert shelve_at(OVER, HOUR, Severity.INFO) is Refusal.NOT_ACTIVE
    assert shelve_at(CLOSED, HOUR, Severity.INFO) is Refusal.ALREADY_CLOSED
    assert shelve_at(shelved(ACTIVE), HOUR, Severity.INFO) is Refusal.ALREADY_SHELVED


def test_all_shelves_of_an_alert_together_have_the_cap() -> None:
    def shelve_for(state: AlertState, ms: int) -> AlertState | Refusal:
        done = shelve(state, "repair", Shelf(ms, once=False), Severity.CRITICAL, 0)
        return done.state if isinstance(done, Lived) else done

    first = shelve_for(TAKEN_ON, HOUR)
    assert isinstance(first, AlertState)
    second = shelve_for(after(first, Change.UNSHELVED), HOUR)
    assert isinstance(second, AlertState)
    used_up = after(second, Change.UNSHELVED)
    assert shelf_left_ms(used_up.shelved_ms, Severity.CRITICAL) == 0
    assert shelve_for(used_up, 0) is shelve_for(used_up, 1) is Refusal.SHELVED_ENOUGH
    assert shelve_for(after(first, Change.UNSHELVED), HOUR + 1) is Refusal.SHELVED_ENOUGH
    over = after(used_up, Change.CLEARED)
    assert after(over, Change.RAISED_AGAIN).shelved_ms == 0  # people are told
    assert after(hushed(over, Hush.FLAPPING), Change.RAISED_AGAIN).shelved_ms == 2 * HOUR
    assert after(after(second, Change.CLEARED), Change.RAISED_AGAIN).shelved_ms == 2 * HOUR


def test_a_shelf_ends_by_itself_or_by_hand_and_the_alert_surfaces() -> None:
    surfaced = Lived(ACTIVE, (Change.UNSHELVED, Change.SURFACED))
    assert surround(shelved(ACTIVE), NOTHING, Closing.PERSON, 99) == Lived(shelved(ACTIVE), ())
    assert surround(shelved(ACTIVE), NOTHING, Closing.PERSON, 100) == surfaced
    assert unshelve(shelved(ACTIVE)) == surfaced
    assert unshelve(shelved(OVER)) == Lived(OVER, (Change.UNSHELVED,))
    assert unshelve(ACTIVE) is Refusal.NOT_SHELVED


def test_a_shelf_for_once_ends_with_the_alert_and_a_timed_one_does_not() -> None:
    once = shelved(ACTIVE, once=True)
    assert judged(once, CLEARED, Closing.PERSON) == Lived(OVER, (Change.CLEARED, Change.UNSHELVED))
    assert judged(shelved(ACTIVE), CLEARED, Closing.PERSON) == Lived(shelved(OVER), (Change.CLEARED,))
    assert judged(shelved(OVER), RAISED, Closing.PERSON) == Lived(shelved(ACTIVE), (Change.RAISED_AGAIN,))


@pytest.mark.parametrize(
    ("hush", "begins", "ends"),
    [
        (Hush.MAINTENANCE, Change.MAINTENANCE, Change.MAINTENANCE_OVER),
        (Hush.OUT_OF_SERVICE, Change.OUT_OF_SERVICE, Change.IN_SERVICE),
        (Hush.CAUSE, Change.CAUSE_KNOWN, Change.CAUSE_GONE),
        (Hush.FLAPPING, Change.FLAPPING, Change.STEADY),
    ],
)
def test_what_surrounds_it_hushes_it_until_it_surfaces(hush: Hush, begins: Change, ends: Change) -> None:
    quiet = hushed(ACTIVE, hush)
    assert surround(ACTIVE, frozenset({hush}), Closing.PERSON, 0) == Lived(quiet, (begins,))
    assert surround(quiet, frozenset({hush}), Closing.PERSON, 0) == Lived(quiet, ())
    assert surround(quiet, NOTHING, Closing.PERSON, 0) == Lived(ACTIVE, (ends, Change.SURFACED))
    assert surround(hushed(OVER, hush), NOTHING, Closing.PERSON, 0) == Lived(OVER, (ends,))
    assert surround(CLOSED, frozenset({hush}), Closing.PERSON, 0) == Lived(CLOSED, ())


def test_only_the_last_of_several_hushes_lets_it_surface() -> None:
    both = hushed(shelved(ACTIVE), Hush.CAUSE, Hush.MAINTENANCE)
    one_left = surround(both, frozenset({Hush.CAUSE}), Closing.PERSON, 100)
    assert one_left == Lived(hushed(ACTIVE, Hush.CAUSE), (Change.MAINTENANCE_OVER, Change.UNSHELVED))
    assert Change.SURFACED in surround(one_left.state, NOTHING, Closing.PERSON, 100).changes


def test_what_flaps_stays_one_alert_until_it_is_steady() -> None:
    flapping = hushed(ACTIVE, Hush.FLAPPING)
    over = hushed(OVER, Hush.FLAPPING)
    assert judged(flapping, CLEARED, Closing.AUTO) == Lived(over, (Change.CLEARED,))
    assert judged(over, RAISED, Closing.AUTO) == Lived(flapping, (Change.RAISED_AGAIN,))
    assert surround(over, NOTHING, Closing.AUTO, 0) == Lived(CLOSED, (Change.STEADY, Change.CLOSED))


def test_every_change_says_what_it_makes_of_a_state() -> None:
    for change in Change:
        assert isinstance(
            after(ACTIVE if change is Change.SHELVED else OVER, change, "li", Shelf(1, once=True)), AlertState
        )


def test_what_cannot_be_is_refused() -> None:
    impossible: tuple[Callable[[], AlertState], ...] = (
        lambda: AlertState(active=False, acknowledged=False, closed=True, shelf=Shelf(1, once=True)),
        lambda: hushed(CLOSED, Hush.CAUSE),
        lambda: hushed(ACTIVE, Hush.SHELVED),
        lambda: replace(RIGHT, active=True),
        lambda: after(None, Change.CLEARED),
        lambda: after(OVER, Change.PUT_RIGHT),
        lambda: after(ACTIVE, Change.SHELVED),
    )
    for wrong in impossible:
        with pytest.raises(ValueError, match=r"\w"):
            wrong()


# --- any sequence of all of it ---

PEOPLE = st.sampled_from(["li", "wang"])
REASONS = st.sampled_from(["ok", ""])
SURROUNDINGS = st.frozensets(st.sampled_from(sorted(HUSHING, key=lambda hush: hush.value)))
ENDS = {Change.CLOSED, Change.CONFIRMED, Change.WITHDRAWN}


class Life(RuleBasedStateMachine):
    """One watch's newest alert. `world`: whether its cause lasts, as judged."""

    @initialize(closing=st.sampled_from(Closing), severity=st.sampled_from(Severity))
    def begins(self, closing: Closing, severity: Severity) -> None:
        self.closing, self.severity = closing, severity
        self.state: AlertState | None = None
        self.record: list[tuple[Change, str, Shelf | None, int]] = []
        self.quiet_ms = 0  # asked for since it was last raised and told
        self.now_ms = 0
        self.world = False
        self.told = False  # whether people have been told of what is so now, or need not be

    def lives(self, outcome: Lived | Refusal | None, by: str = "", shelf: Shelf | None = None) -> None:
        if not isinstance(outcome, Lived):
            return
        before = self.state
        if Change.RAISED in outcome.changes:
            assert before is None or before.closed
            self.record = []
        else:
            assert bool(outcome.changes) == (outcome.state != before)
        self.record += [(change, by, shelf, self.now_ms) for change in outcome.changes]
        self.state = outcome.state
        if before is not None and outcome.state.closed and not before.closed:
            assert outcome.changes[-1] in ENDS
        if {Change.RAISED, Change.RAISED_AGAIN} & set(outcome.changes):
            self.told = not outcome.state.hushes
            self.quiet_ms = 0 if self.told else self.quiet_ms
        if Change.SURFACED in outcome.changes:
            assert outcome.state.active
            self.told = True

    @rule(amended=st.booleans(), wrong=st.booleans())
    def is_judged(self, amended: bool, wrong: bool) -> None:
        self.world = wrong
        self.lives(judged(self.state, RAISED if wrong else Cleared(0, None, amended), self.closing))

    @precondition(lambda self: self.state is not None)
    @rule(
        by=PEOPLE, reason=REASONS, what=st.sampled_from(["ack", "close", "confirm", "reject", "reopen", "un"])
    )
    def somebody_acts(self, by: str, reason: str, what: str) -> None:
        assert self.state is not None
        actions: dict[str, Callable[[AlertState], Lived | Refusal]] = {
            "ack": lambda state: acknowledge(state, reason),
            "close": lambda state: close(state, reason, self.closing, by),
            "confirm": lambda state: confirm(state, by),
            "reject": lambda state: reject(state, reason),
            "reopen": lambda state: reopen(state, reason, closed_for_ms=0, has_newer=False),
            "un": unshelve,
        }
        done = actions[what](self.state)
        if what == "confirm" and isinstance(done, Lived):
            assert by != self.state.put_right_by
        self.lives(done, by)

    @precondition(lambda self: self.state is not None)
    @rule(hours=st.integers(0, 9), once=st.booleans(), reason=REASONS)
    def is_shelved(self, hours: int, once: bool, reason: str) -> None:
        assert self.state is not None
        shelf = Shelf(self.now_ms + hours * HOUR, once)
        done = shelve(self.state, reason, shelf, self.severity, self.now_ms)
        if isinstance(done, Lived):
            assert self.state.acknowledged or self.severity is not Severity.CRITICAL
            self.quiet_ms += hours * HOUR
            assert self.quiet_ms <= SHELF_MS[self.severity]
        self.lives(done, "li", shelf)

    @precondition(lambda self: self.state is not None)
    @rule(wanted=SURROUNDINGS, hours=st.integers(0, 9))
    def time_passes(self, wanted: frozenset[Hush], hours: int) -> None:
        assert self.state is not None
        self.now_ms += hours * HOUR
        self.lives(surround(self.state, wanted, self.closing, self.now_ms))
        if not self.state.closed:
            assert self.state.suppressed == wanted
            assert self.state.shelf is None or self.state.shelf.until_ms > self.now_ms

    @precondition(lambda self: self.state is not None and self.state.active)
    @rule()
    def worsens(self) -> None:
        assert self.state is not None
        lived = worsened(self.state)
        assert lived.state.shelf is None
        self.record += [(change, "", None, self.now_ms) for change in lived.changes]
        self.state = lived.state
        self.told = self.told or Change.SURFACED in lived.changes

    @precondition(lambda self: self.state is not None)
    @rule()
    def its_rule_leaves(self) -> None:
        assert self.state is not None
        self.lives(withdraw(self.state))

    @precondition(lambda self: self.state is not None)
    @rule()
    def the_hub_restarts(self) -> None:
        state: AlertState | None = None
        for change, by, shelf, at_ms in self.record:
            state = after(state, change, by, shelf, at_ms)
        self.state = state

    @invariant()
    def the_record_tells_the_state(self) -> None:
        state: AlertState | None = None
        for change, by, shelf, at_ms in self.record:
            state = after(state, change, by, shelf, at_ms)
        assert state == self.state

    @invariant()
    def what_lasts_is_open_and_told_unless_something_hushes_it(self) -> None:
        if self.state is None or not self.state.active:
            return
        assert self.world
        assert not self.state.closed
        assert self.told or self.state.hushes


TestLife = Life.TestCase


def test_what_only_looking_into_can_end_is_ended_by_who_answers_for_it() -> None:
    assert close(ACTIVE, "没事", Closing.REVIEW, "li", answers=False) is Refusal.NOT_YOURS
    assert close(OVER, "没事", Closing.REVIEW, "li", answers=False) is Refusal.NOT_YOURS
    assert close(OVER, "换了门封条", Closing.PERSON, "li", answers=False) == Lived(CLOSED, (Change.CLOSED,))
