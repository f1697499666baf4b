"""What the makers' formats share: many properties that we do not know, and facts without numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from devices import identity
from devices.clock import resolve
from devices.facts import Clock, Presence, Reading, Value
from devices.source import Decoded, Source
from devices.topics import Channel
from devices.values import checked, fields_of, told
from devices.wire import WireError, WireReason, parse_json

_MAX_WORD_BYTES: Final = 64


def object_of(payload: bytes) -> dict[str, object]:
    """The JSON object that every maker's reading is; raises WireError for anything else."""
    value = parse_json(payload)
    if not isinstance(value, dict):
        raise WireError(WireReason.WRONG_TYPE, f"a reading is an object, not {told(value)}")
    return value


def values_of(source: Source, properties: Mapping[str, object]) -> dict[str, Value]:
    """The properties, named as our fields, that a device of this kind has; null ones are left out."""
    return {
        name: checked(name, field, properties[name])
        for name, field in fields_of(source.kind).items()
        if properties.get(name) is not None
    }


def reading(source: Source, values: dict[str, Value], claimed: object, zone: tzinfo | None) -> Decoded:
    """One reading of these values, at the claimed time; NOTHING_KNOWN when there are none."""
    if not values:
        raise WireError(WireReason.NOTHING_KNOWN, f"no value that a {source.kind.value} has")
    said = tuple(sorted(values.items()))
    measured_at_ms, clock = resolve(claimed, source.received_at_ms, zone, source.after_ms)
    key = identity.of_content(Channel.READING, source.device, measured_at_ms, said)
    return Decoded((Reading(key, source.device, measured_at_ms, source.received_at_ms, clock, said),))


def presence(source: Source, word: str) -> Decoded:
    """What a last will or an availability topic says: on line or off line, without a time."""
    online = {"online": True, "offline": False}.get(word.strip().lower())
    if online is None:
        raise WireError(WireReason.BAD_VALUE, f"neither online nor offline: {word}")
    at_ms = source.received_at_ms
    key = identity.of_content(Channel.STATUS, source.device, at_ms, (online,))
    return Decoded((Presence(key, source.device, at_ms, at_ms, Clock.NONE, online),))


def word_of(payload: bytes) -> str:
    """A bare word, not JSON; raises WireError for what is not text."""
    if not payload or payload.isspace():
        raise WireError(WireReason.EMPTY)
    if len(payload) > _MAX_WORD_BYTES:
        raise WireError(WireReason.TOO_LARGE, f"{len(payload)} bytes for one word")
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise WireError(WireReason.NOT_UTF8, str(error)) from None
