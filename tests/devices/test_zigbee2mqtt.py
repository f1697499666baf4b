"""Zigbee2MQTT: payloads as its documentation and its users' logs show them."""

from __future__ import annotations

import pytest

from devices.facts import Clock, Kind
from devices.wire import WireReason
from devices.zigbee2mqtt import decode_reading, decode_status
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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            b'{"temperature":27.34,"humidity":44.72,"battery":100,"linkquality":120}',
            {"temperature_c": 27.34, "humidity_pct": 44.72, "battery_pct": 100.0},
        ),
        # A door contact: `voltage` is its battery's, in millivolts, and of no use to us.
        (
            b'{"battery":100,"battery_low":false,"contact":true,"linkquality":87,"tamper":false,"voltage":3200}',
            {"door_open": False, "battery_pct": 100.0},
        ),
        (b'{"contact":false}', {"door_open": True}),
        (b'{"temperature":null,"humidity":61.2,"contact":null,"battery":null}', {"humidity_pct": 61.2}),
        (b'{"temperature":85,"update":{"state":"idle","installed_version":1}}', {"temperature_c": 85.0}),
    ],
)
def test_a_cold_unit_s_sensor_is_read(said: bytes, expected: dict[str, float | bool]) -> None:
    assert values(decode_reading(said, source())) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            b'{"power":85.2,"energy":12.4,"voltage":230,"current":0.37,"state":"ON"}',
            {"power_w": 85.2, "energy_kwh": 12.4, "voltage_l1_v": 230.0, "current_l1_a": 0.37},
        ),
        # `power` and the other phases: a bare name is the first phase's.
        (
            (
                b'{"ac_frequency":50.01,"energy":1.5,"power":100,"power_phase_b":-20.5,"power_phase_c":300,'
                b'"current":0.5,"current_phase_b":0.6,"current_phase_c":1.4,'
                b'"voltage":229,"voltage_phase_b":230,"voltage_phase_c":231}'
            ),
            {
                "frequency_hz": 50.01,
                "energy_kwh": 1.5,
                "power_w": 379.5,
                "current_l1_a": 0.5,
                "current_l2_a": 0.6,
                "current_l3_a": 1.4,
                "voltage_l1_v": 229.0,
                "voltage_l2_v": 230.0,
                "voltage_l3_v": 231.0,
            },
        ),
        # Tuya: `power` is the total, the factor per cent.
        (
            (
                b'{"power":900,"power_a":300,"power_b":300,"power_c":300,"power_factor":96,'
                b'"voltage_a":229,"voltage_b":230,"voltage_c":231,"current_a":1.3,"current_b":1.4,"current_c":1.5}'
            ),
            {
                "power_w": 900.0,
                "power_factor": 0.96,
                "voltage_l1_v": 229.0,
                "voltage_l2_v": 230.0,
                "voltage_l3_v": 231.0,
                "current_l1_a": 1.3,
                "current_l2_a": 1.4,
                "current_l3_a": 1.5,
            },
        ),
        (b'{"power":100,"power_phase_b":null,"power_phase_c":3,"energy":1}', {"energy_kwh": 1.0}),
        (b'{"power":100,"power_phase_b":5,"energy":1}', {"energy_kwh": 1.0}),
        (
            b'{"voltage":230,"voltage_a":null,"power_factor":0.5}',
            {"voltage_l1_v": 230.0, "power_factor": 0.5},
        ),
        (b'{"leakage_current":12}', {"residual_current_ma": 12.0}),
    ],
)
def test_a_meter_is_read(said: bytes, expected: dict[str, float]) -> None:
    assert values(decode_reading(said, METER)) == expected


def test_the_configured_property_is_the_temperature() -> None:
    said = b'{"temperature":21.5,"temperature_probe":3.5}'
    assert values(decode_reading(said, source(sensor="temperature_probe"))) == {"temperature_c": 3.5}


@pytest.mark.parametrize(
    ("last_seen", "measured"),
    [
        ("2021-01-29T18:13:42.576Z", "2021-01-29T18:13:42.576+00:00"),
        ("2021-01-29T19:13:42+01:00", "2021-01-29T18:13:42+00:00"),
        (1611944022576, "2021-01-29T18:13:42.576+00:00"),
    ],
)
def test_last_seen_is_the_time_in_each_of_its_formats(last_seen: object, measured: str) -> None:
    reading = only_reading(decode_reading(payload({"temperature": 4, "last_seen": last_seen}), source()))
    assert (reading.measured_at_ms, reading.clock) == (ms(measured), Clock.DEVICE)


