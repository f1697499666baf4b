"""The API of work orders: listed, made, and what people do to them (docs/work.md)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from hub.config.model import Person
from hub.desk import work_doing
from hub.desk.work_doing import Wanted, Which
from hub.web import photos
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.life_api import Saying, one_line, printable
from hub.web.parts import CurrentViewer, TheDeps
from hub.web.photos import Hash
from hub.web.shapes import Shape
from hub.web.viewer import Viewer
from hub.work import orders
from hub.work.answerable import parts_of
from hub.work.model import Place, Source, WorkOrder
from hub.work.orders import Said
from rules import work
from rules.work import MOST_WORDS, State, Step, Urgency

router: Final = APIRouter(prefix="/api/v1/work", tags=["work orders"])

Number = Annotated[int, Path(alias="number")]
Hashes = Annotated[list[str], Field(max_length=work_doing.MOST_PHOTOS)]


class Making(BaseModel):
    """Something has to be put right. `id`: a UUID, of its own for each order."""

    id: str = Field(max_length=36)
    title: str = Field(max_length=work_doing.MOST_TITLE_CHARS)
    text: str = Field(default="", max_length=MOST_WORDS)
    checkpoint: str = Field(default="", max_length=64)
    area: str = Field(default="", max_length=64)
    device: str = Field(default="", max_length=64)
    urgency: Urgency = Urgency.NORMAL
    photos: Hashes = Field(default_factory=list, description="Each kept before, under its SHA-256.")
    alert: int | None = Field(default=None, description="The alert that it is made from.")


class Noting(BaseModel):
    """Somebody says something, or nothing."""

    note: str = Field(default="", max_length=MOST_WORDS)


class Doing(BaseModel):
    """It is put right."""

    done: str = Field(max_length=MOST_WORDS, description="What was done.")
    photos: Hashes = Field(default_factory=list)


class Assigning(BaseModel):
    """Somebody else is to put it right."""

    responsible: str = Field(max_length=72, description="`person:<id>` or `role:<role>`")
    reason: str = Field(max_length=MOST_WORDS)


class Rescheduling(BaseModel):
    """Another urgency, another due time, or both. An urgency alone has its own due time."""

    urgency: Urgency | None = None
    due_ms: int | None = Field(default=None, ge=0, le=2**53)
    reason: str = Field(max_length=MOST_WORDS)


class OrderShape(Shape):
    """A work order. `responsible`: `person:<id>` or `role:<role>`; `photos`, `photos_after`: under
    `/api/v1/work/<number>/photos/`; `may`: what whoever asks may do now."""

    number: int
    source: Source
    title: str
    text: str
    checkpoint: str
    area: str
    device: str
    photos: tuple[str, ...]
    reporter: str
    reported_at_ms: int
    report: str
    item: str
    alert: int | None
    made_at_ms: int
    state: State
    responsible: str
    urgency: Urgency
    due_ms: int
    is_overdue: bool
    taken_by: str
    taken_at_ms: int | None
    done_by: str
    done_at_ms: int | None
    done: str
    photos_after: tuple[str, ...]
    closed_by: str
    closed_at_ms: int | None
    closed_note: str
    may: tuple[Step, ...]


class ChangeShape(Shape):
    """One entry of an order's record; `state`: since then."""

    step: Step
    state: State
    by: str
    at_ms: int
    note: str
    photos: tuple[str, ...]
    responsible: str
    urgency: Urgency | None
    due_ms: int | None


class RecordShape(Shape):
    """An order with its record, oldest first."""

    order: OrderShape
    record: tuple[ChangeShape, ...]


@router.get("")
def list_orders(
    deps: TheDeps,
    viewer: CurrentViewer,
    which: Which = Which.OPEN,
    person: Annotated[str, Query(max_length=64, description="Only what is with this person.")] = "",
    before: Annotated[int | None, Query(description="Only smaller numbers.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many, newest first.")] = 100,
) -> list[OrderShape]:
    """Work orders that wait for whoever asks, that they reported, that are not closed or overdue, or all."""
    own = person_of(deps, viewer)
    of = deps.campus.people.get(person)
    if person and of is None:
        return []
    found = work_doing.filter_of(which, own, deps.now(), of)
    with deps.book.reading() as session:
        listed = orders.newest(session, orders.older_than(found, before), limit)
    return [_shape(deps, own, order) for order in listed]


@router.post("")
def make_order(deps: TheDeps, viewer: CurrentViewer, said: Making) -> OrderShape:
    """Reports something that has to be put right. The same `id` again gives the same order."""
    own = person_of(deps, viewer)
    wanted = Wanted(
        id=said.id,
        title=one_line(said.title),
        text=printable(said.text),
        place=Place(said.checkpoint, said.area, said.device),
        urgency=said.urgency,
        photos=tuple(said.photos),
        alert=said.alert,
    )
    return _shape(deps, own, work_doing.make(deps, own, wanted))


