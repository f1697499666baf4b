"""The keys of a site's SUN tags, all derived from one master key, so that no list of keys has to be kept.

    CMAC(master key, 01 ‖ UID (7) ‖ key number (1) ‖ key version (1) ‖ system identifier (16))

That is NXP's AN10922, AES-128, with all behind 01 as its input. The system identifier stands for this scheme
and the site, so two sites with one master key share no key. The version rises when a tag is written anew and
counts from 0 again: what it said in its life before is void. A tag that is taken apart tells its own keys and
the site's meta read key, which only hides UIDs from strangers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NoReturn, final

from devices.aes import KEY_BYTES, cmac
from devices.sun import UID_BYTES

_HEX: Final = re.compile(f"[0-9A-Fa-f]{{{2 * KEY_BYTES}}}")
_AES_128: Final = b"\x01"
# AN10922 pads to two blocks and CMAC does not: with these lengths they agree.
_INPUT_BYTES: Final = range(16, 32)
_SCHEME: Final = b"campushub-tag-keys-1\0"
# Shorter than the input of any tag's key, so it is none of them.
_FINGERPRINT: Final = b"key fingerprint\0"
_FINGERPRINT_BYTES: Final = 4
_SYSTEM_BYTES: Final = 16
_VERSIONS: Final = range(256)  # as KeyVer, which tags keep with each key
# In the place of the UID in the key that all tags share; its key number keeps it apart from keys of tags.
_NO_UID: Final = bytes(UID_BYTES)


class KeyNumber(IntEnum):
    """The five application keys of an NTAG 424 DNA, by what they are for here."""

    MASTER = 0  # changes keys, file settings and the URL
    META_READ = 1  # encrypts UID and counter; the same in all tags of a site
    FILE_READ = 2  # makes the MAC, and encrypts file data
    SPARE_3 = 3  # no right needs it; changed so that no factory key is left
    SPARE_4 = 4


@final
class MasterKey:
    """16 secret bytes. No text and no pickle of it shows them; whoever has them can forge every tap."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError for another length, and for one byte repeated, as factory keys are."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"the master key is {KEY_BYTES} bytes, not {len(secret)}")
        if len(set(secret)) == 1:
            raise ValueError("the master key is one byte repeated: make a random one")
        self._secret = bytes(secret)

    @classmethod
    def from_hex(cls, text: str) -> MasterKey:
        """Of 32 hexadecimal digits, white space around them. Raises ValueError, without showing them."""
        digits = text.strip()
        if _HEX.fullmatch(digits) is None:
            raise ValueError(f"the master key is {2 * KEY_BYTES} hexadecimal digits")
        return cls(bytes.fromhex(digits))

    def __repr__(self) -> str:
        return "MasterKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key is not copied or pickled")

    def diversified(self, diversification_input: bytes) -> bytes:
        """The key for an input of 16 to 31 bytes by AN10922, chapter 2.2; shorter ones raise ValueError."""
        if len(diversification_input) not in _INPUT_BYTES:
            raise ValueError(f"a diversification input is 16 to 31 bytes, not {len(diversification_input)}")
        return cmac(self._secret, _AES_128 + diversification_input)

    def fingerprint(self) -> str:
        """Eight digits that tell this key from others and tell nothing of it; for comparing copies."""
        return self.diversified(_FINGERPRINT)[:_FINGERPRINT_BYTES].hex().upper()


@final
class SiteKeys:
    """The keys of one site's tags; what `devices.sun.verify` asks for its keys."""

    __slots__ = ("_master", "_site", "_system", "_versions")

    def __init__(self, master: MasterKey, site: str, versions: Mapping[bytes, int] | None = None) -> None:
        """`site`: its id, as in topics; another id gives other keys, and all tags are to be written anew.

        `versions`: by UID, of tags that were written anew, 0 to 255 or ValueError; 0 for all others."""
        self._versions = dict(versions or {})
        if not all(version in _VERSIONS for version in self._versions.values()):
            raise ValueError("the version of a tag's keys is 0 to 255")
        self._master = master
        self._site = site
        self._system = hashlib.sha256(_SCHEME + site.encode()).digest()[:_SYSTEM_BYTES]

    def __repr__(self) -> str:
        return f"SiteKeys(site={self._site!r})"

    def written_anew(self, uid: bytes, version: int) -> SiteKeys:
        """The same keys, with another version for one tag. Raises ValueError as above."""
        return SiteKeys(self._master, self._site, self._versions | {uid: version})

    def version(self, uid: bytes) -> int:
        """How often the tag was written anew, as far as is known here."""
        return self._versions.get(uid, 0)

    def meta_read_key(self) -> bytes:
        """Key 1 of every tag of the site."""
        return self._key(_NO_UID, KeyNumber.META_READ, 0)

    def file_read_key(self, uid: bytes) -> bytes:
        """Key 2 of one tag."""
        return self.key(uid, KeyNumber.FILE_READ)

    def key(self, uid: bytes, number: KeyNumber) -> bytes:
        """The key to write into a tag under this number. A UID that is not 7 bytes raises ValueError."""
        if len(uid) != UID_BYTES:
            raise ValueError(f"the UID of a SUN tag is {UID_BYTES} bytes, not {len(uid)}")
        if number is KeyNumber.META_READ:
            return self.meta_read_key()
        return self._key(uid, number, self._versions.get(uid, 0))

    def _key(self, uid: bytes, number: KeyNumber, version: int) -> bytes:
        return self._master.diversified(uid + bytes((number, version)) + self._system)
