"""What the routes of one application share, and how they get at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse

from hub.config.model import Language
from hub.web.broadcast import Broadcast
from hub.web.cookies import language_of
from hub.web.deps import Deps
from hub.web.doorman import Doorman
from hub.web.errors import Code, Problem
from hub.web.render import Render
from hub.web.sessions import Sessions
from hub.web.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Parts:
    """One application's parts."""

    deps: Deps
    render: Render
    sessions: Sessions
    doorman: Doorman
    broadcast: Broadcast


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the application that serves this request."""
    parts = connection.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("this application was not made by create_app")
    return parts


def deps_of(request: Request) -> Deps:
    """What the composition root handed in."""
    return parts_of(request).deps


def viewer_or_none(connection: HTTPConnection) -> Viewer | None:
    """Who is signed in, if the guard has looked; public routes have nobody."""
    viewer = connection.scope.get("state", {}).get("viewer")
    return viewer if isinstance(viewer, Viewer) else None


def current_viewer(request: Request) -> Viewer:
    """Who looks. For routes that the rights table does not make public."""
    viewer = viewer_or_none(request)
    if viewer is None:
        raise Problem(Code.SIGNED_OUT)
    return viewer


def session_of(request: Request) -> str:
    """The id of the session of whoever looks."""
    current_viewer(request)
    return str(request.scope["state"]["session"])


def language_for(connection: HTTPConnection) -> Language:
    """The language to answer in, whoever asks."""
    viewer = viewer_or_none(connection)
    own = viewer.language if viewer is not None else parts_of(connection).deps.campus.site.language
    return language_of(connection, own)


def html_page(request: Request, page: str, http_status: int = 200, /, **context: object) -> HTMLResponse:
    """A page of `Render` as an answer."""
    render = parts_of(request).render
    html = render.page(page, viewer_or_none(request), language_for(request), **context)
    return HTMLResponse(html, http_status)


CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
TheDeps = Annotated[Deps, Depends(deps_of)]
TheParts = Annotated[Parts, Depends(parts_of)]
