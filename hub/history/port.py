"""The history as the hub sees it: a place to put points, and a few questions to ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol

import msgspec

FieldValue = float | bool | int | str
RAW_DAYS: Final = 400  # how long single values are kept: a year of cold-chain records, and some weeks


class Point(msgspec.Struct, frozen=True, gc=False):
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


class Newest(msgspec.Struct, frozen=True):
    """The newest value of one device's field; true is 1."""

    device: str
    at_ms: int
    value: float


class Used(msgspec.Struct, frozen=True):
    """The energy that one meter counted in the interval that begins at `at_ms`.

    `resets`: how often its counter began anew; what was used unseen around that is not in `energy_kwh`."""

    device: str
    at_ms: int
    energy_kwh: float
    resets: int


class Limits(msgspec.Struct, frozen=True):
    """What lies below `low` or above `high` is outside; None: no limit on that side."""

    low: float | None
    high: float | None


class Excursion(msgspec.Struct, frozen=True):
    """One stretch of a series outside its limits, from its first value outside to the first inside again.

    `minutes`: how long it is known to have been outside, silences left out. `is_over`: false where the last
    value was still outside (`end_ms` is then its time). `mean`: of the values, each weighing the same."""

    start_ms: int
    end_ms: int
    low: float
    high: float
    mean: float
    minutes: float
    is_over: bool


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

    def __reduce__(self) -> tuple[type, tuple[Link, str, int | None]]:
        """It may come from another process."""
        return type(self), (self.link, self.detail, self.retry_after_ms)


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

    def prune(self, before_ms: int) -> None:
        """Drops raw values measured before (a whole hour, rounded down); long-term values stay.

        Where retention is the store's own affair (InfluxDB), does nothing."""

    def close(self) -> None:
        """Let go of files and connections."""


class Store(History, Protocol):
    """A history that answers every question; both stores are one.

    Every question raises HistoryUnavailableError."""

    def latest(self, measurement: str, field: str) -> tuple[Newest, ...]:
        """The newest value of every device that ever had one, by device; texts have none."""

    def samples(
        self, measurement: str, field: str, device: str, start_ms: int, end_ms: int
    ) -> tuple[Sample, ...]:
        """The values themselves in [start, end), in time order; texts have none."""

    def energy(self, devices: Sequence[str], start_ms: int, end_ms: int, step_ms: int) -> tuple[Used, ...]:
        """What each meter counted in intervals of `step_ms` that begin at `start_ms`; by device and time.

        What was used between two readings stands in the later one's interval; intervals without readings
        are left out. The reading before the first interval counts up to a day back."""

    def excursions(
        self,
        measurement: str,
        field: str,
        device: str,
        limits: Limits,
        start_ms: int,
        end_ms: int,
    ) -> tuple[Excursion, ...]:
        """The stretches outside the limits among the values in [start, end), in order."""
