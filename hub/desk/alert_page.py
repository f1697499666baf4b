"""The page of one alert: its record, and what may be done about it. Its forms work without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.alerts import desk
from hub.book.model import Alert
from hub.desk import queries
from hub.desk.cards import AlertCard, below, record_card
from hub.desk.phone_seen import whereabouts
from hub.desk.telling import told_line
from hub.desk.work_doing import may_make_of
from hub.desk.work_pages import orders_of_alert
from hub.web.deps import Deps
from hub.web.errors import Code, Problem, refused
from hub.web.life_api import How, one_line
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.life import Refusal

_SAID: Final = frozenset(
    {"acknowledged", "closed", "put_right", "confirmed", "rejected", "reopened", "shelved", "unshelved"}
)
_MOST_TYPED_CHARS: Final = 500

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
AlertId = Annotated[int, Path(alias="id")]
Typed = Annotated[str, Form(max_length=_MOST_TYPED_CHARS)]


def add_alert_page(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The page and its forms."""
    _add_page(routes, deps, pages)
    _add_first_forms(routes, deps, pages)
    _add_second_forms(routes, deps, pages)


def said_text(pages: Pages, viewer: Viewer, said: str) -> str:
    """The sentence for a code in the address; nothing for one that is not ours."""
    return pages.text(viewer.language, f"alert.said.{said}") if said in _SAID else ""


def _add_page(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/alerts/{id}")
    def alert(viewer: CurrentViewer, id_: AlertId, said: str = "") -> Response:
        """One alert with its whole record."""
        return _page(deps, pages, viewer, id_, said=said_text(pages, viewer, said))


def _add_first_forms(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """What whoever stands there does."""

    @routes.post("/alerts/{id}/acknowledge")
    def acknowledge(viewer: CurrentViewer, id_: AlertId, reason: Typed = "") -> Response:
        """Takes an alert on, in the name of whoever is signed in."""
        done = desk.acknowledge(deps.book, id_, viewer.person, one_line(reason), deps.now())
        return _answer(deps, pages, viewer, id_, done, "acknowledged", {"reason": reason})

    @routes.post("/alerts/{id}/close")
    def close(viewer: CurrentViewer, id_: AlertId, action: Typed = "") -> Response:
        """Closes an alert that is over, or says that it is put right where another one has to confirm."""
        words, now_ms = one_line(action), deps.now()
        done = desk.close(deps.book, deps.campus.rules, id_, viewer.person, words, now_ms, role=viewer.role)
        waits = isinstance(done, Alert) and not done.closed
        said = "put_right" if waits else "closed"
        return _answer(deps, pages, viewer, id_, done, said, {"action": action})

    @routes.post("/alerts/{id}/shelve")
    def shelve(viewer: CurrentViewer, id_: AlertId, reason: Typed = "", how: Typed = "") -> Response:
        """Nobody is told of the alert for a while."""
        chosen = How(how) if how in {one.value for one in How} else How.ONE_HOUR
        said = one_line(reason)
        done = desk.shelve(deps.book, deps.campus, id_, viewer.person, said, chosen.ms, deps.now())
        return _answer(
            deps, pages, viewer, id_, done, "shelved", {"shelf_reason": reason, "how": chosen.value}
        )

    @routes.post("/alerts/{id}/unshelve")
    def unshelve(viewer: CurrentViewer, id_: AlertId) -> Response:
        """Ends that early."""
        done = desk.unshelve(deps.book, deps.campus, id_, viewer.person, deps.now())
        return _answer(deps, pages, viewer, id_, done, "unshelved", {})


def _add_second_forms(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """What a second person does about what somebody put right."""

    @routes.post("/alerts/{id}/confirm")
    def confirm(viewer: CurrentViewer, id_: AlertId, note: Typed = "") -> Response:
        """It is put right."""
        done = desk.confirm(deps.book, id_, viewer.person, one_line(note), deps.now())
        return _answer(deps, pages, viewer, id_, done, "confirmed", {"note": note})

    @routes.post("/alerts/{id}/reject")
    def reject(viewer: CurrentViewer, id_: AlertId, reason: Typed = "") -> Response:
        """It is not."""
        done = desk.reject(deps.book, id_, viewer.person, one_line(reason), deps.now())
        return _answer(deps, pages, viewer, id_, done, "rejected", {"reject_reason": reason})

    @routes.post("/alerts/{id}/reopen")
    def reopen(viewer: CurrentViewer, id_: AlertId, reason: Typed = "") -> Response:
        """A closed alert is to be dealt with once more."""
        done = desk.reopen(deps.book, id_, viewer.person, one_line(reason), deps.now())
        return _answer(deps, pages, viewer, id_, done, "reopened", {"reopen_reason": reason})


def _answer(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    id_: int,
    done: desk.Done,
    said: str,
    typed: Mapping[str, str],
) -> Response:
    if isinstance(done, Refusal):
        return _page(deps, pages, viewer, id_, refusal=done, typed=typed)
    if done is None:
        raise Problem(Code.NOT_FOUND)
    deps.wake_live()
    return RedirectResponse(f"/alerts/{done.id}?said={said}", 303)


def _page(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    id_: int,
    *,
    said: str = "",
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    found = queries.alert_file(deps.book, id_)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    problem = refused(refusal) if refusal else None
    scene = pages.scene(viewer)
    person = deps.campus.people.get(viewer.person)
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
        is_own=found.alert.put_right_by == viewer.person,
        cause=below(scene, found.cause) if found.cause else None,
        consequences=[below(scene, one) for one in found.consequences],
        record=found.record,
        told=[told_line(scene, entry) for entry in found.told],
        orders=orders_of_alert(deps, id_),
        whereabouts=whereabouts(deps, found.alert.subject),
        may_order=person is not None and may_make_of(deps.campus, person, found.alert),
        said=said,
        problem=problem.text if problem else None,
        typed=typed or {},
    )
    return HTMLResponse(page, problem.status if problem else 200)
