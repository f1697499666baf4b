"""The hub notices that its own clock was set, by a steady one beside it."""

from __future__ import annotations

from devices.facts import ClockSet
from hub.ingest.own_clock import LEAST_STEP_MS, OwnClock

NOW = 1_790_000_000_000
HOUR = 3_600_000


class Clocks:
    """Two clocks: one that is set by hand, and one that nobody sets."""

    def __init__(self, left_off_ms: int = 0) -> None:
        self.ahead_ms = NOW
        self.passed_ms = 0
        self.look_ms = 0  # how long it takes to look at the steady one
        self.own = OwnClock(lambda: self.ahead_ms + self.passed_ms, self.steady, left_off_ms)

    def steady(self) -> int:
        self.passed_ms += self.look_ms
        return self.passed_ms

    def after(self, passed_ms: int, set_by_ms: int = 0) -> ClockSet | None:
        self.passed_ms += passed_ms
        self.ahead_ms += set_by_ms
        return self.own.read()[1]


def test_time_that_passes_is_no_step() -> None:
    clocks = Clocks()
    assert [clocks.after(passed_ms) for passed_ms in (0, 1, 1_000, 30 * 24 * HOUR)] == [None] * 4
    assert clocks.own.read() == (NOW + 1_001 + 30 * 24 * HOUR, None)


def test_a_step_is_told_once_with_what_the_clock_would_have_said() -> None:
    clocks = Clocks()
    clocks.after(0)
    found = clocks.after(60_000, -HOUR)
    assert found == ClockSet(f"clock:{NOW + 60_000}:{NOW + 60_000 - HOUR}", NOW + 60_000 - HOUR, NOW + 60_000)
    assert found.moved_ms == -HOUR
    assert clocks.after(10_000) is None
    back = clocks.after(0, HOUR)
    assert back is not None
    assert back.moved_ms == HOUR


def test_drift_adds_up_until_it_is_a_step() -> None:
    clocks = Clocks()
    clocks.after(0)
    steps = [clocks.after(1_000, LEAST_STEP_MS // 4) for _ in range(8)]
    assert [step.moved_ms for step in steps if step is not None] == [LEAST_STEP_MS] * 2


def test_a_computer_that_stops_between_two_looks_takes_that_for_no_step() -> None:
    clocks = Clocks()
    clocks.after(0)
    clocks.look_ms = HOUR
    assert clocks.after(0) is None
    clocks.look_ms = 0
    assert clocks.after(0) is None


def test_a_clock_behind_the_log_was_set_back_while_the_hub_was_down() -> None:
    found = Clocks(left_off_ms=NOW + HOUR).after(0)
    assert found is not None
    assert (found.before_ms, found.measured_at_ms) == (NOW + HOUR, NOW)
    assert Clocks(left_off_ms=NOW - HOUR).after(0) is None
