"""The API of one run: its course, and what people decide about it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from devices.facts import Order, RoundOrder, Tap, Trust
from hub.alerts.orders import may
from hub.rounds import timeline
from hub.rounds.ordering import instant, order_round
from hub.rounds.timeline import Line, Mark
from hub.rounds.whole import Whole, whole
from hub.web import shapes
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.life_api import printable
from hub.web.paces import pace_of
from hub.web.parts import CurrentViewer, TheDeps, session_of
from rules.route import Decided

_MOST_CHARS: Final = 2_000

router: Final = APIRouter(prefix="/api/v1", tags=["rounds"])

RunId = Annotated[str, Path(alias="id", max_length=96)]
_Instant = Annotated[str, Field(max_length=64)] | float


class Ordering(BaseModel):
    """A decision about a round."""

    id: str = Field(max_length=64, description="a UUID made with the decision: sent again, it counts once")
    order: Order
    at: _Instant | None = Field(
        default=None,
        description="when it was decided, where a phone kept it: RFC 3339 with an offset, or Unix seconds",
    )
    until: _Instant | None = Field(default=None, description="the new deadline, of `extend`")
    reason: str = Field(default="", max_length=_MOST_CHARS, description="why; may be empty for pause, resume")


class OrderShape(shapes.Shape):
    """A decision. `by`: a person's id. `until_ms`: the new deadline, of `extend`; 0: of no other."""

    order: Order
    by: str
    at_ms: int
    reason: str
    until_ms: int


class StopShape(shapes.Shape):
    """A stop of a run. `earliest_ms`, `latest_ms`: when it may be visited; `least_ms`, `most_ms`: how long
    after the stop before it. `at_ms` null: it was not visited; `since_ms`: since the visit before it."""

    number: int
    checkpoint: str
    name: shapes.TextShape
    earliest_ms: int | None
    latest_ms: int | None
    least_ms: int | None
    most_ms: int | None
    at_ms: int | None
    received_ms: int | None
    since_ms: int | None
    person: str
    device: str
    trust: Trust | None
    marks: tuple[Mark, ...]


class RefusedShape(shapes.Shape):
    """A tap that is on record, and no visit. `reason`: as in docs/patrol-api.md. `tag`: the UID, of one that
    hangs nowhere."""

    id: str
    at_ms: int
    checkpoint: str
    tag: str
    person: str
    device: str
    reason: str


class RunShape(shapes.RoundShape):
    """A run with its course. `orders`: what people decided; `refused_is_whole`: false where the log was not
    searched whole for refused taps. `alerts`, `reports`: ids. `may`: what whoever asks could decide now."""

    course: tuple[StopShape, ...]
    orders: tuple[OrderShape, ...]
    refused: tuple[RefusedShape, ...]
    refused_is_whole: bool
    alerts: tuple[int, ...]
    reports: tuple[str, ...]
    may: tuple[Order, ...]


class Ordered(shapes.Shape):
    """A decision as it stands in the log, and the run as it is now."""

    order: OrderShape
    round: shapes.RoundShape


@router.get("/rounds/{id}")
def one_round(deps: TheDeps, viewer: CurrentViewer, id_: RunId) -> RunShape:
    """One run of a round (`<round>@<day>`), stop by stop."""
    found = _whole(deps, id_)
    run = found.file.run
    person = deps.campus.people[viewer.person]
    return RunShape(
        **shapes.round_run(deps, run).model_dump(),
        course=tuple(_stop(line) for line in found.lines),
        orders=tuple(_decided(one) for one in found.orders),
        refused=tuple(_refused(deps, tap) for tap in found.evidence.refused),
        refused_is_whole=found.evidence.is_whole,
        alerts=tuple(alert.id for alert in found.file.alerts),
        reports=tuple(report.id for report in found.file.reports),
        may=timeline.choices(run, may(deps.campus, run, person), deps.now()),
    )


@router.post("/rounds/{id}/orders")
async def order(
    request: Request, deps: TheDeps, viewer: CurrentViewer, id_: RunId, said: Ordering
) -> Ordered:
    """Pauses, resumes, finishes, extends or excuses a round, in the name of whoever is signed in. Answered
    once it is durable; the same id again: the same answer. 403, 409, 422: why not."""
    pace_of(request).take(session_of(request), deps.now())
    kept = await order_round(
        deps,
        deps.campus.people[viewer.person],
        id_,
        said.order,
        key=said.id,
        at_ms=None if said.at is None else instant(said.at),
        until_ms=0 if said.until is None else instant(said.until),
        reason=printable(said.reason),
    )
    found = await run_in_threadpool(_whole, deps, id_)
    return Ordered(order=_logged(kept), round=shapes.round_run(deps, found.file.run))


def _whole(deps: Deps, id_: str) -> Whole:
    found = whole(deps, id_)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    return found


def _stop(line: Line) -> StopShape:
    return StopShape.model_validate(line)


def _decided(one: Decided) -> OrderShape:
    return OrderShape(order=one.order, by=one.by, at_ms=one.at_ms, reason=one.reason, until_ms=one.until_ms)


def _logged(one: RoundOrder) -> OrderShape:
    return OrderShape(
        order=one.order, by=one.by, at_ms=one.measured_at_ms, reason=one.reason, until_ms=one.until_ms
    )


def _refused(deps: Deps, tap: Tap) -> RefusedShape:
    places = {place.tag_uid: place.id for place in deps.campus.checkpoints.values()}
    return RefusedShape(
        id=tap.key,
        at_ms=tap.measured_at_ms,
        checkpoint=places.get(tap.tag_uid, ""),
        tag="" if tap.tag_uid in places else tap.tag_uid,
        person=tap.person,
        device=tap.device,
        reason=tap.refused,
    )
