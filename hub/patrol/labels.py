"""Labels with QR codes for checkpoints, on sheets of A4 to be cut: to hang beside a tag, or in its place."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

import msgspec
import pylopdf_fonts_zh_cn as fonts
import segno
import typst

from rules.model import Text

PER_PAGE: Final = 8
# What a phone's page takes for a printed code, which proves less than a tag (docs/tags.md).
BY_QR: Final = "?via=qr"
_ROOM: Final = "hub.patrol"
_SHEET: Final = "labels.typ"
# Half of a scratched or dirty code can be missing: it hangs where children pass.
_CORRECTION: Final = "q"


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
    data = _Sheet(_both(site), address, [_cell(address, label) for label in labels])
    known = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(fonts.sans_path().parent)],
    )
    return typst.compile(
        files(_ROOM).joinpath(_SHEET).read_bytes(),
        font_paths=known,
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )


def _cell(address: str, label: Label) -> _Cell:
    code = segno.make(code_url(address, label.id), error=_CORRECTION, boost_error=False, micro=False)
    drawn = code.svg_inline(border=0, omitsize=True)
    english = label.name.en if label.name.en != label.name.zh else ""
    return _Cell(label.id, label.name.zh, english, _both(label.area), drawn)


def _both(text: Text) -> str:
    return text.zh if text.zh == text.en else f"{text.zh} · {text.en}"
