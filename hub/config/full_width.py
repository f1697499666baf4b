"""What a Chinese input method writes where the file needs English punctuation and digits; pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CHINESE: Final = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"',
    "、": ",", "。": ".", "【": "[", "】": "]", "—": "-", "\u3000": " ",
}  # fmt: skip
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
_CALLED: Final = {
    '"': "quotation mark", "'": "quotation mark", ":": "colon", ",": "comma", ".": "full stop",
    "=": "equals sign", "-": "hyphen", "/": "slash", "#": "hash", " ": "space",
    "[": "bracket", "]": "bracket", "{": "brace", "}": "brace",
}  # fmt: skip
_QUOTES: Final = frozenset('"' + "'")
_CLOSED_TEXT: Final = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'")


def slip_in_line(line: str) -> int | None:
    """Where, from 0, a line of TOML has a character that may stand in texts and comments only."""
    bare = _CLOSED_TEXT.sub(lambda text: "_" * len(text[0]), line)
    opened = next((index for index, character in enumerate(bare) if character in "\"'#"), len(bare))
    # Behind a quote that nothing closes only other quotes can be meant: the rest may be a text.
    behind = () if bare[opened : opened + 1] == "#" else range(opened + 1, len(bare))
    slips = (
        *(index for index in range(opened) if _meant(bare[index]) is not None),
        *(index for index in behind if _meant(bare[index]) in _QUOTES),
    )
    return next(iter(slips), None)


def slip_in(value: str) -> str | None:
    """The first such character of a value that should be plain."""
    return next((character for character in value if _meant(character) is not None), None)


def told(character: str) -> tuple[str, str]:
    """What such a character is called, and what to do."""
    meant = _meant(character) or ""
    called = _CALLED.get(meant, "digit" if meant.isdigit() else "letter" if meant.isalpha() else "character")
    sort = "Chinese" if meant in _QUOTES or (character in _CHINESE and meant != " ") else "full-width"
    shown = "" if meant == " " else f" ({character})"
    remedy = f"switch to English punctuation: write {meant} instead"
    if called in ("space", "digit", "letter", "character"):
        remedy = (
            f"switch the input method to English: write {'a plain space' if meant == ' ' else meant} instead"
        )
    return f"a {sort} {called}{shown}", remedy


def hint(value: str) -> str:
    """What to do about the first such character of a value; empty: there is none."""
    slip = slip_in(value)
    if slip is None:
        return ""
    called, remedy = told(slip)
    return f"it has {called}: {remedy}"


def _meant(character: str) -> str | None:
    """The character that English punctuation has for it."""
    if character in _CHINESE:
        return _CHINESE[character]
    return unicodedata.normalize("NFKC", character) if ord(character) in _FULL_WIDTH else None
