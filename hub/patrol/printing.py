"""Sheets of paper as PDF, with the characters that they show of a font that a package brings."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import msgspec
import pylopdf_fonts_zh_cn as fonts
import segno
import typst

from rules.model import Text

_ROOM: Final = "hub.patrol"
# Half of a scratched or dirty code can be missing: it is carried about, or hangs where children pass.
_CORRECTION: Final = "q"


def printed(sheet: str, data: msgspec.Struct) -> bytes:
    """The PDF that the typst source `sheet` of this room makes of `data`."""
    known = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(fonts.sans_path().parent)],
    )
    return typst.compile(
        files(_ROOM).joinpath(sheet).read_bytes(),
        font_paths=known,
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )


def drawn_code(text: str) -> str:
    """A QR code that says `text`, as SVG without a border."""
    code = segno.make(text, error=_CORRECTION, boost_error=False, micro=False)
    return code.svg_inline(border=0, omitsize=True)


def both(text: Text) -> str:
    """A text in both languages on one line, or once where they are the same."""
    return text.zh if text.zh == text.en else f"{text.zh} · {text.en}"
