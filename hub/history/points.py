"""What the history keeps of a fact."""

from __future__ import annotations

from typing import Final

import msgspec

from devices.facts import Clock, Fact, Kind, Presence, Reading, Tap, Tick
from devices.series import DEVICE, TAP, measurement_of
from hub.history.port import FieldValue, Point

_NS_OF_MS: Final = 1_000_000
_RECEIVE_TIMES: Final = frozenset({Clock.NONE, Clock.UNSET, Clock.AHEAD})


class Place(msgspec.Struct, frozen=True):
    """Where a fact's device belongs: the tags of its points, and its kind."""

    site: str
    area: str
    device: str
    kind: Kind


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
            sub_ns = in_order(seq) if fact.clock in _RECEIVE_TIMES else 0
            values = tuple((name, value if value is True or value is False else float(value))
                           for name, value in fact.values)  # fmt: skip
            return _point(fact, place, measurement_of(place.kind), values, sub_ns) if values else ()
        case Tap():
            taps = (("tag_uid", fact.tag_uid), ("badge", fact.badge), ("trust", fact.trust.value))
            return _point(fact, place, TAP, taps, in_order(seq))
        case Presence():
            return _point(fact, place, DEVICE, (("online", fact.online),), 0)  # the last said counts
        case Tick():
            return ()


def _point(
    fact: Fact, place: Place, measurement: str, fields: tuple[tuple[str, FieldValue], ...], sub_ns: int
) -> tuple[Point, ...]:
    return (Point(measurement, place.site, place.area, place.device, fact.measured_at_ms, fields, sub_ns),)
