"""The desk's pages: the live page, one alert with its record, all alerts, what could not be understood.

Its forms work without scripts; with scripts the same forms go to the API and the page stays.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.desk import queries
from hub.desk.alert_page import add_alert_page, said_text
from hub.desk.listing import listed
from hub.desk.load import add_load
from hub.desk.months_page import add_months
from hub.desk.records import shown
from hub.desk.rounds_page import add_rounds, add_run
from hub.desk.telling import notice_line
from hub.desk.upkeep_page import add_upkeep
from hub.desk.work_pages import add_work
from hub.web.deps import Deps
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.model import Role

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


def router(deps: Deps, pages: Pages) -> APIRouter:
    """The desk's routes."""
    routes = APIRouter(include_in_schema=False)
    _add_pages(routes, deps, pages)
    add_alert_page(routes, deps, pages)
    add_upkeep(routes, deps, pages)
    add_load(routes, deps, pages)
    add_rounds(routes, deps, pages)
    add_months(routes, deps, pages)
    add_run(routes, deps, pages)
    add_work(routes, deps, pages)
    return routes


def _add_pages(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/")
    def live(viewer: CurrentViewer, said: str = "") -> Response:
        """Everything that is so right now."""
        if viewer.role is Role.WALL:
            return RedirectResponse("/wall", 303)
        text = said_text(pages, viewer, said)
        page = pages.page("desk/live", viewer, viewer.language, sections=pages.sections(viewer), said=text)
        return HTMLResponse(page)

    @routes.get("/alerts")
    def alerts(viewer: CurrentViewer) -> Response:
        """The open alerts by what they need, and the newest closed ones."""
        found = listed(
            pages.scene(viewer), queries.unclosed_alerts(deps.book), queries.closed_alerts(deps.book)
        )
        return HTMLResponse(pages.page("desk/alerts", viewer, viewer.language, listed=found))

    @routes.get("/notices")
    def notices(viewer: CurrentViewer) -> Response:
        """What the pages have told whoever is signed in, who has seen it by that."""
        scene = pages.scene(viewer)
        lines = [notice_line(scene, *found) for found in queries.notices_of(deps.book, viewer.person)]
        refusing = queries.refusing_channels(deps.book, deps.campus)
        queries.see_notices(deps.book, viewer.person, (line.entry for line in lines), deps.now())
        page = pages.page("desk/notices", viewer, viewer.language, lines=lines, refusing=refusing)
        return HTMLResponse(page)

    @routes.get("/records")
    def records(viewer: CurrentViewer) -> Response:
        """Dead letters and devices nobody configured."""
        found = queries.records(deps.log_path)

        def text(key: str) -> str:
            return pages.text(viewer.language, key)

        seen = shown(found, deps.campus, text) if found is not None else None
        return HTMLResponse(pages.page("desk/records", viewer, viewer.language, records=seen))
