"""What a reader hears of its tap, and whether it still wants to; pure.

A reply is for the guard who stands there and waits for the reader to beep, so it is worth nothing soon after.
That is why no cursor follows the log for it: there would be nothing to catch up with, and a tap that is sent
again, because its reply was lost, is no new fact in the log and has to be answered all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Final
from uuid import UUID

import msgspec

from devices.clock import AHEAD_TOLERANCE_MS
from devices.facts import Clock, Kind, Tap, Trust
from devices.identity import of_tap
from devices.topics import Channel, NativeTopic
from hub.book.model import RoundRun
from hub.config.model import Campus
from hub.ingest.heard import HeardTap
from hub.log.model import Fate
from hub.replies.counting import UNKNOWN_TAG, next_of, reason_of, run_of

EXPIRES_MS: Final = 10_000
# Sent again after less than this, it is the broker's repetition or a reader without patience.
AGAIN_AFTER_MS: Final = 500
# A single tap may be so old by its reader's clock: clocks are behind as well as ahead.
_SLOW_CLOCK_MS: Final = AHEAD_TOLERANCE_MS
_CONFLICT: Final = "conflict"
_OWN_TIME: Final = (Clock.DEVICE, Clock.LOCAL)


class Dropped(Enum):
    """Why a tap is not answered."""

    BACKLOG = "backlog"  # one of many that waited in the reader or at the broker
    OLD = "old"  # nobody stands there any more, by the reader's own clock
    EXPIRED = "expired"  # the log could not take it in time
    REPEATED = "repeated"  # it has just been answered
    CROWDED = "crowded"  # too many wait for an answer
    NO_CONNECTION = "no_connection"  # the broker is gone


class Name(msgspec.Struct, frozen=True, rename={"zh": "zh-CN"}):
    """A text in both languages."""

    zh: str
    en: str


class Next(msgspec.Struct, frozen=True):
    """The checkpoint to go to next."""

    id: str
    name: Name


class Reply(msgspec.Struct, frozen=True):
    """The answer to one tap. `accepted`: it counts (green), or not (red). `at`: when it counts as having
    been, RFC 3339. `round` and `next`: of the round that it counts for."""

    tap_id: str | None
    accepted: bool
    reason: str | None
    trust: Trust | None
    checkpoint: str | None
    round: str | None
    next: Next | None
    at: str


def dropped(heard: HeardTap, now_ms: int, answered_ms: int | None) -> Dropped | None:
    """Why it is not answered; None: it is. `answered_ms`: when it last was."""
    tap = heard.tap
    if now_ms - tap.received_at_ms > EXPIRES_MS:
        return Dropped.EXPIRED
    age_ms = tap.received_at_ms - tap.measured_at_ms if tap.clock in _OWN_TIME else None
    if age_ms is None or age_ms > EXPIRES_MS:
        if not (heard.is_live and heard.is_alone):
            return Dropped.BACKLOG
        if age_ms is not None and age_ms > _SLOW_CLOCK_MS:
            return Dropped.OLD
    if not heard.is_newest:
        return Dropped.BACKLOG
    if answered_ms is not None and 0 <= now_ms - answered_ms < AGAIN_AFTER_MS:
        return Dropped.REPEATED
    return None


def topic_of(campus: Campus, device: str) -> str | None:
    """Where a reader hears the hub: made of what is configured, never of what a message says."""
    known = campus.devices.get(device)
    if known is None or known.kind is not Kind.CHECKPOINT:
        return None
    return str(NativeTopic(campus.site.id, known.kind, known.id, Channel.REPLY))


def reply_to(
    campus: Campus, runs: Iterable[RoundRun], heard: HeardTap, visited: Mapping[str, Iterable[str]]
) -> tuple[Reply, RoundRun | None]:
    """The answer, and the run that the tap counts for. `visited`: by run, tags that have just been tapped and
    that the book may not know yet."""
    tap = heard.kept.fact
    if heard.kept.fate is Fate.CONFLICT or not isinstance(tap, Tap):
        return _refusal(campus, heard.tap), None
    places = {place.tag_uid: place.id for place in campus.checkpoints.values()}
    reason = reason_of(tap, heard.doubt, known=tap.tag_uid in places)
    accepted = not tap.refused and reason != UNKNOWN_TAG
    run = run_of(campus, runs, tap) if accepted else None
    following = None
    if run is not None:
        following = next_of(run.tags, (*run.visited, *visited.get(run.id, ()), tap.tag_uid), places)
    reply = Reply(
        tap_id=_tap_id(tap.key),
        accepted=accepted,
        reason=reason,
        trust=tap.trust,
        checkpoint=places.get(tap.tag_uid),
        round=run.id if run is not None else None,
        next=_next(campus, following) if following is not None else None,
        at=_instant(campus, tap.measured_at_ms),
    )
    return reply, run


def _refusal(campus: Campus, tap: Tap) -> Reply:
    """Its id is another tap's."""
    at = _instant(campus, tap.measured_at_ms)
    return Reply(_tap_id(tap.key), False, _CONFLICT, None, None, None, None, at)  # noqa: FBT003 - as declared


def _next(campus: Campus, checkpoint: str) -> Next:
    name = campus.checkpoints[checkpoint].name
    return Next(checkpoint, Name(name.zh, name.en))


def _tap_id(key: str) -> str | None:
    """The UUID that the reader gave it; None if it gave it none."""
    id_ = key.removeprefix(of_tap(""))
    try:
        return id_ if id_ != key and str(UUID(id_)) == id_ else None
    except ValueError:
        return None


def _instant(campus: Campus, at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(campus.site.zone)
    return at.isoformat(timespec="milliseconds")
