"""How an NTAG 424 DNA becomes a SUN tag: its URL, the NDEF file that holds it, that file's settings; pure.

The tag writes over the zeros in the URL, so the settings name the places of these in the file (file 2, NDEF):

    NLEN (2) ‖ D1 01 ‖ payload length ‖ 55 ‖ prefix (1) ‖ the URL without its prefix

Source: NXP NT4H2421Gx rev. 3.0, chapters 8.2.3 and 10.7.1, and the NFC Forum's URI record type.
"""

from __future__ import annotations

from typing import Final

import msgspec

from devices.sun import COUNTER_BYTES, MAC_BYTES, UID_BYTES, USUAL, Parameters
from devices.tag_keys import KeyNumber

FILE_NUMBER: Final = 2
FILE_BYTES: Final = 256
OFFSET_BYTES: Final = 3
MOST_READS: Final = 2 ** (8 * COUNTER_BYTES) - 1

_PREFIXES: Final = {"https://": b"\x04", "http://": b"\x03"}
_RECORD: Final = b"\xd1\x01"  # one short record of a well-known type
_URI: Final = b"\x55"
_NLEN_BYTES: Final = 2
_ZERO: Final = "0"
_PICC_DIGITS: Final = 2 * 16
_MAC_DIGITS: Final = 2 * MAC_BYTES

_SDM_AND_PLAIN: Final = 0x40
_FREE: Final = 0xE
_NOBODY: Final = 0xF
_UID_COUNT_ASCII: Final = 0xC1


class TagSettings(msgspec.Struct, frozen=True):
    """What is written into one tag. Offsets are in bytes from the start of the NDEF file.

    `ndef`: the file's content; `file_settings`: the data of ChangeFileSettings for file 2."""

    url: str
    ndef: bytes
    picc_data_offset: int
    mac_offset: int
    file_settings: bytes


def settings_of(page: str, names: Parameters = USUAL) -> TagSettings:
    """Of a tag that opens `page`, such as `https://hub.example/t/gate`, with UID and count encrypted.

    Raises ValueError for a page that is no http address, has parameters, or is too long for the file."""
    prefix = next((known for known in _PREFIXES if page.startswith(known)), None)
    if prefix is None or not page.isascii() or not page.isprintable() or set(page) & set("?# "):
        raise ValueError("the page is an http address of ASCII letters, without ? and #")
    to_picc_data = f"{page}?{names.picc_data}="
    to_mac = f"{to_picc_data}{_ZERO * _PICC_DIGITS}&{names.mac}="
    url = to_mac + _ZERO * _MAC_DIGITS
    ndef = _ndef(_PREFIXES[prefix], url.removeprefix(prefix))
    before = len(ndef) - len(url)  # where in the file the URL would begin, had it its prefix
    picc_data_offset, mac_offset = before + len(to_picc_data), before + len(to_mac)
    return TagSettings(url, ndef, picc_data_offset, mac_offset, _file_settings(picc_data_offset, mac_offset))


def _ndef(prefix: bytes, text: str) -> bytes:
    payload = prefix + text.encode("ascii")
    if _NLEN_BYTES + len(_RECORD) + 1 + len(_URI) + len(payload) > FILE_BYTES:
        raise ValueError(f"the address does not fit into the tag's {FILE_BYTES} bytes: take a shorter one")
    record = _RECORD + bytes((len(payload),)) + _URI + payload
    return len(record).to_bytes(_NLEN_BYTES, "big") + record


def _file_settings(picc_data_offset: int, mac_offset: int) -> bytes:
    key_0, meta, file = KeyNumber.MASTER, KeyNumber.META_READ, KeyNumber.FILE_READ
    access = bytes((key_0 << 4 | key_0, _FREE << 4 | key_0))  # ReadWrite and Change; Read and Write
    sdm_access = bytes((_NOBODY << 4 | _NOBODY, meta << 4 | file))
    return (
        bytes((_SDM_AND_PLAIN,))
        + access
        + bytes((_UID_COUNT_ASCII,))
        + sdm_access
        + _offset(picc_data_offset)
        + _offset(mac_offset)  # SDMMACInputOffset: the same, so that the MAC is over UID and count alone
        + _offset(mac_offset)
    )


def _offset(place: int) -> bytes:
    return place.to_bytes(OFFSET_BYTES, "little")


def is_of_a_chip_that_signs(uid: str) -> bool:
    """Whether a UID in hex can be that of an NTAG 424 DNA: 7 bytes, the first one of NXP's."""
    return len(uid) == 2 * UID_BYTES and uid.startswith("04")
