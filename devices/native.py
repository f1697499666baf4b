"""The payloads of native devices: one JSON object, or an array of up to 1,000 of them (a backlog)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Final

import msgspec

from devices import identity
from devices.clock import resolve
from devices.facts import Clock, Fact, Kind, Presence, Reading, Tap, Trust
from devices.series import FieldType
from devices.source import Decoded, Fault, Source, SunSaid
from devices.topics import Channel
from devices.values import checked, fields_of, told
from devices.wire import WireError, WireReason, parse_json

MAX_ELEMENTS: Final = 1000
# As many readings of a three-phase meter, with every field, are about 300 KB.
MAX_BACKLOG_BYTES: Final = 524_288
MAX_BOOT_CHARS: Final = 64
MAX_SEQ: Final = 2**63 - 1

_STAMP_KEYS: Final = frozenset({"at", "boot", "seq"})
_TAP_KEYS: Final = _STAMP_KEYS | {"tap_id", "tag_uid", "badge", "sun", "source"}
_STATUS_KEYS: Final = _STAMP_KEYS | {"online"}

_UID: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){3,9}")
_UID_DIGITS: Final = (8, 14, 20)  # ISO/IEC 14443-3: UIDs of 4, 7 or 10 bytes
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){1,128}")

# A reader says `sun` because the tag answered with a SUN message. As long as nobody has verified that message
# (the tag's key, and a count of its own) it proves no more than a UID does, which anybody can copy.
_CLAIMS: Final = {
    "sun": Trust.UID,
    "reader": Trust.READER,
    "uid": Trust.UID,
    "qr": Trust.QR,
    "manual": Trust.MANUAL,
}

_Body = dict[str, object]


class _Stamp(msgspec.Struct, frozen=True):
    """When a fact was, and its number if the device counts."""

    measured_at_ms: int
    clock: Clock
    boot: str | int | None
    seq: int | None


def decode_reading(payload: bytes, source: Source) -> Decoded:
    """Readings of a fridge or meter. An unreadable payload or single object raises WireError."""
    fields = fields_of(source.kind)
    if not fields:
        raise WireError(WireReason.UNSUPPORTED, f"a {source.kind.value} sends no readings")
    return _each(payload, lambda body: _reading(body, fields, source))


def decode_tap(payload: bytes, source: Source) -> Decoded:
    """Taps at a checkpoint reader. An unreadable payload or single object raises WireError."""
    if source.kind is not Kind.CHECKPOINT:
        raise WireError(WireReason.UNSUPPORTED, f"a {source.kind.value} sends no taps")
    sun: list[SunSaid] = []
    decoded = _each(payload, lambda body: _tap(body, source, sun))
    return msgspec.structs.replace(decoded, sun=tuple(sun)) if sun else decoded


def decode_status(payload: bytes, source: Source) -> Decoded:
    """On line or not, by a device of any kind or its last will, which has no time."""
    return _each(payload, lambda body: _presence(body, source))


def _each(payload: bytes, decode: Callable[[_Body], Fact]) -> Decoded:
    value = parse_json(payload, MAX_BACKLOG_BYTES)
    if isinstance(value, dict):
        return Decoded((decode(value),))
    if not isinstance(value, list):
        raise WireError(WireReason.WRONG_TYPE, f"neither an object nor an array: {told(value)}")
    if not value:
        raise WireError(WireReason.NOTHING_KNOWN, "an empty array")
    if len(value) > MAX_ELEMENTS:
        raise WireError(WireReason.TOO_MANY, f"{len(value)} elements, at most {MAX_ELEMENTS}")
    facts: list[Fact] = []
    faults: list[Fault] = []
    for index, element in enumerate(value):
        try:
            facts.append(decode(_object(element)))
        except WireError as error:
            faults.append(Fault(index, error.reason, error.detail))
    return Decoded(tuple(facts), tuple(faults))


def _object(element: object) -> _Body:
    if not isinstance(element, dict):
        raise WireError(WireReason.WRONG_TYPE, f"an element is an object, not {told(element)}")
    return element


def _reading(body: _Body, fields: dict[str, FieldType], source: Source) -> Reading:
    values = []
    for name, value in body.items():
        if name in _STAMP_KEYS:
            continue
        field = fields.get(name)
        if field is None:
            raise WireError(WireReason.UNKNOWN_FIELD, name)
        values.append((name, checked(name, field, value)))
    if not values:
        raise WireError(WireReason.NOTHING_KNOWN, "no value")
    values.sort()
    said = tuple(values)
    stamp = _stamp(body, source)
    key = _key(Channel.READING, source, stamp, said)
    return Reading(key, source.device, stamp.measured_at_ms, source.received_at_ms, stamp.clock, said)


def _tap(body: _Body, source: Source, sun: list[SunSaid]) -> Tap:
    _refuse_others(body, _TAP_KEYS)
    tag_uid = _uid("tag_uid", _required(body, "tag_uid"))
    badge = _uid("badge", body["badge"]) if body.get("badge", "") != "" else ""
    message = _sun(body["sun"]) if "sun" in body else ()
    trust = _trust(body)
    stamp = _stamp(body, source)
    if "tap_id" in body:
        key = identity.of_tap(_tap_id(body["tap_id"]))
    else:
        key = _key(Channel.TAP, source, stamp, (tag_uid, badge, trust.value))
    if message:
        sun.append(SunSaid(key, message))
    return Tap(
        key, source.device, stamp.measured_at_ms, source.received_at_ms, stamp.clock, tag_uid, badge, trust
    )


def _presence(body: _Body, source: Source) -> Presence:
    _refuse_others(body, _STATUS_KEYS)
    online = checked("online", FieldType.BOOL, _required(body, "online")) is True
    stamp = _stamp(body, source)
    key = _key(Channel.STATUS, source, stamp, (online,))
    return Presence(key, source.device, stamp.measured_at_ms, source.received_at_ms, stamp.clock, online)


def _stamp(body: _Body, source: Source) -> _Stamp:
    claimed = body.get("at")
    if claimed is None and "at" in body:
        raise WireError(WireReason.WRONG_TYPE, "at is null: leave it out instead")
    measured_at_ms, clock = resolve(claimed, source.received_at_ms, None)
    boot = _boot(body["boot"]) if "boot" in body else None
    seq = _whole("seq", body["seq"]) if "seq" in body else None
    return _Stamp(measured_at_ms, clock, boot, seq)


def _key(channel: Channel, source: Source, stamp: _Stamp, content: tuple[object, ...]) -> str:
    if stamp.boot is not None and stamp.seq is not None:
        return identity.of_sequence(channel, source.device, stamp.boot, stamp.seq)
    said = (content, stamp.boot, stamp.seq)
    return identity.of_content(channel, source.device, stamp.measured_at_ms, said)


def _trust(body: _Body) -> Trust:
    claim = _text("source", body.get("source", "reader"))
    trust = _CLAIMS.get(claim)
    if trust is None:
        raise WireError(WireReason.BAD_VALUE, f"source is one of {', '.join(_CLAIMS)}, not {claim}")
    return trust


def _sun(sun: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(sun, dict):
        raise WireError(WireReason.WRONG_TYPE, f"sun is an object, not {told(sun)}")
    _refuse_others(sun, frozenset({"e", "c"}))
    for name in ("e", "c"):
        if _HEX.fullmatch(_text(f"sun.{name}", _required(sun, name))) is None:
            raise WireError(WireReason.BAD_VALUE, f"sun.{name} is not hexadecimal bytes")
    return tuple((name, str(sun[name])) for name in ("e", "c"))


def _uid(name: str, value: object) -> str:
    text = _text(name, value)
    digits = text.replace(":", "").replace("-", "")
    if _UID.fullmatch(text) is None or len(digits) not in _UID_DIGITS:
        raise WireError(WireReason.BAD_VALUE, f"{name} is not a UID of 4, 7 or 10 bytes: {text}")
    return digits.upper()


def _tap_id(value: object) -> str:
    text = _text("tap_id", value)
    if _UUID.fullmatch(text) is None:
        raise WireError(WireReason.BAD_VALUE, f"tap_id is not a UUID: {text}")
    return str(uuid.UUID(text))


def _boot(value: object) -> str | int:
    if not isinstance(value, str):
        return _whole("boot", value)
    if not 0 < len(value) <= MAX_BOOT_CHARS or not value.isprintable():
        raise WireError(WireReason.OUT_OF_RANGE, f"boot is 1 to {MAX_BOOT_CHARS} printable characters")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WireError(WireReason.WRONG_TYPE, f"{name} is a whole number, not {told(value)}")
    if not 0 <= value <= MAX_SEQ:
        raise WireError(WireReason.OUT_OF_RANGE, f"{name} is not within 0 to 2^63-1")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise WireError(WireReason.WRONG_TYPE, f"{name} is a string, not {told(value)}")
    return value


def _required(body: _Body, name: str) -> object:
    if name not in body:
        raise WireError(WireReason.MISSING_FIELD, name)
    return body[name]


def _refuse_others(body: _Body, known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise WireError(WireReason.UNKNOWN_FIELD, name)
