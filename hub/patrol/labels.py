"""Labels with QR codes for checkpoints, on sheets of A4 to be cut: to hang beside a tag, or in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hub.patrol.printing import both, drawn_code, printed
from rules.model import Text

PER_PAGE: Final = 8
# What a phone's page takes for a printed code, which proves less than a tag (docs/tags.md).
BY_QR: Final = "?via=qr"
_SHEET: Final = "labels.typ"


class Label(msgspec.Struct, frozen=True):
    """One checkpoint. `area`: the name of the place that it is in."""

    id: str
    name: Text
    area: Text


class _Cell(msgspec.Struct, frozen=True):
    id: str
    zh: str
    en: str
    area: str
    code: str


class _Sheet(msgspec.Struct, frozen=True):
    site: str
    address: str
    labels: list[_Cell]


def code_url(address: str, checkpoint: str) -> str:
    """What the QR code of a checkpoint says. `address`: of the hub, as in `https://hub.example`."""
    return f"{address}/t/{checkpoint}{BY_QR}"


def sheets(site: Text, address: str, labels: Sequence[Label]) -> bytes:
    """The sheets as PDF, with the characters that they show of their font."""
    return printed(_SHEET, _Sheet(both(site), address, [_cell(address, label) for label in labels]))


def _cell(address: str, label: Label) -> _Cell:
    english = label.name.en if label.name.en != label.name.zh else ""
    code = drawn_code(code_url(address, label.id))
    return _Cell(label.id, label.name.zh, english, both(label.area), code)
