"""A reader's lamp: green or red, in words for both languages, and how long the reply took."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.beeps import Beeps
from tests.firmware_sim.fakes import SteppedClock


def reply(tap_id: str = "t1", *, accepted: bool = True, **more: Any) -> bytes:
    return json.dumps({"tap_id": tap_id, "accepted": accepted, "reason": None, **more}).encode()


def test_a_green_reply_says_where_to_go_and_how_long_it_took() -> None:
    clock = SteppedClock()
    beeps = Beeps(clock)
    beeps.tapped("t1")
    clock.now_s += 0.25
    following = {"id": "library", "name": {"zh-CN": "图书馆", "en": "Library"}}
    beep = beeps.heard("reader-1", reply(checkpoint="gate", round="morning@1", next=following))
    assert beep is not None
    assert (beep.green, beep.took_s) == (True, 0.25)
    assert (beep.words.zh, beep.words.en) == ("绿灯：gate，下一个：图书馆", "green: gate, next: Library")
    assert (beeps.green, beeps.red, beeps.times_s, beeps.waiting) == (1, 0, (0.25,), 0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"accepted": False, "reason": "replay"}, "red: this read was used before"),
        ({"accepted": False, "reason": "news"}, "red: news"),
        ({"checkpoint": "gate", "round": "r", "next": None}, "green: gate, the round is complete"),
        ({"checkpoint": "gate", "round": None}, "green: gate, counts for no round"),
        (
            {"checkpoint": "gate", "reason": "clock_unset"},
            "green: gate, counts for no round (the reader's clock is not set)",
        ),
    ],
)
def test_each_reply_has_its_words(more: dict[str, Any], words: str) -> None:
    beep = Beeps(SteppedClock()).heard("reader-1", reply(**more))
    assert beep is not None
    assert beep.words.en == words


def test_a_reply_that_comes_again_is_shown_and_measured_once() -> None:
    beeps = Beeps(SteppedClock())
    beeps.tapped("t1")
    assert [beeps.heard("reader-1", reply()) is not None for _ in range(2)] == [True, True]
    assert len(beeps.times_s) == 1
    assert [beep.took_s for beep in beeps.untold()] == [0.0, None]
    assert beeps.untold() == ()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_a_tap_id_of_another_type_is_not_understood() -> None:
    beeps = Beeps(SteppedClock())
    beeps.tapped("t1")
    assert beeps.heard("reader-1", b'{"tap_id": [1], "accepted": true}') is None


@given(
    st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["tap_id", "accepted", "reason", "next", "round", "checkpoint"]), _json
    ).map(lambda table: json.dumps(table).encode())
)
def test_no_reply_whatever_breaks_the_reader(payload: bytes) -> None:
    Beeps(SteppedClock()).heard("reader-1", payload)
