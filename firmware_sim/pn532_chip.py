"""A simulated PN532 on a serial line, and tags to lay on it, with nothing of what talks to it.

Bytes in, bytes out. It sleeps until it is woken, acknowledges a command before it answers, repeats its last
answer when asked to, and drops what it is at when the host says so. Source: NXP UM0701-02, PN532 user manual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

_ACK: Final = (0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00)
_LONGEST_NORMAL: Final = 255
_NO_ANSWER_OF_TAG: Final = 0x01
_NOT_NOW: Final = 0x27
_MIFARE_NACK: Final = 0x13
_OK: Final = 0x00
_NOT_FOUND: Final = bytes((0x6A, 0x82))
_ALL_RIGHT: Final = bytes((0x90, 0x00))


class SimTag(Protocol):
    """A tag that can be laid on a reader. `sak`, `atqa`, `ats`: as ISO/IEC 14443 has them."""

    uid: bytes
    sak: int
    atqa: bytes
    ats: bytes

    def power(self) -> None:
        """The field was switched on, or the tag came into it."""

    def ask(self, order: bytes) -> bytes | None:
        """Its answer; None: it says nothing."""


@dataclass
class PlainCard:
    """A card that has a UID and says nothing that we could read: a badge."""

    uid: bytes
    sak: int = 0x08
    atqa: bytes = b"\x00\x04"
    ats: bytes = b""

    def power(self) -> None:
        """It remembers nothing."""

    def ask(self, order: bytes) -> bytes | None:
        """It would want a key first."""
        del order
        return None


@dataclass
class Ntag21x:
    """An NTAG 213 with a URL, or without any. `before`: bytes of other blocks before the message."""

    uid: bytes
    url: str | None
    before: bytes = b"\x01\x03\xa0\x0c\x34"
    sak: int = 0x00
    atqa: bytes = b"\x00\x44"
    ats: bytes = b""

    def power(self) -> None:
        """It remembers nothing."""

    def ask(self, order: bytes) -> bytes | None:
        """READ gives four pages; beyond the last the first ones come again."""
        if len(order) != 2 or order[0] != 0x30:
            return None
        memory = self._memory()
        if order[1] * 4 >= len(memory):
            return None
        return (memory + memory)[order[1] * 4 : order[1] * 4 + 16]

    def _memory(self) -> bytes:
        pages = 45
        head = (self.uid + bytes(12))[:12] + bytes((0xE1, 0x10, 0x12, 0x00))
        body = b""
        if self.url is not None:
            message = uri_message(self.url)
            body = self.before + bytes((0x03, len(message))) + message + b"\xfe"
        return (head + body).ljust(pages * 4, b"\0")


@dataclass
class Ntag424:
    """An NTAG 424 DNA: its file is written anew at the first read after it was chosen. `url`: called then."""

    uid: bytes
    url: Callable[[], str]
    sak: int = 0x20
    atqa: bytes = b"\x03\x44"
    ats: bytes = b"\x06\x77\x77\x71\x02\x80"
    reads: int = 0
    _chosen: str = ""
    _file: bytes = b""

    def power(self) -> None:
        """Nothing is chosen."""
        self._chosen, self._file = "", b""

    def ask(self, order: bytes) -> bytes | None:
        """ISOSelectFile and ISOReadBinary."""
        head = order[:4]
        if head == bytes((0, 0xA4, 4, 0)) and order[5:12] == bytes.fromhex("D2760000850101"):
            self._chosen = "application"
            return _ALL_RIGHT
        if head == bytes((0, 0xA4, 0, 0x0C)) and self._chosen:
            file = order[5:7].hex()
            if file not in ("e103", "e104"):
                return _NOT_FOUND
            self._chosen, self._file = file, b""
            return _ALL_RIGHT
        if order[:2] == bytes((0, 0xB0)) and self._chosen in ("e103", "e104"):
            return self._read(order[2] << 8 | order[3], order[4])
        return bytes((0x69, 0x85))

    def _read(self, offset: int, length: int) -> bytes:
        if self._chosen == "e103":
            content = bytes.fromhex("001720010000FF0406E104010000000506E10500808283").ljust(32, b"\0")
        else:
            if not self._file:
                self.reads += 1
                message = uri_message(self.url())
                self._file = (len(message).to_bytes(2, "big") + message).ljust(256, b"\0")
            content = self._file
        return content[offset : offset + length] + _ALL_RIGHT


def uri_message(url: str) -> bytes:
    """An NDEF message of one URI record."""
    prefixes = {"https://": 4, "http://": 3}
    begins = next((prefix for prefix in prefixes if url.startswith(prefix)), "")
    payload = bytes((prefixes.get(begins, 0),)) + url.removeprefix(begins).encode()
    return bytes((0xD1, 1, len(payload))) + b"U" + payload


@dataclass
class Chip:
    """The chip. `commands`: how many of each it has carried out; `knows_pins`: whether it has GPIO at all."""

    awake: bool = False
    configured: bool = False
    knows_pins: bool = True
    commands: dict[int, int] = field(default_factory=dict)
    ports: dict[int, int] = field(default_factory=lambda: {3: 0x3F, 7: 0x06})
    _tag: SimTag | None = None
    _active: bool = False
    _field: bool = False
    _endless: bool = True
    _input: bytearray = field(default_factory=bytearray)
    _last: bytes = b""

    def lay_on(self, tag: SimTag) -> None:
        """Somebody lays a tag on the reader."""
        self._tag, self._active = tag, False
        tag.power()

    def take_away(self) -> None:
        """Nothing lies there any more."""
        self._tag, self._active = None, False

    def lose_power(self) -> None:
        """It is unplugged: what it was told is forgotten."""
        self.awake = self.configured = self._active = self._field = False
        self._endless, self._last = True, b""
        self._input.clear()

    def is_high(self, pin: str) -> bool:
        """The level of a pin such as `p72`."""
        return bool(self.ports[int(pin[1])] >> int(pin[2]) & 1)

    def receive(self, data: bytes) -> bytes:
        """What it says to these bytes."""
        if not self.awake:
            if 0x55 not in data:
                return b""
            self.awake = True
            data = data[data.index(0x55) :]
        self._input += data
        said = b""
        while (answer := self._next()) is not None:
            said += answer
        return said

    def _next(self) -> bytes | None:
        """The answer to one frame; None: there is no whole one yet."""
        held = self._input
        while len(held) >= 2 and (held[0], held[1]) != (0x00, 0xFF):
            del held[0]
        if len(held) < 4:
            return None
        length, check = held[2], held[3]
        if (length, check) == (0x00, 0xFF):
            del held[:4]
            return b""  # an abort: every command here ends at once, so there is nothing to drop
        if (length, check) == (0xFF, 0x00):
            del held[:4]
            return self._last
        start = 4
        if (length, check) == (0xFF, 0xFF):
            if len(held) < 7:
                return None
            length, start = held[4] << 8 | held[5], 7
            good = (held[4] + held[5] + held[6]) % 256 == 0
        else:
            good = (length + check) % 256 == 0
        if not good:
            del held[:2]
            return b""
        if len(held) < start + length + 1:
            return None
        body, total = bytes(held[start : start + length]), sum(held[start : start + length + 1])
        del held[: start + length + 1]
        if total % 256 or len(body) < 2 or body[0] != 0xD4:
            return b""
        self._last = self._carried_out(body[1], body[2:])
        return bytes(_ACK) + self._last

    def _carried_out(self, command: int, data: bytes) -> bytes:
        self.commands[command] = self.commands.get(command, 0) + 1
        answer = self._answer(command, data)
        if answer is None:
            return bytes((0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00))
        return _framed(bytes((0xD5, command + 1)) + answer)

    def _answer(self, command: int, data: bytes) -> bytes | None:
        """None: it knows no such command."""
        if command == 0x02:
            return bytes((0x32, 1, 6, 7))
        if command == 0x14 and data[:1] == b"\x01":
            self.configured = True
            return b""
        if command == 0x0E and self.knows_pins and len(data) == 2:
            for port, pins in zip((3, 7), data, strict=True):
                if pins & 0x80:
                    self.ports[port] = pins & 0x7F
            return b""
        if command == 0x32:
            return self._set_up(data)
        if command == 0x4A and self.configured:
            return self._look()
        if command == 0x40 and data[:1] == b"\x01":
            return self._exchange(data[1:])
        return None

    def _set_up(self, data: bytes) -> bytes | None:
        if data[:1] == b"\x05" and len(data) == 4:
            self._endless = data[3] == 0xFF
            return b""
        if data[:1] == b"\x01" and len(data) == 2:
            if not data[1] & 1:
                self._field = self._active = False
            return b""
        return None

    def _look(self) -> bytes | None:
        """A tag that was chosen and has kept its power hears no further call."""
        if not self._field:
            self._field = True
            if self._tag is not None:
                self._tag.power()
        tag = self._tag
        if tag is None or self._active:
            # Endless, it would be silent until a tag comes: here it says as much as the host can use.
            return None if self._endless else b"\x00"
        self._active = True
        return bytes((1, 1)) + tag.atqa + bytes((tag.sak, len(tag.uid))) + tag.uid + tag.ats

    def _exchange(self, order: bytes) -> bytes:
        if self._tag is None:
            return bytes((_NO_ANSWER_OF_TAG,))
        if not self._active:
            return bytes((_NOT_NOW,))
        answer = self._tag.ask(order)
        return bytes((_MIFARE_NACK,)) if answer is None else bytes((_OK,)) + answer


def _framed(body: bytes) -> bytes:
    size = len(body)
    if size <= _LONGEST_NORMAL:
        lengths = [size, (256 - size) % 256]
    else:
        high, low = size // 256, size % 256
        lengths = [0xFF, 0xFF, high, low, (512 - high - low) % 256]
    return bytes((0x00, 0x00, 0xFF, *lengths)) + body + bytes(((256 - sum(body) % 256) % 256, 0x00))
