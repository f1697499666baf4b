"""SUN messages of NTAG 424 DNA tags in AES mode: what a tag wrote into its URL at a read, and if it is true.

    https://hub/t/gate?e=<PICC data>[&enc=<file data>]&c=<MAC>             UID and counter encrypted
    https://hub/t/gate?uid=<UID>&ctr=<counter>[&enc=<file data>]&c=<MAC>   UID and counter in plain

`parse` takes such a text apart and `verify` proves it; both return a reason instead of raising, whatever the
text. The MAC covers UID, counter and file data, but neither host nor path: which checkpoint it was is told by
the UID of the claim alone. A true message stays true for ever: whether it was used is for `rules.counters`.

Source: NXP NT4H2421Gx rev. 3.0, chapter 9.3, and AN12196. LRP mode is not read: its PICC data have 48 digits.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, Protocol, TypeAlias, assert_never

import msgspec

from devices.aes import cbc_decrypted, cbc_encrypted, cmac

UID_BYTES: Final = 7
COUNTER_BYTES: Final = 3
MAC_BYTES: Final = 8
# A tag's NDEF file has 256 bytes; the scheme is one byte of them.
MAX_CHARS: Final = 300

_PICC_DIGITS: Final = (32,)
_UID_DIGITS: Final = (2 * UID_BYTES,)
_COUNTER_DIGITS: Final = (2 * COUNTER_BYTES,)
_MAC_DIGITS: Final = (2 * MAC_BYTES,)
_FILE_DIGITS: Final = tuple(range(32, 225, 32))  # whole blocks, as many as the file has room for

# Tags write capitals: any other spelling of the same bytes was not written by one.
_HEX: Final = re.compile("[0-9A-F]*")
_NAME: Final = re.compile("[A-Za-z0-9_-]{1,32}")

_UID_AND_COUNTER: Final = 0xC7  # PICCDataTag: UID mirrored, counter mirrored, UID of 7 bytes
_FOR_ENCRYPTION: Final = bytes.fromhex("C33C00010080")
_FOR_MAC: Final = bytes.fromhex("3CC300010080")


class SunRefusal(Enum):
    """Why a text proves nothing. Only the log tells them apart: whoever sent it hears `refused`."""

    TOO_LONG = "too_long"
    NO_PARAMETERS = "no_parameters"  # nothing after a question mark
    UNKNOWN_PARAMETER = "unknown_parameter"
    REPEATED_PARAMETER = "repeated_parameter"
    MISSING_PARAMETER = "missing_parameter"
    MIXED_FORMS = "mixed_forms"  # UID and counter both encrypted and in plain: no tag writes that
    NOT_HEX = "not_hex"  # also hexadecimal in small letters
    WRONG_LENGTH = "wrong_length"
    NOT_PICC_DATA = "not_picc_data"  # altered, or encrypted with another key, or without UID or counter
    WRONG_MAC = "wrong_mac"  # altered, or made with another key


class Parameters(msgspec.Struct, frozen=True):
    """The names of a URL's parameters, as on the tags. Raises ValueError if they cannot be told apart.

    With file data the MAC covers `&<mac>=` too, so `mac` must be the name on the tags and follow `file_data`.
    """

    picc_data: str = "e"
    mac: str = "c"
    uid: str = "uid"
    counter: str = "ctr"
    file_data: str = "enc"

    def __post_init__(self) -> None:
        names = (self.picc_data, self.mac, self.uid, self.counter, self.file_data)
        if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
            raise ValueError("names of parameters are distinct, of letters, digits, '_' and '-', at most 32")


USUAL: Final = Parameters()


class Sealed(msgspec.Struct, frozen=True):
    """UID and counter as encrypted PICC data: 16 bytes."""

    data: bytes


class Plain(msgspec.Struct, frozen=True):
    """UID (7 bytes) and counter, readable by anybody."""

    uid: bytes
    counter: int


class SunMessage(msgspec.Struct, frozen=True):
    """A message of the right shape; nothing of it is proved. `file_data` are encrypted, or empty."""

    identity: Sealed | Plain
    mac: bytes
    file_data: bytes = b""
    mac_input: bytes = b""


class SunClaim(msgspec.Struct, frozen=True):
    """Proved: the tag `tag_uid` was read, and that read had the number `counter`, 0 to 2^24-1.

    `tag_uid`: upper-case hex, as in `Tap`; `file_data`: decrypted, or empty."""

    tag_uid: str
    counter: int
    file_data: bytes = b""


class SunKeys(Protocol):
    """The keys of a site's tags, 16 bytes each."""

    def meta_read_key(self) -> bytes:
        """SDMMetaReadKey: needed before the UID is known, so one for all tags."""

    def file_read_key(self, uid: bytes) -> bytes:
        """SDMFileReadKey of the tag with this UID of 7 bytes, known or not."""


