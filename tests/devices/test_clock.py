"""Whose time a fact gets: the device's when it can be believed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clock import AHEAD_TOLERANCE_MS, resolve
from devices.facts import Clock
from devices.wire import WireError, WireReason
from tests.devices.samples import RECEIVED_MS, SHANGHAI, ms

FIRST_MS = ms("2020-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("claimed", "measured"),
    [
        ("2026-03-02T07:59:58+08:00", "2026-03-01T23:59:58+00:00"),
        ("2026-03-01T23:59:58Z", "2026-03-01T23:59:58+00:00"),
        ("2026-03-01t23:59:58z", "2026-03-01T23:59:58+00:00"),
        ("2026-03-01 23:59:58Z", "2026-03-01T23:59:58+00:00"),
        ("2026-03-01T18:29:58-05:30", "2026-03-01T23:59:58+00:00"),
        ("2026-03-01T23:59:58.5Z", "2026-03-01T23:59:58.500+00:00"),
        ("2026-03-01T23:59:58.775023242+00:00", "2026-03-01T23:59:58.775+00:00"),
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00+00:00"),
        ("2025-12-31T23:59:60Z", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T07:59:60.9+08:00", "2026-01-01T00:00:00+00:00"),
        (1772323200, "2026-03-01T00:00:00+00:00"),
        (1680962879.62, "2023-04-08T14:07:59.620+00:00"),
        (1772323200.001, "2026-03-01T00:00:00.001+00:00"),
        ("2026-02-28T00:00:00Z", "2026-02-28T00:00:00+00:00"),
    ],
)
def test_a_believable_time_is_taken_to_the_millisecond(claimed: object, measured: str) -> None:
    assert resolve(claimed, RECEIVED_MS, None) == (ms(measured), Clock.DEVICE)


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [
        ("2026-02-30T00:00:00Z", WireReason.BAD_TIME),
        ("2025-02-29T00:00:00Z", WireReason.BAD_TIME),
        ("2026-02-30", WireReason.BAD_TIME),
        ("9999-12-31T23:59:59Z", WireReason.BAD_TIME),
        ("0000-01-01T00:00:00Z", WireReason.BAD_TIME),
        ("2101-01-01T00:00:00Z", WireReason.BAD_TIME),
        ("2026-03-01T24:00:00Z", WireReason.BAD_TIME),
        ("2026-03-01T23:59:61Z", WireReason.BAD_TIME),
        ("2026-03-01T23:59:58+24:00", WireReason.BAD_TIME),
        ("2026-03-01T23:59:58+08:60", WireReason.BAD_TIME),
        ("2026-03-01T23:59:58+0800", WireReason.BAD_TIME),
        ("2026-03-01T23:59Z", WireReason.BAD_TIME),
        ("2026-03-01T23:59:58Z\n", WireReason.BAD_TIME),
        ("٢٠٢٦-03-01T23:59:58Z", WireReason.BAD_TIME),
        ("1772323200", WireReason.BAD_TIME),
        ("", WireReason.BAD_TIME),
        ("2026-03-01T23:59:58", WireReason.NO_OFFSET),
        (1772323200000, WireReason.BAD_TIME),
        (1772323200000000000, WireReason.BAD_TIME),
        (10**400, WireReason.BAD_TIME),
        (1e300, WireReason.BAD_TIME),
        (-1, WireReason.BAD_TIME),
        (-0.001, WireReason.BAD_TIME),
        (float("nan"), WireReason.BAD_TIME),
        (float("inf"), WireReason.BAD_TIME),
        (True, WireReason.WRONG_TYPE),
        ([1772323200], WireReason.WRONG_TYPE),
        ({}, WireReason.WRONG_TYPE),
    ],
)
def test_what_is_no_time_is_refused(claimed: object, reason: WireReason) -> None:
    with pytest.raises(WireError) as caught:
        resolve(claimed, RECEIVED_MS, None)
    assert caught.value.reason is reason


def test_no_time_at_all_is_the_time_of_receipt() -> None:
    assert resolve(None, RECEIVED_MS, SHANGHAI) == (RECEIVED_MS, Clock.NONE)


@pytest.mark.parametrize("claimed", [0, 13.5, "1970-01-01T08:00:13+08:00", "2019-12-31T23:59:59.999Z"])
def test_a_clock_that_was_never_set_gives_way_to_the_time_of_receipt(claimed: object) -> None:
    assert resolve(claimed, RECEIVED_MS, None) == (RECEIVED_MS, Clock.UNSET)


def test_a_local_time_that_was_never_set_is_unset_too() -> None:
    assert resolve("1970-01-01T00:00:13", RECEIVED_MS, SHANGHAI) == (RECEIVED_MS, Clock.UNSET)


def test_a_clock_ahead_is_kept_up_to_the_tolerance_and_no_further() -> None:
    edge = RECEIVED_MS + AHEAD_TOLERANCE_MS
    assert resolve(edge / 1000, RECEIVED_MS, None) == (edge, Clock.DEVICE)
    assert resolve((edge + 1) / 1000, RECEIVED_MS, None) == (RECEIVED_MS, Clock.AHEAD)


def test_ten_years_ahead_is_ahead_and_two_days_late_is_kept() -> None:
    assert resolve("2036-03-02T08:00:00+08:00", RECEIVED_MS, None) == (RECEIVED_MS, Clock.AHEAD)
    late = RECEIVED_MS - 2 * 86_400_000
    assert resolve(late // 1000, RECEIVED_MS, None) == (late, Clock.DEVICE)


def test_a_time_without_offset_is_read_in_the_site_s_zone() -> None:
    measured = ms("2026-03-01T23:59:58+00:00")
    assert resolve("2026-03-02T07:59:58", RECEIVED_MS, SHANGHAI) == (measured, Clock.LOCAL)
    # The first of the two half past twos when summer time ends.
    berlin = ZoneInfo("Europe/Berlin")
    autumn = ms("2025-10-26T00:30:00+00:00")
    assert resolve("2025-10-26T02:30:00", RECEIVED_MS, berlin) == (autumn, Clock.LOCAL)


# Summer time ends at 1:00 UTC: half past two is at half past midnight UTC, and an hour later once more.
BERLIN = ZoneInfo("Europe/Berlin")
TWICE = "2025-10-26T02:30:00"
THE_FIRST = ms("2025-10-26T00:30:00+00:00")
THE_SECOND = THE_FIRST + 3_600_000


@pytest.mark.parametrize(
    ("received_ms", "after_ms", "meant_ms"),
    [
        (THE_FIRST, None, THE_FIRST),
        (THE_FIRST + 50 * 60_000, None, THE_FIRST),  # the second is not there yet
        (THE_FIRST + 50 * 60_000, THE_SECOND, THE_FIRST),
        (THE_SECOND - AHEAD_TOLERANCE_MS, None, THE_SECOND),  # a clock a little ahead
        (THE_SECOND, None, THE_SECOND),
        (THE_SECOND, THE_FIRST, THE_SECOND),  # said only now
        (THE_SECOND + AHEAD_TOLERANCE_MS, None, THE_SECOND),
        (THE_SECOND + 8 * 3_600_000, None, THE_FIRST),  # nothing tells
        (THE_SECOND + 8 * 3_600_000, THE_FIRST - 600_000, THE_FIRST),
        (THE_SECOND + 8 * 3_600_000, THE_FIRST, THE_FIRST),  # the same once more
        (THE_SECOND + 8 * 3_600_000, THE_FIRST + 1_000, THE_FIRST),  # put right by a second
        (THE_SECOND + 8 * 3_600_000, THE_SECOND - 60_000, THE_SECOND),
        (THE_SECOND + 8 * 3_600_000, THE_SECOND + 60_000, THE_SECOND),
    ],
)
def test_in_the_hour_that_comes_twice_arrival_tells_and_then_the_order(
    received_ms: int, after_ms: int | None, meant_ms: int
) -> None:
    assert resolve(TWICE, received_ms, BERLIN, after_ms) == (meant_ms, Clock.LOCAL)
    offset = "+02:00" if meant_ms == THE_FIRST else "+01:00"
    assert resolve(TWICE + offset, received_ms, BERLIN, after_ms) == (meant_ms, Clock.DEVICE)


def test_an_hour_that_never_is_happens_once() -> None:
    spring = ms("2026-03-29T01:30:00+00:00")
    assert resolve("2026-03-29T02:30:00", spring, BERLIN, spring - 60_000) == (spring, Clock.LOCAL)


def test_an_offset_wins_over_the_site_s_zone() -> None:
    assert resolve("2026-03-01T23:59:58Z", RECEIVED_MS, SHANGHAI)[1] is Clock.DEVICE


@given(st.integers(FIRST_MS, RECEIVED_MS + AHEAD_TOLERANCE_MS), st.integers(-1439, 1439))
def test_every_way_to_write_a_time_gives_the_same_millisecond(at_ms: int, offset_min: int) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    expected = (at_ms, Clock.DEVICE)
    assert resolve(moment.astimezone(zone).isoformat(timespec="milliseconds"), RECEIVED_MS, None) == expected
    assert resolve(at_ms / 1000, RECEIVED_MS, None) == expected


@given(
    st.floats() | st.integers() | st.text() | st.none() | st.booleans(), st.integers(FIRST_MS, RECEIVED_MS)
)
def test_a_time_is_never_before_2020_nor_ahead_of_the_tolerance(claimed: object, received_ms: int) -> None:
    try:
        measured_ms, clock = resolve(claimed, received_ms, SHANGHAI)
    except WireError:
        return
    assert FIRST_MS <= measured_ms <= received_ms + AHEAD_TOLERANCE_MS
    assert clock in {Clock.DEVICE, Clock.LOCAL} or measured_ms == received_ms


@given(st.from_regex(r"\A[0-2]\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z"))
def test_anything_shaped_like_a_time_is_read_or_refused(text: str) -> None:
    with suppress(WireError):
        assert resolve(text, RECEIVED_MS, None)[1] is not Clock.LOCAL
