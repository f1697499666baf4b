"""What a decoder is told about a payload's origin, and what it hands back."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from devices.facts import Fact, Kind
from devices.wire import WireReason


class Source(msgspec.Struct, frozen=True):
    """Whose payload it is and when it came. `sensor`: which of several in one payload, or empty.

    `zone` is the site's, for makers whose clocks send no offset.
    """

    device: str
    kind: Kind
    sensor: str
    received_at_ms: int
    zone: tzinfo


class Fault(msgspec.Struct, frozen=True):
    """One element of an array that could not be taken in, by its index."""

    index: int
    reason: WireReason
    detail: str


class Decoded(msgspec.Struct, frozen=True):
    """What one payload said, in its order, and which of its elements were refused."""

    facts: tuple[Fact, ...]
    faults: tuple[Fault, ...] = ()
