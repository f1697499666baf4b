"""What is wrong with a configuration, said so that a school's technician can put it right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from hub.config.full_width import hint

_SHOWN_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `key` names it (`device.cold-1.interval`); `line` is None where there is none.

    All texts are printable: whatever was quoted from the file is escaped. Secrets are never quoted.
    """

    file: Path
    line: int | None
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else f"{self.file}"
        subject = f"{self.key}: " if self.key else ""
        return f"{place}: {subject}{self.problem} — {self.remedy}"


class ConfigurationError(Exception):
    """The configuration cannot be used; `faults` are all that was found, in the order of their lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = in_order(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Each fault once, by file, line and key."""
    return tuple(
        sorted(dict.fromkeys(faults), key=lambda fault: (str(fault.file), fault.line or 0, fault.key))
    )


def shown(value: object) -> str:
    """A value as it may be printed: short, and with everything unprintable escaped."""
    text = value if isinstance(value, str) else f"{type(value).__name__}"
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18):
        text = str(value)
    return f"“{escaped(text)}”"


def escaped(text: str) -> str:
    """`text` on one line, at most 60 characters long, without control or direction marks."""
    cut = text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known one that was probably meant."""
    return next(iter(get_close_matches(word[:100], known, n=1)), None)


def suggestion(word: str, known: Iterable[str]) -> str:
    """The remedy for a word that is not known: the nearest known one, else all of them."""
    words = sorted(known)
    meant = nearest(word, words)
    if typed := hint(word):
        return typed
    if meant is not None:
        return f"did you mean “{escaped(meant)}”?"
    if not words:
        return "none is defined yet: add it to the file first"
    listed = ", ".join(map(escaped, words[:20])) + (", …" if len(words) > 20 else "")
    return f"known here: {listed}"
