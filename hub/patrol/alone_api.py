"""The API of guards who walk alone: their phones say for how long to wait for the next word.

What is said becomes readings of the phone in the log, and the rule `patrol.lone-worker` judges them: nothing
here decides, and nothing is lost with a restart of the hub or with a phone that dies.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from devices.facts import Clock, Reading
from devices.identity import canonical, phone_of
from devices.wire import WireError, escaped
from hub.log.model import Entry
from hub.patrol import sent
from hub.web.durable import durable
from hub.web.errors import Code, Problem
from hub.web.paces import pace_of
from hub.web.parts import CurrentViewer, TheDeps, session_of
from hub.web.rights import BODY_LIMIT

router: Final = APIRouter(prefix="/api/v1/patrol", tags=["patrol"])

QUANTITY: Final = "alone_min"
LEAST_MIN: Final = 10
MOST_MIN: Final = 60
_MOST_WORDS: Final = 200

_Minutes = Annotated[int, msgspec.Meta(ge=0, le=MOST_MIN)]
_Ago = Annotated[float, msgspec.Meta(ge=0, le=7 * 86_400)]


class SentWord(msgspec.Struct, frozen=True):
    """That all is well, said `ago_s` before the phone sent it: what its clock shows does not matter.

    `minutes`: until the next word is due; 0: there will be none."""

    id: sent.Short
    ago_s: _Ago
    minutes: _Minutes


class SentWords(msgspec.Struct, frozen=True):
    """A post, the oldest word first."""

    words: Annotated[tuple[SentWord, ...], msgspec.Meta(min_length=1, max_length=_MOST_WORDS)]


class Waiting(BaseModel):
    """Until when the hub waits for the next word, as said by the newest of the post; null: it does not."""

    due_ms: int | None


@router.post("/alone", response_model=Waiting)
async def post_words(request: Request, deps: TheDeps, viewer: CurrentViewer) -> Waiting:
    """Keeps that all is well with whoever is signed in, and when the next word is due: in 10 to 60 minutes;
    0: the guard is not alone any more. The same ids again change nothing.

    The body: `words`, the oldest first: `id` (a UUID), `ago_s` (seconds since it was said), `minutes`. A word
    counts from when it was said, however late it comes."""
    now_ms = deps.now()
    pace_of(request).take(session_of(request), now_ms)
    words = _read(await request.body(), viewer.person, now_ms)
    await durable(deps, Entry(words))
    newest = max(words, key=lambda word: word.measured_at_ms)
    minutes = dict(newest.values)[QUANTITY]
    return Waiting(due_ms=newest.measured_at_ms + round(minutes * 60_000) if minutes else None)


def _read(payload: bytes, person: str, now_ms: int) -> tuple[Reading, ...]:
    """The words as readings, by the hub's time."""
    try:
        said = msgspec.convert(sent.body_of(payload, BODY_LIMIT), SentWords)
        return tuple(_reading(word, person, now_ms) for word in said.words)
    except (WireError, msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        raise Problem(Code.INVALID, details=(escaped(str(error)),)) from None


def _reading(word: SentWord, person: str, now_ms: int) -> Reading:
    id_ = canonical(word.id)
    if id_ is None:
        raise ValueError("id: a UUID is needed")
    if 0 < word.minutes < LEAST_MIN:
        raise ValueError(f"minutes: 0, or {LEAST_MIN} to {MOST_MIN}")
    at_ms = now_ms - round(word.ago_s * 1_000)
    return Reading(
        f"alone:{id_}", phone_of(person), at_ms, now_ms, Clock.NONE, ((QUANTITY, float(word.minutes)),)
    )
