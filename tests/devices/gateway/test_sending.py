"""When a tap is sent, sent again, taken out of the outbox, and what the guard hears; by a stepped clock."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from devices.gateway.replies import Reply
from devices.gateway.sending import (
    ANSWER_WITHIN_S,
    FORGOTTEN_S,
    FRESH_S,
    TRIES,
    WINDOW,
    Answered,
    CaughtUp,
    Courier,
    Deed,
    Kept,
    Publish,
    TakeOut,
    Unanswered,
    Waiting,
    backoff_s,
)

ONE = Waiting(1, "one", "{}")


def reply(tap_id: str | None = "one") -> Reply:
    return Reply(tap_id, accepted=True)


def connected() -> Courier:
    courier = Courier()
    courier.connects()
    return courier


def sent(now_s: float = 0.0) -> Courier:
    """A courier whose one tap is under way."""
    courier = connected()
    assert courier.tapped(ONE, now_s) == ()
    assert courier.offered((ONE,), now_s) == (Publish(ONE),)
    return courier


def test_a_tap_that_is_answered_at_once_says_nothing_but_the_answer() -> None:
    courier = sent()
    assert courier.acknowledged("one", 0) == (TakeOut(1),)
    assert courier.heard(reply()) == (Answered(reply(), ONE, 0.0),)
    assert courier.deadline_s is None


def test_an_answer_may_come_before_the_acknowledgement_and_twice() -> None:
    courier = sent()
    assert courier.heard(reply()) == (Answered(reply(), ONE, 0.0),)
    assert courier.heard(reply()) == ()
    assert courier.acknowledged("one", 0) == (TakeOut(1),)
    assert courier.heard(reply()) == ()
    assert courier.acknowledged("one", 0) == ()


def test_answers_to_other_taps_are_not_shown() -> None:
    courier = sent()
    assert courier.heard(reply("other")) == courier.heard(reply(None)) == ()


def test_without_an_answer_it_is_sent_again_and_then_said_to_be_delivered() -> None:
    courier = sent(100.0)
    courier.acknowledged("one", 0)
    now_s = 100.0
    for _ in range(TRIES - 1):
        assert courier.deadline_s == now_s + ANSWER_WITHIN_S
        assert courier.passes(now_s + ANSWER_WITHIN_S - 0.01) == ()
        now_s += ANSWER_WITHIN_S
        assert courier.passes(now_s) == (Publish(ONE),)
        assert courier.acknowledged("one", 0) == ()
    assert courier.passes(now_s + ANSWER_WITHIN_S) == (Unanswered("one", ever_heard=False),)
    assert courier.heard(reply()) == (Answered(reply(), ONE, 100.0),)


def test_a_hub_that_has_ever_answered_this_reader_is_told_from_one_that_never_did() -> None:
    courier = sent()
    courier.acknowledged("one", 0)
    courier.heard(reply("other"))
    assert courier.passes(FRESH_S + 0.1) == (Unanswered("one", ever_heard=True),)


def test_what_is_not_fresh_is_not_sent_again() -> None:
    courier = sent()
    courier.acknowledged("one", 0)
    assert courier.passes(FRESH_S + 0.1) == (Unanswered("one", ever_heard=False),)


def test_without_a_connection_it_is_kept_and_answered_when_it_could_be_sent() -> None:
    courier = Courier()
    assert courier.room == 0
    assert courier.tapped(ONE, 0.0) == (Kept("one"),)
    assert courier.passes(60.0) == ()
    courier.connects()
    assert courier.offered((ONE,), 61.0) == (Publish(ONE),)
    assert courier.acknowledged("one", 0) == (TakeOut(1), CaughtUp(1))
    assert courier.heard(reply()) == (Answered(reply(), ONE, 0.0),)


def test_a_broker_that_is_slow_and_one_that_is_lost_are_said_once() -> None:
    slow = sent()
    assert slow.passes(ANSWER_WITHIN_S) == (Kept("one"),)
    assert slow.disconnects() == ()
    lost = sent()
    assert lost.disconnects() == (Kept("one"),)
    assert lost.passes(10.0) == ()


def test_what_was_under_way_is_offered_anew_on_the_next_connection() -> None:
    courier = sent()
    assert courier.room == WINDOW - 1
    courier.disconnects()
    assert courier.room == 0
    courier.connects()
    assert (courier.room, courier.offered_to) == (WINDOW, 0)
    assert courier.offered((ONE,), 5.0) == (Publish(ONE),)


def test_many_that_were_kept_fill_the_window_and_no_more() -> None:
    courier = Courier()
    taps = [Waiting(number, str(number), "{}") for number in range(1, 4 * WINDOW)]
    for tap in taps:
        courier.tapped(tap, 0.0)
    courier.connects()
    assert courier.room == WINDOW
    courier.offered(taps[:WINDOW], 1.0)
    assert courier.room == 0
    courier.acknowledged("1", len(taps) - 1)
    assert courier.room == 1
    assert courier.offered_to == WINDOW


def test_old_taps_are_forgotten_here_and_stay_in_the_outbox() -> None:
    courier = Courier()
    courier.tapped(ONE, 0.0)
    assert courier.passes(FORGOTTEN_S) == ()
    assert courier.deadline_s is None
    courier.connects()
    assert courier.offered((ONE,), FORGOTTEN_S) == (Publish(ONE),)
    assert courier.acknowledged("one", 0) == (TakeOut(1), CaughtUp(1))


def test_waiting_between_tries_grows_to_half_a_minute_and_is_drawn() -> None:
    assert [backoff_s(failures, 1.0) for failures in (1, 2, 3, 20)] == [1.0, 2.0, 4.0, 30.0]
    assert backoff_s(5, 0.0) == 0.0


class Delivery(RuleBasedStateMachine):
    """Whatever fails in whatever order: each tap stays kept until the broker has it, and is shown once."""

    def __init__(self) -> None:
        super().__init__()
        self.courier = Courier()
        self.now_s = 0.0
        self.outbox: dict[int, Waiting] = {}
        self.under_way: list[str] = []
        self.unanswered: list[str] = []
        self.at_broker: set[str] = set()
        self.published: list[str] = []
        self.shown: list[str] = []
        self.count = 0

    def do(self, deeds: tuple[Deed, ...]) -> None:
        for deed in deeds:
            if isinstance(deed, Publish):
                self.under_way.append(deed.tap.tap_id)
                self.published.append(deed.tap.tap_id)
            elif isinstance(deed, TakeOut):
                assert self.outbox.pop(deed.seq).tap_id in self.at_broker
            elif isinstance(deed, Answered):
                assert deed.reply.tap_id is not None
                self.shown.append(deed.reply.tap_id)
        self.offer()

    def offer(self) -> None:
        if room := self.courier.room:
            waiting = [tap for seq, tap in sorted(self.outbox.items()) if seq > self.courier.offered_to][
                :room
            ]
            if waiting:
                self.do(self.courier.offered(waiting, self.now_s))

    @rule()
    def tap(self) -> None:
        self.count += 1
        waiting = Waiting(self.count, f"t{self.count}", "{}")
        self.outbox[self.count] = waiting
        self.do(self.courier.tapped(waiting, self.now_s))

    @precondition(lambda self: not self.courier.connected)
    @rule()
    def connect(self) -> None:
        self.courier.connects()
        self.offer()

    @precondition(lambda self: self.courier.connected)
    @rule()
    def lose(self) -> None:
        self.under_way.clear()
        self.do(self.courier.disconnects())

    @precondition(lambda self: self.under_way)
    @rule()
    def acknowledge(self) -> None:
        tap_id = self.under_way.pop(0)
        self.at_broker.add(tap_id)
        self.unanswered.append(tap_id)
        self.do(self.courier.acknowledged(tap_id, len(self.outbox) - 1))

    @precondition(lambda self: self.unanswered)
    @rule(again=st.booleans())
    def answer(self, again: bool) -> None:
        tap_id = self.unanswered[0] if again else self.unanswered.pop(0)
        self.do(self.courier.heard(reply(tap_id)))

    @rule(seconds=st.sampled_from([0.2, 1.0, 5.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.do(self.courier.passes(self.now_s))

    @invariant()
    def what_the_broker_has_not_is_kept(self) -> None:
        kept = {tap.tap_id for tap in self.outbox.values()}
        assert kept | self.at_broker == {f"t{number}" for number in range(1, self.count + 1)}

    @invariant()
    def no_answer_is_shown_twice(self) -> None:
        assert len(self.shown) == len(set(self.shown))

    def teardown(self) -> None:
        """At last everything is handed over."""
        if not self.courier.connected:
            self.connect()
        while self.under_way:
            self.acknowledge()
        assert self.outbox == {}


Delivery.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDelivery: Callable[..., object] = Delivery.TestCase
