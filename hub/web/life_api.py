"""The API's part for what people do to alerts beyond taking them on and closing them, and for upkeep."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from hub.alerts import desk, settings, upkeep
from hub.book.model import Alert, Setting, Suppression
from hub.web import shapes
from hub.web.deps import Deps
from hub.web.errors import Code, Problem, refused
from hub.web.parts import CurrentViewer, TheDeps
from rules.life import Refusal

_MOST_CHARS: Final = 2_000
_HOUR_MS: Final = 3_600_000
_ENDED_SHOWN: Final = 100

router: Final = APIRouter(prefix="/api/v1")

AlertId = Annotated[int, Path(alias="id")]


class How(Enum):
    """How long an alert is shelved; `once`: until it clears, but no longer than its severity allows."""

    ONCE = "once"
    ONE_HOUR = "1h"
    TWO_HOURS = "2h"
    FOUR_HOURS = "4h"
    EIGHT_HOURS = "8h"

    @property
    def ms(self) -> int | None:
        """So many milliseconds; None for once."""
        return None if self is How.ONCE else int(self.value.removesuffix("h")) * _HOUR_MS


class Saying(BaseModel):
    """A person says why."""

    reason: str = Field(max_length=_MOST_CHARS)


class Confirming(BaseModel):
    """A second person has looked."""

    note: str = Field(default="", max_length=_MOST_CHARS, description="What there was to see; may be empty.")


class Shelving(BaseModel):
    """Somebody asks for quiet about an alert."""

    reason: str = Field(max_length=_MOST_CHARS)
    how: How = How.ONE_HOUR


class TakingOut(BaseModel):
    """A device goes out of service."""

    device: str = Field(max_length=64)
    reason: str = Field(max_length=_MOST_CHARS)
    until_ms: int | None = Field(default=None, description="null: until a person puts it back")


class Announcing(BaseModel):
    """Maintenance begins now."""

    place: str = Field(max_length=64, description="the id of a device, or of an area")
    reason: str = Field(max_length=_MOST_CHARS)
    until_ms: int


class SuppressionShape(shapes.Shape):
    """What people set that hushes alerts. `area`: all of its devices."""

    id: int
    kind: Setting
    device: str
    area: str
    reason: str
    set_by: str
    set_at_ms: int
    until_ms: int | None
    ended_at_ms: int | None
    ended_by: str


@router.post("/alerts/{id}/shelve", tags=["alerts"])
def shelve(deps: TheDeps, viewer: CurrentViewer, id_: AlertId, said: Shelving) -> shapes.AlertShape:
    """Nobody is told of the alert for a while. 409: too long, over, or no reason."""
    reason = printable(said.reason)
    return _done(
        deps, desk.shelve(deps.book, deps.campus, id_, viewer.person, reason, said.how.ms, deps.now())
    )


@router.post("/alerts/{id}/unshelve", tags=["alerts"])
def unshelve(deps: TheDeps, viewer: CurrentViewer, id_: AlertId) -> shapes.AlertShape:
    """Ends that early."""
    return _done(deps, desk.unshelve(deps.book, deps.campus, id_, viewer.person, deps.now()))


@router.post("/alerts/{id}/confirm", tags=["alerts"])
def confirm(deps: TheDeps, viewer: CurrentViewer, id_: AlertId, said: Confirming) -> shapes.AlertShape:
    """Confirms what somebody else put right. 409: it was the same person, or nobody has."""
    return _done(deps, desk.confirm(deps.book, id_, viewer.person, printable(said.note), deps.now()))


@router.post("/alerts/{id}/reject", tags=["alerts"])
def reject(deps: TheDeps, viewer: CurrentViewer, id_: AlertId, said: Saying) -> shapes.AlertShape:
    """It is not put right: somebody has to take it on again."""
    return _done(deps, desk.reject(deps.book, id_, viewer.person, printable(said.reason), deps.now()))


@router.post("/alerts/{id}/reopen", tags=["alerts"])
def reopen(deps: TheDeps, viewer: CurrentViewer, id_: AlertId, said: Saying) -> shapes.AlertShape:
    """A closed alert is to be dealt with once more. 409: too late, or there is a newer one."""
    return _done(deps, desk.reopen(deps.book, id_, viewer.person, printable(said.reason), deps.now()))


@router.get("/upkeep", tags=["upkeep"])
def listed(deps: TheDeps) -> list[SuppressionShape]:
    """Devices out of service and maintenance that people set: what holds, then what ended last."""
    with deps.book.reading() as session:
        found = (*settings.unended(session), *settings.ended(session, _ENDED_SHOWN))
    return [SuppressionShape.model_validate(one) for one in found]


@router.post("/upkeep/out-of-service", tags=["upkeep"])
def take_out(deps: TheDeps, viewer: CurrentViewer, said: TakingOut) -> SuppressionShape:
    """Takes a device out of service: its alerts are judged and kept, and nobody is told."""
    reason = printable(said.reason)
    done = upkeep.take_out(
        deps.book, deps.campus, said.device, viewer.person, reason, said.until_ms, deps.now()
    )
    return _set(deps, done)


@router.post("/upkeep/maintenance", tags=["upkeep"])
def announce(deps: TheDeps, viewer: CurrentViewer, said: Announcing) -> SuppressionShape:
    """Announces maintenance of a device or an area, from now on."""
    reason = printable(said.reason)
    done = upkeep.announce(
        deps.book, deps.campus, said.place, viewer.person, reason, said.until_ms, deps.now()
    )
    return _set(deps, done)


@router.post("/upkeep/{id}/end", tags=["upkeep"])
def end(deps: TheDeps, viewer: CurrentViewer, id_: AlertId) -> SuppressionShape:
    """Puts a device back, or ends maintenance early."""
    return _set(deps, upkeep.end(deps.book, deps.campus, id_, viewer.person, deps.now()))


def printable(text: str) -> str:
    """Without control characters: what people write is printed, exported and logged."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def one_line(text: str) -> str:
    """Line breaks and other invisible things become spaces: it stands on one line of a record."""
    return "".join(character if character.isprintable() else " " for character in text)


def _done(deps: Deps, result: Alert | Refusal | None) -> shapes.AlertShape:
    if result is None:
        raise Problem(Code.NOT_FOUND)
    if isinstance(result, Refusal):
        raise refused(result)
    deps.wake_live()
    return shapes.alert(deps, result)


def _set(deps: Deps, result: Suppression | Refusal | None) -> SuppressionShape:
    if result is None:
        raise Problem(Code.NOT_FOUND)
    if isinstance(result, Refusal):
        raise refused(result)
    deps.wake_live()
    return SuppressionShape.model_validate(result)
