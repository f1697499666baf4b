"""Byte streams: the fast client makes of them what stock paho makes of them, however they are cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTProtocolVersion

from hub.ingest.fast_client import LARGEST_KEPT_BYTES, FastClient, StockClient
from hub.ingest.publishes import Publish
from tests.hub.ingest.streams import PINGRESP, V5, V311, Outcome, outcome, packet, puback, publish, pubrel

SEVERAL_PROPERTIES = b"\x01\x01" + b"\x02\x00\x00\x00\x09" + b"\x26\x00\x01a\x00\x02bc" + b"\x0b\x85\x01"
CASES: dict[str, tuple[MQTTProtocolVersion, bytes]] = {
    "QoS 0": (V311, publish(b"a/b", b"hello")),
    "QoS 1": (V311, publish(b"a/b", b"hello", 7)),
    "QoS 2": (V311, publish(b"a/b", b"hello", 7, qos=2) + pubrel(7)),
    "QoS 2 among QoS 1": (
        V311,
        publish(b"a", b"1", 1) + publish(b"a", b"2", 2, qos=2) + publish(b"a", b"3", 3) + pubrel(2),
    ),
    "duplicate and retained": (V311, publish(b"a", b"1", 1, flags=8) + publish(b"a", b"1", 2, flags=9)),
    "DUP on QoS 0": (V311, publish(b"a", b"1", flags=8)),
    "empty payload": (V311, publish(b"a", b"", 1) + publish(b"a", b"")),
    "length of two bytes": (V311, publish(b"a", b"x" * 300, 1)),
    "length of three bytes": (V311, publish(b"a", b"x" * 20_000, 1) + PINGRESP),
    "longest topic": (V311, publish(b"t" * 65_535, b"x", 1)),
    "topic that is no UTF-8": (V311, publish(b"a/\xff\xfe", b"x", 1)),
    "empty topic": (V311, publish(b"", b"x", 1)),
    "packet id 0": (V311, publish(b"a", b"x", 0, qos=1)),
    "QoS 3": (V311, publish(b"a", b"x", 1, qos=3)),
    "topic longer than the packet": (V311, packet(0x32, b"\x00\x09abc")),
    "no room for the packet id": (V311, packet(0x32, b"\x00\x03abc\x00")),
    "empty PUBLISH": (V311, packet(0x30, b"")),
    "PUBLISH of two bytes": (V311, packet(0x30, b"\x00\x00")),
    "length of five bytes": (V311, b"\x32\xff\xff\xff\xff\x01"),
    "length of four bytes, not the shortest": (V311, b"\x30\x85\x80\x80\x00\x00\x01axy"),
    "unknown packet type": (V311, publish(b"a", b"x", 1) + b"\xf0\x00"),
    "5 without properties": (V5, publish(b"a/b", b"hello", 7, properties=b"")),
    "5 with properties": (V5, publish(b"a/b", b"hello", 7, properties=SEVERAL_PROPERTIES)),
    "5, QoS 0, with properties": (V5, publish(b"a/b", b"hello", properties=SEVERAL_PROPERTIES)),
    "5, long properties": (V5, publish(b"a", b"x", 1, properties=b"\x26\x00\x01a\x00\xc8" + b"v" * 200)),
    "5, empty topic": (V5, publish(b"", b"x", 1, properties=b"\x23\x00\x01")),
    "5, properties longer than the packet": (V5, packet(0x32, b"\x00\x01a\x00\x01\x09\x01")),
    "5, no properties at all": (V5, packet(0x32, b"\x00\x01a\x00\x01")),
    "5, QoS 2": (V5, publish(b"a", b"x", 9, qos=2, properties=SEVERAL_PROPERTIES) + pubrel(9)),
    "5, the broker says goodbye": (V5, publish(b"a", b"x", 1, properties=b"") + packet(0xE0, b"\x8b\x00")),
}


def bytewise(stream: bytes) -> Iterator[bytes]:
    return (stream[at : at + 1] for at in range(len(stream)))


@pytest.mark.parametrize("name", CASES)
def test_a_stream_means_the_same_as_to_stock_paho(name: str) -> None:
    protocol, stream = CASES[name]
    expected = outcome(StockClient, protocol, [stream])
    assert outcome(FastClient, protocol, [stream]) == expected
    if len(stream) < 2_000:
        assert outcome(FastClient, protocol, bytewise(stream)) == expected


@pytest.mark.parametrize("name", CASES)
def test_what_follows_and_what_came_before_is_untouched(name: str) -> None:
    protocol, stream = CASES[name]
    near = publish(b"near", b"1", 100, properties=None if protocol is V311 else b"")
    chunks = [near + stream + near + PINGRESP + near + near[:5]]
    assert outcome(FastClient, protocol, chunks) == outcome(StockClient, protocol, chunks)


def messages(protocol: MQTTProtocolVersion) -> st.SearchStrategy[bytes]:
    """Packets that a broker sends; properties are in order."""
    blocks = st.sampled_from([b"", b"\x01\x01", SEVERAL_PROPERTIES])
    return st.builds(
        lambda topic, payload, packet_id, qos, flags, block: publish(
            topic, payload, packet_id, qos=qos, flags=flags, properties=block if protocol is V5 else None
        ),
        st.binary(min_size=1, max_size=12),
        st.one_of(st.binary(max_size=20), st.binary(min_size=100, max_size=200)),
        st.integers(1, 65_535),
        st.integers(0, 2),
        st.sampled_from([0, 1]),
        blocks,
    ) | st.sampled_from([PINGRESP, pubrel(1), puback(5)])


def cut(stream: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(position % (len(stream) + 1) for position in at)})
    return [stream[start:end] for start, end in pairwise(edges)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([V311, V5]), st.lists(st.integers(0, 5_000), max_size=12))
def test_any_stream_cut_anywhere_means_the_same(
    data: st.DataObject, protocol: MQTTProtocolVersion, edges: list[int]
) -> None:
    stream = b"".join(data.draw(st.lists(messages(protocol), max_size=12)))
    assert outcome(FastClient, protocol, cut(stream, edges)) == outcome(StockClient, protocol, [stream])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(messages(V311), min_size=1, max_size=4).map(b"".join),
    st.integers(0, 5_000),
    st.integers(0, 255),
    st.lists(st.integers(0, 5_000), max_size=4),
)
def test_a_broken_stream_ends_as_with_stock_paho(stream: bytes, at: int, byte: int, edges: list[int]) -> None:
    broken = bytearray(stream)
    broken[at % len(broken)] = byte
    # In one piece for stock paho: of a packet type 0 that is cut after its first byte it forgets that byte.
    whole = outcome(StockClient, V311, [bytes(broken)])
    assert outcome(FastClient, V311, cut(bytes(broken), edges)) == whole


@settings(max_examples=60, deadline=None)
@given(
    st.lists(messages(V5), min_size=1, max_size=4).map(b"".join), st.integers(0, 5_000), st.integers(0, 255)
)
def test_a_broken_stream_of_mqtt_5_gives_at_least_what_stock_paho_finds(
    stream: bytes, at: int, byte: int
) -> None:
    broken = bytearray(stream)
    broken[at % len(broken)] = byte
    stock, fast = (outcome(kind, V5, [bytes(broken)]) for kind in (StockClient, FastClient))
    assert fast == stock if not stock.ended else fast.publishes[: len(stock.publishes)] == stock.publishes


def test_a_property_that_paho_finds_fault_with_does_not_end_the_connection() -> None:
    poison = publish(b"a", b"x", 1, properties=b"\x26\x00\x01k\x00\x03\xef\xbb\xbf")
    assert outcome(StockClient, V5, [poison]).ended
    assert outcome(FastClient, V5, [poison]) == Outcome(
        (Publish(b"a", b"x", 1, 1, again=False, retained=False),), puback(1), ""
    )


@pytest.mark.parametrize("protocol", [V311, V5])
@pytest.mark.parametrize("surplus", [0, 1, 500_000])
def test_of_a_packet_too_large_the_beginning_is_kept_and_the_rest_read_away(
    protocol: MQTTProtocolVersion, surplus: int
) -> None:
    properties = None if protocol is V311 else b"\x01\x01"
    near = publish(b"near", b"1", 2, properties=None if protocol is V311 else b"")
    payload = bytes(range(256)) * (LARGEST_KEPT_BYTES // 256) + b"x" * surplus
    stream = near + publish(b"big", payload, 1, properties=properties) + near
    found = outcome(FastClient, protocol, cut(stream, list(range(0, len(stream), 60_000))))
    assert [message.topic for message in found.publishes] == [b"near", b"big", b"near"]
    big = found.publishes[1]
    assert len(big.payload) + big.missing == len(payload)
    assert payload.startswith(big.payload)
    assert 0 < big.missing < surplus + 100
    assert found.written == puback(2, 1, 2)


def test_a_large_packet_that_may_be_kept_arrives_whole() -> None:
    payload = bytes(range(256)) * 4_096
    stream = publish(b"big", payload, 1) + publish(b"near", b"1", 2)
    found = outcome(FastClient, V311, cut(stream, list(range(0, len(stream), 50_000))))
    assert [message.payload for message in found.publishes] == [payload, b"1"]
