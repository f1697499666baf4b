"""The typed facts: what ingest appends to the log and what rules judge.

An instant is an integer: milliseconds since 1970-01-01 UTC (`*_ms`). It cannot lack a time zone, sorts,
and is what every store keeps; only pages turn it into the site's local time.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

import msgspec

Value: TypeAlias = float | bool


class Kind(Enum):
    """What a device is; also the third level of a native topic."""

    CHECKPOINT = "checkpoint"
    FRIDGE = "fridge"
    METER = "meter"
    GATEWAY = "gateway"
    HUB = "hub"  # the hub itself, which appends what it measures of itself; nobody says it over MQTT


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
    """One read of a tag by the reader or phone `device`; `tag_uid` is upper-case hex without separators.

    `person`: the id of who is signed in on the phone, or empty. `counter`: how often the tag says it was
    read, signed (SUN) and verified; -1: no such proof. `refused`: why the tap proves nothing (`replay`, …):
    it is on record, and no visit."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    tag_uid: str
    badge: str
    trust: Trust
    person: str = ""
    counter: int = -1
    refused: str = ""


class Presence(msgspec.Struct, frozen=True, tag="presence", gc=False):
    """A device said, or its last will said for it, that it is on line or not."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    online: bool


class Tick(msgspec.Struct, frozen=True, tag="tick", gc=False):
    """The passing of time at the hub. `listening_since_ms`: since when nothing can have been missed.

    `phones_since_ms`: since when no phone's word can have been, which needs no broker; None: as long as
    anything else. `phones_only`: there is no broker now, and time passes for what phones say alone."""

    key: str
    measured_at_ms: int
    listening_since_ms: int
    phones_since_ms: int | None = None
    phones_only: bool = False

    @property
    def device(self) -> str:
        """No device: time passes for all of them."""
        return ""

    @property
    def received_at_ms(self) -> int:
        """The hub's own clock gives both times."""
        return self.measured_at_ms


class ClockSet(msgspec.Struct, frozen=True, tag="clock_set", gc=False):
    """The hub's own clock was set: at what it called `before_ms` until then it says `measured_at_ms`.

    What the log has after it was received by the clock as it is since."""

    key: str
    measured_at_ms: int
    before_ms: int

    @property
    def device(self) -> str:
        """No device: it is the hub's."""
        return ""

    @property
    def received_at_ms(self) -> int:
        """The hub's own clock gives both times."""
        return self.measured_at_ms

    @property
    def moved_ms(self) -> int:
        """How far the clock was set ahead; negative: back."""
        return self.measured_at_ms - self.before_ms


class Order(Enum):
    """What people decide about a round under way, or about one that is over."""

    PAUSE = "pause"
    RESUME = "resume"  # also takes back a finish
    FINISH = "finish"  # before every checkpoint was passed
    EXTEND = "extend"  # its deadline is later
    EXCUSE = "excuse"  # nobody has to walk it


class RoundOrder(msgspec.Struct, frozen=True, tag="round_order", gc=False):
    """The person `by` decided something about one planned round: `round` is its run's id.

    It counts from `measured_at_ms` on. `until_ms`: the new deadline, of an EXTEND; 0: of no other."""

    key: str
    measured_at_ms: int
    received_at_ms: int
    round: str
    order: Order
    by: str
    reason: str
    until_ms: int = 0

    @property
    def device(self) -> str:
        """No device: people decide."""
        return ""


Fact: TypeAlias = Reading | Tap | Presence | Tick | ClockSet | RoundOrder
OF_THE_HUB: Final = (Tick, ClockSet, RoundOrder)  # facts of no device, by no device's clock
