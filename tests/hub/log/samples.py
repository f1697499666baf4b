"""Facts for the tests of the log."""

from __future__ import annotations

from devices.facts import Clock, Fact, Reading, Tap, Trust
from hub.log.model import Entry

NOON = 1_790_000_000_000
DAY = 86_400_000


def reading(
    seq: int, value: float = 4.0, at: int = NOON, clock: Clock = Clock.DEVICE, device: str = "cold-1"
) -> Reading:
    return Reading(f"r:{device}:b:{seq}", device, at, at + 5, clock, (("temperature_c", value),))


def tap(tap_id: str, at: int = NOON, tag_uid: str = "04AABBCC") -> Tap:
    return Tap(f"tap:{tap_id}", "reader-1", at, at, Clock.DEVICE, tag_uid, "", Trust.READER)


def entry(*facts: Fact) -> Entry:
    return Entry(facts=facts)
