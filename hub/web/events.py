"""Server-sent events: `/events` brings pages new fragments, `/api/v1/events` brings programs new objects.

Events: `hello` (`now_ms`, `boot`), `change` (everything at first), `end` (the session is over).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.live.board import Changed
from hub.web import shapes
from hub.web.broadcast import Audience
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.parts import CurrentViewer, TheParts, session_of
from hub.web.render import Render
from hub.web.viewer import Viewer

_LOG: Final = logging.getLogger("campushub.web")
SEND_TIMEOUT_S: Final = 20.0
_PING_S: Final = 15

router: Final = APIRouter()


class _Stream(EventSourceResponse):
    """An event stream that just ends when its client does not read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            _LOG.info("a client of the event stream did not read and was dropped")


@router.get("/events", include_in_schema=False)
def page_events(request: Request, parts: TheParts, viewer: CurrentViewer) -> Response:
    """Fragments for pages: `[{"id": …, "html": …}]`; empty HTML removes the element."""
    return _stream(request, parts, viewer, machine=False)


@router.get(
    "/api/v1/events",
    tags=["live"],
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events."}},
)
def machine_events(request: Request, parts: TheParts, viewer: CurrentViewer) -> Response:
    """Events `hello`, `change` and `end`. A change is a list of objects with `type`, `id` and `object`, null
    for what is gone. The first change holds everything."""
    return _stream(request, parts, viewer, machine=True)


def painter(deps: Deps, render: Render) -> Callable[[Audience, frozenset[Changed]], str]:
    """What makes the data of events."""

    def paint(audience: Audience, changed: frozenset[Changed]) -> str:
        things = sorted(changed, key=lambda key: (key[0].value, key[1]))
        if audience.machine:
            return msgspec.json.encode(shapes.objects(deps, things)).decode()
        # Nothing personal may be rendered: the result goes to everybody of this role and language.
        nobody = Viewer("", "", audience.role, audience.language, csrf="", must_change_secret=False)
        fragments = render.fragments(things, nobody)
        lines = [{"id": fragment.element, "html": fragment.html} for fragment in fragments]
        return msgspec.json.encode(lines).decode() if lines else ""

    return paint


def _stream(request: Request, parts: TheParts, viewer: Viewer, *, machine: bool) -> Response:
    if parts.broadcast.is_full:
        raise Problem(Code.BUSY)
    audience = Audience(machine, viewer.role, viewer.language)
    return _Stream(
        parts.broadcast.stream(audience, session_of(request)),
        ping=_PING_S,
        ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
        send_timeout=SEND_TIMEOUT_S,
        sep="\n",
    )
