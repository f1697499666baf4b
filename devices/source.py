"""What a decoder is told about a payload's origin, and what it hands back."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from devices.facts import Fact, Kind
from devices.wire import WireReason


class Source(msgspec.Struct, frozen=True):
    """Whose payload it is and when it came. `sensor`: which of several in one payload, or empty.

    `zone` is the site's, for makers whose clocks send no offset; `after_ms` the time that such a clock gave
    before, if known.
    """

    device: str
    kind: Kind
    sensor: str
    received_at_ms: int
    zone: tzinfo
    after_ms: int | None = None


class Fault(msgspec.Struct, frozen=True):
    """One element of an array that could not be taken in, by its index."""

    index: int
    reason: WireReason
    detail: str


class SunSaid(msgspec.Struct, frozen=True):
    """The parameters of the SUN message that a tap, by its key, came with; nothing of it is proved."""

    tap: str
    values: tuple[tuple[str, str], ...]


class Decoded(msgspec.Struct, frozen=True):
    """What one payload said, in its order, and which of its elements were refused.

    `sun`: messages that taps among the facts came with."""

    facts: tuple[Fact, ...]
    faults: tuple[Fault, ...] = ()
    sun: tuple[SunSaid, ...] = ()
