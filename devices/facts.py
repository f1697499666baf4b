"""The typed facts: what ingest appends to the log and what rules judge.

An instant is an integer: milliseconds since 1970-01-01 UTC (`*_ms`). It cannot lack a time zone, sorts,
and is what every store keeps; only pages turn it into the site's local time.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

Value: TypeAlias = float | bool


class Kind(Enum):
    """What a device is; also the third level of a native topic."""

    CHECKPOINT = "checkpoint"
    FRIDGE = "fridge"
    METER = "meter"
    GATEWAY = "gateway"


class Clock(Enum):
    """Where `measured_at_ms` comes from, and so how far it can be trusted."""

    DEVICE = "device"  # the device's own clock, with an offset
    LOCAL = "local"  # the device's clock without an offset, read in the site's time zone
    NONE = "none"  # the device sent no time: the hub's receive time
    UNSET = "unset"  # the device's clock was never set (before 2020): the hub's receive time
    AHEAD = "ahead"  # the device's clock is ahead of the hub's: the hub's receive time


class Trust(Enum):
    """How well a tap proves that somebody stood at the tag, best first."""

    SUN = "sun"
    READER = "reader"
    UID = "uid"
    QR = "qr"
    MANUAL = "manual"


# Facts hold nothing but values, so the garbage collector need not look at the millions of them (`gc=False`).


class Reading(msgspec.Struct, frozen=True, tag="reading", gc=False):
    """One set of values measured by one device at one time; names of values stand in `devices.series`."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    values: tuple[tuple[str, Value], ...]


class Tap(msgspec.Struct, frozen=True, tag="tap", gc=False):
    """One read of a tag by the reader or phone `device`; `tag_uid` is upper-case hex without separators."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    tag_uid: str
    badge: str
    trust: Trust


class Presence(msgspec.Struct, frozen=True, tag="presence", gc=False):
    """A device said, or its last will said for it, that it is on line or not."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    online: bool


class Tick(msgspec.Struct, frozen=True, tag="tick", gc=False):
    """The passing of time at the hub. `listening_since_ms`: since when nothing can have been missed."""

    key: str
    measured_at_ms: int
    listening_since_ms: int

    @property
    def device(self) -> str:
        """No device: time passes for all of them."""
        return ""

    @property
    def received_at_ms(self) -> int:
        """The hub's own clock gives both times."""
        return self.measured_at_ms


Fact: TypeAlias = Reading | Tap | Presence | Tick
