"""The key of a fact: the same key is one fact, however often it is delivered."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from devices.topics import Channel

MAX_KEY_CHARS: Final = 120

_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)

# One boot and sequence number may count a device's readings, taps and states apart.
_LETTERS: Final = {Channel.READING: "r", Channel.TAP: "t", Channel.STATUS: "s", Channel.REPLY: "a"}


def of_sequence(channel: Channel, device: str, boot: str | int, seq: int) -> str:
    """The key of the fact that a device numbered itself."""
    return numbered(prefix_of(channel, device), boot, seq)


def prefix_of(channel: Channel, device: str) -> str:
    """What the keys of one device's numbered facts begin with."""
    return f"{_LETTERS[channel]}:{_part(device)}:"


def numbered(prefix: str, boot: str | int, seq: int) -> str:
    """The key of a numbered fact, by its device's prefix."""
    key = f"{prefix}{boot if type(boot) is int else _part(str(boot))}:{seq}"
    return key if len(key) <= MAX_KEY_CHARS else _bounded(key)


def canonical(id_: str) -> str | None:
    """A UUID in small letters; None if it is none."""
    return str(uuid.UUID(id_)) if _UUID.fullmatch(id_) else None


def of_tap(tap_id: str) -> str:
    """The key of a tap with its own UUID: the same over MQTT and over HTTP."""
    return f"tap:{tap_id}"


def phone_of(person: str) -> str:
    """The device that a person's phone is, whichever it is."""
    return f"phone:{person}"


def of_content(channel: Channel, device: str, measured_at_ms: int, content: Sequence[object]) -> str:
    """The key of a fact without a number: the device, the time and what it says."""
    digest = hashlib.blake2b(msgspec.json.encode(content), digest_size=8).hexdigest()
    # The mark keeps a digest that happens to be all digits apart from a sequence number.
    return _bounded(f"{_LETTERS[channel]}:{_part(device)}:{measured_at_ms}:#{digest}")


def _part(text: str) -> str:
    if ":" in text or "%" in text:
        return text.replace("%", "%25").replace(":", "%3A")
    return text


def _bounded(key: str) -> str:
    if len(key) <= MAX_KEY_CHARS:
        return key
    digest = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{key[0]}#{digest}"
