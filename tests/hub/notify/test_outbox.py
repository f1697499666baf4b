"""Sending: once, grouped, again after a failure, and nobody waits for somebody else's channel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub.notify.channels import Message, Outcome
from hub.notify.model import Kind, State, short_id
from hub.notify.outbox import GIVEN_UP_AFTER_MS
from tests.hub.notify.bureau import HOUR, MINUTE, SILENT, Bureau

DOWN = Outcome("not reached")


def _many(bureau: Bureau) -> None:
    for device in ("cold-1", "cold-2", "cold-4", "cold-6"):
        bureau.raises(device)
    for device in ("cold-1", "cold-2", "cold-3", "cold-4", "cold-5", "cold-6"):
        bureau.raises(device, SILENT, None)


def _lines(messages: list[Message]) -> int:
    """How many notices the messages told: each ends with its alert's number."""
    return sum(message.text.count("(no. ") for message in messages)


def test_what_is_more_than_may_go_at_once_goes_in_one_message(bureau: Bureau) -> None:
    _many(bureau)
    bureau.passes(MINUTE)
    messages = bureau.channels["group"].messages
    assert len(messages) == 1
    assert _lines(messages) == 10
    assert messages[0].title == "Experimental Primary School: 10 notices"
    assert {state for _, _, state in bureau.told()} == {State.SENT}


def test_a_flood_stays_within_what_a_channel_may_carry_and_loses_nothing(bureau: Bureau) -> None:
    bureau.channels["group"].most_bytes = 2_000
    sent_at: list[int] = []

    def note(_: Message) -> Outcome:
        sent_at.append(bureau.now_ms)
        return Outcome()

    bureau.channels["group"].answer = note
    for _ in range(30):
        _many(bureau)
        bureau.passes(40_000, 1_000)
        for device in ("cold-1", "cold-2", "cold-4", "cold-6"):
            bureau.clears(device)
        for device in ("cold-1", "cold-2", "cold-3", "cold-4", "cold-5", "cold-6"):
            bureau.clears(device, SILENT)
    bureau.passes(10 * MINUTE, 1_000)
    told = bureau.told("group")
    assert len(told) == 600
    assert {state for _, _, state in told} == {State.SENT}
    assert _lines(bureau.channels["group"].messages) == 600
    assert all(len(m.text.encode()) <= 2_000 for m in bureau.channels["group"].messages)
    for first in sent_at:
        assert sum(first <= at < first + MINUTE for at in sent_at) <= 20


def test_a_failure_is_tried_again_later_and_later_and_the_reason_is_kept(bureau: Bureau) -> None:
    tries: list[int] = []

    def refuse(_: Message) -> Outcome:
        tries.append(bureau.now_ms)
        return DOWN

    bureau.channels["group"].answer = refuse
    bureau.raises()
    bureau.passes(10 * MINUTE, 1_000)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 10_000
    assert gaps[-1] > 60_000
    (entry,) = bureau.entries()
    assert (entry.state, entry.result, entry.attempts) == (State.QUEUED, "not reached", len(tries))
    bureau.channels["group"].answer = lambda _: Outcome()
    bureau.passes(15 * MINUTE, 5_000)
    entry = bureau.entries()[0]
    assert (entry.state, entry.result) == (State.SENT, "")
    assert short_id(entry.notice.id) in bureau.channels["group"].messages[0].text


def test_what_the_other_side_asks_for_is_respected(bureau: Bureau) -> None:
    bureau.channels["group"].answer = lambda _: Outcome("too often", retry_after_s=300.0)
    bureau.raises()
    bureau.passes(35_000, 1_000)
    (entry,) = bureau.entries()
    assert entry.attempts == 1
    assert entry.next_try_ms - bureau.now_ms > 290_000


def test_a_refusal_is_not_hammered_at(bureau: Bureau) -> None:
    bureau.channels["group"].answer = lambda _: Outcome("310000: sign not match", is_refusal=True)
    bureau.raises()
    bureau.passes(6 * MINUTE, 5_000)
    assert bureau.entries()[0].attempts == 1


def test_after_a_day_it_is_given_up_and_stays_visible(bureau: Bureau) -> None:
    bureau.channels["group"].answer = lambda _: DOWN
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert)
    bureau.passes(GIVEN_UP_AFTER_MS + HOUR, 10 * MINUTE)
    (entry,) = [e for e in bureau.entries() if e.notice.kind is Kind.RAISED]
    assert entry.state is State.FAILED
    assert entry.result == "not reached"
    attempts = entry.attempts
    bureau.passes(HOUR)
    assert bureau.entries()[0].attempts == attempts


def test_a_channel_that_hangs_holds_up_no_other(bureau: Bureau) -> None:
    hanging, release = threading.Event(), threading.Event()

    def hang(_: Message) -> Outcome:
        hanging.set()
        release.wait(10)
        return Outcome()

    bureau.channels["group"].answer = hang
    bureau.raises()
    bureau.decide()
    bureau.now_ms += MINUTE
    bureau.decide()
    bureau.now_ms += 20 * MINUTE
    bureau.decide()
    stuck = threading.Thread(target=bureau.outboxes["group"].turn)
    stuck.start()
    assert hanging.wait(10)
    bureau.decide()
    assert bureau.outboxes["chief"].turn() == 0.0
    assert len(bureau.channels["chief"].messages) == 1
    release.set()
    stuck.join(10)
    assert len(bureau.channels["group"].messages) == 1


def test_what_was_sent_is_not_sent_again_because_the_book_was_away(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.raises()
    bureau.decide()
    bureau.now_ms += MINUTE
    bureau.decide()
    whole = bureau.book.writing

    @contextmanager
    def away() -> Iterator[Session]:
        raise OperationalError("database is locked", None, Exception())
        yield

    monkeypatch.setattr(bureau.book, "writing", away)
    outbox = bureau.outboxes["group"]
    for _ in range(3):
        with pytest.raises(OperationalError):
            outbox.turn()
    monkeypatch.setattr(bureau.book, "writing", whole)
    outbox.turn()
    assert len(bureau.channels["group"].messages) == 1
    assert bureau.told() == [(Kind.RAISED, "person:wang-fang,role:canteen", State.SENT)]


def test_a_clock_that_is_set_back_does_not_stop_retries(bureau: Bureau) -> None:
    bureau.channels["group"].answer = lambda _: DOWN
    bureau.raises()
    bureau.passes(5 * MINUTE)
    bureau.channels["group"].answer = lambda _: Outcome()
    bureau.sets_clock(-48 * HOUR)
    bureau.restart()
    bureau.passes(MINUTE)
    assert State.QUEUED not in {state for _, _, state in bureau.told("group")}
