"""Whatever a device spells, a fact holds floats for numbers and bools for bools: stores keep the type."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Kind, Reading
from devices.formats import Binding, Format, Router
from devices.native_plain import reader
from devices.series import FieldType
from devices.values import fields_of
from devices.wire import WireError

NOW = 1_790_000_000_000
ZONE = ZoneInfo("Asia/Shanghai")
TOPICS = {
    Format.NATIVE: "campus/s/{kind}/device-1/reading",
    Format.ZIGBEE2MQTT: "zigbee2mqtt/device-1",
    Format.TASMOTA: "tele/device-1/SENSOR",
}
BASES = {Format.NATIVE: "", Format.ZIGBEE2MQTT: "zigbee2mqtt/device-1", Format.TASMOTA: "device-1"}

numbers = st.integers(0, 90) | st.floats(0, 90) | st.sampled_from([-0.0, 0, 1, 100])
switches = st.booleans() | st.booleans() | numbers
ZIGBEE = ("temperature", "humidity", "battery", "energy", "power", "voltage", "voltage_b", "current")
ZIGBEE_MORE = ("power_phase_b", "power_phase_c", "power_factor", "ac_frequency")
phases = numbers | st.lists(numbers, min_size=1, max_size=3)


def native(kind: Kind) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {"boot": st.integers(0, 9), "seq": st.integers(0, 9)},
        optional={
            name: st.booleans() if field is FieldType.BOOL else numbers
            for name, field in fields_of(kind).items()
        },
    )


zigbee = st.dictionaries(st.sampled_from([*ZIGBEE, *ZIGBEE_MORE]), numbers) | st.fixed_dictionaries(
    {"contact": switches}, optional={"temperature": numbers}
)
tasmota = st.fixed_dictionaries(
    {"TempUnit": st.sampled_from("CF")},
    optional={
        "DS18B20": st.fixed_dictionaries({"Temperature": numbers}, optional={"Humidity": numbers}),
        "ENERGY": st.dictionaries(
            st.sampled_from(["Total", "Power", "ApparentPower", "Factor", "Voltage", "Current", "Frequency"]),
            phases,
        ),
    },
)


def is_of_its_types(reading: Reading, kind: Kind) -> bool:
    fields = fields_of(kind)
    return all(
        type(value) is (bool if fields[name] is FieldType.BOOL else float) for name, value in reading.values
    )


def readings(form: Format, kind: Kind, body: object) -> list[Reading]:
    router = Router("s", [Binding("device-1", kind, form, BASES[form])])
    routes = router.route(TOPICS[form].format(kind=kind.value))
    assert isinstance(routes, tuple)
    (route,) = routes
    try:
        decoded = router.decode(route, json.dumps(body).encode(), route.source(NOW, ZONE))
    except WireError:
        return []
    return [fact for fact in decoded.facts if isinstance(fact, Reading)]


@given(st.sampled_from([Kind.FRIDGE, Kind.METER]), st.data())
def test_native_values_are_floats_and_bools_however_they_are_read(kind: Kind, data: st.DataObject) -> None:
    body = data.draw(native(kind))
    for reading in readings(Format.NATIVE, kind, body):
        assert is_of_its_types(reading, kind)
    read = reader("device-1", kind)
    assert read is not None
    for at in ({}, {"at": NOW // 1000}, {"at": NOW // 1000}):
        plain = read(json.dumps(body | at).encode(), NOW)
        assert plain is None or is_of_its_types(plain, kind)


@given(st.sampled_from([Kind.FRIDGE, Kind.METER]), zigbee)
def test_values_over_zigbee2mqtt_are_floats_and_bools(kind: Kind, body: dict[str, object]) -> None:
    assert all(is_of_its_types(reading, kind) for reading in readings(Format.ZIGBEE2MQTT, kind, body))


@given(st.sampled_from([Kind.FRIDGE, Kind.METER]), tasmota)
def test_values_of_tasmota_are_floats(kind: Kind, body: dict[str, object]) -> None:
    assert all(is_of_its_types(reading, kind) for reading in readings(Format.TASMOTA, kind, body))


def test_whole_numbers_become_floats_in_every_format() -> None:
    bodies: dict[Format, object] = {
        Format.NATIVE: {"temperature_c": 4, "door_open": True},
        Format.ZIGBEE2MQTT: {"temperature": 4, "contact": False},
        Format.TASMOTA: {"DS18B20": {"Temperature": 4}},
    }
    for form, body in bodies.items():
        (reading,) = readings(form, Kind.FRIDGE, body)
        assert str(dict(reading.values)["temperature_c"]) == "4.0"
