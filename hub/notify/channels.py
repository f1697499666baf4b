"""What a channel is to those who send, and what sending comes to."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """A message: `title` on one line, `body` on several."""

    title: str
    body: str

    @property
    def text(self) -> str:
        """For channels that know no title."""
        return f"{self.title}\n{self.body}" if self.body else self.title


class Outcome(msgspec.Struct, frozen=True):
    """`reason`: why it was not delivered, without secrets; empty: it was. `is_refusal`: it will not be before
    somebody acts. `retry_after_s`: the other side asks to be left alone for so long."""

    reason: str = ""
    retry_after_s: float | None = None
    is_refusal: bool = False

    @property
    def delivered(self) -> bool:
        """Whether the other side took it."""
        return not self.reason


class Channel(Protocol):
    """A way to people. `most_bytes`: of UTF-8 in one message."""

    @property
    def most_bytes(self) -> int: ...

    def send(self, message: Message) -> Outcome:
        """Sends and waits, in the caller's thread. Raises nothing for what network or other side do."""
