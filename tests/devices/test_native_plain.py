"""The quick way takes nothing that the careful way would not take, and takes it the same."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices import native, native_plain
from devices.facts import Kind, Reading
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

values = (
    st.sampled_from([*ODD, *TIMES]) | st.floats(allow_nan=False) | st.integers(-5, 200) | st.text(max_size=5)
)
bodies = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)
plain_bodies = st.fixed_dictionaries(
    {"boot": st.integers(0, 9) | st.text("ab%:", min_size=1), "seq": st.integers(0, 9)},
    optional={
        "at": st.sampled_from(TIMES),
        "temperature_c": st.floats(-200, 200) | st.integers(-5, 5),
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


def both(payload: bytes, kind: Kind) -> None:
    quick = quick_reading(payload, kind)
    if quick is not None:
        careful = native.decode_reading(payload, Source("cold-1", kind, "", NOW, ZONE))
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
