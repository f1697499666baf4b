"""What every history does, whichever store is behind it.

Devices carry a random name: a store that is given to the tests from outside may not be empty.
"""

from __future__ import annotations

import threading
import uuid

import pytest

from hub.history.port import Aggregate, Cursors, History, Point, Sample
from tests.hub.history.samples import MINUTE, NOON, point

HOUR = 60 * MINUTE


@pytest.fixture
def device() -> str:
    return f"cold-{uuid.uuid4()}"


def asked(
    store: History,
    device: str,
    aggregate: Aggregate = Aggregate.LAST,
    step_ms: int = MINUTE,
    field: str = "temperature_c",
    measurement: str = "fridge",
) -> tuple[Sample, ...]:
    return store.range(measurement, field, device, NOON, NOON + HOUR, step_ms, aggregate)


@pytest.mark.parametrize(
    ("aggregate", "first", "second"),
    [
        (Aggregate.MEAN, 4.0, 9.5),
        (Aggregate.MIN, 2.0, 9.0),
        (Aggregate.MAX, 7.0, 10.0),
        (Aggregate.LAST, 3.0, 10.0),
        (Aggregate.COUNT, 3.0, 2.0),
    ],
)
def test_a_range_is_aggregated_by_steps(
    store: History, device: str, aggregate: Aggregate, first: float, second: float
) -> None:
    minutes = {0: 2.0, 1: 7.0, 9: 3.0, 40: 9.0, 49: 10.0}
    points = [point(value, NOON + minute * MINUTE, device) for minute, value in minutes.items()]
    assert store.write(points, Cursors(1)) == ()
    expected = (Sample(NOON, first), Sample(NOON + 40 * MINUTE, second))
    assert asked(store, device, aggregate, 10 * MINUTE) == expected


def test_a_range_includes_its_start_and_excludes_its_end(store: History, device: str) -> None:
    store.write([point(1.0, NOON - 1, device), point(2.0, NOON, device)], Cursors())
    store.write([point(3.0, NOON + HOUR - 1, device), point(4.0, NOON + HOUR, device)], Cursors())
    assert [sample.value for sample in asked(store, device)] == [2.0, 3.0]


def test_steps_begin_at_whole_steps_since_1970_even_where_the_range_does_not(
    store: History, device: str
) -> None:
    store.write([point(5.0, NOON + 90_000, device)], Cursors())
    found = store.range("fridge", "temperature_c", device, NOON + 80_000, NOON + HOUR, HOUR, Aggregate.MEAN)
    assert found == (Sample(NOON, 5.0),)


def test_a_range_of_nothing_is_empty(store: History, device: str) -> None:
    assert asked(store, device) == ()
    store.write([point(5.0, NOON, device)], Cursors())
    assert store.range("fridge", "temperature_c", device, NOON, NOON, MINUTE, Aggregate.MEAN) == ()
    assert asked(store, f"{device}-other") == ()


def test_writing_a_batch_again_changes_nothing(store: History, device: str) -> None:
    batch = [point(float(minute), NOON + minute * MINUTE, device) for minute in range(30)]
    store.write(batch, Cursors(1))
    store.write(batch[10:], Cursors(1))
    store.write(batch, Cursors(1))
    assert asked(store, device, Aggregate.COUNT, HOUR) == (Sample(NOON, 30.0),)


def test_a_point_written_again_with_another_value_replaces_the_first(store: History, device: str) -> None:
    store.write([point(4.0, NOON, device), point(5.0, NOON + MINUTE, device)], Cursors())
    store.write([point(8.0, NOON, device)], Cursors())
    assert [sample.value for sample in asked(store, device)] == [8.0, 5.0]


def test_the_last_of_two_equal_points_in_one_batch_counts(store: History, device: str) -> None:
    store.write([point(4.0, NOON, device), point(5.0, NOON, device)], Cursors())
    assert asked(store, device, Aggregate.COUNT) == (Sample(NOON, 1.0),)
    assert asked(store, device) == (Sample(NOON, 5.0),)


def test_points_that_share_a_millisecond_are_kept_apart_by_their_nanoseconds(
    store: History, device: str
) -> None:
    batch = [point(1.0, NOON, device), point(9.0, NOON, device, sub_ns=999_999)]
    store.write([*batch, point(5.0, NOON, device, sub_ns=1)], Cursors())
    assert asked(store, device, Aggregate.COUNT) == (Sample(NOON, 3.0),)
    assert asked(store, device, Aggregate.LAST) == (Sample(NOON, 9.0),)


def test_other_fields_of_the_same_point_are_left_alone(store: History, device: str) -> None:
    store.write([point(4.0, NOON, device)], Cursors())
    store.write([point(70.0, NOON, device, "humidity_pct")], Cursors())
    assert asked(store, device) == (Sample(NOON, 4.0),)
    assert asked(store, device, field="humidity_pct") == (Sample(NOON, 70.0),)


def test_whole_numbers_in_a_float_field_stay_floats(store: History, device: str) -> None:
    assert store.write([point(4, NOON, device)], Cursors()) == ()
    assert store.write([point(4.5, NOON + MINUTE, device)], Cursors()) == ()
    assert asked(store, device, Aggregate.MEAN, HOUR) == (Sample(NOON, 4.25),)


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [
        (Aggregate.MEAN, 0.25),
        (Aggregate.MIN, 0.0),
        (Aggregate.MAX, 1.0),
        (Aggregate.LAST, 0.0),
        (Aggregate.COUNT, 4.0),
    ],
)
def test_true_counts_as_one(store: History, device: str, aggregate: Aggregate, value: float) -> None:
    doors = [point(minute == 2, NOON + minute * MINUTE, device, "door_open") for minute in range(4)]
    store.write(doors, Cursors())
    assert asked(store, device, aggregate, HOUR, "door_open") == (Sample(NOON, value),)


