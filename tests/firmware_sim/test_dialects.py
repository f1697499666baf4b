"""Payloads against goldens written from the documents, not through the hub's decoders."""

from __future__ import annotations

import json

from devices.facts import Kind
from devices.topics import Channel
from firmware_sim.cold import ColdState
from firmware_sim.dialects import Measured, Message, native, tasmota, zigbee2mqtt
from firmware_sim.plan import Dialect, SimDevice
from firmware_sim.power import MeterState, Phase
from tests.firmware_sim.fakes import NOON_S, SHANGHAI

COLD = ColdState(4.07, 61.24, door_open=False, defrost=True, battery_pct=87.66, rssi_dbm=-61)
PLUG = MeterState(3.1851, 0.1271, 3.0581, 88.0, (Phase(221.3, 0.42071, 88.0),), 0.95, 50.013, 12.34)
MAINS = MeterState(
    1206.42,
    1,
    2,
    2345.6,
    (Phase(230.2, 3.9, 800), Phase(229.9, 3.8, 780), Phase(231, 3.7, 765.6)),
    0.9,
    49.99,
    31,
)


def probe(sensor: str) -> SimDevice:
    return SimDevice(f"probe-{sensor}", Kind.FRIDGE, Dialect.TASMOTA, "canteen", sensor, 60, "chilled")


def test_a_native_fridge_reading_names_its_units_and_carries_boot_and_seq() -> None:
    topic = native.topic_of("school", Kind.FRIDGE, "cold-1", Channel.READING)
    assert native.reading(topic, native.Head(NOON_S, SHANGHAI, 7, 42), COLD) == Message(
        "campus/school/fridge/cold-1/reading",
        '{"at":"2026-09-28T12:00:00.000+08:00","boot":7,"seq":42,"temperature_c":4.0625,'
        '"humidity_pct":61.2,"door_open":false,"defrost":true,"battery_pct":87.7,"rssi_dbm":-61}',
    )


def test_a_native_three_phase_meter_writes_unix_seconds_and_all_phases() -> None:
    topic = native.topic_of("school", Kind.METER, "main", Channel.READING)
    message = native.reading(topic, native.Head(NOON_S, None, 7, 42), MAINS)
    assert message.topic == "campus/school/meter/main/reading"
    assert json.loads(message.body) == {
        "at": 1790568000,
        "boot": 7,
        "seq": 42,
        "energy_kwh": 1206.42,
        "power_w": 2345.6,
        "voltage_l1_v": 230.2,
        "voltage_l2_v": 229.9,
        "voltage_l3_v": 231,
        "current_l1_a": 3.9,
        "current_l2_a": 3.8,
        "current_l3_a": 3.7,
        "power_factor": 0.9,
        "frequency_hz": 49.99,
        "residual_current_ma": 31,
    }


def test_a_native_tap_says_which_tag_whose_badge_and_that_a_reader_read_it() -> None:
    topic = native.topic_of("school", Kind.CHECKPOINT, "reader-1", Channel.TAP)
    head = native.Head(NOON_S + 0.25, None, 7, 3)
    assert native.tap(
        topic, head, "c0ffee00-0000-4000-8000-000000000000", "04A1B2C3D4E580", "9F3A5C21"
    ) == Message(
        "campus/school/checkpoint/reader-1/tap",
        '{"at":1790568000.25,"boot":7,"seq":3,"tap_id":"c0ffee00-0000-4000-8000-000000000000",'
        '"tag_uid":"04A1B2C3D4E580","badge":"9F3A5C21","source":"reader"}',
    )


def test_native_presence_is_retained_and_the_last_will_is_the_documented_one() -> None:
    topic = native.topic_of("school", Kind.GATEWAY, "gw", Channel.STATUS)
    assert native.last_will(topic) == Message(
        "campus/school/gateway/gw/status", '{"online":false}', retain=True
    )
    online = native.online(topic, native.Head(NOON_S, None, 7, 1))
    assert online.retain
    assert json.loads(online.body) == {"online": True, "at": 1790568000, "boot": 7, "seq": 1}


def test_one_waiting_object_goes_out_as_it_is_and_several_as_an_array() -> None:
    assert native.batch(['{"seq":1}']) == '{"seq":1}'
    assert native.batch(['{"seq":1}', '{"seq":2}']) == '[{"seq":1},{"seq":2}]'


def test_a_zigbee_thermometer_reads_as_zigbee2mqtt_writes_it() -> None:
    assert zigbee2mqtt.reading("zigbee2mqtt/cold-2", NOON_S, COLD, 120) == Message(
        "zigbee2mqtt/cold-2",
        '{"temperature":4.07,"humidity":61.24,"battery":88,"linkquality":120,'
        '"last_seen":"2026-09-28T04:00:00.000Z"}',
    )


def test_a_zigbee_plug_reads_as_zigbee2mqtt_writes_it() -> None:
    body = json.loads(zigbee2mqtt.reading("zigbee2mqtt/plug", NOON_S, PLUG, 99).body)
    assert body == {
        "power": 88.0,
        "energy": 3.19,
        "voltage": 221,
        "current": 0.42,
        "linkquality": 99,
        "last_seen": "2026-09-28T04:00:00.000Z",
    }


def test_zigbee_availability_is_retained() -> None:
    assert zigbee2mqtt.availability("zigbee2mqtt/cold-2", online=True) == Message(
        "zigbee2mqtt/cold-2/availability", '{"state":"online"}', retain=True
    )


def test_a_single_tasmota_probe_has_no_number_and_its_time_no_offset() -> None:
    message = tasmota.sensor("canteen", NOON_S, SHANGHAI, (Measured(probe("00000566CC39"), COLD),))
    assert message == Message(
        "tele/canteen/SENSOR",
        '{"Time":"2026-09-28T12:00:00","DS18B20":{"Id":"00000566CC39","Temperature":4.1},"TempUnit":"C"}',
    )


def test_several_probes_on_one_tasmota_board_are_numbered() -> None:
    measured = tuple(Measured(probe(sensor), COLD) for sensor in ("AA", "BB"))
    body = json.loads(tasmota.sensor("canteen", NOON_S, SHANGHAI, measured).body)
    assert body["DS18B20-1"] == {"Id": "AA", "Temperature": 4.1}
    assert body["DS18B20-2"] == {"Id": "BB", "Temperature": 4.1}


def test_a_tasmota_meter_reads_as_its_documentation_shows() -> None:
    meter = SimDevice("boiler", Kind.METER, Dialect.TASMOTA, "meter-boiler", "", 60, "")
    message = tasmota.sensor("meter-boiler", NOON_S, SHANGHAI, (Measured(meter, PLUG),))
    assert message.topic == "tele/meter-boiler/SENSOR"
    assert json.loads(message.body) == {
        "Time": "2026-09-28T12:00:00",
        "ENERGY": {
            "Total": 3.185,
            "Yesterday": 3.058,
            "Today": 0.127,
            "Power": 88,
            "ApparentPower": 93,
            "ReactivePower": 29,
            "Factor": 0.95,
            "Voltage": 221,
            "Current": 0.421,
        },
    }


def test_tasmota_presence_is_a_bare_retained_word() -> None:
    assert tasmota.lwt("canteen", online=True) == Message("tele/canteen/LWT", "Online", retain=True)
    assert tasmota.lwt("canteen", online=False) == Message("tele/canteen/LWT", "Offline", retain=True)
