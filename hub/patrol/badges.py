"""Badges with QR codes for whoever has no card that a phone can read, on sheets of A4 to be cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.patrol.printing import both, drawn_code, printed
from rules.model import Text

PER_PAGE: Final = 10
_SHEET: Final = "badges.typ"


class Badge(msgspec.Struct, frozen=True):
    """One person. `number`: the UID in `campus.toml`, upper-case hex; `role`: what the person is called."""

    name: str
    role: Text
    number: str


class _Card(msgspec.Struct, frozen=True):
    name: str
    role: str
    number: str
    code: str


class _Sheet(msgspec.Struct, frozen=True):
    site: str
    cards: list[_Card]


def badge_text(number: str) -> str:
    """What the QR code of a badge says; the guard's page reads it (`badge.js`)."""
    return f"badge:{number}"


def badge_sheets(site: Text, badges: Sequence[Badge]) -> bytes:
    """The sheets as PDF, with the characters that they show of their font."""
    return printed(_SHEET, _Sheet(both(site), [_card(badge) for badge in badges]))


def _card(badge: Badge) -> _Card:
    return _Card(badge.name, both(badge.role), badge.number, drawn_code(badge_text(badge.number)))
