"""What a reader hears of its tap: once it is durable, on its own topic, and only while somebody waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.clock import AHEAD_TOLERANCE_MS
from hub.config.tags import is_stand_in
from hub.replies.deciding import AGAIN_AFTER_MS, EXPIRES_MS
from rules.model import RoundState
from tests.hub.alerts.campus import HOUR, MINUTE
from tests.hub.replies.reading import REPLY, RUN, Readers

STRANGERS_TAG = "04FFEEDDCCBB80"


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    readers = Readers(tmp_path)
    yield readers
    readers.close()


def only(readers: Readers) -> dict[str, Any]:
    ((topic, reply),) = readers.heard
    assert topic == REPLY
    return reply


def test_a_tap_is_answered_with_its_round_and_the_next_checkpoint(readers: Readers) -> None:
    tap = readers.tap()
    readers.receives(tap)
    assert only(readers) == {
        "tap_id": tap["tap_id"],
        "accepted": True,
        "reason": None,
        "trust": "reader",
        "checkpoint": "gatehouse",
        "round": RUN,
        "next": {"id": "building-a", "name": {"zh-CN": "教学楼A大厅", "en": "Teaching building A, hall"}},
        "at": "2026-11-22T07:00:00.000+08:00",
    }
    assert readers.expires_s == {10}


def test_nothing_is_said_before_the_tap_is_durable(readers: Readers) -> None:
    readers.takes(readers.tap())
    readers.replier.turn()
    assert readers.heard == []
    readers.inbox.turn()
    readers.replier.turn()
    assert only(readers)["accepted"]


def test_the_next_checkpoint_does_not_wait_for_the_book(readers: Readers) -> None:
    readers.receives(readers.tap("gatehouse", 1))
    readers.receives(readers.tap("building-a", 2))
    assert [reply["next"]["id"] for _, reply in readers.heard] == ["building-a", "building-b"]
    readers.now_ms += EXPIRES_MS + 1  # the book does not know of them, and somebody took them back
    readers.receives(readers.tap("library", 3))
    assert readers.heard[-1][1]["next"]["id"] == "gatehouse"


def test_the_last_checkpoint_of_a_round_has_no_next(readers: Readers) -> None:
    checkpoints = readers.campus.rounds["morning"].checkpoints
    readers.runs = (readers.run("morning", *checkpoints[:-1]),)
    readers.receives(readers.tap(checkpoints[-1]))
    assert (only(readers)["round"], only(readers)["next"]) == (RUN, None)


def test_a_badge_counts_for_its_own_rounds_and_none_for_any(readers: Readers) -> None:
    night = replace(readers.run("night"), ends_ms=readers.now_ms + 2 * HOUR)
    readers.runs = (night, readers.run("morning"))
    readers.receives(readers.tap(number=1))
    readers.receives(readers.tap(number=2, badge=readers.campus.people["li-qiang"].badge))
    readers.receives({key: value for key, value in readers.tap(number=3).items() if key != "badge"})
    rounds = [reply["round"] for _, reply in readers.heard]
    assert rounds == [RUN, "night@2026-11-22", RUN]


def test_a_tap_outside_every_round_is_accepted_and_counts_for_none(readers: Readers) -> None:
    readers.runs = (replace(readers.run(), ends_ms=readers.now_ms - 1, state=RoundState.MISSED),)
    readers.receives(readers.tap())
    reply = only(readers)
    assert (reply["accepted"], reply["round"], reply["next"]) == (True, None, None)


def test_an_unknown_tag_is_red_and_says_why(readers: Readers) -> None:
    readers.receives(readers.tap(tag_uid=STRANGERS_TAG))
    reply = only(readers)
    assert (reply["accepted"], reply["reason"], reply["checkpoint"]) == (False, "unknown_tag", None)


def test_a_clock_that_is_unset_or_ahead_is_said_and_the_tap_counts_now(readers: Readers) -> None:
    readers.receives(readers.tap(number=1, at=12))
    readers.receives(readers.tap(number=2, at=readers.now_ms / 1000 + 3_600))
    readers.receives({key: value for key, value in readers.tap(number=3).items() if key != "at"})
    assert [(reply["accepted"], reply["reason"], reply["at"]) for _, reply in readers.heard] == [
        (True, "clock_unset", "2026-11-22T07:00:00.000+08:00"),
        (True, "clock_ahead", "2026-11-22T07:00:00.000+08:00"),
        (True, None, "2026-11-22T07:00:00.000+08:00"),
    ]


def test_a_reader_that_lost_its_reply_asks_again_and_hears_the_same(readers: Readers) -> None:
    tap = readers.tap()
    readers.receives(tap)
    readers.receives(tap, again=True)  # the broker repeats it at once
    assert len(readers.heard) == 1
    readers.now_ms += AGAIN_AFTER_MS
    readers.receives(tap)
    first, again = readers.heard
    assert again == first
    assert readers.counts.replies == 2
    assert readers.counts.replies_dropped == {"repeated": 1}


def test_another_readers_tap_id_is_a_conflict_and_says_nothing_of_that_tap(readers: Readers) -> None:
    readers.receives(readers.tap("gatehouse"))
    readers.receives(readers.tap("library"), reader="reader-2")
    topic, reply = readers.heard[-1]
    assert topic == "campus/shiyan/checkpoint/reader-2/reply"
    assert (reply["accepted"], reply["reason"], reply["checkpoint"]) == (False, "conflict", None)


def test_an_offline_readers_backlog_is_not_answered_but_for_the_tap_of_now(readers: Readers) -> None:
    old = [
        readers.tap(number=number, at=(readers.now_ms - number * MINUTE) / 1000) for number in range(1, 100)
    ]
    readers.receives(old)
    assert readers.heard == []
    readers.receives([*old, readers.tap("library", 200), readers.tap("gatehouse", 201)])
    assert only(readers)["checkpoint"] == "gatehouse"
    assert readers.counts.replies_dropped == {"backlog": 199}


def test_what_waited_at_the_broker_is_not_answered_but_for_taps_of_now(readers: Readers) -> None:
    readers.intake.judges_floods = False  # as long as the backlog comes in
    readers.receives(readers.tap(number=1, at=readers.now_ms / 1000 - 60))
    readers.receives({key: value for key, value in readers.tap(number=2).items() if key != "at"})
    assert readers.heard == []
    readers.receives(readers.tap(number=3, at=readers.now_ms / 1000 - 1))
    assert only(readers)["accepted"]


def test_a_clock_may_be_behind_by_as_much_as_ahead(readers: Readers) -> None:
    readers.receives(readers.tap(number=1, at=(readers.now_ms - AHEAD_TOLERANCE_MS) / 1000))
    readers.receives(readers.tap(number=2, at=(readers.now_ms - AHEAD_TOLERANCE_MS - 1) / 1000))
    assert len(readers.heard) == 1
    assert readers.counts.replies_dropped == {"old": 1}


def test_what_a_full_disk_held_up_is_not_answered_any_more(readers: Readers) -> None:
    readers.takes(readers.tap())
    readers.now_ms += EXPIRES_MS + 1
    readers.inbox.turn()
    readers.replier.turn()
    assert readers.heard == []
    assert readers.counts.replies_dropped == {"expired": 1}


def test_without_a_connection_the_reply_is_dropped_and_asking_again_brings_it(readers: Readers) -> None:
    readers.has_connection = False
    readers.receives(readers.tap())
    readers.has_connection = True
    readers.receives(readers.tap())
    assert only(readers)["accepted"]
    assert readers.counts.replies_dropped == {"no_connection": 1}


def test_the_stand_in_uid_of_a_printed_code_is_worth_no_more_than_the_code(readers: Readers) -> None:
    stand_in = "FF0123456789AB"
    assert is_stand_in(stand_in)
    readers.receives(readers.tap(number=1, tag_uid=stand_in))
    readers.receives(readers.tap(number=2, tag_uid=stand_in, source="manual"))
    assert [reply["trust"] for _, reply in readers.heard] == ["qr", "manual"]


def test_how_long_it_took_is_measured(readers: Readers) -> None:
    readers.takes(readers.tap())
    readers.now_ms += 200
    readers.inbox.turn()
    readers.replier.turn()
    assert readers.counts.reply_times.sum_s == 0.2
    assert dict(readers.counts.reply_times.buckets())[0.1] == 0
    assert dict(readers.counts.reply_times.buckets())[0.3] == 1


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=30),
    st.sampled_from(
        ["../../cold-1/reading", "+", "#", "a\u0000b", "\u202e", STRANGERS_TAG, "04A1B2C3D4E580"]
    ),
)
_ALMOST = st.dictionaries(
    st.sampled_from(["at", "tap_id", "tag_uid", "badge", "source", "sun", "boot", "seq", "x"]), _VALUES
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=60), _ALMOST, st.lists(_ALMOST, max_size=3)),
    st.sampled_from(
        ["reader-1", "reader-2", "+", "#", "reader-1/../reader-2", "cold-1", "", "读卡器", "x" * 300]
    ),
    st.booleans(),
)
def test_whatever_is_sent_nothing_is_published_but_to_configured_readers(
    readers: Readers, payload: object, reader: str, is_true: bool
) -> None:
    if isinstance(payload, dict) and is_true:
        payload = {**readers.tap(), **payload}
    readers.receives(payload, reader)
    assert {topic for topic, _ in readers.heard} <= {f"campus/shiyan/checkpoint/{reader}/reply"}
    for topic, reply in readers.heard:
        assert topic in (REPLY, "campus/shiyan/checkpoint/reader-2/reply")
        assert len(json.dumps(reply)) < 1_000
    readers.heard.clear()
