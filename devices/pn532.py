"""Frames between a PN532 and its host, over a serial line at 115200 8N1; bytes in, frames out.

`00 00 FF LEN LCS TFI … DCS 00`: LEN and LCS add up to 0, and so do TFI … DCS (mod 256). Preamble and
postamble may be of any length. Source: NXP UM0701-02, PN532 user manual, 6.2.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeAlias

import msgspec

BAUD: Final = 115_200
MAX_DATA_BYTES: Final = 264  # of one frame: the command's number and what belongs to it

ACK: Final = bytes.fromhex("0000FF00FF00")
NACK: Final = bytes.fromhex("0000FFFF0000")  # the host asks for the last response once more
WAKE: Final = b"\x55\x55" + bytes(14)  # a long preamble: the chip hears it while its clock starts

_START: Final = b"\x00\xff"
_TO_CHIP: Final = 0xD4
_TO_HOST: Final = 0xD5
_SYNTAX_ERROR: Final = 0x7F
_MOST_NORMAL: Final = 255
_EXTENDED: Final = b"\xff\xff"
# Start, both lengths, their sum; the longest data with TFI; their sum. Nothing longer is ever waited for.
_LONGEST: Final = 2 + 5 + 1 + MAX_DATA_BYTES + 1


class Command(IntEnum):
    """What the host can ask for. The response to a command has the next number."""

    GET_FIRMWARE_VERSION = 0x02
    WRITE_GPIO = 0x0E
    SAM_CONFIGURATION = 0x14
    RF_CONFIGURATION = 0x32
    IN_DATA_EXCHANGE = 0x40
    IN_LIST_PASSIVE_TARGET = 0x4A


class Ack(msgspec.Struct, frozen=True):
    """The chip has taken a command in."""


class Nack(msgspec.Struct, frozen=True):
    """The other side did not understand the last frame. A chip never says so."""


class SyntaxFault(msgspec.Struct, frozen=True):
    """The chip does not know such a command."""


class Response(msgspec.Struct, frozen=True):
    """The chip's answer to the command `command`."""

    command: int
    data: bytes


class Damaged(msgspec.Struct, frozen=True):
    """What began like a frame and has a wrong sum."""


Frame: TypeAlias = Ack | Nack | SyntaxFault | Response | Damaged


def command_frame(command: int, data: bytes = b"") -> bytes:
    """A command to the chip. Raises ValueError if it is longer than a frame can be."""
    if len(data) >= MAX_DATA_BYTES:
        raise ValueError(f"{len(data)} bytes: a frame has room for {MAX_DATA_BYTES - 1}")
    body = bytes((_TO_CHIP, command)) + data
    if len(body) <= _MOST_NORMAL:
        length = bytes((len(body),))
    else:
        length = len(body).to_bytes(2, "big")
        length, body_sum = _EXTENDED + length, _sum(length)
        return b"\x00" + _START + length + bytes((body_sum,)) + body + bytes((_sum(body), 0))
    return b"\x00" + _START + length + bytes((_sum(length),)) + body + bytes((_sum(body), 0))


class Decoder:
    """Frames out of whatever bytes come, in pieces of any size. Nothing raises.

    `skipped`: bytes that belonged to no frame, so far. It never holds more than one longest frame."""

    def __init__(self) -> None:
        self.skipped = 0
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Bytes of a frame that has begun."""
        return len(self._held)

    def reset(self) -> None:
        """What has begun will not be finished: the line fell silent within it."""
        self.skipped += sum(byte != 0 for byte in self._held)
        self._held.clear()

    def feed(self, data: bytes) -> tuple[Frame, ...]:
        """The frames that are complete now."""
        found: list[Frame] = []
        for start in range(0, len(data), _LONGEST):
            self._held += data[start : start + _LONGEST]
            while (frame := self._next()) is not None:
                found.append(frame)
        return tuple(found)

    def _next(self) -> Frame | None:
        start = self._held.find(_START)
        if start < 0:
            # The last byte may be the first half of a start.
            self._drop(len(self._held) - (self._held[-1:] == b"\x00"))
            return None
        self._drop(start)
        if len(self._held) < 4:
            return None
        match bytes(self._held[2:4]):
            case b"\x00\xff":
                return self._take(4, Ack())
            case b"\xff\x00":
                return self._take(4, Nack())
            case b"\xff\xff":
                return self._extended()
            case length if sum(length) & 0xFF == 0:
                return self._whole(4, length[0])
            case _:
                return self._broken()

    def _extended(self) -> Frame | None:
        if len(self._held) < 7:
            return None
        high, low, check = self._held[4:7]
        length = high << 8 | low
        if (high + low + check) & 0xFF or not 0 < length <= MAX_DATA_BYTES + 1:
            return self._broken()
        return self._whole(7, length)

    def _whole(self, begins: int, length: int) -> Frame | None:
        """The frame whose data begin there, once all of them and their sum have come."""
        ends = begins + length
        if len(self._held) <= ends:
            return None
        data = bytes(self._held[begins:ends])
        if (sum(data) + self._held[ends]) & 0xFF:
            return self._broken()
        if data == bytes((_SYNTAX_ERROR,)):
            return self._take(ends + 1, SyntaxFault())
        if len(data) >= 2 and data[0] == _TO_HOST and data[1] & 1:
            return self._take(ends + 1, Response(data[1] - 1, data[2:]))
        return self._broken()  # no chip says so: an echo of our own command, or chance

    def _broken(self) -> Frame:
        """A real frame may begin within what looked like one: only its start is dropped."""
        self._drop(len(_START))
        self.skipped += 1  # the zero of the start, which `_drop` takes for a preamble
        return Damaged()

    def _take(self, length: int, frame: Frame) -> Frame:
        del self._held[:length]
        return frame

    def _drop(self, length: int) -> None:
        """Zeros are preambles and postambles; all else is counted."""
        self.skipped += sum(byte != 0 for byte in self._held[:length])
        del self._held[:length]


def _sum(data: bytes) -> int:
    """What makes the sum of `data` and itself 0."""
    return -sum(data) & 0xFF
