"""Words that options take: what can be exported of the log and how, and what a checkpoint needs."""

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


class Proof(Enum):
    """What taps at a checkpoint can prove, the least first."""

    QR = "qr"
    UID = "uid"
    SUN = "sun"
