"""Reads MQTT PUBLISH packets of QoS 0 and 1 out of received bytes, many at once; sans-IO.

Everything else, and everything odd, is left where it is: the caller hands it to paho's own parser."""

from __future__ import annotations

from typing import Final

import msgspec

# First bytes of PUBLISH with QoS 0 and 1: (QoS, DUP, RETAIN). DUP on QoS 0 is against the protocol, so paho
# judges it.
_FLAGS: Final = {
    0x30: (0, False, False),
    0x31: (0, False, True),
    0x32: (1, False, False),
    0x33: (1, False, True),
    0x3A: (1, True, False),
    0x3B: (1, True, True),
}
_LONGEST_LENGTH: Final = 4  # bytes of a remaining length
_SHORTEST: Final = 3  # a topic of one character


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A message as received; `topic` may be no UTF-8. `missing`: bytes of the payload that were too many
    to keep. `packet_id` is 0 for QoS 0; `again` is the DUP flag."""

    topic: bytes
    payload: bytes
    packet_id: int
    qos: int
    again: bool
    retained: bool
    missing: int = 0


class PublishReader:
    """Knows how the protocol version lays a PUBLISH out."""

    def __init__(self, *, version5: bool) -> None:
        self._version5 = version5

    def read(self, data: bytes, position: int, found: list[Publish], missing: int = 0) -> int:
        """Appends every whole PUBLISH from `position` on to `found`. Returns where it stopped: at the end,
        at a packet that is not whole yet or at one that is not for it.

        `missing`: so many bytes at the end of the only packet were thrown away."""
        size, version5 = len(data), self._version5
        while position + 2 <= size:
            flags = _FLAGS.get(data[position])
            if flags is None:
                break
            length, start = data[position + 1], position + 2
            if length > 0x7F:
                if start < size and data[start] < 0x80:  # two bytes, as most have
                    length += (data[start] << 7) - 0x80
                    start += 1
                else:
                    length, start = _long_length(data, position)
            end = start + length - missing
            if end > size or length < _SHORTEST:
                break
            qos, again, retained = flags
            topic_start = start + 2
            body = topic_end = topic_start + (data[start] << 8 | data[start + 1])
            packet_id = 0
            if qos:
                body += 2
                if body <= end:
                    packet_id = data[topic_end] << 8 | data[topic_end + 1]
            if version5:
                body = _after_properties(data, body, end, missing)
            if body > end or topic_end == topic_start:
                break
            topic, payload = data[topic_start:topic_end], data[body:end]
            found.append(Publish(topic, payload, packet_id, qos, again, retained, missing))
            position = end
        return position


def packet_size(data: bytes, position: int) -> int | None:
    """The whole size of the packet that begins at `position`; 0 if more bytes are needed to tell, None if
    its length is malformed."""
    length, start = _long_length(data, position)
    if start:
        return start - position + length
    return None if len(data) - position > 1 + _LONGEST_LENGTH else 0


def may_be_cut(first: int) -> bool:
    """Whether the end of a packet that begins with this byte may be thrown away: a PUBLISH read here."""
    return first in _FLAGS


def _after_properties(data: bytes, position: int, end: int, missing: int) -> int:
    """Where the payload begins; beyond `end` if the properties are cut off.

    What they say is not looked at: the hub uses none, and one that paho finds fault with (a U+FEFF in a
    user property) would end the connection, come again and end it again, for ever."""
    if position >= end:
        return end + 1
    if data[position] == 0:
        return position + 1
    length, start = _long_length(data, position - 1)
    return min(start + length, end) if missing else start + length


def _long_length(data: bytes, position: int) -> tuple[int, int]:
    """The length coded after `position`, and where what it measures begins; (2^30, 0) if there is none."""
    length = 0
    for index, byte in enumerate(data[position + 1 : position + 1 + _LONGEST_LENGTH]):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return length, position + 2 + index
    return 1 << 30, 0