_Parsed: TypeAlias = SunMessage | SunRefusal


def parse(url: str, names: Parameters = USUAL) -> _Parsed:
    """The message in a URL's parameters; what stands before the question mark is not looked at."""
    if len(url) > MAX_CHARS:
        return SunRefusal.TOO_LONG
    _, _, query = url.partition("?")
    if not query:
        return SunRefusal.NO_PARAMETERS
    values: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in values:
            return SunRefusal.REPEATED_PARAMETER
        values[name] = value
    return of_values(values, names)


def of_values(values: Mapping[str, str], names: Parameters = USUAL) -> _Parsed:
    """The message of parameters that came as such, by their names."""
    refusal = _fault(values, names)
    if refusal is not None:
        return refusal
    file_data = values.get(names.file_data, "")
    return SunMessage(
        _identity(values, names),
        bytes.fromhex(values[names.mac]),
        bytes.fromhex(file_data),
        f"{file_data}&{names.mac}=".encode() if file_data else b"",
    )


def verify(message: SunMessage, keys: SunKeys) -> SunClaim | SunRefusal:
    """What a message proves. The MAC is compared in constant time."""
    match message.identity:
        case Sealed(data):
            plain = cbc_decrypted(keys.meta_read_key(), data)
            if plain[0] != _UID_AND_COUNTER:
                return SunRefusal.NOT_PICC_DATA
            uid = plain[1 : 1 + UID_BYTES]
            counter = int.from_bytes(plain[1 + UID_BYTES : 1 + UID_BYTES + COUNTER_BYTES], "little")
        case Plain(uid, counter):
            pass
        case _:
            assert_never(message.identity)
    file_read_key = keys.file_read_key(uid)
    expected = truncated(cmac(session_mac_key(file_read_key, uid, counter), message.mac_input))
    if not hmac.compare_digest(expected, message.mac):
        return SunRefusal.WRONG_MAC
    return SunClaim(uid.hex().upper(), counter, _file_data(message, file_read_key, uid, counter))


def read(url: str, keys: SunKeys, names: Parameters = USUAL) -> SunClaim | SunRefusal:
    """`parse` and `verify` in one: what a URL that a tag is said to have written proves."""
    message = parse(url, names)
    return verify(message, keys) if isinstance(message, SunMessage) else message


def session_mac_key(file_read_key: bytes, uid: bytes, counter: int) -> bytes:
    """SesSDMFileReadMACKey of one read."""
    return cmac(file_read_key, _FOR_MAC + uid + counter.to_bytes(COUNTER_BYTES, "little"))


def session_encryption_key(file_read_key: bytes, uid: bytes, counter: int) -> bytes:
    """SesSDMFileReadENCKey of one read."""
    return cmac(file_read_key, _FOR_ENCRYPTION + uid + counter.to_bytes(COUNTER_BYTES, "little"))


def truncated(mac: bytes) -> bytes:
    """MACt: every second of 16 bytes, from the second one on."""
    return mac[1::2]


def _fault(values: Mapping[str, str], names: Parameters) -> SunRefusal | None:
    digits = {
        names.picc_data: _PICC_DIGITS,
        names.uid: _UID_DIGITS,
        names.counter: _COUNTER_DIGITS,
        names.file_data: _FILE_DIGITS,
        names.mac: _MAC_DIGITS,
    }
    given = values.keys()
    if not given <= digits.keys():
        return SunRefusal.UNKNOWN_PARAMETER
    sealed, plain = {names.picc_data}, {names.uid, names.counter}
    if sealed <= given and plain & given:
        return SunRefusal.MIXED_FORMS
    if names.mac not in given or not (sealed <= given or plain <= given):
        return SunRefusal.MISSING_PARAMETER
    for name, text in values.items():
        if _HEX.fullmatch(text) is None:
            return SunRefusal.NOT_HEX
        if len(text) not in digits[name]:
            return SunRefusal.WRONG_LENGTH
    return None


def _identity(values: Mapping[str, str], names: Parameters) -> Sealed | Plain:
    if names.picc_data in values:
        return Sealed(bytes.fromhex(values[names.picc_data]))
    # The one place where a tag writes the counter's highest byte first.
    return Plain(bytes.fromhex(values[names.uid]), int(values[names.counter], 16))


def _file_data(message: SunMessage, file_read_key: bytes, uid: bytes, counter: int) -> bytes:
    if not message.file_data:
        return b""
    key = session_encryption_key(file_read_key, uid, counter)
    iv = cbc_encrypted(key, counter.to_bytes(COUNTER_BYTES, "little").ljust(16, b"\0"))
    return cbc_decrypted(key, message.file_data, iv)