@router.put("/photos/{sha256}", status_code=204)
async def put_photo(request: Request, deps: TheDeps, name: Hash) -> Response:
    """Keeps a JPEG under the SHA-256 of its bytes, drawn anew without anything but the picture. The body is
    the file."""
    return await photos.take_in(request, deps, name)


@router.get("/{number}")
def get_order(deps: TheDeps, viewer: CurrentViewer, number: Number) -> RecordShape:
    """One order with everything that became of it."""
    with deps.book.reading() as session:
        order = orders.one(session, number)
        record = orders.record_of(session, number) if order is not None else ()
    if order is None:
        raise Problem(Code.NOT_FOUND)
    return RecordShape(
        order=_shape(deps, person_of(deps, viewer), order),
        record=tuple(
            ChangeShape(
                state=entry.state,
                **{name: getattr(entry.change, name) for name in entry.change.__struct_fields__},
            )
            for entry in record
        ),
    )


@router.get("/{number}/photos/{sha256}", response_class=FileResponse)
def get_photo(deps: TheDeps, number: Number, name: Hash) -> FileResponse:
    """A photo of an order: of before, of after, or of anything in its record."""
    return photo_of(deps, number, name)


@router.post("/{number}/take")
def take(deps: TheDeps, viewer: CurrentViewer, number: Number) -> OrderShape:
    """Whoever is signed in will put it right."""
    return _act(deps, viewer, number, Step.TAKEN, Said())


@router.post("/{number}/give-back")
def give_back(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Saying) -> OrderShape:
    """Somebody else has to."""
    return _act(deps, viewer, number, Step.GIVEN_BACK, Said(printable(said.reason)))


@router.post("/{number}/assign")
def assign(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Assigning) -> OrderShape:
    """The head says who has to."""
    words = Said(printable(said.reason), responsible=said.responsible)
    return _act(deps, viewer, number, Step.ASSIGNED, words)


@router.post("/{number}/reschedule")
def reschedule(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Rescheduling) -> OrderShape:
    """The head says by when."""
    words = Said(printable(said.reason), urgency=said.urgency, due_ms=said.due_ms)
    return _act(deps, viewer, number, Step.RESCHEDULED, words)


@router.post("/{number}/done")
def done(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Doing) -> OrderShape:
    """Whoever took it has put it right."""
    return _act(deps, viewer, number, Step.DONE, Said(printable(said.done), tuple(said.photos)))


@router.post("/{number}/verify")
def verify(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Noting) -> OrderShape:
    """Somebody else has looked: it is put right. 409: it was the same person."""
    return _act(deps, viewer, number, Step.VERIFIED, Said(printable(said.note)))


@router.post("/{number}/send-back")
def send_back(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Saying) -> OrderShape:
    """It is not put right."""
    return _act(deps, viewer, number, Step.SENT_BACK, Said(printable(said.reason)))


@router.post("/{number}/cancel")
def cancel(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Saying) -> OrderShape:
    """The head says that nothing has to be put right."""
    return _act(deps, viewer, number, Step.CANCELLED, Said(printable(said.reason)))


@router.post("/{number}/reopen")
def reopen(deps: TheDeps, viewer: CurrentViewer, number: Number, said: Saying) -> OrderShape:
    """A closed order has to be dealt with once more."""
    return _act(deps, viewer, number, Step.REOPENED, Said(printable(said.reason)))


def photo_of(deps: Deps, number: int, name: str) -> FileResponse:
    """A photo of an order as an answer. Raises Problem: there is none, or it is no photo of this order."""
    with deps.book.reading() as session:
        order = orders.one(session, number)
        record = orders.record_of(session, number) if order is not None else ()
    known = {photo for entry in record for photo in entry.change.photos}
    if name not in known:
        raise Problem(Code.NOT_FOUND)
    return photos.shown(deps, name)


def person_of(deps: Deps, viewer: Viewer) -> Person:
    """Who is signed in, as the configuration knows them."""
    person = deps.campus.people.get(viewer.person)
    if person is None:
        raise Problem(Code.SIGNED_OUT)
    return person


def _act(deps: Deps, viewer: Viewer, number: int, step: Step, said: Said) -> OrderShape:
    own = person_of(deps, viewer)
    return _shape(deps, own, work_doing.act(deps, own, number, step, said))


def _shape(deps: Deps, own: Person, order: WorkOrder) -> OrderShape:
    standing, place = order.standing, order.place
    fields = {
        name: getattr(order, name) for name in order.__struct_fields__ if name in OrderShape.model_fields
    }
    fields |= {name: getattr(standing, name) for name in standing.__struct_fields__}
    fields |= {name: getattr(place, name) for name in place.__struct_fields__}
    allowed = work.may(standing, parts_of(order, own))
    return OrderShape(
        **fields,
        is_overdue=order.is_overdue(deps.now()),
        may=tuple(step for step in Step if step in allowed),
    )
