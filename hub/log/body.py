"""How a fact stands in the log: a msgpack array, a third shorter than a map of named fields.

The arrays are a format of their own: fields may be added at the end of one, never moved or taken away.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

import msgspec

from devices.facts import Clock, Fact, Presence, Reading, Tap, Tick, Trust, Value


class _Reading(msgspec.Struct, array_like=True, tag=1):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    values: tuple[tuple[str, Value], ...]


class _Tap(msgspec.Struct, array_like=True, tag=2):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    tag_uid: str
    badge: str
    trust: Trust


class _Presence(msgspec.Struct, array_like=True, tag=3):
    key: str
    device: str
    measured_at_ms: int
    transit_ms: int
    clock: Clock
    online: bool


class _Tick(msgspec.Struct, array_like=True, tag=4):
    key: str
    measured_at_ms: int
    listening_since_ms: int


_Kept: TypeAlias = _Reading | _Tap | _Presence | _Tick
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder[_Kept](_Kept).decode
_decode_many: Final = msgspec.msgpack.Decoder[list[_Kept]](list[_Kept]).decode


def encode(fact: Fact) -> bytes:
    """The body of a fact."""
    if type(fact) is Reading:
        # The hot path: a tuple is made and encoded faster than a struct, and gives the same bytes.
        at = fact.measured_at_ms
        return _encode((1, fact.key, fact.device, at, fact.received_at_ms - at, fact.clock, fact.values))
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
    return [
        Reading(
            kept.key, kept.device, (at := kept.measured_at_ms), at + kept.transit_ms, kept.clock, kept.values
        )
        if type(kept) is _Reading
        else _fact(kept)
        for kept in _decode_many(whole)
    ]


def _fact(kept: _Kept) -> Fact:
    at = kept.measured_at_ms
    match kept:
        case _Reading():
            return Reading(kept.key, kept.device, at, at + kept.transit_ms, kept.clock, kept.values)
        case _Tap(key, device, _, transit_ms, clock, tag_uid, badge, trust):
            return Tap(key, device, at, at + transit_ms, clock, tag_uid, badge, trust)
        case _Presence(key, device, _, transit_ms, clock, online):
            return Presence(key, device, at, at + transit_ms, clock, online)
        case _Tick(key, _, listening_since_ms):
            return Tick(key, at, listening_since_ms)
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
    return isinstance(fact, Tick) or fact.clock in (Clock.DEVICE, Clock.LOCAL)


def _kept(fact: Reading | Tap | Presence | Tick) -> _Kept:
    at = fact.measured_at_ms
    transit_ms = fact.received_at_ms - at
    match fact:
        case Reading():
            return _Reading(fact.key, fact.device, at, transit_ms, fact.clock, fact.values)
        case Tap():
            return _Tap(
                fact.key, fact.device, at, transit_ms, fact.clock, fact.tag_uid, fact.badge, fact.trust
            )
        case Presence():
            return _Presence(fact.key, fact.device, at, transit_ms, fact.clock, fact.online)
        case Tick():
            return _Tick(fact.key, at, fact.listening_since_ms)
        case _:
            assert_never(fact)


def _content(fact: Fact, *, by_time: bool) -> Fact:
    if isinstance(fact, Tick):
        return fact
    if by_time:
        return msgspec.structs.replace(fact, received_at_ms=0)
    return msgspec.structs.replace(fact, received_at_ms=0, measured_at_ms=0, clock=Clock.NONE)
