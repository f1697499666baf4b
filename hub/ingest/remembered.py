"""What ingest must remember beyond its own life: a port, and the adapter that forgets at the end."""

from __future__ import annotations

from typing import Protocol


class Remembered(Protocol):
    """One short text that outlives the process. Called by one thread at a time."""

    def load(self) -> str:
        """What was saved last; empty if nothing was."""

    def save(self, text: str) -> None:
        """Replaces what was saved."""


class RememberedHere:
    """Remembers for as long as the process lives: a new one subscribes anew, which is safe."""

    def __init__(self) -> None:
        self._text = ""

    def load(self) -> str:
        """What was saved last."""
        return self._text

    def save(self, text: str) -> None:
        """Replaces what was saved."""
        self._text = text
