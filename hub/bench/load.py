"""Many publishers in one process that cost next to nothing: packets made beforehand, sent in large pieces.

A load generator competes with what it measures for the same two cores; a client library would win.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

_CONNACK_BYTES: Final = 4
_PUBACK_BYTES: Final = 4
_WINDOW: Final = 1_000  # unacknowledged messages of one publisher
_PIECE: Final = 50  # messages in one send


class Load(msgspec.Struct, frozen=True):
    """`rate_hz` is of all publishers together; 0: as fast as the broker takes it."""

    port: int
    site: str
    devices: int
    publishers: int
    rate_hz: float
    seconds: float
    payload_bytes: int = 120


class Sent(msgspec.Struct, frozen=True):
    """How many messages were sent and acknowledged by the broker, and in how many seconds."""

    sent: int
    acknowledged: int
    seconds: float


def run(load: Load, boot: int, clock: Callable[[], float] = time.monotonic) -> Sent:
    """Publishes; returns when all is acknowledged, or when nothing more comes for five seconds."""
    selector = selectors.DefaultSelector()
    publishers = [_Publisher(load, number, boot) for number in range(load.publishers)]
    for publisher in publishers:
        selector.register(publisher.socket, selectors.EVENT_READ, publisher)
    started = clock()
    heard = started
    sent = turn = 0
    while (now := clock()) - started < load.seconds:
        due = int((now - started) * load.rate_hz) if load.rate_hz else sent + _PIECE * load.publishers
        share = max(1, min(_PIECE, (due - sent) // load.publishers))
        for publisher in publishers[turn:] + publishers[:turn]:
            if sent >= due:
                break
            sent += publisher.send(min(share, due - sent))
            turn = (turn + 1) % load.publishers
        _hear(selector, 0.0005 if load.rate_hz else 0.0)
    took = clock() - started
    acknowledged = sum(publisher.acknowledged for publisher in publishers)
    while acknowledged < sent and clock() - heard < 5:
        if _hear(selector, 0.05):
            heard = clock()
        acknowledged = sum(publisher.acknowledged for publisher in publishers)
    for publisher in publishers:
        publisher.close()
    selector.close()
    return Sent(sent, acknowledged, took)


def _hear(selector: selectors.BaseSelector, wait_s: float) -> bool:
    ready = selector.select(wait_s)
    for key, _ in ready:
        key.data.hear()
    return bool(ready)


class _Publisher:
    """One connection, for its share of the devices."""

    def __init__(self, load: Load, number: int, boot: int) -> None:
        self.acknowledged = 0
        self._sent = 0
        self._devices = range(number, load.devices, load.publishers) or range(
            number % load.devices, load.devices
        )
        self._load = load
        self._boot = boot
        self._bytes = 0
        self._packets = self._make_packets()
        self.socket = socket.create_connection(("127.0.0.1", load.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client_id = f"load-{boot}-{number}".encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack("!H", len(client_id)) + client_id
        self.socket.sendall(b"\x10" + _length(len(body)) + body)
        if len(self.socket.recv(_CONNACK_BYTES, socket.MSG_WAITALL)) != _CONNACK_BYTES:
            raise ConnectionError("the broker refuses the load's publishers")

    def send(self, most: int) -> int:
        """Sends up to `most` messages, as many as its window has room for; returns how many."""
        count = min(most, _WINDOW - (self._sent - self.acknowledged))
        if count <= 0:
            return 0
        self.socket.sendall(b"".join([next(self._packets) for _ in range(count)]))
        self._sent += count
        return count

    def hear(self) -> None:
        """Counts acknowledgements."""
        self._bytes += len(self.socket.recv(65_536))
        self.acknowledged = self._bytes // _PUBACK_BYTES

    def close(self) -> None:
        """Says goodbye."""
        self.socket.sendall(b"\xe0\x00")
        self.socket.close()

    def _make_packets(self) -> Iterator[bytes]:
        packet_id, seq = 0, 0
        while True:
            seq += 1
            at_ms = time.time_ns() // 1_000_000
            for device in self._devices:
                packet_id = packet_id % 65_535 + 1
                topic = f"campus/{self._load.site}/fridge/d{device}/reading".encode()
                degrees = 4 + (seq * 7 + device) % 30 / 10
                stamp = f'"at":{at_ms / 1000:.3f},"boot":{self._boot},"seq":{seq}'
                text = f'{{{stamp},"temperature_c":{degrees:.1f}}}'
                payload = text.encode().ljust(self._load.payload_bytes)
                body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet_id) + payload
                yield b"\x32" + _length(len(body)) + body


def _length(number: int) -> bytes:
    """MQTT's variable-length integer."""
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
