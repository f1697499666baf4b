"""What the history keeps of a fact."""

from __future__ import annotations

from typing import Final

import msgspec

from devices.facts import Clock, ClockSet, Fact, Presence, Reading, RoundOrder, Tap, Tick
from devices.series import DEVICE, TAP
from hub.history.port import FieldValue, Point

_NS_OF_MS: Final = 1_000_000
# Named once: looking a member up in its Enum for each fact costs as much as the point.
_DEVICE_S, _LOCAL = Clock.DEVICE, Clock.LOCAL


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a fact's device belongs: the tags of its points, and the measurement of its readings."""

    site: str
    area: str
    device: str
    measurement: str


def in_order(number: int) -> int:
    """Nanoseconds inside a millisecond for a number of the log or the journal: what shares the millisecond
    stays apart and in order."""
    return number % _NS_OF_MS


def points_of_fact(fact: Fact, place: Place, seq: int) -> tuple[Point, ...]:
    """The points of a fact; the same fact gives the same points. A tick has none.

    `seq`, its number in the log, keeps what shares a millisecond apart: a backlog without a clock has one
    receive time, and two guards may tap one reader in what its clock calls the same instant."""
    match fact:
        case Reading():
            sub_ns = 0 if fact.clock is _DEVICE_S or fact.clock is _LOCAL else in_order(seq)
            return _point(fact, place, place.measurement, fact.values, sub_ns) if fact.values else ()
        case Tap():
            taps = (("tag_uid", fact.tag_uid), ("badge", fact.badge), ("trust", fact.trust.value))
            return _point(fact, place, TAP, taps, in_order(seq))
        case Presence():
            return _point(fact, place, DEVICE, (("online", fact.online),), 0)  # the last said counts
        case Tick() | ClockSet() | RoundOrder():
            return ()


def _point(
    fact: Fact, place: Place, measurement: str, fields: tuple[tuple[str, FieldValue], ...], sub_ns: int
) -> tuple[Point, ...]:
    return (Point(measurement, place.site, place.area, place.device, fact.measured_at_ms, fields, sub_ns),)
