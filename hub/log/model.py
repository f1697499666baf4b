"""What goes into the log and what comes back out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import count

import msgspec

from devices.facts import Fact, Value


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """How a message came over MQTT. A fact without a clock and a sequence has no identity of its own:
    a redelivery (`again`, MQTT's DUP flag) under the same packet id with the same content is it again."""

    packet_id: int
    again: bool
    digest: bytes


class Letter(msgspec.Struct, frozen=True, gc=False):
    """A dead letter: a message, or one element of it, that is no fact, and why."""

    received_at_ms: int
    topic: str
    payload: bytes
    reason: str
    detail: str


class StoredLetter(msgspec.Struct, frozen=True):
    """A dead letter as kept; `size` is the payload's full length in bytes, `payload` its beginning."""

    id: int
    received_at_ms: int
    topic: str
    payload: bytes
    size: int
    reason: str
    detail: str


class Stranger(msgspec.Struct, frozen=True):
    """A device that speaks but is not in the configuration, offered for adoption."""

    topic: str
    format: str
    suggested_id: str
    first_ms: int
    last_ms: int
    messages: int


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """One message of a stranger."""

    at_ms: int
    topic: str
    format: str
    suggested_id: str


class Claim(msgspec.Struct, frozen=True, gc=False):
    """The count that a tap, by its key, has proved. `chip`: the tag, and the version of its keys."""

    tap: str
    chip: str
    counter: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """All that one message (or one post of a phone) adds to the log; written whole or not at all.

    `claims`: of taps among the facts; what they are worth is judged, and written, as they are appended."""

    facts: tuple[Fact, ...] = ()
    letters: tuple[Letter, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    delivery: Delivery | None = None
    claims: tuple[Claim, ...] = ()


class Fate(Enum):
    """What became of one fact of a batch."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"  # the same key with other content: kept among the dead letters


class Appended(msgspec.Struct, frozen=True):
    """What one durable commit did: a fate for every fact, in order, and the log's newest sequence number.
    `seqs` goes with `fates`: the number under which a fact was appended, 0 if it was not.
    By key: `facts`, as they were appended; `known`, what stood there before of those that were not."""

    fates: tuple[Fate, ...]
    newest_seq: int
    seqs: tuple[int, ...] = ()
    facts: Mapping[str, Fact] = {}
    known: Mapping[str, Fact] = {}


class Kept(msgspec.Struct, frozen=True):
    """What became of a fact, and what stands in the log under its key."""

    fate: Fate
    fact: Fact


class Pruned(msgspec.Struct, frozen=True):
    """What retention took away. `unread`: facts among them that a reader had not read, dropped because the
    byte limit left no choice. `days` went whole; the newest day can only lose its beginning."""

    days: tuple[str, ...] = ()
    facts: int = 0
    unread: int = 0


class Logged(msgspec.Struct, frozen=True, gc=False):
    """A fact with its place in the log."""

    seq: int
    fact: Fact


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Facts that follow one another in the log without a gap: `facts[i]` has the number `first + i`."""

    first: int
    facts: tuple[Fact, ...]

    @property
    def last(self) -> int:
        """The number of the last fact; `first - 1` if there is none."""
        return self.first + len(self.facts) - 1

    def __len__(self) -> int:
        return len(self.facts)

    def __iter__(self) -> Iterator[Logged]:
        return map(Logged, count(self.first), self.facts)


class Sifted(msgspec.Struct, frozen=True, gc=False):
    """What a sieve let through of `count` facts that follow one another, up to the one with number `last`.

    `first_ms`, `last_ms`: when the first and the last of all of them arrived."""

    last: int
    count: int
    facts: tuple[Fact, ...]
    first_ms: int
    last_ms: int


class Latest(msgspec.Struct, frozen=True):
    """The newest value of one series, by measured time."""

    device: str
    field: str
    measured_at_ms: int
    received_at_ms: int
    value: Value


class LogFaultError(Exception):
    """The log cannot be opened, read or written. `full`: the disk is; nothing was appended."""

    def __init__(self, problem: str, *, full: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.full = full
