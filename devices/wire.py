"""Strict JSON from devices: arbitrary bytes become a value or one `WireError`, never anything else."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Final

import msgspec

# Far more than any one message of a device needs; what takes longer to refuse would hold up the others.
MAX_PAYLOAD_BYTES: Final = 262_144
MAX_DETAIL_CHARS: Final = 200

# Every key is followed by this. A string may contain it too, so there are at least as many as there are keys.
_AFTER_KEY: Final = re.compile(rb'"\s*:')


class WireReason(Enum):
    """Why something that a device sent cannot be taken in."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    BAD_VALUE = "bad_value"  # a string of the wrong shape: a tag's UID, a tap's id, a word from a list
    BAD_TIME = "bad_time"
    NO_OFFSET = "no_offset"
    BAD_TOPIC = "bad_topic"
    AMBIGUOUS = "ambiguous"  # several sensors in one payload, and the configuration does not say which
    UNSUPPORTED = "unsupported"  # well-formed, but not something this kind of device or format can say
    NOTHING_KNOWN = "nothing_known"


class WireError(Exception):
    """What a device sent cannot be taken in. `detail` is one printable line of at most 200 characters."""

    def __init__(self, reason: WireReason, detail: str = "") -> None:
        self.reason = reason
        self.detail = escaped(detail)
        super().__init__(reason, self.detail)

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value


def escaped(text: str, limit: int = MAX_DETAIL_CHARS) -> str:
    """One line fit for a log: control characters and direction marks escaped, cut to `limit` characters."""
    head = text[: limit + 1]
    if not head.isprintable():
        head = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in head)
    return head if len(head) <= limit else head[: limit - 1] + "…"


def parse_json(payload: bytes, limit: int = MAX_PAYLOAD_BYTES) -> object:
    """The value in `payload`: RFC 8259 without repeated keys, NaN or infinities. Raises only WireError."""
    if not payload or payload.isspace():
        raise WireError(WireReason.EMPTY)
    if len(payload) > limit:
        raise WireError(WireReason.TOO_LARGE, f"{len(payload)} bytes, at most {limit}")
    value = _decoded(payload)
    # The decoder keeps the last of repeated keys silently; only a count that differs is worth a second look.
    if len(_AFTER_KEY.findall(payload)) != _number_of_keys(value):
        _refuse_repeated_keys(payload)
    return value


def _decoded(payload: bytes) -> object:
    try:
        value: object = msgspec.json.decode(payload)
    except msgspec.ValidationError as error:
        raise WireError(WireReason.OUT_OF_RANGE, str(error)) from None
    except RecursionError:
        raise WireError(WireReason.TOO_DEEP) from None
    except UnicodeDecodeError as error:
        raise WireError(WireReason.NOT_UTF8, f"byte {error.start} of a string: {error.reason}") from None
    except msgspec.DecodeError as error:
        reason = WireReason.NOT_JSON if _is_utf8(payload) else WireReason.NOT_UTF8
        raise WireError(reason, str(error)) from None
    return value


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _number_of_keys(value: object) -> int:
    keys = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            keys += len(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return keys


def _refuse_repeated_keys(payload: bytes) -> None:
    try:
        # Numbers stay text here: only the keys matter, and very long integers would raise.
        json.loads(payload.decode(), object_pairs_hook=_unique, parse_int=str, parse_float=str)
    except RecursionError:
        raise WireError(WireReason.TOO_DEEP) from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise WireError(WireReason.DUPLICATE_KEY, name)
        members[name] = value
    return members
