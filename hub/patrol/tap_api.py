"""The API of a guard's phone: its taps, its plan, and the tag's own URL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from devices.identity import of_tap
from devices.wire import WireError
from hub.config.model import Person
from hub.config.values import parse_uid
from hub.log.model import Fate, Kept
from hub.notify import ledger
from hub.patrol import answers, reports, sent
from hub.patrol.answers import TapResult, TapResults
from hub.patrol.keeping import keep
from hub.patrol.plan import PlanShape, etag_of, plan_of
from hub.patrol.reports import Kind, Report
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.guard import viewer_of
from hub.web.life_api import printable
from hub.web.paces import pace_of
from hub.web.parts import CurrentViewer, TheDeps, parts_of, session_of
from hub.web.rights import BODY_LIMIT, WALKERS
from hub.work import orders
from hub.work.orders import Filter

router: Final = APIRouter()

# One namespace, so that a URL that is opened twice is one tap.
_OPENED: Final = uuid.UUID("6f1c7d0e-3f0f-4d0c-9a54-5b1f0c5a7a11")
_REPEATED_WITHIN_MS: Final = 60_000
_MOST_QUERY_CHARS: Final = 300
# Parameters of the hub: the language, and `via=qr` on printed codes.
_NOT_OF_THE_TAG: Final = frozenset({"lang", "via"})
_POST: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["taps"],
                    "properties": {
                        "phone": {"type": "string", "description": "a UUID of the browser's store"},
                        "taps": {
                            "type": "array",
                            "maxItems": sent.MOST_TAPS,
                            "items": {
                                "type": "object",
                                "required": ["id", "at", "source"],
                                "properties": {
                                    "id": {"type": "string", "format": "uuid"},
                                    "at": {"type": "string", "format": "date-time"},
                                    "source": {"enum": [source.value for source in sent.Source]},
                                    "tag": {"type": ["string", "null"]},
                                    "checkpoint": {"type": ["string", "null"]},
                                    "sun": {"type": ["object", "null"]},
                                    "seq": {"type": ["integer", "null"]},
                                    "note": {"type": "string"},
                                },
                            },
                        },
                    },
                }
            }
        },
    }
}


@router.post("/api/v1/patrol/taps", tags=["patrol"], openapi_extra=_POST)
async def post_taps(request: Request, deps: TheDeps, viewer: CurrentViewer) -> TapResults:
    """Keeps the taps of whoever is signed in, and answers once they are durable. The same ids again give the
    same answers. A tap that cannot be taken keeps none of the others out. 503: send them again."""
    pace_of(request).take(session_of(request), deps.now())
    elements, phone = _taps_of(await request.body())
    if not await run_in_threadpool(parts_of(request).sessions.is_of, session_of(request), phone):
        raise Problem(Code.SIGNED_OUT)
    person = deps.campus.people[viewer.person]
    return await _taken(deps, person, elements)


@router.get("/api/v1/patrol/plan", tags=["patrol"], response_model=PlanShape)
def plan(
    deps: TheDeps, viewer: CurrentViewer, if_none_match: Annotated[str, Header(max_length=2_000)] = ""
) -> Response:
    """The rounds of whoever is signed in, from yesterday to tomorrow. 304: as the phone has it."""
    person = deps.campus.people[viewer.person]
    with deps.book.reading() as session:
        unseen, work = ledger.unseen(session, person.id), orders.count(session, Filter(waits_for=person))
    found = plan_of(deps.campus, deps.board.rounds(), person, deps.now(), unseen=unseen, work=work)
    etag = etag_of(found)
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    body = found.model_dump_json(by_alias=True)
    return Response(body, headers=headers, media_type="application/json")


@router.get("/t/{tag}", include_in_schema=False)
async def opened(request: Request, deps: TheDeps, tag: str) -> Response:
    """A tag's URL, opened by the phone itself. Signed in, it is a tap; otherwise the page keeps it until
    somebody signs in. It comes to the page behind `#`, so that no log of addresses has it."""
    query = request.url.query
    if len(tag) > 64 or len(query) > _MOST_QUERY_CHARS:
        raise Problem(Code.NOT_FOUND)
    values = dict(request.query_params.multi_items())
    viewer = await viewer_of(request)
    if viewer is None or viewer.role not in WALKERS or viewer.must_change_secret or _is_a_guess(request):
        return _to_page({"tag": tag} | values)
    pace_of(request).take(session_of(request), deps.now())
    now_ms = deps.now()
    said = {name: value for name, value in values.items() if name not in _NOT_OF_THE_TAG}
    source = "qr" if values.get("via") == "qr" else "url"
    # A page that is loaded anew is no second visit; a link without a message says no more than a minute.
    when = "" if said else str(now_ms // _REPEATED_WITHIN_MS)
    id_ = uuid.uuid5(_OPENED, "\n".join((viewer.person, tag, when, *sorted(said.values()))))
    place = {"tag": tag} if parse_uid(tag) else {"checkpoint": tag}
    signed = {"sun": said} if said else {}
    element = {"id": str(id_), "at": now_ms / 1000, "source": source, **place, **signed}
    (result,) = (await _taken(deps, deps.campus.people[viewer.person], [element])).results
    return _to_page(_told(result))


async def _taken(deps: Deps, person: Person, elements: list[object]) -> TapResults:
    now_ms = deps.now()
    made = await run_in_threadpool(
        lambda: [sent.made_of(element, deps.campus, person, now_ms) for element in elements]
    )
    kept = await keep(deps, person.id, elements, made)
    await run_in_threadpool(_keep_notes, deps, made, kept)
    ids = [sent.id_of(element) for element in elements]
    return answers.results_of(deps.campus, deps.board.rounds(), list(zip(ids, made, strict=True)), kept)


def _taps_of(payload: bytes) -> tuple[list[object], str]:
    """The taps, and what the phone calls itself."""
    try:
        body = sent.body_of(payload, BODY_LIMIT)
    except WireError as error:
        raise Problem(Code.INVALID, details=(str(error),)) from None
    taps, phone = (body.get("taps"), body.get("phone")) if isinstance(body, dict) else (None, None)
    if not isinstance(taps, list):
        raise Problem(Code.INVALID, details=("taps: an array is needed",))
    if len(taps) > sent.MOST_TAPS:
        raise Problem(Code.INVALID, details=(f"taps: {len(taps)}, at most {sent.MOST_TAPS} in one post",))
    return taps, phone[:64] if isinstance(phone, str) else ""


def _keep_notes(deps: Deps, made: Sequence[sent.Made | sent.Why], kept: Mapping[str, Kept]) -> None:
    """What was written beside taps that are on record."""
    places = {place.tag_uid: place.id for place in deps.campus.checkpoints.values()}
    for one in made:
        if isinstance(one, sent.Why) or not one.note or kept[one.tap.key].fate is Fate.CONFLICT:
            continue
        tap = one.tap
        note = Report(
            id=tap.key.removeprefix(of_tap("")),
            kind=Kind.NOTE,
            person=tap.person,
            round="",
            checkpoint=places.get(tap.tag_uid, ""),
            at_ms=tap.measured_at_ms,
            received_at_ms=tap.received_at_ms,
            text=printable(one.note),
            items=(),
            photos=(),
        )
        reports.keep(deps.book, deps.campus, note)


def _is_a_guess(request: Request) -> bool:
    """Whether a browser only guesses that somebody will open it."""
    return "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", ""))


def _told(result: TapResult) -> dict[str, str]:
    said = result.model_dump(mode="json")
    return {"taken": "1" if result.accepted else "0"} | {
        name: str(value) for name, value in said.items() if name != "accepted" and value is not None
    }


def _to_page(said: dict[str, str]) -> Response:
    return RedirectResponse(f"/guard#{urlencode(said)}", 303)
