"""AES-128 as NFC tags use it: CMAC (RFC 4493) and CBC without padding.

In `devices` nothing else imports `cryptography`. A key that is not 16 bytes, and data that are not whole
blocks, are the caller's error: ValueError, and its text holds neither.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

KEY_BYTES: Final = 16
BLOCK_BYTES: Final = 16
ZERO_IV: Final = bytes(BLOCK_BYTES)


def cmac(key: bytes, message: bytes) -> bytes:
    """The whole AES-CMAC of a message of any length: 16 bytes."""
    whole = CMAC(_cipher(key))
    whole.update(message)
    return whole.finalize()


def cbc_encrypted(key: bytes, plain: bytes, iv: bytes = ZERO_IV) -> bytes:
    """Whole blocks, encrypted; of one block with the zero IV it is what ECB gives."""
    encryptor = Cipher(_cipher(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def cbc_decrypted(key: bytes, sealed: bytes, iv: bytes = ZERO_IV) -> bytes:
    """Whole blocks, decrypted; a wrong key gives other bytes and no error."""
    decryptor = Cipher(_cipher(key), modes.CBC(iv)).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()


def _cipher(key: bytes) -> algorithms.AES:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of a tag is {KEY_BYTES} bytes, not {len(key)}")
    return algorithms.AES(key)
