"""Campuses to write down: a small valid one, and pieces to put wrong ones together from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hub.config.faults import ConfigurationError, Fault
from hub.config.load import load
from hub.config.model import Campus

SITE = """\
[site]
id = "school"
name = "School"
zone = "Asia/Shanghai"
"""

VALID = (
    SITE
    + """
[[area]]
id = "canteen"
name = { zh = "食堂", en = "Canteen" }

[[person]]
id = "zhang"
name = "Zhang"
role = "guard"
badge = "04:b8:3a:1c"

[[person]]
id = "wang"
name = "Wang"
role = "canteen"

[[person]]
id = "boss"
name = "Boss"
role = "admin"

[[checkpoint]]
id = "gate"
name = "Gate"
area = "canteen"
tag_uid = "04A1B2C3D4E580"
key = true

[[device]]
id = "cold-1"
name = "Fridge"
kind = "fridge"
storing = "chilled"
area = "canteen"
owner = "wang"
interval = "1m"

[[round]]
id = "morning"
name = "Morning"
starts = "06:00"
ends = "08:30"
guard = "zhang"
checkpoints = ["gate"]
"""
)


class Case(NamedTuple):
    """A text, the key at fault, a piece of the line it stands on, and words of problem and remedy."""

    text: str
    key: str
    at: str
    words: tuple[str, ...]


def loaded(folder: Path, text: str, environment: dict[str, str] | None = None) -> Campus:
    """The campus that `text` describes."""
    file = folder / "campus.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environment or {})


def faults_in(
    folder: Path, content: str | bytes, environment: dict[str, str] | None = None
) -> tuple[Fault, ...]:
    """What is wrong with `content`; nothing if it loads."""
    file = folder / "campus.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        load(file, environment or {})
    except ConfigurationError as error:
        return error.faults
    return ()


def changed(old: str, new: str) -> str:
    """The valid campus with one piece of its text replaced."""
    assert VALID.count(old) >= 1, old
    return VALID.replace(old, new, 1)


def line_of(text: str, piece: str) -> int:
    """The line on which the first of `piece` stands."""
    return text[: text.index(piece)].count("\n") + 1
