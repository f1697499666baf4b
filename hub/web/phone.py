"""Taps from a phone: answered once the log has them, each by itself, so that no bad one blocks others."""

from __future__ import annotations

import asyncio
import queue
import re
import uuid
from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from devices.clock import resolve
from devices.facts import Clock, Tap, Trust
from devices.identity import of_tap
from devices.wire import WireError
from hub.config.model import Person
from hub.log.model import Entry, Fate
from hub.web import shapes
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.parts import CurrentViewer, TheDeps

MOST_TAPS: Final = 1_000
_DURABLE_WITHIN_S: Final = 10.0
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_UID: Final = re.compile(r"(?:[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})", re.ASCII)  # 4, 7 or 10 bytes
# A browser proves nothing cryptographically: never above UID.
_TRUST: Final = {"uid": Trust.UID, "qr": Trust.QR, "manual": Trust.MANUAL}

router: Final = APIRouter(prefix="/api/v1")


class PhoneTap(BaseModel):
    """One tap, as the phone kept it."""

    tap_id: str = Field(
        max_length=64, description="A UUID made by the phone at the tap; sent again unchanged."
    )
    at: str = Field(max_length=64, description="RFC 3339 with an offset, by the phone's clock.")
    tag_uid: str = Field(max_length=64, description="The tag's UID in hex; colons and dashes may be left in.")
    source: str = Field(max_length=16, description="`uid` (NFC), `qr` or `manual`.")


class Why(Enum):
    """Why a tap is refused; sending it again does not help."""

    BAD_TAP_ID = "bad_tap_id"
    BAD_TAG_UID = "bad_tag_uid"
    BAD_SOURCE = "bad_source"
    BAD_TIME = "bad_time"
    AHEAD = "ahead"  # the phone's clock is more than five minutes ahead


class TapFate(Enum):
    """What became of a tap. All but `refused` are on record; a conflict is among the dead letters."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


class TapAnswer(BaseModel):
    """The answer to one tap. `checkpoint` null: no checkpoint has this tag."""

    tap_id: str
    fate: TapFate
    reason: Why | None = None
    checkpoint: str | None = None


@router.post("/taps", tags=["rounds"])
async def post_taps(
    deps: TheDeps,
    viewer: CurrentViewer,
    taps: Annotated[list[PhoneTap], Body(max_length=MOST_TAPS)],
) -> list[TapAnswer]:
    """Keeps the taps of whoever is signed in, and answers once they are durable; the same taps may be sent
    again. 503: nothing is known to be kept, send them again."""
    person = deps.campus.people[viewer.person]
    now_ms = deps.now()
    made = [_fact(tap, person, now_ms) for tap in taps]
    facts = tuple(fact for fact in made if isinstance(fact, Tap))
    fates = iter(await _keep(deps, facts))
    return [
        TapAnswer(tap_id=sent.tap_id, fate=TapFate.REFUSED, reason=fact)
        if isinstance(fact, Why)
        else TapAnswer(
            tap_id=sent.tap_id,
            fate=TapFate(next(fates).value),
            checkpoint=shapes.checkpoint_of(deps, fact.tag_uid),
        )
        for sent, fact in zip(taps, made, strict=True)
    ]


def _fact(tap: PhoneTap, person: Person, now_ms: int) -> Tap | Why:
    if _UUID.fullmatch(tap.tap_id) is None:
        return Why.BAD_TAP_ID
    tag_uid = tap.tag_uid.replace(":", "").replace("-", "").upper()
    if _UID.fullmatch(tag_uid) is None:
        return Why.BAD_TAG_UID
    trust = _TRUST.get(tap.source)
    if trust is None:
        return Why.BAD_SOURCE
    try:
        measured_at_ms, clock = resolve(tap.at, now_ms, None)
    except WireError:
        return Why.BAD_TIME
    if clock is Clock.AHEAD:
        return Why.AHEAD
    return Tap(
        key=of_tap(str(uuid.UUID(tap.tap_id))),
        device=f"phone-{person.id}",
        measured_at_ms=measured_at_ms,
        received_at_ms=now_ms,
        clock=clock,
        tag_uid=tag_uid,
        badge=person.badge,
        trust=trust,
    )


async def _keep(deps: Deps, facts: tuple[Tap, ...]) -> tuple[Fate, ...]:
    if not facts:
        return ()
    try:
        submitted = deps.submit(Entry(facts=facts))
    except queue.Full:
        raise Problem(Code.LOG_UNAVAILABLE) from None
    # Shielded: giving up the wait must not cancel a future that the log's thread is about to set.
    waiting = asyncio.shield(asyncio.wrap_future(submitted))
    try:
        return await asyncio.wait_for(waiting, _DURABLE_WITHIN_S)
    except TimeoutError:
        raise Problem(Code.LOG_UNAVAILABLE) from None
