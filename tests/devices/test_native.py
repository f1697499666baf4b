"""Native payloads: the golden ones, the hostile ones, and backlogs with one bad element."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Clock, Kind, Reading
from devices.native import decode_reading, decode_status, decode_tap
from devices.series import FieldType
from devices.values import fields_of
from devices.wire import WireReason
from tests.devices.samples import (
    RECEIVED_MS,
    ms,
    only_presence,
    only_reading,
    payload,
    reason_of,
    source,
    values,
)

GATE = source(Kind.CHECKPOINT, "gate")
METER = source(Kind.METER, "main-meter")

_BOUNDED = {"humidity_pct": (0, 100), "battery_pct": (0, 100), "temperature_c": (-1000, 1000)}


def test_a_cold_unit_s_reading_is_read_whole() -> None:
    said = b"""{"at":"2026-03-02T07:59:58+08:00","boot":"b7","seq":41,"temperature_c":3.4,"humidity_pct":61,
        "door_open":false,"defrost":true,"battery_pct":97,"rssi_dbm":-61}"""
    reading = only_reading(decode_reading(said, source()))
    assert reading == Reading(
        "r:cold-1:b7:41",
        "cold-1",
        ms("2026-03-02T07:59:58+08:00"),
        RECEIVED_MS,
        Clock.DEVICE,
        (
            ("battery_pct", 97.0),
            ("defrost", True),
            ("door_open", False),
            ("humidity_pct", 61.0),
            ("rssi_dbm", -61.0),
            ("temperature_c", 3.4),
        ),
    )


def test_a_meter_s_reading_is_read_whole() -> None:
    said: dict[str, float] = {
        "energy_kwh": 34520.7,
        "power_w": 11250,
        "voltage_l1_v": 229.8,
        "voltage_l2_v": 230.4,
        "voltage_l3_v": 231.0,
        "current_l1_a": 16.1,
        "current_l2_a": 17.2,
        "current_l3_a": 18.3,
        "power_factor": -0.97,
        "frequency_hz": 50.02,
        "residual_current_ma": 12,
    }
    assert values(decode_reading(payload({"at": 1772323200, **said}), METER)) == said


def test_a_backlog_comes_through_in_its_order() -> None:
    backlog = [{"at": 1772323200 + n, "boot": 7, "seq": n, "temperature_c": n / 10} for n in range(1000)]
    decoded = decode_reading(payload(backlog), source())
    assert [fact.key for fact in decoded.facts] == [f"r:cold-1:7:{n}" for n in range(1000)]
    assert decoded.faults == ()


def test_a_full_backlog_of_full_readings_fits() -> None:
    fields = dict.fromkeys(fields_of(Kind.METER), 12345.678) | {
        "power_factor": -0.123,
        "battery_pct": 99.5,
    }
    element = {"at": "2026-03-02T07:59:58.123+08:00", "boot": "0123abcd", "seq": 4_000_000_000, **fields}
    assert len(decode_reading(payload([element] * 1000), METER).facts) == 1000


def test_10_mb_is_refused_unread() -> None:
    assert reason_of(decode_reading, b"[" + b" " * 10_000_000, source()) is WireReason.TOO_LARGE


def test_one_bad_element_does_not_hold_up_its_neighbours() -> None:
    backlog: list[object] = [{"temperature_c": 3.1}, {"temperature_c": "3.2"}, [], 7, {"temperature_c": 3.3}]
    decoded = decode_reading(payload(backlog), source())
    assert [fact.values for fact in decoded.facts if isinstance(fact, Reading)] == [
        (("temperature_c", 3.1),),
        (("temperature_c", 3.3),),
    ]
    assert [(fault.index, fault.reason) for fault in decoded.faults] == [
        (1, WireReason.WRONG_TYPE),
        (2, WireReason.WRONG_TYPE),
        (3, WireReason.WRONG_TYPE),
    ]


def test_every_element_of_an_array_of_arrays_is_refused() -> None:
    decoded = decode_reading(b'[[{"temperature_c":3.1}],[]]', source())
    assert decoded.facts == ()
    assert [fault.reason for fault in decoded.faults] == [WireReason.WRONG_TYPE] * 2


@pytest.mark.parametrize("fault_code", [85.0, -127.0, 85, -127, -0.0, 1000, -1000])
def test_a_sensor_s_fault_codes_reach_the_rules(fault_code: float) -> None:
    assert values(decode_reading(payload({"temperature_c": fault_code}), source())) == {
        "temperature_c": fault_code
    }


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("{}", WireReason.NOTHING_KNOWN),
        ('{"at":1772323200,"boot":1,"seq":1}', WireReason.NOTHING_KNOWN),
        ("[]", WireReason.NOTHING_KNOWN),
        ("null", WireReason.WRONG_TYPE),
        ("4.2", WireReason.WRONG_TYPE),
        ('"4.2"', WireReason.WRONG_TYPE),
        ("true", WireReason.WRONG_TYPE),
        ('{"temperature":4.2}', WireReason.UNKNOWN_FIELD),
        ('{"temperature_c":4.2,"power_w":1}', WireReason.UNKNOWN_FIELD),
        ('{"temperature_c":4.2,"key":"x"}', WireReason.UNKNOWN_FIELD),
        ('{"temperature_c":"4.2"}', WireReason.WRONG_TYPE),
        ('{"temperature_c":true}', WireReason.WRONG_TYPE),
        ('{"temperature_c":null}', WireReason.WRONG_TYPE),
        ('{"temperature_c":[4.2]}', WireReason.WRONG_TYPE),
        ('{"temperature_c":{"v":4.2}}', WireReason.WRONG_TYPE),
        ('{"door_open":1}', WireReason.WRONG_TYPE),
        ('{"door_open":"false"}', WireReason.WRONG_TYPE),
        ('{"door_open":null}', WireReason.WRONG_TYPE),
        ('{"temperature_c":NaN}', WireReason.NOT_JSON),
        ('{"temperature_c":1e400}', WireReason.OUT_OF_RANGE),
        ('{"temperature_c":1e308}', WireReason.OUT_OF_RANGE),
        ('{"temperature_c":' + "9" * 400 + "}", WireReason.OUT_OF_RANGE),
        ('{"temperature_c":9223372036854775808}', WireReason.OUT_OF_RANGE),
        ('{"temperature_c":1000.1}', WireReason.OUT_OF_RANGE),
        ('{"humidity_pct":100.1}', WireReason.OUT_OF_RANGE),
        ('{"humidity_pct":-1}', WireReason.OUT_OF_RANGE),
        ('{"battery_pct":255}', WireReason.OUT_OF_RANGE),
        ('{"temperature_c":4,"temperature_c":5}', WireReason.DUPLICATE_KEY),
        ('{"at":"2026-02-30T00:00:00Z","temperature_c":4}', WireReason.BAD_TIME),
        ('{"at":"2026-03-01T08:00:00","temperature_c":4}', WireReason.NO_OFFSET),
        ('{"at":1772323200000,"temperature_c":4}', WireReason.BAD_TIME),
        ('{"at":-5,"temperature_c":4}', WireReason.BAD_TIME),
        ('{"at":null,"temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"at":true,"temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"seq":-1,"temperature_c":4}', WireReason.OUT_OF_RANGE),
        ('{"seq":9223372036854775808,"temperature_c":4}', WireReason.OUT_OF_RANGE),
        ('{"seq":1.0,"temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"seq":"1","temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"seq":true,"temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"boot":null,"temperature_c":4}', WireReason.WRONG_TYPE),
        ('{"boot":"","temperature_c":4}', WireReason.OUT_OF_RANGE),
        ('{"boot":"' + "b" * 65 + '","temperature_c":4}', WireReason.OUT_OF_RANGE),
        ('{"boot":"b\\n","temperature_c":4}', WireReason.OUT_OF_RANGE),
        ('{"boot":-1,"temperature_c":4}', WireReason.OUT_OF_RANGE),
        ("[" + ",".join(['{"door_open":true}'] * 1001) + "]", WireReason.TOO_MANY),
        (json.dumps({f"k{n}": n for n in range(15_000)}), WireReason.UNKNOWN_FIELD),
    ],
)
def test_a_faulty_reading_is_refused_with_its_reason(said: str, reason: WireReason) -> None:
    assert reason_of(decode_reading, said.encode(), source()) is reason


def test_each_kind_says_only_what_it_can() -> None:
    reading = payload({"temperature_c": 4})
    assert reason_of(decode_reading, reading, METER) is WireReason.UNKNOWN_FIELD
    assert reason_of(decode_reading, reading, GATE) is WireReason.UNSUPPORTED
    assert reason_of(decode_tap, payload({"tag_uid": "04A1B2C3"}), METER) is WireReason.UNSUPPORTED


@pytest.mark.parametrize("seq", [0, 2**32 - 1, 2**32, 2**63 - 1])
def test_sequence_numbers_may_wrap_or_grow(seq: int) -> None:
    decoded = decode_reading(payload({"boot": 1, "seq": seq, "temperature_c": 4}), source())
    assert only_reading(decoded).key == f"r:cold-1:1:{seq}"


def test_the_same_number_is_the_same_fact_whatever_it_says_and_whenever_it_comes() -> None:
    first = decode_reading(payload({"boot": 1, "seq": 9, "temperature_c": 4}), source())
    again = decode_reading(payload({"boot": 1, "seq": 9, "temperature_c": 5, "at": 1772323200}), source())
    assert only_reading(first).key == only_reading(again).key


def test_without_a_boot_a_number_is_only_part_of_the_content() -> None:
    keys = {
        only_reading(decode_reading(payload({"at": 1772323200, "temperature_c": 4, **more}), source())).key
        for more in ({}, {"seq": 1}, {"seq": 2}, {"boot": 1}, {"boot": 2})
    }
    assert len(keys) == 5


def test_the_order_of_members_and_the_spelling_of_numbers_do_not_change_the_key() -> None:
    one = only_reading(decode_reading(b'{"at":1772323200,"temperature_c":4.0,"humidity_pct":60}', source()))
    two = only_reading(decode_reading(b'{"humidity_pct":6e1,"temperature_c":4,"at":1772323200.0}', source()))
    assert one == two


def test_device_a_publishing_the_same_as_device_b_is_another_fact() -> None:
    said = payload({"at": 1772323200, "temperature_c": 4})
    assert decode_reading(said, source()) != decode_reading(said, source(device="cold-2"))


@pytest.mark.parametrize("kind", Kind)
def test_a_last_will_is_a_presence_without_a_time_for_every_kind(kind: Kind) -> None:
    presence = only_presence(decode_status(b'{"online":false}', source(kind)))
    assert presence.online is False
    assert (presence.measured_at_ms, presence.clock) == (RECEIVED_MS, Clock.NONE)


def test_a_device_that_comes_back_may_say_when() -> None:
    said = payload({"online": True, "at": "2026-03-01T23:59:58Z", "boot": "b8", "seq": 0})
    presence = only_presence(decode_status(said, source()))
    assert (presence.online, presence.clock, presence.key) == (True, Clock.DEVICE, "s:cold-1:b8:0")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", WireReason.EMPTY),
        (b"online", WireReason.NOT_JSON),
        (b"{}", WireReason.MISSING_FIELD),
        (b'{"online":"false"}', WireReason.WRONG_TYPE),
        (b'{"online":0}', WireReason.WRONG_TYPE),
        (b'{"online":null}', WireReason.WRONG_TYPE),
        (b'{"online":true,"state":1}', WireReason.UNKNOWN_FIELD),
        (b'{"online":true,"online":false}', WireReason.DUPLICATE_KEY),
    ],
)
def test_a_faulty_status_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_status, said, GATE) is reason


def _readings(kind: Kind) -> st.SearchStrategy[dict[str, float | bool]]:
    def field(name: str, of: FieldType) -> st.SearchStrategy[float | bool]:
        low, high = _BOUNDED.get(name, (-1, 1))
        return st.booleans() if of is FieldType.BOOL else st.floats(low, high) | st.integers(low, high)

    fields = {name: field(name, of) for name, of in fields_of(kind).items()}
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


@given(_readings(Kind.FRIDGE), st.integers(1577836800, RECEIVED_MS // 1000), st.text("ab:%é", min_size=1))
def test_a_valid_cold_unit_s_reading_survives_the_wire(
    said: dict[str, float | bool], at_s: int, boot: str
) -> None:
    data = payload({"at": at_s, "boot": boot[:64], "seq": at_s, **said})
    reading = only_reading(decode_reading(data, source()))
    assert dict(reading.values) == said
    assert reading.measured_at_ms == at_s * 1000
    assert reading == only_reading(decode_reading(data, source()))


@given(st.lists(_readings(Kind.METER), min_size=1, max_size=20))
def test_a_valid_meter_s_backlog_survives_the_wire(said: list[dict[str, float | bool]]) -> None:
    decoded = decode_reading(payload(said), METER)
    assert [dict(fact.values) for fact in decoded.facts if isinstance(fact, Reading)] == said
    assert decoded.faults == ()
