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
WARM_C: Final = 8.5  # above the limit of chilled storage
# As a compressor that runs and rests lets it go up and down: the degrees of each second of a cycle.
_CYCLE: Final = tuple(f"{2.8 + abs(second - 600) / 300:.1f}" for second in range(1_200))
_APART_S: Final = 37  # no two neighbours are at the same place of their cycles


class Load(msgspec.Struct, frozen=True):
    """`rate_hz` is of all publishers together; 0: as fast as the broker takes it.

    `warm`: how many of the devices say once that it is too warm, spread over what follows `warms_after_s`."""

    port: int
    site: str
    devices: int
    publishers: int
    rate_hz: float
    seconds: float
    payload_bytes: int = 120
    warm: int = 0
    warms_after_s: float = 0.0


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message by its device's number and its own among that device's, from 1."""

    device: int
    seq: int


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Messages that one publisher sent at once. `at_ns`: this computer's monotonic clock, just before."""

    publisher: int
    at_ns: int
    messages: int


class Sent(msgspec.Struct, frozen=True):
    """How many messages were sent and acknowledged by the broker, and in how many seconds."""

    sent: int
    acknowledged: int
    seconds: float
    pieces: tuple[Piece, ...]


def sent_at_ns(load: Load, sent: Sent) -> dict[Message, int]:
    """When each message was sent."""
    found: dict[Message, int] = {}
    messages = [_messages(load, number) for number in range(load.publishers)]
    for piece in sent.pieces:
        for _ in range(piece.messages):
            found[next(messages[piece.publisher])] = piece.at_ns
    return found


def warm_messages(load: Load) -> frozenset[Message]:
    """The messages that say that it is too warm; each of another device."""
    if not load.warm:
        return frozenset()
    each = load.rate_hz * load.seconds / load.devices
    after = load.warms_after_s / load.seconds
    spread = [number / load.warm for number in range(load.warm)]
    return frozenset(
        Message(int(place * load.devices), 1 + int((after + (1 - after) * place) * each)) for place in spread
    )


def packets(
    load: Load, boot: int, publisher: int = 0, clock: Callable[[], float] = time.time
) -> Iterator[bytes]:
    """What one publisher sends, as PUBLISH packets, in order, for ever; `clock`: its devices', in s."""
    packet_id, newest, stamp, now_s = 0, 0, "", 0.0
    warm = warm_messages(load)
    for message in _messages(load, publisher):
        device, seq = message.device, message.seq
        if seq != newest:  # one time for a turn of all devices: a clock for each would cost more
            newest, now_s = seq, clock()
            stamp = f'"at":{now_s:.3f},"boot":{boot},"seq":{seq}'
        packet_id = packet_id % 65_535 + 1
        topic = f"campus/{load.site}/fridge/d{device}/reading".encode()
        usual = _CYCLE[(int(now_s) + device * _APART_S) % len(_CYCLE)]
        degrees = WARM_C if warm and message in warm else usual
        text = f'{{{stamp},"temperature_c":{degrees}}}'
        payload = text.encode().ljust(load.payload_bytes)
        body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet_id) + payload
        yield b"\x32" + _length(len(body)) + body


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
    pieces = tuple(piece for publisher in publishers for piece in publisher.pieces)
    return Sent(sent, acknowledged, took, pieces)


def _hear(selector: selectors.BaseSelector, wait_s: float) -> bool:
    ready = selector.select(wait_s)
    for key, _ in ready:
        key.data.hear()
    return bool(ready)


class _Publisher:
    """One connection, for its share of the devices."""

    def __init__(self, load: Load, number: int, boot: int) -> None:
        self.acknowledged = 0
        self.pieces: list[Piece] = []
        self._number = number
        self._sent = 0
        self._bytes = 0
        self._packets = packets(load, boot, number)
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
        packets = b"".join([next(self._packets) for _ in range(count)])
        self.pieces.append(Piece(self._number, time.monotonic_ns(), count))
        self.socket.sendall(packets)
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


def _messages(load: Load, publisher: int) -> Iterator[Message]:
    """What one publisher sends, in order, for ever: its devices take turns."""
    devices = range(publisher, load.devices, load.publishers) or range(publisher % load.devices, load.devices)
    seq = 0
    while True:
        seq += 1
        for device in devices:
            yield Message(device, seq)


def _length(number: int) -> bytes:
    """MQTT's variable-length integer."""
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
