"""An NTAG 424 DNA as the data sheet describes it, for tests: written without the code that verifies it."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

ZERO_KEY = bytes(16)


def mac_of(key: bytes, message: bytes) -> bytes:
    whole = CMAC(AES(key))
    whole.update(message)
    return whole.finalize()


def sealed(key: bytes, plain: bytes, iv: bytes = bytes(16)) -> bytes:
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


@dataclass
class SunTag:
    """Counts its reads and answers each with its URL's parameters; `file_data`: whole blocks, or none."""

    uid: bytes
    meta_read_key: bytes = ZERO_KEY
    file_read_key: bytes = ZERO_KEY
    counter: int = 0
    file_data: bytes = b""
    mac_name: str = "c"
    padding: bytes = b"\xda\x5c\xf6\x09\x41"

    def read(self) -> str:
        """With encrypted UID and counter."""
        self.counter += 1
        plain = b"\xc7" + self.uid + self._low_first() + self.padding
        return f"e={sealed(self.meta_read_key, plain).hex().upper()}" + self._rest()

    def read_plain(self) -> str:
        """With UID and counter for all to see."""
        self.counter += 1
        return f"uid={self.uid.hex().upper()}&ctr={self.counter:06X}" + self._rest()

    def _rest(self) -> str:
        covered, enc = "", ""
        if self.file_data:
            key = mac_of(self.file_read_key, bytes.fromhex("C33C00010080") + self.uid + self._low_first())
            iv = sealed(key, self._low_first() + bytes(13))
            covered = f"{sealed(key, self.file_data, iv).hex().upper()}&{self.mac_name}="
            enc = f"&enc={covered}"
        key = mac_of(self.file_read_key, bytes.fromhex("3CC300010080") + self.uid + self._low_first())
        whole = mac_of(key, covered.encode())
        return (enc or f"&{self.mac_name}=") + bytes(whole[n] for n in range(1, 16, 2)).hex().upper()

    def _low_first(self) -> bytes:
        return bytes((self.counter & 0xFF, self.counter >> 8 & 0xFF, self.counter >> 16))


@dataclass(frozen=True)
class FixedKeys:
    """The same two keys for every tag, as tags come from the factory."""

    meta: bytes = ZERO_KEY
    file: bytes = ZERO_KEY

    def meta_read_key(self) -> bytes:
        return self.meta

    def file_read_key(self, uid: bytes) -> bytes:
        assert len(uid) == 7
        return self.file
