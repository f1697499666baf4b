"""What every store answers besides ranges: the newest values, the values themselves, energy, excursions."""

from __future__ import annotations

import uuid

import pytest

from hub.history.port import Aggregate, Cursors, Limits, Newest, Point, Sample, Store
from tests.hub.history.samples import MINUTE, NOON, counted, point

HOUR = 60 * MINUTE


@pytest.fixture
def device() -> str:
    return f"device-{uuid.uuid4()}"


def newest(store: Store, device: str, field: str = "temperature_c") -> list[Newest]:
    return [one for one in store.latest("fridge", field) if one.device.startswith(device)]


def energy(store: Store, devices: list[str], hours: int = 4) -> list[tuple[str, int, float, int]]:
    found = store.energy(devices, NOON, NOON + hours * HOUR, HOUR)
    return [(u.device, (u.at_ms - NOON) // HOUR, round(u.energy_kwh, 6), u.resets) for u in found]


def test_the_newest_value_of_every_device_by_name(store: Store, device: str) -> None:
    names = [f"{device}-{n}" for n in (2, 1)]
    store.write([point(4.0, NOON + MINUTE, names[0]), point(7.0, NOON, names[1])], Cursors())
    store.write([point(1.0, NOON, names[0]), point(8.5, NOON + MINUTE + 1, names[1])], Cursors())
    assert newest(store, device) == [
        Newest(names[1], NOON + MINUTE + 1, 8.5),
        Newest(names[0], NOON + MINUTE, 4.0),
    ]


def test_a_newest_value_that_is_rewritten_is_the_rewritten_one(store: Store, device: str) -> None:
    store.write([point(4.0, NOON, device)], Cursors())
    store.write([point(5.0, NOON, device)], Cursors())
    assert newest(store, device) == [Newest(device, NOON, 5.0)]


def test_a_device_that_moved_has_one_newest_value(store: Store, device: str) -> None:
    moved = Point("fridge", "main", "canteen", device, NOON + MINUTE, (("temperature_c", 6.0),))
    store.write([point(4.0, NOON, device), moved], Cursors())
    assert newest(store, device) == [Newest(device, NOON + MINUTE, 6.0)]


def test_newest_booleans_are_numbers_and_texts_have_none(store: Store, device: str) -> None:
    store.write([point(True, NOON, device, "door_open")], Cursors())  # noqa: FBT003 # a value
    store.write([Point("tap", "", "", device, NOON, (("badge", "B1"),))], Cursors())
    assert newest(store, device, "door_open") == [Newest(device, NOON, 1.0)]
    assert store.latest("tap", "badge") == ()
    assert store.latest("fridge", "nobody_measures_this") == ()


def test_the_values_themselves_in_order(store: Store, device: str) -> None:
    store.write([point(4.5, NOON + 7, device), point(3.5, NOON, device)], Cursors())
    store.write([point(9.0, NOON + HOUR, device), point(2.0, NOON + 3, device)], Cursors())
    expected = (Sample(NOON, 3.5), Sample(NOON + 3, 2.0), Sample(NOON + 7, 4.5))
    assert store.samples("fridge", "temperature_c", device, NOON, NOON + HOUR) == expected
    assert store.samples("fridge", "temperature_c", device, NOON, NOON) == ()
    assert store.samples("fridge", "temperature_c", f"{device}-other", NOON, NOON + HOUR) == ()


def test_energy_of_two_meters_by_hours_counts_the_reading_before(store: Store, device: str) -> None:
    one, two = f"{device}-1", f"{device}-2"
    readings = {-30: 100.0, 10: 101.5, 59: 103.0, 60: 103.5, 190: 110.0}
    store.write([counted(kwh, NOON + minute * MINUTE, one) for minute, kwh in readings.items()], Cursors())
    store.write([counted(7.0, NOON, two), counted(7.5, NOON + MINUTE, two)], Cursors())
    assert energy(store, [two, one, f"{device}-3", one]) == [
        (one, 0, 3.0, 0),
        (one, 1, 0.5, 0),
        (one, 3, 6.5, 0),
        (two, 0, 0.5, 0),
    ]
    assert store.energy([], NOON, NOON + HOUR, HOUR) == ()
    assert store.energy([one], NOON, NOON, HOUR) == ()


@pytest.mark.parametrize("start", [0, 5])
def test_energy_begins_its_intervals_where_it_is_asked_to(store: Store, device: str, start: int) -> None:
    minutes = range(0, 60, 5)
    store.write([counted(float(minute), NOON + minute * MINUTE, device) for minute in minutes], Cursors())
    start_ms = NOON + start * MINUTE
    found = store.energy([device], start_ms, NOON + HOUR, 20 * MINUTE)
    assert [u.at_ms for u in found] == [start_ms + n * 20 * MINUTE for n in range(3)]
    assert sum(u.energy_kwh for u in found) == 55.0


def test_energy_starts_anew_where_a_meter_was_replaced(store: Store, device: str) -> None:
    readings = {0: 500.0, 30: 501.0, 70: 502.0, 80: 3.0, 100: 4.0, 130: 6.0}
    store.write([counted(kwh, NOON + m * MINUTE, device) for m, kwh in readings.items()], Cursors())
    assert energy(store, [device]) == [(device, 0, 1.0, 0), (device, 1, 2.0, 1), (device, 2, 2.0, 0)]


def test_energy_starts_anew_where_a_meter_was_replaced_between_two_hours(store: Store, device: str) -> None:
    readings = {0: 500.0, 55: 501.0, 65: 3.0, 100: 4.0}
    store.write([counted(kwh, NOON + m * MINUTE, device) for m, kwh in readings.items()], Cursors())
    assert energy(store, [device]) == [(device, 0, 1.0, 0), (device, 1, 1.0, 1)]


def test_energy_goes_on_over_a_rollover(store: Store, device: str) -> None:
    readings = {0: 999_990.0, 50: 999_999.0, 61: 1.0, 70: 2.0}
    store.write([counted(kwh, NOON + m * MINUTE, device) for m, kwh in readings.items()], Cursors())
    assert energy(store, [device]) == [(device, 0, 9.0, 0), (device, 1, 3.0, 0)]


def test_excursions_of_a_fridge(store: Store, device: str) -> None:
    values = {0: 4.0, 10: 9.0, 20: 11.0, 30: 5.0, 40: 9.0}
    store.write([point(c, NOON + m * MINUTE, device) for m, c in values.items()], Cursors())
    limits = Limits(0.0, 8.0)
    first, last = store.excursions("fridge", "temperature_c", device, limits, NOON, NOON + HOUR)
    assert (first.start_ms, first.end_ms) == (NOON + 10 * MINUTE, NOON + 30 * MINUTE)
    assert (first.low, first.high, first.mean, first.minutes) == (9.0, 11.0, 10.0, 20.0)
    assert (first.is_over, last.is_over) == (True, False)


def test_pruning_leaves_what_is_newer(store: Store, device: str) -> None:
    store.write([point(4.0, NOON, device), point(5.0, NOON + 2 * HOUR, device)], Cursors())
    store.prune(NOON + HOUR)
    ends = (NOON + HOUR, NOON + 3 * HOUR, HOUR)
    found = store.range("fridge", "temperature_c", device, *ends, Aggregate.MEAN)
    assert found == (Sample(NOON + 2 * HOUR, 5.0),)
