"""The wall page. It draws nothing of its own: it arranges what the other faces draw."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from hub.web.pages import Pages
from hub.web.scene import Face
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer

FACE: Final = Face("hub.wall", lambda _scene: ())


def router(pages: Pages) -> APIRouter:
    """The wall's route."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/wall")
    def wall(viewer: Annotated[Viewer, Depends(current_viewer)]) -> Response:
        """Everything at a glance."""
        page = pages.page("wall/wall", viewer, viewer.language, sections=pages.sections(viewer))
        return HTMLResponse(page)

    return routes