@pytest.mark.parametrize(
    ("members", "clock"),
    [
        ({}, Clock.NONE),
        ({"last_seen": None}, Clock.NONE),
        ({"last_seen": "1970-01-01T00:00:00.000Z"}, Clock.UNSET),
        ({"last_seen": 0}, Clock.UNSET),
        ({"last_seen": RECEIVED_MS + 600_000}, Clock.AHEAD),
    ],
)
def test_without_a_believable_last_seen_the_time_is_that_of_receipt(
    members: dict[str, object], clock: Clock
) -> None:
    reading = only_reading(decode_reading(payload({"temperature": 4, **members}), source()))
    assert (reading.measured_at_ms, reading.clock) == (RECEIVED_MS, clock)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", WireReason.EMPTY),
        (b"{}", WireReason.NOTHING_KNOWN),
        (b'{"action":"single"}', WireReason.NOTHING_KNOWN),
        (b'{"temperature":null}', WireReason.NOTHING_KNOWN),
        (b'{"energy":12.4}', WireReason.NOTHING_KNOWN),
        (b'[{"temperature":4}]', WireReason.WRONG_TYPE),
        (b"4.2", WireReason.WRONG_TYPE),
        (b'{"temperature":"4.2"}', WireReason.WRONG_TYPE),
        (b'{"temperature":true}', WireReason.WRONG_TYPE),
        (b'{"contact":"closed"}', WireReason.WRONG_TYPE),
        (b'{"contact":0}', WireReason.WRONG_TYPE),
        (b'{"humidity":101}', WireReason.OUT_OF_RANGE),
        (b'{"temperature":4,"temperature":5}', WireReason.DUPLICATE_KEY),
        (b'{"temperature":4,"last_seen":"N/A"}', WireReason.BAD_TIME),
        (b'{"temperature":4,"last_seen":"2021-01-29T18:13:42"}', WireReason.NO_OFFSET),
        (b'{"temperature":4,"last_seen":true}', WireReason.WRONG_TYPE),
        (b'{"temperature":4,"last_seen":-1}', WireReason.BAD_TIME),
        (b'{"temperature":4,"last_seen":' + b"9" * 400 + b"}", WireReason.BAD_TIME),
    ],
)
def test_a_faulty_reading_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_reading, said, source()) is reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b'{"power":"85"}', WireReason.WRONG_TYPE),
        (b'{"power":1,"power_phase_b":"2","power_phase_c":3}', WireReason.WRONG_TYPE),
        (b'{"power":1e308,"power_phase_b":1e308,"power_phase_c":1e308}', WireReason.OUT_OF_RANGE),
        (b'{"power_factor":101}', WireReason.OUT_OF_RANGE),
        (b'{"power_factor":"0.9"}', WireReason.WRONG_TYPE),
        (b'{"temperature":4}', WireReason.NOTHING_KNOWN),
    ],
)
def test_a_faulty_meter_s_reading_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_reading, said, METER) is reason


def test_a_kind_that_measures_nothing_has_nothing_to_say() -> None:
    said = b'{"temperature":4,"battery":90}'
    assert reason_of(decode_reading, said, source(Kind.GATEWAY)) is WireReason.NOTHING_KNOWN


@pytest.mark.parametrize(
    ("said", "online"),
    [(b'{"state":"online"}', True), (b'{"state":"offline"}', False), (b"online", True), (b"offline", False)],
)
def test_availability_is_a_presence_without_a_time(said: bytes, online: bool) -> None:
    presence = only_presence(decode_status(said, source()))
    assert (presence.online, presence.clock, presence.measured_at_ms) == (online, Clock.NONE, RECEIVED_MS)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", WireReason.EMPTY),
        (b"  ", WireReason.EMPTY),
        (b"{}", WireReason.WRONG_TYPE),
        (b'{"state":true}', WireReason.WRONG_TYPE),
        (b'{"state":"asleep"}', WireReason.BAD_VALUE),
        (b"on", WireReason.BAD_VALUE),
        (b"\xff\xfe", WireReason.NOT_UTF8),
        (b"online" * 100, WireReason.TOO_LARGE),
        (b'{"state":', WireReason.NOT_JSON),
    ],
)
def test_a_faulty_availability_is_refused_with_its_reason(said: bytes, reason: WireReason) -> None:
    assert reason_of(decode_status, said, source()) is reason
