"""What the hub answers to a tap (docs/devices.md); pure. Whatever comes raises nothing."""

from __future__ import annotations

import msgspec


class Name(msgspec.Struct, frozen=True, rename={"zh": "zh-CN"}):
    """A text in both languages."""

    zh: str
    en: str


class Next(msgspec.Struct, frozen=True):
    """The checkpoint to go to next."""

    name: Name


class Reply(msgspec.Struct, frozen=True):
    """The answer to a tap, as far as a reader shows it. What else it says is left to those who know it."""

    tap_id: str | None
    accepted: bool
    reason: str | None = None
    checkpoint: str | None = None
    round: str | None = None
    next: Next | None = None


def reply_in(payload: bytes) -> Reply | None:
    """None: it is no reply."""
    try:
        return msgspec.json.decode(payload, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
