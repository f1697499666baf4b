"""Routing: which device a topic is for, what is offered for adoption, and what hostile topics get."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.facts import Kind
from devices.formats import Binding, Format, Ignored, Refused, Route, Router, Unknown
from devices.topics import Channel
from devices.wire import MAX_DETAIL_CHARS, WireError, WireReason
from tests.devices.samples import RECEIVED_MS, SHANGHAI, payload, values

BINDINGS = (
    Binding("cold-1", Kind.FRIDGE, Format.NATIVE),
    Binding("gate", Kind.CHECKPOINT, Format.NATIVE),
    Binding("cold-2", Kind.FRIDGE, Format.ZIGBEE2MQTT, "zigbee2mqtt/cold-2"),
    Binding("cold-3", Kind.FRIDGE, Format.ZIGBEE2MQTT, "zigbee2mqtt/kitchen/cold-3"),
    Binding("cold-4", Kind.FRIDGE, Format.TASMOTA, "kitchen", "00000566CC39"),
    Binding("cold-5", Kind.FRIDGE, Format.TASMOTA, "kitchen", "0000059AD1B6"),
    Binding("plug-1", Kind.METER, Format.TASMOTA, "canteen/plug"),
)
ROUTER = Router("main", BINDINGS)


def _devices(topic: str) -> list[tuple[str, Channel]]:
    routes = ROUTER.route(topic)
    assert isinstance(routes, tuple)
    return [(route.device, route.channel) for route in routes]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("campus/main/fridge/cold-1/reading", [("cold-1", Channel.READING)]),
        ("campus/main/fridge/cold-1/status", [("cold-1", Channel.STATUS)]),
        ("campus/main/checkpoint/gate/tap", [("gate", Channel.TAP)]),
        ("zigbee2mqtt/cold-2", [("cold-2", Channel.READING)]),
        ("zigbee2mqtt/cold-2/availability", [("cold-2", Channel.STATUS)]),
        ("zigbee2mqtt/kitchen/cold-3", [("cold-3", Channel.READING)]),
        ("tele/kitchen/SENSOR", [("cold-4", Channel.READING), ("cold-5", Channel.READING)]),
        ("tele/kitchen/LWT", [("cold-4", Channel.STATUS), ("cold-5", Channel.STATUS)]),
        ("tele/canteen/plug/SENSOR", [("plug-1", Channel.READING)]),
    ],
)
def test_a_configured_topic_is_routed_to_its_devices(topic: str, expected: list[tuple[str, Channel]]) -> None:
    assert _devices(topic) == expected


@pytest.mark.parametrize(
    ("topic", "unknown"),
    [
        ("campus/main/fridge/cold-9/reading", Unknown("cold-9", Format.NATIVE, Kind.FRIDGE, "")),
        ("campus/main/gateway/gw-1/status", Unknown("gw-1", Format.NATIVE, Kind.GATEWAY, "")),
        ("zigbee2mqtt/Cold_9", Unknown("cold-9", Format.ZIGBEE2MQTT, None, "zigbee2mqtt/Cold_9")),
        (
            "zigbee2mqtt/hall/cold 9/availability",
            Unknown("hall-cold-9", Format.ZIGBEE2MQTT, None, "zigbee2mqtt/hall/cold 9"),
        ),
        ("tele/tasmota_4F21/SENSOR", Unknown("tasmota-4f21", Format.TASMOTA, None, "tasmota_4F21")),
        ("tele/hall/plug/LWT", Unknown("hall-plug", Format.TASMOTA, None, "hall/plug")),
    ],
)
def test_a_device_that_nobody_configured_is_offered(topic: str, unknown: Unknown) -> None:
    assert ROUTER.route(topic) == unknown


@pytest.mark.parametrize(
    "topic", ["zigbee2mqtt/冷库", "zigbee2mqtt/cold/1", "zigbee2mqtt/" + "x" * 60, "tele/---/SENSOR"]
)
def test_a_suggested_id_is_one_that_the_configuration_takes_and_nobody_has(topic: str) -> None:
    unknown = ROUTER.route(topic)
    assert isinstance(unknown, Unknown)
    assert set(unknown.suggested_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 0 < len(unknown.suggested_id) <= 48
    assert not unknown.suggested_id.startswith("-")
    assert unknown.suggested_id not in {binding.device for binding in BINDINGS}
    assert unknown == ROUTER.route(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "campus/main/checkpoint/gate/reply",
        "zigbee2mqtt/bridge/state",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/cold-2/set",
        "zigbee2mqtt/cold-2/get",
        "zigbee2mqtt/cold-2/set/state",
        "zigbee2mqtt/cold-9/get",
        "zigbee2mqtt/cold-2/temperature",
        "tele/kitchen/STATE",
        "tele/kitchen/INFO1",
        "tele/unknown/UPTIME",
    ],
)
def test_what_is_not_for_us_is_ignored_with_a_reason(topic: str) -> None:
    ignored = ROUTER.route(topic)
    assert isinstance(ignored, Ignored)
    assert ignored.why


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "campus",
        "campus/main",
        "campus/main/fridge/cold-1",
        "campus/main/fridge/cold-1/reading/",
        "campus/main/fridge/cold-1/reading/x",
        "/campus/main/fridge/cold-1/reading",
        "campus//fridge/cold-1/reading",
        "campus/main/fridge//reading",
        "campus/main/fridge/../reading",
        "campus/main/fridge/cold 9/reading",
        "campus/main/fridge/cold,9/reading",
        "campus/main/fridge/cold=9/reading",
        "campus/main/fridge/Cold-9/reading",
        "campus/main/fridge/cold-9\x00/reading",
        "campus/main/fridge/\u202e9-dloc/reading",
        "campus/main/fridge/" + "x" * 65_535 + "/reading",
        "campus/main/oven/cold-1/reading",
        "campus/main/hub/hub/reading",  # the hub speaks for itself, and nobody else does
        "campus/main/fridge/cold-1/readings",
        "campus/other/fridge/cold-1/reading",
        "campus/main/meter/cold-1/reading",
        "campus/main/fridge/cold-2/reading",
        "zigbee2mqtt/../cold-2",
        "zigbee2mqtt//cold-2",
        "zigbee2mqtt",
        "tele/kitchen",
        "tele//SENSOR",
        "$SYS/broker/uptime",
        "homeassistant/sensor/x/config",
    ],
)
def test_a_topic_of_no_well_behaved_device_is_refused(topic: str) -> None:
    refused = ROUTER.route(topic)
    assert isinstance(refused, Refused)
    assert refused.reason is WireReason.BAD_TOPIC
    assert refused.detail.isprintable()
    assert len(refused.detail) <= MAX_DETAIL_CHARS


def test_a_device_of_another_kind_or_format_is_told_apart_from_an_unknown_one() -> None:
    assert ROUTER.route("campus/main/meter/cold-1/reading") == Refused(
        WireReason.BAD_TOPIC, "cold-1 is a native fridge: campus/main/meter/cold-1/reading"
    )


@given(
    st.text() | st.lists(st.sampled_from(["campus", "main", "fridge", "tele", "", "é", "\x00"])).map("/".join)
)
def test_no_topic_raises(topic: str) -> None:
    for variant in (topic, f"campus/main/fridge/{topic}/tap", f"zigbee2mqtt/{topic}", f"tele/{topic}/SENSOR"):
        assert isinstance(ROUTER.route(variant), tuple | Unknown | Ignored | Refused)


@pytest.mark.parametrize(
    ("bindings", "filters"),
    [
        ((), ("campus/main/#",)),
        (BINDINGS, ("campus/main/#", "tele/#", "zigbee2mqtt/#")),
        (
            (
                Binding("a", Kind.FRIDGE, Format.ZIGBEE2MQTT, "home/zigbee2mqtt/a"),
                Binding("b", Kind.FRIDGE, Format.ZIGBEE2MQTT, "home/zigbee2mqtt/kitchen/b"),
                Binding("c", Kind.FRIDGE, Format.ZIGBEE2MQTT, "z2m/kitchen/c"),
            ),
            ("campus/main/#", "home/zigbee2mqtt/#", "z2m/#"),
        ),
        (
            (
                Binding("a", Kind.FRIDGE, Format.ZIGBEE2MQTT, "campus/a"),
                Binding("b", Kind.FRIDGE, Format.ZIGBEE2MQTT, "tele/b"),
                Binding("c", Kind.FRIDGE, Format.TASMOTA, "c"),
            ),
            ("campus/#", "tele/#"),
        ),
    ],
)
def test_filters_are_few_and_do_not_overlap(bindings: tuple[Binding, ...], filters: tuple[str, ...]) -> None:
    assert Router("main", bindings).subscriptions() == filters


def test_a_site_whose_name_begins_another_s_is_not_covered_by_it() -> None:
    router = Router("main", (Binding("a", Kind.FRIDGE, Format.ZIGBEE2MQTT, "campus2/a"),))
    assert router.subscriptions() == ("campus/main/#", "campus2/#")


def test_two_sensors_of_one_payload_are_two_devices() -> None:
    said = payload(
        {
            "DS18B20-1": {"Id": "00000566CC39", "Temperature": 3.5},
            "DS18B20-2": {"Id": "0000059AD1B6", "Temperature": -18.5},
        }
    )
    routes = ROUTER.route("tele/kitchen/SENSOR")
    assert isinstance(routes, tuple)
    decoded = [ROUTER.decode(route, said, route.source(RECEIVED_MS, SHANGHAI)) for route in routes]
    assert [values(one) for one in decoded] == [{"temperature_c": 3.5}, {"temperature_c": -18.5}]
    assert [fact.device for one in decoded for fact in one.facts] == ["cold-4", "cold-5"]


def test_a_format_without_taps_refuses_them() -> None:
    route = Route("cold-2", Kind.FRIDGE, Format.ZIGBEE2MQTT, "", Channel.TAP)
    with pytest.raises(WireError, match="zigbee2mqtt has no tap"):
        ROUTER.decode(route, b"{}", route.source(RECEIVED_MS, SHANGHAI))


NATIVE_KEYS = (
    "at",
    "boot",
    "seq",
    "temperature_c",
    "door_open",
    "tag_uid",
    "badge",
    "sun",
    "source",
    "online",
)
ZIGBEE_KEYS = ("temperature", "contact", "power", "power_phase_b", "power_phase_c", "last_seen", "state")
TASMOTA_KEYS = ("Time", "TempUnit", "DS18B20", "ENERGY", "Id", "Temperature", "Total", "Power", "Factor")
KEYS = st.sampled_from((*NATIVE_KEYS, *ZIGBEE_KEYS, *TASMOTA_KEYS))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["F", "C", "Online", "2026-03-02T07:59:44", "04A1B2C3", "sun"])
)
SHAPED = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner), max_leaves=15
)
ROUTES = st.builds(
    Route,
    device=st.just("x"),
    kind=st.sampled_from(Kind),
    format=st.sampled_from(Format),
    sensor=st.sampled_from(["", "DS18B20", "temperature"]),
    channel=st.sampled_from(Channel),
)


@given(ROUTES, st.binary() | st.text().map(str.encode) | SHAPED.map(payload))
def test_arbitrary_payloads_raise_only_the_wire_error_in_every_decoder(route: Route, said: bytes) -> None:
    with suppress(WireError):
        decoded = ROUTER.decode(route, said, route.source(RECEIVED_MS, SHANGHAI))
        assert decoded.facts or decoded.faults
        assert decoded == ROUTER.decode(route, said, route.source(RECEIVED_MS, SHANGHAI))
