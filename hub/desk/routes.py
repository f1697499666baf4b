"""The desk's pages: the live page, one alert with its record, all alerts, what could not be understood.

Its forms work without scripts; with scripts the same forms go to the API and the page stays.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.alerts import desk
from hub.book.model import Alert
from hub.desk import queries
from hub.desk.cards import AlertCard, alert_card, record_card
from hub.desk.records import shown
from hub.desk.telling import notice_line, told_line
from hub.web.deps import Deps
from hub.web.errors import Code, Problem, refused
from hub.web.pages import Pages
from hub.web.scene import Scene
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.life import Refusal
from rules.model import Role

_SAID: Final = frozenset({"acknowledged", "closed"})
_MOST_TYPED_CHARS: Final = 500

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
AlertId = Annotated[int, Path(alias="id")]
Typed = Annotated[str, Form(max_length=_MOST_TYPED_CHARS)]


class Line:
    """A line of the list of alerts."""

    __slots__ = ("card", "closed", "closed_by")

    def __init__(self, scene: Scene, alert: Alert) -> None:
        self.card: AlertCard = alert_card(scene, alert)
        self.closed = alert.closed
        self.closed_by = scene.person_name(alert.closed_by)


def router(deps: Deps, pages: Pages) -> APIRouter:
    """The desk's routes."""
    routes = APIRouter(include_in_schema=False)
    _add_pages(routes, deps, pages)
    _add_forms(routes, deps, pages)
    return routes


def _add_pages(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/")
    def live(viewer: CurrentViewer, said: str = "") -> Response:
        """Everything that is so right now."""
        if viewer.role is Role.WALL:
            return RedirectResponse("/wall", 303)
        text = _said(pages, viewer, said)
        page = pages.page("desk/live", viewer, viewer.language, sections=pages.sections(viewer), said=text)
        return HTMLResponse(page)

    @routes.get("/alerts")
    def alerts(viewer: CurrentViewer) -> Response:
        """The newest alerts, closed ones too."""
        scene = pages.scene(viewer)
        lines = [Line(scene, alert) for alert in queries.recent_alerts(deps.book)]
        return HTMLResponse(pages.page("desk/alerts", viewer, viewer.language, lines=lines))

    @routes.get("/alerts/{id}")
    def alert(viewer: CurrentViewer, id_: AlertId, said: str = "") -> Response:
        """One alert with its whole record."""
        return _alert_page(deps, pages, viewer, id_, said=_said(pages, viewer, said))

    @routes.get("/notices")
    def notices(viewer: CurrentViewer) -> Response:
        """What the pages have told whoever is signed in."""
        scene = pages.scene(viewer)
        lines = [notice_line(scene, *found) for found in queries.notices_of(deps.book, viewer.person)]
        return HTMLResponse(pages.page("desk/notices", viewer, viewer.language, lines=lines))

    @routes.get("/records")
    def records(viewer: CurrentViewer) -> Response:
        """Dead letters and devices nobody configured."""
        found = queries.records(deps.log_path)

        def text(key: str) -> str:
            return pages.text(viewer.language, key)

        seen = shown(found, deps.campus, text) if found is not None else None
        return HTMLResponse(pages.page("desk/records", viewer, viewer.language, records=seen))


def _add_forms(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.post("/alerts/{id}/acknowledge")
    def acknowledge(viewer: CurrentViewer, id_: AlertId, reason: Typed = "") -> Response:
        """Takes an alert on, in the name of whoever is signed in."""
        done = desk.acknowledge(deps.book, id_, viewer.person, _one_line(reason), deps.now())
        if isinstance(done, Refusal):
            return _alert_page(deps, pages, viewer, id_, refusal=done, typed_reason=reason)
        return _done(deps, done, "acknowledged")

    @routes.post("/alerts/{id}/close")
    def close(viewer: CurrentViewer, id_: AlertId, action: Typed = "") -> Response:
        """Closes an alert that is over, in the name of whoever is signed in."""
        done = desk.close(deps.book, deps.campus.rules, id_, viewer.person, _one_line(action), deps.now())
        if isinstance(done, Refusal):
            return _alert_page(deps, pages, viewer, id_, refusal=done, typed_action=action)
        return _done(deps, done, "closed")


def _alert_page(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    id_: int,
    *,
    said: str = "",
    refusal: Refusal | None = None,
    typed_reason: str = "",
    typed_action: str = "",
) -> Response:
    found = queries.alert_file(deps.book, id_)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    problem = refused(refusal) if refusal else None
    scene = pages.scene(viewer)
    if found.run is not None:
        scene = scene.with_round(found.run)

    def peak(card: AlertCard) -> float | None:
        return queries.peak(deps, found.alert, card.quantity, above=card.above)

    page = pages.page(
        "desk/alert",
        viewer,
        viewer.language,
        card=record_card(scene, found.alert, peak),
        closed=found.alert.closed,
        record=found.record,
        told=[told_line(scene, entry) for entry in found.told],
        said=said,
        problem=problem.text if problem else None,
        typed_reason=typed_reason,
        typed_action=typed_action,
    )
    return HTMLResponse(page, problem.status if problem else 200)


def _done(deps: Deps, alert: Alert | None, said: str) -> Response:
    if alert is None:
        raise Problem(Code.NOT_FOUND)
    deps.wake_live()
    return RedirectResponse(f"/alerts/{alert.id}?said={said}", 303)


def _said(pages: Pages, viewer: Viewer, said: str) -> str:
    """The sentence for a code in the address; nothing for one that is not ours."""
    return pages.text(viewer.language, f"alert.said.{said}") if said in _SAID else ""


def _one_line(text: str) -> str:
    """Line breaks and other invisible things become spaces: it stands on one line of the record."""
    return "".join(character if character.isprintable() else " " for character in text)
