"""The API of reports: guards send them with photos, others read them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from devices.facts import Clock, Reading
from devices.identity import canonical, phone_of
from devices.wire import WireError, escaped
from hub.log.model import Entry
from hub.patrol import reports, sent
from hub.patrol.reports import Kind, Report, SentReport
from hub.web import photos
from hub.web.deps import Deps
from hub.web.durable import durable
from hub.web.errors import Code, Problem
from hub.web.life_api import printable
from hub.web.paces import pace_of
from hub.web.parts import CurrentViewer, TheDeps, session_of
from hub.web.photos import Hash
from hub.web.rights import BODY_LIMIT

router: Final = APIRouter(prefix="/api/v1/patrol", tags=["patrol"])


class Which(Enum):
    """Which reports."""

    OPEN = "open"
    ALL = "all"


class ItemShape(BaseModel):
    """One line of a checklist. `ok` null: not looked at."""

    model_config = ConfigDict(from_attributes=True)
    item: str
    ok: bool | None
    note: str
    photos: tuple[str, ...]
    value: float | None


class ReportShape(BaseModel):
    """A report. `photos`: under `/api/v1/patrol/photos/`; `area`: of the checkpoint, if there is one;
    `orders`: under `/api/v1/work/`, and `open` while one of them is not closed. `closed_by`, `done`: of what
    is older than work orders."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    kind: reports.Kind
    person: str
    round: str
    checkpoint: str
    area: str = ""
    at_ms: int
    received_at_ms: int
    text: str
    items: tuple[ItemShape, ...]
    photos: tuple[str, ...]
    orders: tuple[int, ...]
    open: bool
    closed_by: str
    closed_at_ms: int | None
    done: str


@router.post("/reports", response_model=ReportShape)
async def post_report(request: Request, deps: TheDeps, viewer: CurrentViewer) -> ReportShape:
    """Keeps a checklist, an incident or a call for help (`sos`) of whoever is signed in. The same id again
    gives the same answer. A call for help raises a critical alert at once, by the hub's time; an incident,
    and each item that is not ok, becomes a work order.

    The body: `id` (a UUID), `at`, `kind`, `round`, `checkpoint`, `items` (`item`, `ok`, `note`, `photos`,
    `value`), `text`, `photos` (SHA-256 each)."""
    now_ms = deps.now()
    pace_of(request).take(session_of(request), now_ms)
    report = _read(await request.body(), viewer.person, now_ms)
    if report.kind is Kind.SOS:
        await durable(deps, Entry(call_for_help(report)))
    kept = await run_in_threadpool(reports.keep, deps.book, deps.campus, report)
    if kept is None:
        raise Problem(Code.OTHER_REPORT)
    return _shape(deps, kept)


@router.get("/reports")
def list_reports(
    deps: TheDeps,
    state: Which = Which.OPEN,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many, newest first.")] = 100,
) -> list[ReportShape]:
    """Reports that somebody has to see to, or all of them."""
    with deps.book.reading() as session:
        found = reports.listed(session, limit, only_open=state is Which.OPEN)
    return [_shape(deps, report) for report in found]


@router.put("/photos/{sha256}", status_code=204)
async def put_photo(request: Request, deps: TheDeps, name: Hash) -> Response:
    """Keeps a JPEG under the SHA-256 of its bytes, drawn anew without anything but the picture. The body is
    the file. Once kept, it may be sent again."""
    return await photos.take_in(request, deps, name)


@router.get("/photos/{sha256}", response_class=FileResponse)
def get_photo(deps: TheDeps, name: Hash) -> FileResponse:
    """A photo."""
    return photos.shown(deps, name)


def _read(payload: bytes, person: str, now_ms: int) -> Report:
    try:
        value = sent.body_of(payload, BODY_LIMIT)
        said = msgspec.convert(value, SentReport)
        measured_at_ms, _ = sent.time_of(said.at, now_ms)
    except (WireError, msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        raise Problem(Code.INVALID, details=(escaped(str(error)),)) from None
    id_ = canonical(said.id)
    if id_ is None:
        raise Problem(Code.INVALID, details=("id: a UUID is needed",))
    return Report(
        id=id_,
        kind=said.kind,
        person=person,
        round=printable(said.round or ""),
        checkpoint=printable(said.checkpoint or ""),
        at_ms=measured_at_ms,
        received_at_ms=now_ms,
        text=printable(said.text),
        items=tuple(
            msgspec.structs.replace(item, item=printable(item.item), note=printable(item.note))
            for item in said.items
        ),
        photos=said.photos,
    )


def call_for_help(report: Report) -> tuple[Reading, ...]:
    """The facts of it: the call, and its end, from which on the rule counts how long it stays."""
    phone = phone_of(report.person)
    at_ms = report.received_at_ms
    return tuple(
        Reading(
            f"sos:{report.id}:{number}", phone, at_ms + number, at_ms + number, Clock.NONE, (("sos", value),)
        )
        for number, value in enumerate((True, False))
    )


def _shape(deps: Deps, report: Report) -> ReportShape:
    place = deps.campus.checkpoints.get(report.checkpoint)
    shape = ReportShape.model_validate(report)
    return shape.model_copy(update={"area": place.area if place else ""})
