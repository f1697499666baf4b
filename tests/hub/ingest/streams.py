"""MQTT packets as bytes, and a client that reads them from a socket pair instead of from a broker."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterable

import msgspec
from paho.mqtt.enums import MQTTProtocolVersion

from hub.ingest.fast_client import StockClient
from hub.ingest.publishes import Publish

V311 = MQTTProtocolVersion.MQTTv311
V5 = MQTTProtocolVersion.MQTTv5
PINGRESP = b"\xd0\x00"


def length(size: int) -> bytes:
    """A remaining length."""
    coded = bytearray()
    while True:
        coded.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes(coded)


def packet(first: int, body: bytes) -> bytes:
    """A packet with this first byte."""
    return bytes([first]) + length(len(body)) + body


def text(value: bytes) -> bytes:
    """With its length before it."""
    return struct.pack(">H", len(value)) + value


def publish(
    topic: bytes,
    payload: bytes,
    packet_id: int = 0,
    *,
    qos: int | None = None,
    flags: int = 0,
    properties: bytes | None = None,
) -> bytes:
    """A PUBLISH, of QoS 1 where it has a packet id; `properties` (without their length) are for MQTT 5."""
    qos = (1 if packet_id else 0) if qos is None else qos
    block = b"" if properties is None else length(len(properties)) + properties
    number = struct.pack(">H", packet_id) if qos else b""
    return packet(0x30 | qos << 1 | flags, text(topic) + number + block + payload)


def pubrel(packet_id: int) -> bytes:
    """The third step of QoS 2."""
    return packet(0x62, struct.pack(">H", packet_id))


def puback(*packet_ids: int) -> bytes:
    """Acknowledgements, one behind the other."""
    return b"".join(packet(0x40, struct.pack(">H", packet_id)) for packet_id in packet_ids)


class Outcome(msgspec.Struct, frozen=True):
    """What a client made of a stream. `ended`: why it closed the connection; empty if it did not."""

    publishes: tuple[Publish, ...]
    written: bytes
    ended: str


def outcome(kind: type[StockClient], protocol: MQTTProtocolVersion, chunks: Iterable[bytes]) -> Outcome:
    """Connects a client to a pair of sockets and has it read the chunks, acknowledging what it gets."""
    found: list[Publish] = []
    ended: list[str] = []

    def on_publishes(publishes: list[Publish]) -> None:
        found.extend(publishes)
        client.ack_many([message.packet_id for message in publishes if message.qos == 1])
        for message in publishes:
            client.ack(message.packet_id, message.qos if message.qos == 2 else 0)

    client = kind(on_publishes, lambda: False, client_id="hub", protocol=protocol)
    client.on_disconnect = lambda *arguments: ended.append(str(arguments[3]))
    ours, theirs = socket.socketpair()
    with theirs:
        sockets = iter([ours])
        client._create_socket = lambda: next(sockets)  # type: ignore[method-assign]
        client.connect("nowhere")
        client.loop_write()
        assert theirs.recv(1024)[0] == 0x10
        theirs.sendall(b"\x20\x02\x00\x00" if protocol is V311 else b"\x20\x03\x00\x00\x00")
        try:
            for chunk in chunks:
                _read_all(client)
                if client.socket() is None:
                    break
                theirs.sendall(chunk)
            _read_all(client)
        except Exception as error:  # noqa: BLE001 - paho's parser may raise anything for garbage: part of the outcome
            ended.append(repr(error))
        written = b""
        if not ended:
            client.loop_write()
            written = theirs.recv(1_000_000) if select.select([theirs], [], [], 0)[0] else b""
        client._reset_sockets()
    return Outcome(tuple(found), written, " ".join(ended))


def _read_all(client: StockClient) -> None:
    while (connection := client.socket()) is not None and select.select([connection], [], [], 0)[0]:
        client.loop_read()
