"""A loop survives what its turn raises, counts it, and is not driven on by those who have work for it."""

from __future__ import annotations

import threading
import time

import pytest

from hub.loop import Loop


class Turns:
    """Counts turns; fails while it is told to."""

    def __init__(self, rest_s: float) -> None:
        self.count = 0
        self.fails = False
        self.taken = threading.Event()
        self._rest_s = rest_s

    def __call__(self) -> float:
        self.count += 1
        self.taken.set()
        if self.fails:
            raise ValueError("this turn fails")
        return self._rest_s


def test_waking_cuts_a_rest_short() -> None:
    turns = Turns(rest_s=60)
    loop = Loop("test", turns)
    loop.start()
    assert turns.taken.wait(5)
    turns.taken.clear()
    loop.wake()
    assert turns.taken.wait(5)
    assert loop.stop()
    assert not loop.is_failing or turns.count >= 2


def test_a_failing_loop_counts_and_goes_on_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns(rest_s=0)
    turns.fails = True
    loop = Loop("test", turns)
    loop.start()
    for _ in range(3):
        assert turns.taken.wait(10)
        turns.taken.clear()
    assert loop.failures >= 2
    assert "ValueError: this turn fails" in loop.last_failure
    assert loop.is_failing
    assert loop.stop()
    assert "loop test failed" in caplog.text


def test_a_failing_loop_is_not_woken_out_of_its_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.loop.random.uniform", lambda _low, _high: 30.0)
    turns = Turns(rest_s=0)
    turns.fails = True
    loop = Loop("test", turns)
    loop.start()
    assert turns.taken.wait(5)
    for _ in range(1_000):
        loop.wake()
    assert loop.stop(timeout_s=5)
    assert turns.count == 1


def test_a_paced_loop_does_together_what_comes_in_quick_succession() -> None:
    turns = Turns(rest_s=60)
    loop = Loop("test", turns, pace_s=0.5)
    loop.start()
    assert turns.taken.wait(5)
    turns.taken.clear()
    for _ in range(100):
        loop.wake()
        time.sleep(0.001)
    assert turns.count == 1
    assert turns.taken.wait(5)
    assert turns.count == 2
    assert loop.stop()
