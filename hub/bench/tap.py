"""Between a broker and its subscriber: when each message came by, and when its acknowledgement went back.

While messages flow only the pieces and their times are noted; they are understood afterwards, so that the tap
holds up nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Final

import msgspec

from hub.bench.load import Message
from hub.torture.proxy import Listener, Proxy
from hub.torture.witness import Packets

_PUBLISH: Final = 3
_PUBACK: Final = 4
_QOS: Final = 6  # the bits of it among a PUBLISH's flags
_DEVICE: Final = re.compile(rb"/d(\d+)/reading\Z")
_SEQ: Final = re.compile(rb'"seq":(\d+)')


class Passed(msgspec.Struct, frozen=True):
    """When a message first came by, and when it was first acknowledged; this computer's monotonic clock."""

    delivered_ns: int
    acknowledged_ns: int


class _Heard(msgspec.Struct, frozen=True):
    at_ns: int
    packet_id: bytes
    message: Message | None  # None: an acknowledgement


class _Notes:
    """What one side of a connection said, and when."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, bytes]] = []

    def take(self, piece: bytes) -> None:
        self.pieces.append((time.monotonic_ns(), piece))


class Tap:
    """Subscribers connect to `port` of this computer instead of to the broker's."""

    def __init__(self, broker_port: int) -> None:
        self._connections: list[tuple[_Notes, _Notes]] = []
        self._proxy = Proxy(broker_port, self._overhear)
        self.port = self._proxy.port

    def close(self) -> None:
        """Ends every connection."""
        self._proxy.close()

    def passed(self) -> dict[Message, Passed]:
        """Every message of the load that was delivered and acknowledged."""
        found: dict[Message, Passed] = {}
        for subscriber, broker in self._connections:
            waiting: dict[bytes, tuple[Message, int]] = {}
            for heard in merge(_publishes(broker), _acknowledgements(subscriber), key=_at_ns):
                if heard.message is not None:
                    waiting[heard.packet_id] = (heard.message, heard.at_ns)
                elif heard.packet_id in waiting:
                    message, delivered_ns = waiting.pop(heard.packet_id)
                    found.setdefault(message, Passed(delivered_ns, heard.at_ns))
        return found

    def _overhear(self) -> tuple[Listener, Listener]:
        subscriber, broker = _Notes(), _Notes()
        self._connections.append((subscriber, broker))
        return subscriber.take, broker.take


def _publishes(notes: _Notes) -> Iterator[_Heard]:
    for at_ns, kind, flags, body in _packets(notes):
        if kind != _PUBLISH or not flags & _QOS:
            continue
        after_topic = 2 + int.from_bytes(body[:2], "big")
        device = _DEVICE.search(body[2:after_topic])
        seq = _SEQ.search(body, after_topic)
        if device and seq:
            message = Message(int(device[1]), int(seq[1]))
            yield _Heard(at_ns, body[after_topic : after_topic + 2], message)


def _acknowledgements(notes: _Notes) -> Iterator[_Heard]:
    for at_ns, kind, _, body in _packets(notes):
        if kind == _PUBACK:
            yield _Heard(at_ns, body[:2], None)


def _packets(notes: _Notes) -> Iterable[tuple[int, int, int, bytes]]:
    packets = Packets()
    for at_ns, piece in notes.pieces:
        for kind, flags, body in packets.feed(piece):
            yield at_ns, kind, flags, body


def _at_ns(heard: _Heard) -> int:
    return heard.at_ns
