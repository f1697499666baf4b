"""The quick way takes nothing that the careful way would not take, and takes it the same."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices import native, native_plain
from devices.facts import Clock, Kind, Reading
from devices.native_plain import MAX_EXACT, PlainReader
from devices.source import Source
from devices.values import fields_of
from devices.wire import WireError

NOW = 1_790_000_000_000
ZONE = ZoneInfo("Asia/Shanghai")
NAMES = ["at", "boot", "seq", "colour", *fields_of(Kind.FRIDGE), *fields_of(Kind.METER)]
ODD = [
    0,
    -0.0,
    1e-400,
    1e12,
    1e13,
    2**63,
    2**63 - 1,
    10**30,
    85.0,
    -127,
    True,
    None,
    "",
    "x",
    "\\",
    '"',
    "a\nb",
]
TIMES = ["2026-09-21T12:53:20+08:00", "2026-09-21T04:53:20Z", "2026-02-30T00:00:00Z", NOW / 1000, NOW, 0, -1]
# About the first time that is believed, the latest before it is ahead, and the last that is a time at all.
EDGES = [1577836799.9996, 1577836800, NOW / 1000 + 300, NOW / 1000 + 300.0006, 4133980798.5, 4133980799.9996]

values = (
    st.sampled_from([*ODD, *TIMES]) | st.floats(allow_nan=False) | st.integers(-5, 200) | st.text(max_size=5)
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)
plain_bodies = st.fixed_dictionaries(
    {"boot": st.integers(0, 9) | st.text("ab%:", min_size=1), "seq": st.integers(0, 9)},
    optional={
        "at": st.sampled_from([*TIMES, *EDGES]) | st.floats(NOW / 1000 - 1000, NOW / 1000 + 1000),
        "temperature_c": st.floats(-200, 200) | st.integers(-5, 5) | st.just(-0.0),
        "humidity_pct": st.floats(-1, 101),
        "door_open": st.booleans(),
        "defrost": st.booleans(),
    },
)


def quick_reading(payload: bytes, kind: Kind) -> Reading | None:
    read = native_plain.reader("cold-1", kind)
    assert read is not None
    return read(payload, NOW)


def test_a_kind_without_readings_has_no_quick_way() -> None:
    assert native_plain.reader("reader-1", Kind.CHECKPOINT) is None


def both(payload: bytes, kind: Kind, read: PlainReader | None = None, device: str = "cold-1") -> None:
    quick = read(payload, NOW) if read else quick_reading(payload, kind)
    if quick is not None:
        careful = native.decode_reading(payload, Source(device, kind, "", NOW, ZONE))
        assert careful.facts == (quick,)
        assert [type(value) for _, value in quick.values] == [
            type(value) for fact in careful.facts for _, value in getattr(fact, "values", ())
        ]
        assert str(quick.values) == str(getattr(careful.facts[0], "values", ()))  # 0.0 and -0.0 are equal


@given(
    bodies | plain_bodies,
    st.sampled_from([Kind.FRIDGE, Kind.METER]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_objects_are_read_alike(body: dict[str, object], kind: Kind, separators: tuple[str, str]) -> None:
    both(json.dumps(body, separators=separators).encode(), kind)


@given(st.lists(plain_bodies | bodies, min_size=2, max_size=20), st.sampled_from(["cold-1", "a:%" * 16]))
@example([{"boot": "x" * 64, "seq": 2**63 - 1, "temperature_c": 1, "at": NOW / 1000}] * 3, "d" * 48)
def test_what_a_device_said_before_changes_nothing(said: list[dict[str, object]], device: str) -> None:
    read = native_plain.reader(device, Kind.FRIDGE)
    assert read is not None
    for body in said + said:
        both(json.dumps(body).encode(), Kind.FRIDGE, read, device)


PLAIN = '{"at":1790000000,"boot":1,"seq":1,"temperature_c":1}'
TWO = '{"at":1790000000,"boot":1,"seq":1,"door_open":false,"temperature_c":-4}'


@given(st.sampled_from([PLAIN, TWO]), st.integers(0, 80), st.sampled_from('"\\-0,:{}e.x\x00'), st.booleans())
def test_a_usual_payload_with_one_character_wrong_is_read_alike(
    usual: str, at: int, character: str, in_place: bool
) -> None:
    read = native_plain.reader("cold-1", Kind.FRIDGE)
    assert read is not None
    for payload in (usual, usual, usual[:at] + character + usual[at + in_place :]):
        both(payload.encode(), Kind.FRIDGE, read)


@pytest.mark.parametrize(
    "odd",
    [
        '{"at":1790000000,"boot":1,"seq":1,"seq":1}',
        '{"at":1790000000,"boot":1,"seq":1,"seq":1,"temperature_c":1}',
        '{"at":1790000000,"boot":"\\"\\"","seq":1,"temperature_c":1}',
        '{"at":1790000000,"boot":"1","seq":1}',
    ],
)
def test_as_many_quotes_as_before_prove_nothing(odd: str) -> None:
    read = native_plain.reader("cold-1", Kind.FRIDGE)
    assert read is not None
    for boot in ("1", '"b"'):
        for values in ('"temperature_c":1', '"defrost":true,"temperature_c":1'):
            usual = f'{{"at":1790000000,"boot":{boot},"seq":1,{values}}}'.encode()
            assert read(usual, NOW) == read(usual, NOW) != None  # noqa: E711 - both are readings
    both(odd.encode(), Kind.FRIDGE, read)


def test_a_device_that_says_something_new_each_time_is_read_on_in_bounded_memory() -> None:
    read = native_plain.reader("meter-1", Kind.METER)
    assert read is not None
    names = sorted(fields_of(Kind.METER))
    for number in range(1, 2 * MAX_EXACT):
        values = {name: 1.5 for bit, name in enumerate(names) if number >> bit & 1 and name != "power_factor"}
        if not values:
            continue
        payload = json.dumps({"at": NOW / 1000, "boot": 1, "seq": number, **values}).encode()
        reading = read(payload, NOW)
        assert reading is not None
        assert dict(reading.values) == values
    assert len(native_plain._forms(Kind.METER)._exact) <= MAX_EXACT


def test_a_clock_that_runs_ahead_is_told_from_one_that_is_right() -> None:
    read = native_plain.reader("cold-1", Kind.FRIDGE)
    assert read is not None
    for at, clock in ((NOW / 1000, Clock.DEVICE), (NOW / 1000 + 300.001, Clock.AHEAD), (5, Clock.UNSET)) * 2:
        reading = read(json.dumps({"at": at, "boot": 1, "seq": 1, "temperature_c": 1}).encode(), NOW)
        assert reading is not None
        assert (reading.clock, reading.measured_at_ms) == (clock, NOW)


@given(st.binary(max_size=80))
@example(b'{"boot":1,"seq":1,"temperature_c":1,"temperature_c":2}')
@example(b'{"boot":1,"seq":1,"temperature_c" :1,"temperature_c":2}')
@example(b'{"boot":"\\"","seq":1,"temperature_c":1}')
@example(b'{"boot":1,"seq":1,"temperature_c":-0.0,"door_open":false}')
@example(b'{"boot":1,"seq":1.0,"temperature_c":1}')
@example(b'{"boot":1,"seq":1,"temperature_c":1}{}')
@example(b'[{"boot":1,"seq":1,"temperature_c":1}]')
@example(b"[" * 2_000)
def test_bytes_are_read_alike(payload: bytes) -> None:
    both(payload, Kind.FRIDGE)


def test_what_nearly_every_message_looks_like_is_plain() -> None:
    for at in ("1790000000.125", '"2026-09-21T12:53:20+08:00"'):
        payload = b'{"at":%s,"boot":7,"seq":3,"temperature_c":4.5,"door_open":false}' % at.encode()
        assert quick_reading(payload, Kind.FRIDGE) is not None


@pytest.mark.parametrize(
    "payload",
    [
        b'{"boot":1,"seq":1,"temperature_c":1,"temperature_c":2}',
        b'{"boot":1,"seq":1,"temperature_c":"1"}',
        b'{"boot":1,"seq":1}',
        b'{"boot":1,"seq":-1,"temperature_c":1}',
        b'{"boot":1,"seq":1,"temperature_c":1001}',
        b'{"boot":1,"seq":1,"colour":1,"temperature_c":1}',
    ],
)
def test_what_is_wrong_is_left_to_the_careful_way_and_its_reasons(payload: bytes) -> None:
    assert quick_reading(payload, Kind.FRIDGE) is None
    with pytest.raises(WireError):
        native.decode_reading(payload, Source("cold-1", Kind.FRIDGE, "", NOW, ZONE))
