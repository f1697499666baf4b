"""What can be exported of the log, and how it is written."""

from __future__ import annotations

from enum import Enum


class What(Enum):
    """What can be exported."""

    FACTS = "facts"
    LETTERS = "letters"


class Form(Enum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
