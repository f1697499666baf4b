"""The API under `/api/v1`: what programs and the pages' own scripts ask for, and what people do to alerts."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from hub.alerts import desk, keeping
from hub.book import journal
from hub.book.model import Alert
from hub.book.tables import AlertRow
from hub.log.reader import LogReader
from hub.notify import ledger
from hub.web import shapes
from hub.web.deps import Deps
from hub.web.errors import Code, Problem, refused
from hub.web.life_api import printable
from hub.web.parts import CurrentViewer, TheDeps
from hub.web.telling_shapes import AlertRecordShape, told_shapes
from rules.life import Refusal

_MOST_REASON_CHARS: Final = 2_000

router: Final = APIRouter(prefix="/api/v1")

Limit = Annotated[int, Query(ge=1, le=500, description="At most so many, newest first.")]


class Which(Enum):
    """Which alerts."""

    OPEN = "open"
    ALL = "all"


class Acknowledging(BaseModel):
    """Somebody takes an alert on."""

    reason: str = Field(max_length=_MOST_REASON_CHARS, description="What is being done, or why nothing is.")


class Closing(BaseModel):
    """Somebody closes an alert that is over."""

    action: str = Field(max_length=_MOST_REASON_CHARS, description="What was put right.")


@router.get("/me", tags=["people"])
def me(viewer: CurrentViewer) -> shapes.MeShape:
    """Who is signed in, and the token that must come back with every change."""
    return shapes.MeShape(
        person=viewer.person,
        name=viewer.name,
        role=viewer.role,
        language=viewer.language.value,
        csrf=viewer.csrf,
        must_change_secret=viewer.must_change_secret,
    )


@router.get("/devices", tags=["live"])
def devices(deps: TheDeps) -> list[shapes.DeviceShape]:
    """Every configured device with its newest values."""
    return [shapes.device(deps, device) for device in deps.campus.devices.values()]


@router.get("/devices/{id}", tags=["live"])
def device(deps: TheDeps, id_: Annotated[str, Path(alias="id")]) -> shapes.DeviceShape:
    """One device with its newest values."""
    configured = deps.campus.devices.get(id_)
    if configured is None:
        raise Problem(Code.NOT_FOUND)
    return shapes.device(deps, configured)


@router.get("/alerts", tags=["alerts"])
def alerts(deps: TheDeps, state: Which = Which.OPEN, limit: Limit = 100) -> list[shapes.AlertShape]:
    """Alerts, newest first: those that somebody still has to deal with, or all."""
    with deps.book.reading() as session:
        found = keeping.unclosed(session) if state is Which.OPEN else keeping.recent(session, limit)
    return [shapes.alert(deps, alert) for alert in found[:limit]]


@router.get("/alerts/{id}", tags=["alerts"])
def alert(deps: TheDeps, id_: Annotated[int, Path(alias="id")]) -> AlertRecordShape:
    """One alert with its record."""
    if not 0 < id_ < 2**63:
        raise Problem(Code.NOT_FOUND)
    with deps.book.reading() as session:
        row = session.get(AlertRow, id_)
        if row is None:
            raise Problem(Code.NOT_FOUND)
        found = keeping.alert_of(row)
        records = journal.of_alert(session, id_)
        told = ledger.of_alert(session, id_)
    return AlertRecordShape(
        alert=shapes.alert(deps, found), journal=shapes.journal(records), told=told_shapes(told)
    )


@router.post("/alerts/{id}/acknowledge", tags=["alerts"])
def acknowledge(
    deps: TheDeps, viewer: CurrentViewer, id_: Annotated[int, Path(alias="id")], said: Acknowledging
) -> shapes.AlertShape:
    """Takes an alert on, in the name of whoever is signed in. 409: its state does not allow that."""
    return _done(deps, desk.acknowledge(deps.book, id_, viewer.person, printable(said.reason), deps.now()))


@router.post("/alerts/{id}/close", tags=["alerts"])
def close(
    deps: TheDeps, viewer: CurrentViewer, id_: Annotated[int, Path(alias="id")], said: Closing
) -> shapes.AlertShape:
    """Closes an alert that is over, in the name of whoever is signed in. 409: its state forbids that."""
    return _done(
        deps,
        desk.close(
            deps.book,
            deps.campus.rules,
            id_,
            viewer.person,
            printable(said.action),
            deps.now(),
            role=viewer.role,
        ),
    )


@router.get("/taps", tags=["rounds"])
def taps(deps: TheDeps) -> list[shapes.TapShape]:
    """The newest taps, newest first."""
    return [shapes.tap(deps, tap) for tap in deps.board.taps()]


@router.get("/rounds", tags=["rounds"])
def rounds(deps: TheDeps) -> list[shapes.RoundShape]:
    """The runs of rounds from yesterday to tomorrow, by their start."""
    return [shapes.round_run(deps, run) for run in deps.board.rounds()]


@router.get("/dead-letters", tags=["records"])
def dead_letters(deps: TheDeps, limit: Limit = 100) -> list[shapes.LetterShape]:
    """Messages that could not be understood, newest first, each with its reason."""
    log = LogReader(deps.log_path)
    try:
        return [shapes.letter(stored) for stored in log.letters(limit)]
    finally:
        log.close()


@router.get("/strangers", tags=["records"])
def strangers(deps: TheDeps) -> list[shapes.StrangerShape]:
    """Devices that speak but are not configured, offered for adoption."""
    log = LogReader(deps.log_path)
    try:
        return [shapes.StrangerShape.model_validate(stranger) for stranger in log.strangers()]
    finally:
        log.close()


@router.get("/health", tags=["records"])
def health(deps: TheDeps) -> shapes.HealthShape:
    """How the hub itself is doing."""
    return shapes.health(deps)


def _done(deps: Deps, result: Alert | Refusal | None) -> shapes.AlertShape:
    if result is None:
        raise Problem(Code.NOT_FOUND)
    if isinstance(result, Refusal):
        raise refused(result)
    deps.wake_live()
    return shapes.alert(deps, result)
