"""What a guard's phone posts, taken apart: whatever it is, it becomes typed values or a reason; pure."""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated, Any, Final

import msgspec

from devices.clock import resolve
from devices.facts import Clock, Tap, Trust
from devices.identity import canonical, of_tap, phone_of
from devices.wire import WireError, parse_json
from hub.config.model import Campus, Person
from hub.config.values import parse_uid
from hub.ingest.proof import Doubt, at_most_qr, proved
from hub.log.model import Claim

MOST_TAPS: Final = 500
AHEAD_MS: Final = 120_000

# Half of an emoji: what is left of a text that was cut at its longest. Everything else in the post is good.
_HALF_PAIR: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_MOST_SUN_VALUES: Final = 8

Short = Annotated[str, msgspec.Meta(max_length=64)]


class Why(Enum):
    """Why a tap cannot be taken; sending it again does not help. It is kept among the dead letters."""

    BAD_TAP = "bad_tap"  # not of the shape that a tap has
    BAD_ID = "bad_id"
    BAD_TAG = "bad_tag"
    BAD_TIME = "bad_time"
    UNKNOWN_CHECKPOINT = "unknown_checkpoint"
    NO_PLACE = "no_place"  # neither tag nor checkpoint, nor a message that tells
    CONFLICT = "conflict"  # the id is another tap's


class Source(Enum):
    """How the phone learnt where it is."""

    NFC = "nfc"  # read by the page
    URL = "url"  # the tag's URL, opened by the phone itself
    QR = "qr"
    MANUAL = "manual"


class SentTap(msgspec.Struct, frozen=True):
    """One tap as the phone keeps it. `tag`: its UID in hex; `seq`: the phone's own count."""

    id: Short
    at: Short | int | float
    source: Source
    tag: Short | None = None
    checkpoint: Short | None = None
    sun: dict[Short, Annotated[str, msgspec.Meta(max_length=256)]] | None = None
    seq: int | None = None
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Made(msgspec.Struct, frozen=True):
    """A tap that can be kept, and the count that it claims or why it claims none."""

    tap: Tap
    claim: Claim | None = None
    doubt: Doubt | None = None
    note: str = ""


def body_of(payload: bytes, limit: int) -> object:
    """The value of a post's body. Raises WireError."""
    try:
        return parse_json(payload, limit)
    except WireError:
        mended, halves = _HALF_PAIR.subn(rb"\\ufffd", payload[:limit])
        if not halves or len(payload) > limit:
            raise
        return parse_json(mended, limit)


def id_of(value: object) -> str:
    """The id of a tap or report, as sent, as far as it can be told."""
    found = value.get("id") if isinstance(value, dict) else None
    return found[:64] if isinstance(found, str) else ""


def made_of(value: Any, campus: Campus, person: Person, now_ms: int) -> Made | Why:
    """The tap of `person` that one element of a post is."""
    try:
        sent = msgspec.convert(value, SentTap)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
        return Why.BAD_TAP
    id_ = canonical(sent.id)
    if id_ is None:
        return Why.BAD_ID
    uid = parse_uid(sent.tag) if sent.tag else ""
    if uid is None:
        return Why.BAD_TAG
    place = campus.checkpoints.get(sent.checkpoint) if sent.checkpoint else None
    try:
        measured_at_ms, clock = time_of(sent.at, now_ms)
    except WireError:
        return Why.BAD_TIME
    tap = Tap(
        key=of_tap(id_),
        device=phone_of(person.id),
        measured_at_ms=measured_at_ms,
        received_at_ms=now_ms,
        clock=clock,
        tag_uid=uid,
        badge=person.badge,
        trust=_trust(sent.source, uid),
        person=person.id,
    )
    claim, doubt = None, None
    if sent.sun is not None:
        values = sent.sun if len(sent.sun) <= _MOST_SUN_VALUES else {}
        tap, found = proved(campus.tags, tap, values)
        claim, doubt = (found, None) if isinstance(found, Claim) else (None, found)
    if not tap.tag_uid:
        if place is None:
            return Why.UNKNOWN_CHECKPOINT if sent.checkpoint else Why.NO_PLACE
        tap = msgspec.structs.replace(tap, tag_uid=place.tag_uid)
    return Made(at_most_qr(tap), claim, doubt, sent.note.strip())


def time_of(at: str | float, now_ms: int) -> tuple[int, Clock]:
    """When it was by the phone's clock, or by the hub's if that is ahead. Raises WireError."""
    measured_at_ms, clock = resolve(at, now_ms, None)
    return (now_ms, Clock.AHEAD) if measured_at_ms > now_ms + AHEAD_MS else (measured_at_ms, clock)


def _trust(source: Source, uid: str) -> Trust:
    """What it is worth without a SUN message: an address can be copied more easily than a UID."""
    match source:
        case Source.NFC:
            return Trust.UID if uid else Trust.QR
        case Source.URL | Source.QR:
            return Trust.QR
        case Source.MANUAL:
            return Trust.MANUAL
