"""What the tests of decoders share: a receive time, a source, and ways to write a payload."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from devices.facts import Kind, Presence, Reading, Tap, Value
from devices.source import Decoded, Source
from devices.wire import WireError, WireReason

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ms(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 text, by the standard library."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


RECEIVED_MS = ms("2026-03-02T08:00:00+08:00")


def source(kind: Kind = Kind.FRIDGE, device: str = "cold-1", sensor: str = "") -> Source:
    return Source(device, kind, sensor, RECEIVED_MS, SHANGHAI)


def payload(value: object) -> bytes:
    return json.dumps(value).encode()


def only_reading(decoded: Decoded) -> Reading:
    (fact,) = decoded.facts
    assert isinstance(fact, Reading)
    assert decoded.faults == ()
    return fact


def only_tap(decoded: Decoded) -> Tap:
    (fact,) = decoded.facts
    assert isinstance(fact, Tap)
    assert decoded.faults == ()
    return fact


def only_presence(decoded: Decoded) -> Presence:
    (fact,) = decoded.facts
    assert isinstance(fact, Presence)
    assert decoded.faults == ()
    return fact


def values(decoded: Decoded) -> dict[str, Value]:
    return dict(only_reading(decoded).values)


def reason_of(decode: Callable[[bytes, Source], Decoded], data: bytes, origin: Source) -> WireReason:
    with pytest.raises(WireError) as caught:
        decode(data, origin)
    return caught.value.reason
