"""What a fact becomes in the history."""

from __future__ import annotations

import pytest

from devices import series
from devices.facts import Clock, Kind, Presence, Reading, Tap, Tick, Trust, Value
from devices.series import FieldType
from hub.history.points import Place, points_of_fact
from hub.history.port import Point
from hub.history.typed import typed_fields
from tests.hub.history.samples import NOON

FRIDGE = Place("main", "kitchen", "cold-1", series.FRIDGE)
READER = Place("main", "gate", "gate-1", series.DEVICE)


def reading(values: tuple[tuple[str, Value], ...], key: str = "k", clock: Clock = Clock.DEVICE) -> Reading:
    return Reading(key, "cold-1", NOON, NOON + 5, clock, values)


def tap(key: str, tag_uid: str = "04A1", badge: str = "B1") -> Tap:
    return Tap(key, "gate-1", NOON, NOON + 5, Clock.DEVICE, tag_uid, badge, Trust.SUN)


def test_a_reading_is_a_point_at_the_time_it_was_measured() -> None:
    values = (("temperature_c", 4.5), ("door_open", True))
    assert points_of_fact(reading(values), FRIDGE, 5) == (
        Point("fridge", "main", "kitchen", "cold-1", NOON, values),
    )


@pytest.mark.parametrize(
    ("kind", "measurement"),
    [
        (Kind.FRIDGE, "fridge"),
        (Kind.METER, "meter"),
        (Kind.GATEWAY, "device"),
        (Kind.CHECKPOINT, "device"),
    ],
)
def test_the_measurement_follows_the_kind_of_device(kind: Kind, measurement: str) -> None:
    place = Place("main", "", "x", series.measurement_of(kind))
    [point] = points_of_fact(reading((("battery_pct", 50.0),)), place, 5)
    assert point.measurement == measurement


def test_whole_numbers_become_floats_in_every_store_and_booleans_stay() -> None:
    [point] = points_of_fact(reading((("battery_pct", 50), ("defrost", False))), FRIDGE, 5)
    assert [kind for _, kind, _ in typed_fields(point)] == [FieldType.FLOAT, FieldType.BOOL]
    assert [type(value) for _, _, value in typed_fields(point)] == [float, bool]


def test_a_reading_without_values_is_no_point() -> None:
    assert points_of_fact(reading(()), FRIDGE, 5) == ()


@pytest.mark.parametrize("clock", [Clock.DEVICE, Clock.LOCAL])
def test_a_reading_corrected_by_its_device_replaces_the_first(clock: Clock) -> None:
    first = points_of_fact(reading((("temperature_c", 4.0),), "k1", clock), FRIDGE, 5)
    second = points_of_fact(reading((("temperature_c", 5.0),), "k2", clock), FRIDGE, 5)
    assert first[0].sub_ns == second[0].sub_ns == 0


@pytest.mark.parametrize("clock", [Clock.NONE, Clock.UNSET, Clock.AHEAD])
def test_readings_that_share_only_a_receive_time_do_not_hide_one_another(clock: Clock) -> None:
    batch = [reading((("temperature_c", float(n)),), f"k{n}", clock) for n in range(50)]
    assert len({points_of_fact(one, FRIDGE, n)[0].sub_ns for n, one in enumerate(batch)}) == 50


def test_a_tap_says_which_tag_whose_badge_and_how_trusted() -> None:
    [point] = points_of_fact(tap("k"), READER, 5)
    assert point.measurement == "tap"
    assert point.fields == (("tag_uid", "04A1"), ("badge", "B1"), ("trust", "sun"))
    assert (point.site, point.area, point.device, point.at_ms) == ("main", "gate", "gate-1", NOON)


def test_two_taps_of_one_reader_in_the_same_millisecond_are_two_points() -> None:
    [first], [second] = points_of_fact(tap("k1"), READER, 1), points_of_fact(tap("k2"), READER, 2)
    assert (first.at_ms, first.device) == (second.at_ms, second.device)
    assert first.sub_ns != second.sub_ns


def test_the_same_tap_is_the_same_point_however_often_it_comes() -> None:
    assert points_of_fact(tap("k1"), READER, 7) == points_of_fact(tap("k1"), READER, 7)


def test_presence_is_kept_with_the_device_and_the_last_said_counts() -> None:
    on = Presence("k1", "cold-1", NOON, NOON, Clock.NONE, True)  # noqa: FBT003 # a value
    off = Presence("k2", "cold-1", NOON, NOON, Clock.NONE, False)  # noqa: FBT003 # a value
    assert points_of_fact(on, FRIDGE, 5) == (
        Point("device", "main", "kitchen", "cold-1", NOON, (("online", True),)),
    )
    assert points_of_fact(off, FRIDGE, 5)[0].sub_ns == points_of_fact(on, FRIDGE, 5)[0].sub_ns


def test_a_tick_leaves_no_trace() -> None:
    assert points_of_fact(Tick("t", NOON, 0), FRIDGE, 5) == ()


@pytest.mark.parametrize("seq", [1, 999_999, 1_000_000, 10**12])
def test_nanoseconds_stay_inside_a_millisecond(seq: int) -> None:
    [point] = points_of_fact(tap("k"), READER, seq)
    assert 0 <= point.sub_ns < 1_000_000
