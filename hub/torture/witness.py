"""Between hub and broker: notes what the hub has acknowledged, so that nobody else is blamed for it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from hub.torture.traffic import Traffic

_PUBLISH: Final = 3
_PUBACK: Final = 4
_SUBACK: Final = 9
_DEVICE: Final = re.compile(rb"-(\d+)/reading\Z")
_NUMBER: Final = re.compile(rb'"(seq|energy_kwh)":(\d+)')


class Packets:
    """Cuts one direction of an MQTT 3.1.1 connection into packets: (type, flags, body)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[int, int, bytes]]:
        """The packets that this chunk completes."""
        self._buffer += chunk
        while (found := self._first()) is not None:
            start, end = found
            head = self._buffer[0]
            body = bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield head >> 4, head & 15, body

    def _first(self) -> tuple[int, int] | None:
        """Where the first packet's body begins and ends; None: it is not complete."""
        length = 0
        for place in range(1, min(5, len(self._buffer))):
            byte = self._buffer[place]
            length |= (byte & 127) << 7 * (place - 1)
            if byte < 128:
                end = place + 1 + length
                return (place + 1, end) if len(self._buffer) >= end else None
        return None


class Witness:
    """What the hub has acknowledged over all its connections, by message number."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._lock = threading.Lock()
        self.acknowledged = bytearray(traffic.messages)
        self.subscribed_at: list[float] = []  # when the broker has granted the hub its subscriptions

    def connection(self) -> tuple[Callable[[bytes], None], Callable[[bytes], None]]:
        """For one connection what to call with the hub's bytes, and with the broker's."""
        given: dict[bytes, int] = {}  # packet id: message number
        from_hub, from_broker = Packets(), Packets()

        def hub_said(chunk: bytes) -> None:
            for kind, _, body in from_hub.feed(chunk):
                if kind == _PUBACK:
                    with self._lock:
                        index = given.pop(body[:2], None)
                        if index is not None:
                            self.acknowledged[index] = 1

        def broker_said(chunk: bytes) -> None:
            for kind, flags, body in from_broker.feed(chunk):
                if kind == _PUBLISH and flags & 6:
                    with self._lock:
                        self._note(body, given)
                elif kind == _SUBACK:
                    self.subscribed_at.append(time.time())

        return hub_said, broker_said

    def _note(self, body: bytes, given: dict[bytes, int]) -> None:
        after_topic = 2 + int.from_bytes(body[:2], "big")
        packet_id, payload = body[after_topic : after_topic + 2], body[after_topic + 2 :]
        device, number = _DEVICE.search(body[2:after_topic]), _NUMBER.search(payload)
        given.pop(packet_id, None)
        if device is None or number is None:
            return
        index = int(number[2])
        if number[1] == b"seq":
            index = index * self._traffic.devices + int(device[1])
        if index < len(self.acknowledged):
            given[packet_id] = index
