"""The witness follows MQTT however it is cut into chunks, and knows what the hub has acknowledged."""

from __future__ import annotations

import pytest

from hub.torture.traffic import Traffic
from hub.torture.witness import Packets, Witness

TRAFFIC = Traffic(messages=20, devices=5, seed=1, first_ms=1_790_000_000_000)


def publish(packet_id: int, index: int, qos: int = 1) -> bytes:
    topic = TRAFFIC.topic(index).encode()
    payload = list(TRAFFIC.texts())[index].encode()
    body = len(topic).to_bytes(2, "big") + topic
    body += packet_id.to_bytes(2, "big") if qos else b""
    body += payload
    length = len(body)
    assert 127 < length < 16_384 or length < 128
    size = bytes([length]) if length < 128 else bytes([length % 128 | 128, length // 128])
    return bytes([0x30 | qos << 1]) + size + body


def puback(packet_id: int) -> bytes:
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_what_was_given_and_acknowledged_is_known_in_chunks_of_any_size(size: int) -> None:
    witness = Witness(TRAFFIC)
    hub_said, broker_said = witness.connection()
    given = b"".join(publish(packet_id, index) for packet_id, index in ((1, 0), (2, 4), (3, 7), (4, 19)))
    for at in range(0, len(given), size):
        broker_said(given[at : at + size])
    said = b"\xc0\x00" + puback(2) + puback(4) + puback(9)
    for at in range(0, len(said), size):
        hub_said(said[at : at + size])
    assert [index for index, known in enumerate(witness.acknowledged) if known] == [4, 19]


def test_packet_numbers_mean_something_on_their_own_connection_only() -> None:
    witness = Witness(TRAFFIC)
    _, first_broker_said = witness.connection()
    first_broker_said(publish(1, 3))
    second_hub_said, _ = witness.connection()
    second_hub_said(puback(1))
    assert not any(witness.acknowledged)


def test_long_packets_are_cut_where_they_end() -> None:
    body = b"x" * 300
    packets = Packets()
    stream = b"\x30" + bytes([300 % 128 | 128, 300 // 128]) + body + b"\xd0\x00"
    assert list(packets.feed(stream[:200])) == []
    assert list(packets.feed(stream[200:])) == [(3, 0, body), (13, 0, b"")]
