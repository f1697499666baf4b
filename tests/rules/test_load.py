"""The alarm load: rates, floods, what stands, what chatters, how long things take."""

from __future__ import annotations

import pytest

from rules.life import Change
from rules.load import Entry, Times, loads, times

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def shifts_of(_who: str, at_ms: int) -> tuple[str, ...]:
    return ("day",) if 6 <= at_ms // HOUR % 24 < 22 else ("night",)


WORKED = {("canteen", "day"): 960.0, ("canteen", "night"): 480.0}


def change(alert: int, what: Change, at_ms: int, *, who: str = "canteen", hushed: bool = False) -> Entry:
    return Entry(alert, "cold.warm", f"cold-{alert}", who, what, at_ms, hushed)


def test_the_rate_is_of_the_shift_s_own_time_and_each_shift_has_its_line() -> None:
    entries = [change(n, Change.RAISED, 8 * HOUR + n * 20 * MINUTE) for n in range(8)]
    entries.append(change(9, Change.RAISED, 23 * HOUR))
    day, night = loads(entries, shifts_of, WORKED, 0, DAY)
    assert (day.shift, day.alarms, day.most, day.floods) == ("day", 8, 1, 0)
    assert day.rate == pytest.approx(8 / 96)
    assert (night.shift, night.alarms) == ("night", 1)


def test_neighbouring_floods_are_one() -> None:
    entries = [change(n, Change.RAISED, 8 * HOUR + n * MINUTE) for n in range(20)]
    entries += [change(100 + n, Change.RAISED, 12 * HOUR + n) for n in range(10)]
    [day] = loads(entries, shifts_of, WORKED, 0, DAY)
    assert (day.most, day.floods) == (10, 2)


def test_nine_in_ten_minutes_are_no_flood() -> None:
    [day] = loads([change(n, Change.RAISED, 8 * HOUR + n) for n in range(9)], shifts_of, WORKED, 0, DAY)
    assert (day.most, day.floods) == (9, 0)


def test_what_lasts_over_a_day_stands_also_if_it_was_raised_before() -> None:
    entries = [
        change(1, Change.RAISED, 8 * HOUR),
        change(2, Change.RAISED, 8 * HOUR),
        change(2, Change.CLEARED, 9 * HOUR),
    ]
    [day] = loads(entries, shifts_of, WORKED, DAY, 2 * DAY)
    assert (day.alarms, day.standing) == (0, 1)


def test_three_times_in_an_hour_is_chatter() -> None:
    entries = [change(1, Change.RAISED, 8 * HOUR)]
    entries += [change(1, Change.RAISED_AGAIN, 8 * HOUR + n * 30 * MINUTE) for n in (1, 2)]
    [day] = loads(entries, shifts_of, WORKED, 0, DAY)
    assert day.chattering == (("cold.warm", "cold-1"),)
    [slower] = loads([*entries[:2], change(1, Change.RAISED_AGAIN, 9 * HOUR + MINUTE)], shifts_of, {}, 0, DAY)
    assert slower.chattering == ()


def test_times_are_from_raised_to_acknowledged_and_over() -> None:
    entries = [
        change(1, Change.RAISED, 8 * HOUR),
        change(1, Change.ACKNOWLEDGED, 8 * HOUR + 4 * MINUTE),
        change(1, Change.CLEARED, 8 * HOUR + 10 * MINUTE),
        change(1, Change.CLOSED, 9 * HOUR),
    ]
    [day] = loads(entries, shifts_of, WORKED, 0, DAY)
    assert day.acknowledged == Times(1, 4 * MINUTE, 4 * MINUTE)
    assert day.cleared == Times(1, 10 * MINUTE, 10 * MINUTE)


def test_what_was_hushed_asked_nothing_of_anybody() -> None:
    assert loads([change(1, Change.RAISED, 8 * HOUR, hushed=True)], shifts_of, {}, 0, DAY) == ()


def test_medians_and_nine_of_ten() -> None:
    assert times([]) is None
    assert times(range(1, 11)) == Times(10, 5, 9)
    assert times([7]) == Times(1, 7, 7)


def test_what_is_raised_while_two_shifts_overlap_counts_for_both() -> None:
    entries = [change(1, Change.RAISED, 14 * HOUR)]
    early, late = loads(entries, lambda _who, _at: ("early", "late"), {("canteen", "late"): 480.0}, 0, DAY)
    assert (early.shift, early.alarms, early.rate) == ("early", 1, None)
    assert (late.shift, late.alarms) == ("late", 1)
    assert late.rate == pytest.approx(1 / 48)
