"""The pages of work orders: the lists, one order with everything about it, the form for a new one.

Their forms work without scripts; photos come from a phone's camera."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, File, Form, Path, UploadFile
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from hub.alerts import keeping
from hub.book.model import Alert
from hub.book.tables import AlertRow
from hub.config.model import Person
from hub.desk import work_cards, work_doing
from hub.desk.typed_time import typed_ms
from hub.desk.work_api import person_of, photo_of
from hub.desk.work_doing import Wanted, Which
from hub.photos.store import Photos
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.life_api import one_line, printable
from hub.web.pages import Pages
from hub.web.photos import Hash
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from hub.work import due, orders
from hub.work.model import Place, WorkOrder
from hub.work.orders import Said
from rules.model import Role
from rules.work import Step, Urgency

_LINES: Final = 200
_MOST_TYPED_CHARS: Final = 500
_LARGEST_ID: Final = 2**63 - 1
_SAID: Final = frozenset(step.value for step in Step)

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
Number = Annotated[int, Path(alias="number")]
Typed = Annotated[str, Form(max_length=_MOST_TYPED_CHARS)]
Uploads = Annotated[list[UploadFile], File()]


def add_work(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The pages and their forms."""
    _add_lists(routes, deps, pages)
    _add_making(routes, deps, pages)
    _add_order(routes, deps, pages)
    _add_work_steps(routes, deps, pages)
    _add_other_steps(routes, deps, pages)


def orders_of_alert(deps: Deps, alert: int) -> tuple[work_cards.OrderLine, ...]:
    """The work orders that were made from an alert."""
    with deps.book.reading() as session:
        found = orders.of_alert(session, alert)
    return tuple(work_cards.order_line(deps.campus, order, deps.now()) for order in found)


