"""The history as the hub sees it: a place to put points, and a few questions to ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec

FieldValue = float | bool | int | str


class Point(msgspec.Struct, frozen=True):
    """One row of a time series. The same measurement, tags and time is the same point: writing it again
    replaces it. Tags may be empty (then left out); `fields` are (name, value) and have at least one entry.

    `sub_ns` (below a million) is added to the time: it keeps points of one series and millisecond apart.
    `rule` is a tag that only alerts have."""

    measurement: str
    site: str
    area: str
    device: str
    at_ms: int
    fields: tuple[tuple[str, FieldValue], ...]
    sub_ns: int = 0
    rule: str = ""


class Cursors(msgspec.Struct, frozen=True):
    """How far the history has read: the log's sequence number, and the book's last event id."""

    log: int = 0
    book: int = 0


class Refused(msgspec.Struct, frozen=True):
    """A point that the store will never take, with the store's own reason."""

    point: Point
    reason: str


class Aggregate(Enum):
    """What a range query makes of the values inside one step."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    COUNT = "count"


class Sample(msgspec.Struct, frozen=True):
    """One step of a range: `at_ms` is the step's start; steps without values are left out."""

    at_ms: int
    value: float


class Link(Enum):
    """How the store is doing."""

    OK = "ok"
    UNREACHABLE = "unreachable"  # try again later
    REFUSED = "refused"  # credentials or address are wrong: a person must act


class HistoryUnavailableError(Exception):
    """Nothing can be relied on to be written or read; the same call may work later. `link` says why.

    `retry_after_ms`: how long the store asked to be left alone, where it did."""

    def __init__(self, link: Link, detail: str, retry_after_ms: int | None = None) -> None:
        super().__init__(detail)
        self.link = link
        self.detail = detail
        self.retry_after_ms = retry_after_ms


class History(Protocol):
    """A store of time series. Calls block; one thread writes, any thread reads."""

    def open(self) -> None:
        """Make ready (file, database, schema). Raises HistoryUnavailableError."""

    def cursors(self) -> Cursors | None:
        """The cursors kept with the points; None where the store cannot keep them."""

    def write(self, points: Sequence[Point], cursors: Cursors) -> tuple[Refused, ...]:
        """Keep points, with the cursors in the same transaction where the store can.

        Raises HistoryUnavailableError; what it returns was refused for good, everything else was kept."""

    def range(
        self,
        measurement: str,
        field: str,
        device: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        aggregate: Aggregate,
    ) -> tuple[Sample, ...]:
        """One series in [start, end), by steps (ms, at least 1) aligned to the epoch; true counts as 1.

        Texts can only be counted: any other aggregate of them is empty. Raises HistoryUnavailableError."""

    def close(self) -> None:
        """Let go of files and connections."""
