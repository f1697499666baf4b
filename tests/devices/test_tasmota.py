"""Tasmota: payloads as its documentation and its users' logs show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Clock, Kind
from devices.tasmota import decode_reading, decode_status
from devices.wire import WireError, WireReason
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

METER = source(Kind.METER, "plug-1")
TWO = b"""{"Time":"2026-03-02T07:59:44","DS18B20-1":{"Id":"00000566CC39","Temperature":13.3},
    "DS18B20-2":{"Id":"0000059AD1B6","Temperature":-18.4},"TempUnit":"C"}"""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            b'{"Time":"2019-01-01T00:00:00","DS18B20":{"Temperature":49.7},"TempUnit":"C"}',
            {"temperature_c": 49.7},
        ),
        (
            b'{"Time":"2021-01-02T09:09:44","DS18B20-1":{"Id":"00000566CC39","Temperature":13.3},"TempUnit":"C"}',
            {"temperature_c": 13.3},
        ),
        (
            (
                b'{"Time":"2022-05-17T03:33:05","SI7021":{"Temperature":69.8,"Humidity":28,"DewPoint":34},'
                b'"TempUnit":"F"}'
            ),
            {"temperature_c": 21.0, "humidity_pct": 28.0},
        ),
        # A soil probe without a temperature, and the processor's own, are not the room's.
        (
            b'{"ANALOG":{"A0":542},"ESP32":{"Temperature":53.3},"AM2301":{"Temperature":4.1,"Humidity":60.5}}',
            {"temperature_c": 4.1, "humidity_pct": 60.5},
        ),
        (b'{"AM2301":{"Temperature":null,"Humidity":60.5},"TempUnit":"F"}', {"humidity_pct": 60.5}),
        (b'{"DS18B20":{"Temperature":-196.6},"TempUnit":"F"}', {"temperature_c": -127.0}),
        (b'{"DS18B20":{"Temperature":185},"TempUnit":"F"}', {"temperature_c": 85.0}),
    ],
)
def test_a_single_sensor_is_read(said: bytes, expected: dict[str, float]) -> None:
    assert values(decode_reading(said, source())) == expected


@pytest.mark.parametrize(
    ("sensor", "temperature_c"),
    [("00000566CC39", 13.3), ("0000059ad1b6", -18.4), ("DS18B20-2", -18.4)],
)
def test_the_configured_sensor_is_found_by_its_id_or_its_name(sensor: str, temperature_c: float) -> None:
    assert values(decode_reading(TWO, source(sensor=sensor))) == {"temperature_c": temperature_c}


def test_an_id_wins_over_a_name_that_changed_its_number() -> None:
    said = b'{"a":{"Id":"b","Temperature":1},"b":{"Id":"c","Temperature":2}}'
    assert values(decode_reading(said, source(sensor="b"))) == {"temperature_c": 1.0}


def test_several_sensors_and_none_configured_is_ambiguous_and_names_them() -> None:
    with pytest.raises(WireError, match="set `sensor` to one of: 00000566CC39, 0000059AD1B6") as caught:
        decode_reading(TWO, source())
    assert caught.value.reason is WireReason.AMBIGUOUS


def test_a_configured_sensor_that_is_missing_is_not_replaced_by_another() -> None:
    with pytest.raises(WireError, match="no sensor 28FF") as caught:
        decode_reading(TWO, source(sensor="28FF"))
    assert caught.value.reason is WireReason.NOTHING_KNOWN


@pytest.mark.parametrize(
    ("energy", "expected"),
    [
        (
            {"Total": 3.185, "Yesterday": 3.058, "Power": 0, "Factor": 0.0, "Voltage": 221, "Current": 0.0},
            {
                "energy_kwh": 3.185,
                "power_w": 0.0,
                "power_factor": 0.0,
                "voltage_l1_v": 221.0,
                "current_l1_a": 0.0,
            },
        ),
        (
            {
                "TotalStartTime": "2022-03-20T15:20:48",
                "Total": 514.153,
                "Power": [1000, 500, 250],
                "ApparentPower": [1100, 600, 300],
                "Factor": [0.91, 0.83, 0.83],
                "Frequency": [50, 50, 50],
                "Voltage": [229, 230, 231],
                "Current": [4.8, 2.6, 1.3],
            },
            {
                "energy_kwh": 514.153,
                "power_w": 1750.0,
                "power_factor": 0.875,
                "frequency_hz": 50.0,
                "voltage_l1_v": 229.0,
                "voltage_l2_v": 230.0,
                "voltage_l3_v": 231.0,
                "current_l1_a": 4.8,
                "current_l2_a": 2.6,
                "current_l3_a": 1.3,
            },
        ),
        # Two circuits behind one voltage.
        (
            {
                "Total": [2.75, 0.25],
                "Power": [52, 5],
                "Factor": [0.79, 0.5],
                "Voltage": 235,
                "Current": [0.2, 0.1],
            },
            {
                "energy_kwh": 3.0,
                "power_w": 57.0,
                "voltage_l1_v": 235.0,
                "current_l1_a": 0.2,
                "current_l2_a": 0.1,
            },
        ),
        (
            {"Total": [2.75, None], "Power": None, "Voltage": [229, None, 231]},
            {"voltage_l1_v": 229.0, "voltage_l3_v": 231.0},
        ),
        ({"Total": 1, "Power": [], "Frequency": []}, {"energy_kwh": 1.0}),
        (
            {"Total": 1, "Power": [1, 1], "ApparentPower": [0, 0], "Factor": [0, 0]},
            {"energy_kwh": 1.0, "power_w": 2.0},
        ),
    ],
)
def test_a_meter_is_read(energy: dict[str, object], expected: dict[str, float]) -> None:
    said = payload({"Time": "2026-03-02T07:59:44", "ENERGY": energy})
    assert values(decode_reading(said, METER)) == expected


def test_time_without_an_offset_is_read_in_the_site_s_zone() -> None:
    reading = only_reading(decode_reading(TWO, source(sensor="DS18B20-1")))
    assert (reading.measured_at_ms, reading.clock) == (ms("2026-03-02T07:59:44+08:00"), Clock.LOCAL)


@pytest.mark.parametrize(
    ("time", "clock"),
    [
        ("2026-03-02T07:59:44+08:00", Clock.DEVICE),
        ("1970-01-01T00:00:13", Clock.UNSET),
        ("2026-03-02T09:00:00", Clock.AHEAD),
        (None, Clock.NONE),
    ],
)
def test_the_clock_is_told(time: str | None, clock: Clock) -> None:
    said = payload({"Time": time, "DS18B20": {"Temperature": 4}})
    assert only_reading(decode_reading(said, source())).clock is clock


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", WireReason.EMPTY),
        (b"{}", WireReason.NOTHING_KNOWN),
        (b'{"Time":"2026-03-02T07:59:44","Switch1":"ON"}', WireReason.NOTHING_KNOWN),
        (b'{"ESP32":{"Temperature":53.3}}', WireReason.NOTHING_KNOWN),
        (b'{"DS18B20":{"Temperature":null}}', WireReason.NOTHING_KNOWN),
        (b'{"ENERGY":{"Total":1}}', WireReason.NOTHING_KNOWN),
        (b"[]", WireReason.WRONG_TYPE),
        (b'{"DS18B20":{"Temperature":"4"}}', WireReason.WRONG_TYPE),
        (b'{"DS18B20":{"Temperature":"4"},"TempUnit":"F"}', WireReason.WRONG_TYPE),
        (b'{"DS18B20":{"Temperature":true}}', WireReason.WRONG_TYPE),
        (b'{"AM2301":{"Temperature":4,"Humidity":[60]}}', WireReason.WRONG_TYPE),
        (b'{"AM2301":{"Temperature":4,"Humidity":101}}', WireReason.OUT_OF_RANGE),
        (b'{"DS18B20":{"Temperature":4},"TempUnit":"K"}', WireReason.UNSUPPORTED),
        (b'{"DS18B20":{"Temperature":4},"TempUnit":null}', WireReason.UNSUPPORTED),
        (b'{"DS18B20":{"Temperature":1e308},"TempUnit":"F"}', WireReason.OUT_OF_RANGE),
        (b'{"DS18B20":{"Temperature":4},"Time":"2026-02-30T00:00:00"}', WireReason.BAD_TIME),
        (b'{"DS18B20":{"Temperature":4,"Temperature":5}}', WireReason.DUPLICATE_KEY),
    ],
)
def test_a_faulty_reading_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_reading, said, source()) is reason


@pytest.mark.parametrize(
    ("energy", "reason"),
    [
        (None, WireReason.NOTHING_KNOWN),
        ({}, WireReason.NOTHING_KNOWN),
        ([], WireReason.WRONG_TYPE),
        ({"Power": "85"}, WireReason.WRONG_TYPE),
        ({"Power": [1, "2", 3]}, WireReason.WRONG_TYPE),
        ({"Voltage": [[229]]}, WireReason.WRONG_TYPE),
        ({"Power": [1, 2, 3, 4]}, WireReason.TOO_MANY),
        ({"Factor": 1.2}, WireReason.OUT_OF_RANGE),
        ({"Total": 10**400}, WireReason.OUT_OF_RANGE),
    ],
)
def test_a_faulty_meter_s_reading_is_refused_with_its_reason(energy: object, reason: WireReason) -> None:
    assert reason_of(decode_reading, payload({"ENERGY": energy}), METER) is reason


@pytest.mark.parametrize(("said", "online"), [(b"Online", True), (b"Offline", False)])
def test_the_last_will_is_a_presence_without_a_time(said: bytes, online: bool) -> None:
    presence = only_presence(decode_status(said, source()))
    assert (presence.online, presence.clock, presence.measured_at_ms) == (online, Clock.NONE, RECEIVED_MS)


@pytest.mark.parametrize(
    ("said", "reason"),
    [(b"", WireReason.EMPTY), (b"{}", WireReason.BAD_VALUE), (b"\xff", WireReason.NOT_UTF8)],
)
def test_a_faulty_last_will_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_status, said, source()) is reason


@given(st.floats(-1000, 1000).map(lambda celsius: round(celsius, 2)))
def test_a_temperature_in_fahrenheit_is_the_same_temperature(celsius: float) -> None:
    said = payload({"DS18B20": {"Temperature": celsius * 9 / 5 + 32}, "TempUnit": "F"})
    assert values(decode_reading(said, source())) == {"temperature_c": celsius}