def _add_lists(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/work")
    def listed(viewer: CurrentViewer, which: Which = Which.MINE, person: str = "") -> Response:
        """Work orders: mine first."""
        own, now_ms, campus = person_of(deps, viewer), deps.now(), deps.campus
        of = campus.people.get(person)
        with deps.book.reading() as session:
            filters = {each: work_doing.filter_of(each, own, now_ms, of) for each in Which}
            counts = {each: orders.count(session, found) for each, found in filters.items()}
            found = orders.listed(session, filters[which], _LINES)
            loads = orders.loads(session, now_ms)
        page = pages.page(
            "desk/work",
            viewer,
            viewer.language,
            which=which,
            person=of,
            counts=[(each, counts[each]) for each in Which],
            lines=[work_cards.order_line(campus, order, now_ms) for order in found],
            loads=[work_cards.load_line(campus, load) for load in loads],
        )
        return HTMLResponse(page)


def _add_making(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/work/new")
    def new(viewer: CurrentViewer, alert: int | None = None, place: str = "") -> Response:
        """The form for a new order; `alert`: what it is made from."""
        found = _alert(deps, alert) if alert is not None else None
        typed = {"place": place}
        if found is not None:
            typed = {
                "title": _title_of(deps, pages, viewer, found),
                "place": f"device:{found.subject}" if found.subject in deps.campus.devices else place,
                "urgency": work_doing.urgency_of(found).value,
            }
        return _form(deps, pages, viewer, found, typed)

    @routes.post("/work")
    def make(
        viewer: CurrentViewer,
        photos: Uploads = [],  # noqa: B006 - FastAPI makes a new one for each request
        id_: Annotated[str, Form(alias="id", max_length=36)] = "",
        title: Annotated[str, Form(max_length=work_doing.MOST_TITLE_CHARS)] = "",
        text: Annotated[str, Form(max_length=_MOST_TYPED_CHARS)] = "",
        place: Annotated[str, Form(max_length=80)] = "",
        urgency: Typed = Urgency.NORMAL.value,
        alert: Annotated[str, Form(max_length=19)] = "",
    ) -> Response:
        """Makes an order in the name of whoever is signed in."""
        number = int(alert) if alert.isdecimal() else None
        known = urgency in {one.value for one in Urgency}
        try:
            order = work_doing.make(
                deps,
                person_of(deps, viewer),
                Wanted(
                    id=id_,
                    title=one_line(title),
                    text=printable(text),
                    place=work_cards.place_of(place),
                    urgency=Urgency(urgency) if known else Urgency.NORMAL,
                    photos=_kept(deps, photos),
                    alert=number,
                ),
            )
        except Problem as problem:
            found = _alert(deps, number) if number is not None else None
            typed = {"title": title, "text": text, "place": place, "urgency": urgency, "id": id_}
            return _form(deps, pages, viewer, found, typed, problem)
        return _to(order, Step.MADE)


def _add_order(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/work/{number}")
    def order(viewer: CurrentViewer, number: Number, said: str = "") -> Response:
        """One order with everything about it."""
        return _page(deps, pages, viewer, number, said=said if said in _SAID else "")

    @routes.get("/work/{number}/photos/{sha256}")
    def photo(number: Number, name: Hash) -> FileResponse:
        """A photo of an order."""
        return photo_of(deps, number, name)


def _add_work_steps(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """What those do who put it right, and those who look whether it is."""

    @routes.post("/work/{number}/take")
    def take(viewer: CurrentViewer, number: Number) -> Response:
        """Whoever is signed in will put it right."""
        return _act(deps, pages, viewer, number, Step.TAKEN, Said())

    @routes.post("/work/{number}/give-back")
    def give_back(viewer: CurrentViewer, number: Number, reason: Typed = "") -> Response:
        """Somebody else has to."""
        return _act(deps, pages, viewer, number, Step.GIVEN_BACK, Said(one_line(reason)))

    @routes.post("/work/{number}/done")
    def done(
        viewer: CurrentViewer,
        number: Number,
        photos: Uploads = [],  # noqa: B006 - FastAPI makes a new one for each request
        reason: Typed = "",
    ) -> Response:
        """It is put right, and how it looks now."""
        try:
            kept = _kept(deps, photos)
        except Problem as problem:
            return _page(deps, pages, viewer, number, problem=problem, tried=Step.DONE, words=reason)
        return _act(deps, pages, viewer, number, Step.DONE, Said(one_line(reason), kept))

    @routes.post("/work/{number}/verify")
    def verify(viewer: CurrentViewer, number: Number, reason: Typed = "") -> Response:
        """Somebody else has looked: it is."""
        return _act(deps, pages, viewer, number, Step.VERIFIED, Said(one_line(reason)))

    @routes.post("/work/{number}/send-back")
    def send_back(viewer: CurrentViewer, number: Number, reason: Typed = "") -> Response:
        """It is not."""
        return _act(deps, pages, viewer, number, Step.SENT_BACK, Said(one_line(reason)))


def _add_other_steps(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """What the head decides."""

    @routes.post("/work/{number}/assign")
    def assign(
        viewer: CurrentViewer, number: Number, responsible: Typed = "", reason: Typed = ""
    ) -> Response:
        """Who has to."""
        said = Said(one_line(reason), responsible=responsible)
        return _act(deps, pages, viewer, number, Step.ASSIGNED, said)

    @routes.post("/work/{number}/reschedule")
    def reschedule(
        viewer: CurrentViewer, number: Number, urgency: Typed = "", until: Typed = "", reason: Typed = ""
    ) -> Response:
        """By when; an empty `until`: as the urgency says."""
        known = {one.value for one in Urgency}
        said = Said(
            one_line(reason),
            urgency=Urgency(urgency) if urgency in known else None,
            due_ms=typed_ms(deps.campus.site.zone, until) if until else None,
        )
        return _act(deps, pages, viewer, number, Step.RESCHEDULED, said)

    @routes.post("/work/{number}/cancel")
    def cancel(viewer: CurrentViewer, number: Number, reason: Typed = "") -> Response:
        """Nothing has to be put right."""
        return _act(deps, pages, viewer, number, Step.CANCELLED, Said(one_line(reason)))

    @routes.post("/work/{number}/reopen")
    def reopen(viewer: CurrentViewer, number: Number, reason: Typed = "") -> Response:
        """A closed order has to be dealt with once more."""
        return _act(deps, pages, viewer, number, Step.REOPENED, Said(one_line(reason)))


def _act(deps: Deps, pages: Pages, viewer: Viewer, number: int, step: Step, said: Said) -> Response:
    try:
        order = work_doing.act(deps, person_of(deps, viewer), number, step, said)
    except Problem as problem:
        if problem.code is Code.NOT_FOUND:
            raise
        return _page(deps, pages, viewer, number, problem=problem, tried=step, words=said.words)
    return _to(order, step)


def _to(order: WorkOrder, step: Step) -> Response:
    return RedirectResponse(f"/work/{order.number}?said={step.value}", 303)


def _page(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    number: int,
    *,
    said: str = "",
    problem: Problem | None = None,
    tried: Step | None = None,
    words: str = "",
) -> Response:
    own, campus = person_of(deps, viewer), deps.campus
    with deps.book.reading() as session:
        order = orders.one(session, number)
        record = orders.record_of(session, number) if order is not None else ()
        row = session.get(AlertRow, order.alert) if order is not None and order.alert is not None else None
    if order is None:
        raise Problem(Code.NOT_FOUND)
    alert = keeping.alert_of(row) if row is not None else None
    store = Photos(campus.storage.folder)
    page = pages.page(
        "desk/work-order",
        viewer,
        viewer.language,
        card=work_cards.order_card(
            campus, order, record, own, lambda name: store.path(name) is not None, deps.now()
        ),
        alert_title=_title_of(deps, pages, viewer, alert) if alert is not None else "",
        people=_people(campus.people.values()),
        roles=sorted({person.role for person in campus.people.values()} - {Role.WALL}, key=lambda r: r.value),
        urgencies=list(Urgency),
        said=pages.text(viewer.language, f"work.said.{said}") if said else "",
        problem=problem.text if problem else None,
        tried=tried,
        typed=words,
    )
    return HTMLResponse(page, problem.status if problem else 200)


def _form(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    alert: Alert | None,
    typed: Mapping[str, str],
    problem: Problem | None = None,
) -> Response:
    if alert is not None and not work_doing.may_make_of(deps.campus, person_of(deps, viewer), alert):
        raise Problem(Code.NOT_YOURS)
    now_ms = deps.now()
    page = pages.page(
        "desk/work-new",
        viewer,
        viewer.language,
        alert=alert,
        alert_title=_title_of(deps, pages, viewer, alert) if alert is not None else "",
        spots=work_cards.spots(deps.campus),
        dues=[(urgency, due.due_ms(deps.campus.calendar, urgency, now_ms)) for urgency in Urgency],
        id=typed.get("id") or str(uuid4()),
        typed={"urgency": Urgency.NORMAL.value, **typed},
        problem=problem.text if problem else None,
    )
    return HTMLResponse(page, problem.status if problem else 200)


def _alert(deps: Deps, id_: int) -> Alert:
    with deps.book.reading() as session:
        row = session.get(AlertRow, id_) if 0 < id_ <= _LARGEST_ID else None
    if row is None:
        raise Problem(Code.NOT_FOUND)
    return keeping.alert_of(row)


def _title_of(deps: Deps, pages: Pages, viewer: Viewer, alert: Alert) -> str:
    """What the alert is about, in the language of whoever looks."""
    rule = deps.campus.rules.get(alert.rule)
    names = work_cards.place_names(deps.campus, Place(device=alert.subject))
    said = [pages.said(viewer.language, text) for text in (*names, *([rule.title] if rule else []))]
    return " · ".join(said)[: work_doing.MOST_TITLE_CHARS] or alert.rule


def _kept(deps: Deps, uploads: Iterable[UploadFile]) -> tuple[str, ...]:
    contents = (upload.file.read() for upload in uploads)
    return work_doing.keep_photos(deps, (content for content in contents if content))


def _people(people: Iterable[Person]) -> list[Person]:
    return sorted((one for one in people if one.role is not Role.WALL), key=lambda one: one.name)