def test_texts_are_counted_and_nothing_else(store: History, device: str) -> None:
    fields = (("tag_uid", "04A1"), ("badge", ""), ("trust", "sun"))
    taps = [Point("tap", "main", "gate", device, NOON + n * MINUTE, fields) for n in range(3)]
    assert store.write(taps, Cursors()) == ()
    counted = asked(store, device, Aggregate.COUNT, HOUR, "badge", "tap")
    assert counted == (Sample(NOON, 3.0),)
    assert asked(store, device, Aggregate.LAST, HOUR, "badge", "tap") == ()


def test_a_device_that_moved_to_another_area_is_still_one_series(store: History, device: str) -> None:
    moved = Point("fridge", "main", "canteen", device, NOON + MINUTE, (("temperature_c", 6.0),))
    store.write([point(4.0, NOON, device), moved], Cursors())
    assert asked(store, device, Aggregate.MEAN, HOUR) == (Sample(NOON, 5.0),)


def test_points_without_tags_are_kept(store: History) -> None:
    field = f"count_{uuid.uuid4().hex}"
    assert store.write([Point("heartbeat", "", "", "", NOON, ((field, 1),))], Cursors()) == ()
    assert asked(store, "", field=field, measurement="heartbeat") == (Sample(NOON, 1.0),)


BAD = {
    "nan": point(float("nan")),
    "infinity": point(float("inf")),
    "an int that is no float": point(10**400),
    "an int beyond 64 bits": Point("x", "", "", "", NOON, (("n", 2**63),)),
    "text where a number belongs": point("warm"),
    "a boolean where a number belongs": point(True),  # noqa: FBT003 # a value
    "a newline in a tag": point(1.0, device="cold\n1"),
    "a backslash at the end of a tag": point(1.0, device="cold\\"),
    "a lone surrogate in a tag": point(1.0, device="\ud800"),
    "a lone surrogate in a text": Point("tap", "", "", "", NOON, (("badge", "\ud800"),)),
    "a measurement that is a comment": Point("# x", "", "", "", NOON, (("n", 1.0),)),
    "a measurement that ends in a backslash": Point("x\\", "", "", "", NOON, (("n", 1.0),)),
    "no measurement": Point("", "", "", "", NOON, (("n", 1.0),)),
    "no field": Point("x", "", "", "", NOON, ()),
    "a field without a name": Point("x", "", "", "", NOON, (("", 1.0),)),
    "a field twice": Point("x", "", "", "", NOON, (("n", 1.0), ("n", 2.0))),
    "a field called time": point(1.0, field="time"),
    "a field called _field": point(1.0, field="_field"),
    "a field called like a tag": point(1.0, field="device"),
    "a field with a newline": point(1.0, field="a\nb"),
    "a tag with a backslash before a space": point(1.0, device="a\\ b"),
    "a field with a backslash before a comma": point(1.0, field="a\\,b"),
    "before 1970": point(1.0, -1),
    "after 2262": point(1.0, 9_223_372_036_855),
    "nanoseconds of the next millisecond": point(1.0, sub_ns=1_000_000),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_point_is_refused_with_a_reason_and_its_neighbours_are_kept(
    store: History, device: str, bad: Point
) -> None:
    neighbours = [point(4.0, NOON, device), point(5.0, NOON + MINUTE, device)]
    refused = store.write([neighbours[0], bad, neighbours[1]], Cursors(3))
    assert [refusal.point for refusal in refused] == [bad]
    assert refused[0].reason
    assert [sample.value for sample in asked(store, device)] == [4.0, 5.0]


def test_a_point_that_changes_a_fields_type_is_refused_and_its_neighbours_are_kept(
    store: History, device: str
) -> None:
    field = f"firmware_{uuid.uuid4().hex}"
    assert store.write([point("1.0", NOON, device, field)], Cursors()) == ()
    changed = [point(float(n), NOON + n * MINUTE, device, field) for n in (7, 21)]
    batch = [point(float(n), NOON + n * MINUTE, device) for n in range(30)]
    refused = store.write([*batch[:7], changed[0], *batch[7:20], changed[1], *batch[20:]], Cursors())
    assert [refusal.point for refusal in refused] == changed
    assert all(field in refusal.reason for refusal in refused)
    assert asked(store, device, Aggregate.COUNT, HOUR) == (Sample(NOON, 30.0),)


@pytest.mark.parametrize("name", ["it's", 'a "fridge"', "a b,c=d", "back\\slash", "冷库 1", "a'; DROP"])
def test_a_device_with_an_awkward_name_is_written_and_found(store: History, device: str, name: str) -> None:
    assert store.write([point(4.0, NOON, name + device)], Cursors()) == ()
    assert asked(store, name + device) == (Sample(NOON, 4.0),)


def test_other_threads_read_while_one_writes(store: History, device: str) -> None:
    store.write([point(0.0, NOON, device)], Cursors())
    seen: list[float] = []
    threads = [
        threading.Thread(
            target=lambda: seen.extend(s.value for s in asked(store, device, Aggregate.MIN, HOUR))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for n in range(1, 20):
        store.write([point(float(n), NOON + n * MINUTE, device)], Cursors(n))
    for thread in threads:
        thread.join()
    assert seen == [0.0] * 4
    assert asked(store, device, Aggregate.COUNT, HOUR) == (Sample(NOON, 20.0),)


def test_a_history_opens_twice_and_closes_twice(store: History) -> None:
    store.open()
    store.close()
    store.close()
