"""An NTAG 424 DNA that signs its URL, as its data sheet describes it, with nothing of what reads it.

Every touch counts, and gives `e`, UID and count encrypted with a key of the site, and `c`, every second byte
of a MAC by a session key that the tag's own key and its count make. Source: NXP NT4H2421Gx rev. 3.0, 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from firmware_sim.plan import SimSigning

_SILENT_FROM: Final = 0xFFFFFF
_BLOCK: Final = 16
_HAS_UID_AND_COUNT: Final = 0x80 | 0x40
_SESSION_OF_MAC: Final = (0x3C, 0xC3, 0x00, 0x01, 0x00, 0x80)


@dataclass(frozen=True, slots=True)
class Signed:
    """What one touch gave, in capital hex digits."""

    e: str
    c: str

    def url(self, page: str) -> str:
        """As a phone opens it; `page` such as `https://hub.example/t/gate`."""
        return f"{page}?e={self.e}&c={self.c}"


class SunTag:
    """One chip. `uid`: 14 hex digits; `count`: how often it was read so far."""

    def __init__(self, uid: str, signing: SimSigning, count: int, random: Random) -> None:
        self._uid = bytes.fromhex(uid)
        self._signing = signing
        self._count = count
        self._random = random

    def touch(self) -> Signed | None:
        """One read; None: it has counted to its end and says nothing any more."""
        if self._count >= _SILENT_FROM:
            return None
        self._count += 1
        count = bytes(self._count >> shift & 0xFF for shift in (0, 8, 16))
        tag = bytes((_HAS_UID_AND_COUNT | len(self._uid),))
        picc_data = tag + self._uid + count
        noise = self._random.randbytes(_BLOCK - len(picc_data))
        session = _mac(self._signing.file_read_key, bytes(_SESSION_OF_MAC) + self._uid + count)
        return Signed(
            _sealed(self._signing.meta_read_key, picc_data + noise).hex().upper(),
            bytes(_mac(session, b"")[place] for place in range(1, _BLOCK, 2)).hex().upper(),
        )


def _sealed(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def _mac(key: bytes, message: bytes) -> bytes:
    made = CMAC(algorithms.AES(key))
    made.update(message)
    return made.finalize()
