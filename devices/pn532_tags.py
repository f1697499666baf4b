"""Tags as a PN532 sees them, and how the URL is read that a tag carries; no IO.

A reading is a generator: it yields what is sent to the tag and is sent the tag's answer (None: the tag did
not answer, or refused). It returns the NDEF message, or None where there is none.
Sources: NXP UM0701-02 7.3.5 (targets), NFC Forum Type 2 and Type 4 Tag, NXP NT4H2421Gx, NFC Forum URI record.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, TypeAlias

import msgspec

Reading: TypeAlias = Generator[bytes, bytes | None, bytes | None]

MAX_MESSAGE_BYTES: Final = 1024

_SPEAKS_14443_4: Final = 0x20  # in SEL_RES
_TYPE_2: Final = 0x00
_UID_LENGTHS: Final = (4, 7, 10)
_RANDOM: Final = 0x08  # ISO/IEC 14443-3: a UID of four bytes that begins so is drawn anew each time

_SELECT_APPLICATION: Final = bytes.fromhex("00A4040007D276000085010100")
_CAPABILITIES: Final = b"\xe1\x03"
_DONE: Final = b"\x90\x00"
# So that a response stays a frame of the normal kind.
_MOST_READ: Final = 240

_READ_PAGES: Final = 0x30
_FIRST_PAGE: Final = 3
_TYPE_2_MAGIC: Final = 0xE1
_NULL, _NDEF, _END = 0x00, 0x03, 0xFE

_SCHEMES: Final = ("", "http://www.", "https://www.", "http://", "https://")


class Target(msgspec.Struct, frozen=True):
    """A tag in the field. `uid` as it came; `selected`: its SEL_RES."""

    uid: bytes
    selected: int

    @property
    def is_random(self) -> bool:
        """Whether it has another UID at each touch."""
        return len(self.uid) == 4 and self.uid[0] == _RANDOM


def target_in(data: bytes) -> Target | None:
    """The first target in a response to InListPassiveTarget at 106 kbit/s, type A; None: there is none.

    NbTg, Tg, SENS_RES (2), SEL_RES, length of the UID, UID, perhaps ATS."""
    if len(data) < 6 or not data[0]:
        return None
    length = data[5]
    uid = data[6 : 6 + length]
    return Target(uid, data[4]) if length in _UID_LENGTHS and len(uid) == length else None


def reading_of(target: Target) -> Reading | None:
    """How its NDEF message is read; None: it has none that we know how to read."""
    if target.selected & _SPEAKS_14443_4:
        return _type_4()
    return _type_2() if target.selected == _TYPE_2 else None


def url_in(message: bytes) -> str | None:
    """The address in the first URI record of an NDEF message."""
    at = 0
    while at + 3 <= len(message):
        flags, type_length = message[at], message[at + 1]
        short, with_id = flags & 0x10, flags & 0x08
        size = 1 if short else 4
        length = int.from_bytes(message[at + 2 : at + 2 + size], "big")
        at += 2 + size
        id_length = message[at] if with_id and at < len(message) else 0
        at += 1 if with_id else 0
        kind = message[at : at + type_length]
        at += type_length + id_length
        payload = message[at : at + length]
        if len(payload) < length:
            return None
        if flags & 0x07 == 1 and kind == b"U":
            return _address(payload)
        at += length
        if flags & 0x40:
            return None
    return None


def _address(payload: bytes) -> str | None:
    if not payload or payload[0] >= len(_SCHEMES):
        return None
    try:
        text = payload[1:].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _SCHEMES[payload[0]] + text if text.isprintable() else None


def _type_4() -> Reading:
    """NTAG 424 DNA and others. The SUN message is made as the file is read: that read is counted."""
    if not (yield from _ordered(_SELECT_APPLICATION)):
        return None
    if not (yield from _ordered(_select(_CAPABILITIES))):
        return None
    told = yield from _binary(0, 15)
    if told is None or len(told) < 15 or told[7:9] != b"\x04\x06" or told[13] != 0:
        return None  # no file, or one that is not free to be read
    most = max(1, min(int.from_bytes(told[3:5], "big"), _MOST_READ))
    if not (yield from _ordered(_select(told[9:11]))):
        return None
    head = yield from _binary(0, 2)
    if head is None or len(head) < 2:
        return None
    length = int.from_bytes(head, "big")
    if not 0 < length <= MAX_MESSAGE_BYTES:
        return None
    message = b""
    while len(message) < length:
        part = yield from _binary(2 + len(message), min(most, length - len(message)))
        if not part:
            return None
        message += part
    return message[:length]


def _select(file: bytes) -> bytes:
    return b"\x00\xa4\x00\x0c\x02" + file


def _ordered(order: bytes) -> Generator[bytes, bytes | None, bool]:
    answer = yield order
    return answer is not None and answer[-2:] == _DONE


def _binary(offset: int, length: int) -> Generator[bytes, bytes | None, bytes | None]:
    answer = yield b"\x00\xb0" + offset.to_bytes(2, "big") + bytes((length,))
    return answer[:-2] if answer is not None and answer[-2:] == _DONE else None


def _type_2() -> Reading:
    """NTAG 213 and the like: four pages of four bytes at a time."""
    first = yield from _pages(_FIRST_PAGE)
    if first is None or first[0] != _TYPE_2_MAGIC:
        return None
    size = min(first[2] * 8, MAX_MESSAGE_BYTES)
    memory = first[4:]
    while len(memory) < size:
        found = _ndef_in(memory)
        if found is not None:
            return found or None
        more = yield from _pages(_FIRST_PAGE + 1 + len(memory) // 4)
        if more is None:
            return None
        memory += more
    return _ndef_in(memory[:size]) or None


def _pages(first: int) -> Generator[bytes, bytes | None, bytes | None]:
    answer = yield bytes((_READ_PAGES, first & 0xFF))
    return answer if answer is not None and len(answer) == 16 else None


def _ndef_in(memory: bytes) -> bytes | None:
    """The NDEF message among a tag's blocks; empty: there is none; None: more has to be read."""
    at = 0
    while at < len(memory):
        kind = memory[at]
        if kind == _NULL:
            at += 1
            continue
        if kind == _END:
            return b""
        if at + 1 >= len(memory):
            return None
        length, begins = memory[at + 1], at + 2
        if length == 0xFF:
            if at + 4 > len(memory):
                return None
            length, begins = int.from_bytes(memory[at + 2 : at + 4], "big"), at + 4
        if kind == _NDEF:
            ends = begins + length
            return memory[begins:ends] if ends <= len(memory) else None
        at = begins + length
    return None
