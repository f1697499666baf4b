"""What a URL proves, whichever of the site's keys its tag was written with; pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from devices.aes import KEY_BYTES
from devices.sun import SunClaim, SunMessage, SunRefusal, parse, verify
from devices.tag_keys import SiteKeys
from devices.wire import escaped

_VERSIONS: Final = range(256)
_PATH: Final = "/t/"
_SHOWN_CHARS: Final = 64


class Read(msgspec.Struct, frozen=True):
    """A message that is true. `key_version`: of the keys that its tag has, or None: those of the factory."""

    claim: SunClaim
    key_version: int | None


class Address(msgspec.Struct, frozen=True):
    """What the URL says beside its message: nothing of it is proved. `named`: behind `/t/`, or empty."""

    origin: str
    named: str
    is_printed: bool
    is_signed: bool


class _Factory:
    """The keys with which chips are sold."""

    def meta_read_key(self) -> bytes:
        return bytes(KEY_BYTES)

    def file_read_key(self, uid: bytes) -> bytes:  # noqa: ARG002 - the same in all of them
        return bytes(KEY_BYTES)


class _OfVersion:
    """The site's keys as if every tag had been written anew so often."""

    def __init__(self, keys: SiteKeys, version: int) -> None:
        self._keys = keys
        self._version = version

    def meta_read_key(self) -> bytes:
        return self._keys.meta_read_key()

    def file_read_key(self, uid: bytes) -> bytes:
        return self._keys.written_anew(uid, self._version).file_read_key(uid)


def read(url: str, keys: SiteKeys) -> Read | SunRefusal:
    """The message of a URL, tried with the keys as configured, of every other version, and the factory's."""
    message = parse(url)
    if not isinstance(message, SunMessage):
        return message
    found = verify(message, keys)
    if isinstance(found, SunClaim):
        return Read(found, keys.version(bytes.fromhex(found.tag_uid)))
    for version in _VERSIONS if found is SunRefusal.WRONG_MAC else ():
        other = verify(message, _OfVersion(keys, version))
        if isinstance(other, SunClaim):
            return Read(other, version)
    untouched = verify(message, _Factory())
    return Read(untouched, None) if isinstance(untouched, SunClaim) else found


def address(url: str) -> Address:
    """The parts of a URL that no MAC covers; all empty for what is none."""
    try:
        parts = urlsplit(url)
        named = unquote(parts.path.removeprefix(_PATH)) if parts.path.startswith(_PATH) else ""
        # A stranger's code may hold escape codes, which a terminal would obey.
        named = named if named.isprintable() and len(named) <= _SHOWN_CHARS else escaped(named, _SHOWN_CHARS)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        values = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return Address("", "", is_printed=False, is_signed=False)
    is_printed = values.get("via") == ["qr"]
    return Address(origin, named, is_printed=is_printed, is_signed=bool(values.keys() - {"via", "lang"}))
