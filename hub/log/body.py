"""How a fact stands in the log: a msgpack array, a third shorter than a map of named fields.

The arrays are a format of their own: fields may be added at the end of one, never moved or taken away.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, assert_never

import msgspec

from devices.facts import (
    OF_THE_HUB,
    Clock,
    ClockSet,
    Fact,
    Order,
    Presence,
    Reading,
    RoundOrder,
    Tap,
    Tick,
    Trust,
    Value,
)
from devices.series import FIELDS

READING: Final = 1  # what a body's second byte says that it is
TAP: Final = 2
PRESENCE: Final = 3
TICK: Final = 4
CLOCK_SET: Final = 5
ROUND_ORDER: Final = 6
_NAMES: Final = tuple(sorted({name for fields in FIELDS.values() for name in fields}))


class _Reading(msgspec.Struct, array_like=True, tag=READING):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    values: tuple[tuple[str, Value], ...]


class _Known(_Reading, tag=READING):
    """A reading of known quantities: their names are found, not made anew, and found again at once in what
    judges and shows them."""

    values: tuple[tuple[Literal[_NAMES], Value], ...]  # type: ignore[valid-type] # known when this runs


class _Tap(msgspec.Struct, array_like=True, tag=TAP):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    tag_uid: str
    badge: str
    trust: Trust
    person: str = ""
    counter: int = -1
    refused: str = ""


class _Presence(msgspec.Struct, array_like=True, tag=PRESENCE):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    online: bool


class _Tick(msgspec.Struct, array_like=True, tag=TICK):
    key: str
    measured_at_ms: int
    listening_since_ms: int
    phones_since_ms: int | None = None
    phones_only: bool = False


class _ClockSet(msgspec.Struct, array_like=True, tag=CLOCK_SET):
    key: str
    measured_at_ms: int
    before_ms: int


class _RoundOrder(msgspec.Struct, array_like=True, tag=ROUND_ORDER):
    key: str
    measured_at_ms: int
    transit_ms: int
    round: str
    order: Order
    by: str
    reason: str
    until_ms: int


_NoReading: TypeAlias = _Tap | _Presence | _Tick | _ClockSet | _RoundOrder
_Kept: TypeAlias = _Reading | _NoReading
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder[_Kept](_Kept).decode
_decode_many: Final = msgspec.msgpack.Decoder[list[_Kept]](list[_Kept]).decode
_OfKnown: TypeAlias = _Known | _NoReading
_decode_known: Final = msgspec.msgpack.Decoder[list[_OfKnown]](list[_OfKnown]).decode


def encode(fact: Fact) -> bytes:
    """The body of a fact."""
    if type(fact) is Reading:
        # The hot path: a tuple is made and encoded faster than a struct, and gives the same bytes.
        at = fact.measured_at_ms
        return _encode(
            (READING, fact.key, fact.device, at, fact.received_at_ms - at, fact.clock, fact.values)
        )
    return _encode(_kept(fact))


def decode(body: bytes) -> Fact:
    """The fact of a body. Raises msgspec.MsgspecError for anything that `encode` did not make."""
    return _fact(_decode(body))


def decode_many(bodies: Sequence[bytes]) -> list[Fact]:
    """The facts of many bodies, in half the time. Raises msgspec.MsgspecError for anything that `encode` did
    not make; which body it is does not show."""
    if not bodies:
        return []
    # One array of arrays; its head is msgpack's "array 32".
    whole = b"\xdd" + struct.pack("!I", len(bodies)) + b"".join(bodies)
    many: list[_OfKnown] | list[_Kept]
    try:
        many = _decode_known(whole)
    except msgspec.ValidationError:  # a quantity of an earlier version, or of a later one
        many = _decode_many(whole)
    return [
        Reading(
            kept.key, kept.device, (at := kept.measured_at_ms), at + kept.transit_ms, kept.clock, kept.values
        )
        if isinstance(kept, _Reading)
        else _fact(kept)
        for kept in many
    ]


def _fact(kept: _Kept) -> Fact:
    at = kept.measured_at_ms
    match kept:
        case _Reading():
            return Reading(kept.key, kept.device, at, at + kept.transit_ms, kept.clock, kept.values)
        case _Tap(key, device, _, transit_ms, clock, tag_uid, badge, trust, person, counter, refused):
            received_at_ms = at + transit_ms
            return Tap(
                key, device, at, received_at_ms, clock, tag_uid, badge, trust, person, counter, refused
            )
        case _Presence(key, device, _, transit_ms, clock, online):
            return Presence(key, device, at, at + transit_ms, clock, online)
        case _Tick(key, _, listening_since_ms, phones_since_ms, phones_only):
            return Tick(key, at, listening_since_ms, phones_since_ms, phones_only)
        case _ClockSet(key, _, before_ms):
            return ClockSet(key, at, before_ms)
        case _RoundOrder(key, _, transit_ms, run, order, by, reason, until_ms):
            return RoundOrder(key, at, at + transit_ms, run, order, by, reason, until_ms)
        case _:
            assert_never(kept)


def says_the_same(first: Fact, second: Fact) -> bool:
    """Whether two facts of one key are one: equal in all but when they reached the hub."""
    # A clock may be believed at the second delivery and not at the first: what it says then is no difference.
    by_time = has_own_time(first) and has_own_time(second)
    plain, other = _content(first, by_time=by_time), _content(second, by_time=by_time)
    return plain == other or encode(plain) == encode(other)  # NaN is not equal to itself


def has_own_time(fact: Fact) -> bool:
    """Whether `measured_at_ms` was said by the device, so that a redelivery says it again."""
    return isinstance(fact, OF_THE_HUB) or fact.clock in (Clock.DEVICE, Clock.LOCAL)


def _kept(fact: Fact) -> _Kept:
    at = fact.measured_at_ms
    transit_ms = fact.received_at_ms - at
    match fact:
        case Reading():
            return _Reading(fact.key, fact.device, at, transit_ms, fact.clock, fact.values)
        case Tap():
            return _Tap(
                fact.key,
                fact.device,
                at,
                transit_ms,
                fact.clock,
                fact.tag_uid,
                fact.badge,
                fact.trust,
                fact.person,
                fact.counter,
                fact.refused,
            )
        case Presence():
            return _Presence(fact.key, fact.device, at, transit_ms, fact.clock, fact.online)
        case Tick():
            return _Tick(fact.key, at, fact.listening_since_ms, fact.phones_since_ms, fact.phones_only)
        case ClockSet():
            return _ClockSet(fact.key, at, fact.before_ms)
        case RoundOrder():
            return _RoundOrder(
                fact.key, at, transit_ms, fact.round, fact.order, fact.by, fact.reason, fact.until_ms
            )
        case _:
            assert_never(fact)


def _content(fact: Fact, *, by_time: bool) -> Fact:
    if isinstance(fact, RoundOrder):
        return msgspec.structs.replace(fact, received_at_ms=0)
    if isinstance(fact, OF_THE_HUB):
        return fact
    if by_time:
        return msgspec.structs.replace(fact, received_at_ms=0)
    return msgspec.structs.replace(fact, received_at_ms=0, measured_at_ms=0, clock=Clock.NONE)
