"""The shapes of the API's answers. Instants are milliseconds since 1970 UTC, texts come in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.facts import Clock, Kind, Tap, Trust
from devices.wire import escaped
from hub.book.model import Alert, AlertChanged, Recorded, RoundRun
from hub.config.model import Device, Storing
from hub.live.board import Changed, DeviceNow, Topic
from hub.log.model import StoredLetter
from hub.web.deps import Deps
from rules.life import Change, Hush
from rules.model import Role, RoundState, Severity

_LETTER_CHARS: Final = 8_192


class Shape(BaseModel):
    """What every answer is: frozen, and made from our own structs."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class TextShape(Shape):
    """A text in both languages."""

    zh: str
    en: str


class MeShape(Shape):
    """Who is signed in. `csrf` goes into the header `X-CSRF-Token` of every change."""

    person: str
    name: str
    role: Role
    language: str
    csrf: str
    must_change_secret: bool


class QuantityShape(Shape):
    """The newest value of one series; its unit is in its name."""

    name: str
    value: float | bool
    measured_at_ms: int


class DeviceShape(Shape):
    """A device as configured and as it is now. `received_at_ms` null: nothing was ever received of it."""

    id: str
    name: TextShape
    kind: Kind
    area: str
    owner: str
    interval_ms: int
    storing: Storing | None
    low: float | None
    high: float | None
    online: bool | None
    clock: Clock | None
    measured_at_ms: int | None
    received_at_ms: int | None
    quantities: tuple[QuantityShape, ...]


class AlertShape(Shape):
    """One thing wrong. `active`: the cause lasts; `closed`: nothing more is to be done.

    `hushes`: why people are not told of it now; `parent`: the alert that was found to be its cause; `late`:
    what raised it arrived long after it was measured; `due_ms`: when the limit that it forecasts will be
    reached."""

    id: int
    rule: str
    title: TextShape | None = Field(description="null: the rule is no longer in the catalogue")
    subject: str
    severity: Severity
    active: bool
    acknowledged: bool
    closed: bool
    raised_at_ms: int
    since_ms: int
    cleared_at_ms: int | None
    closed_at_ms: int | None
    value: float | None
    acknowledged_by: str
    acknowledged_reason: str
    acknowledged_at_ms: int | None
    closed_by: str
    closed_action: str
    put_right_by: str = Field(description="who says so, while somebody else has to confirm it")
    confirmed_by: str
    hushes: tuple[Hush, ...]
    suppressed_by: str
    suppressed_why: str
    suppressed_until_ms: int | None
    shelved_by: str
    shelved_why: str
    shelved_until_ms: int | None
    shelved_once: bool
    parent: int | None
    late: bool
    due_ms: int | None


class JournalShape(Shape):
    """One entry of an alert's record. `by` empty: the hub itself."""

    id: int
    recorded_at_ms: int
    at_ms: int
    change: Change
    by: str
    note: str
    value: float | None
    hushes: tuple[Hush, ...] = Field(description="why people were not told, after this")
    until_ms: int | None = Field(description="how long it was shelved")
    parent: int | None = Field(description="the cause that was found")
    late: bool
    due_ms: int | None = Field(description="when a forecast's limit will be reached")


class TapShape(Shape):
    """One read of a tag. `checkpoint` null: no checkpoint has this tag."""

    key: str
    device: str
    measured_at_ms: int
    received_at_ms: int
    clock: Clock
    tag_uid: str
    badge: str
    trust: Trust
    checkpoint: str | None


class VisitShape(Shape):
    """One visit of a round. `person`, `badge`: who tapped, if anybody says; `key`: the tap's."""

    at_ms: int
    key: str
    tag: str
    person: str
    badge: str
    device: str
    trust: Trust
    received_ms: int


class RoundShape(Shape):
    """One planned run of a round. `visits` in order of time; `quality`: visited ÷ required."""

    id: str
    round: str
    name: TextShape | None
    starts_ms: int
    ends_ms: int
    grace_ms: int
    state: RoundState
    tags: tuple[str, ...]
    visited: tuple[str, ...]
    deadline_ms: int = Field(description="until when visits count, as planned or as somebody decided")
    visits: tuple[VisitShape, ...]
    decided_by: str = Field(description="who decided what explains the state or the deadline; mostly empty")
    decided_why: str
    quality: float


class LetterShape(Shape):
    """A dead letter. `payload`: its beginning as text, with escapes; `size`: all of its bytes."""

    id: int
    received_at_ms: int
    topic: str
    payload: str
    size: int
    reason: str
    detail: str


class StrangerShape(Shape):
    """A device that speaks but is not configured, offered for adoption."""

    topic: str
    format: str
    suggested_id: str
    first_ms: int
    last_ms: int
    messages: int


class HealthShape(Shape):
    """How the hub is doing. `*_behind`: facts that a reader of the log has not read yet.

    `history_state`: `ok`, `behind` (it catches up by itself), `unreachable` (tried again by itself) or
    `refused` (a person must act); `history_detail` says why it is one of the last two."""

    ready: bool
    broker_connected: bool
    broker_problem: str
    listening_since_ms: int | None
    inbox_waiting: int
    log_fault: str
    log_newest_seq: int
    alerts_behind: int
    history_behind: int
    history_state: Literal["ok", "behind", "unreachable", "refused"]
    history_detail: str
    dead_letters: int
    failing_loops: tuple[str, ...]


def device(deps: Deps, configured: Device) -> DeviceShape:
    """A configured device."""
    now = deps.board.device(configured.id) or DeviceNow(configured.id)
    return DeviceShape(
        id=configured.id,
        name=TextShape.model_validate(configured.name),
        kind=configured.kind,
        area=configured.area,
        owner=configured.owner,
        interval_ms=configured.interval_ms,
        storing=configured.storing,
        low=configured.low,
        high=configured.high,
        online=now.online,
        clock=now.clock,
        measured_at_ms=now.measured_at_ms,
        received_at_ms=now.received_at_ms,
        quantities=tuple(QuantityShape.model_validate(quantity) for quantity in now.quantities),
    )


def alert(deps: Deps, found: Alert) -> AlertShape:
    """An alert of the book."""
    rule = deps.campus.rules.get(found.rule)
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return AlertShape(**fields, title=TextShape.model_validate(rule.title) if rule else None)


def journal(records: Iterable[Recorded]) -> tuple[JournalShape, ...]:
    """An alert's record."""
    return tuple(
        JournalShape(
            id=record.id,
            recorded_at_ms=record.recorded_at_ms,
            at_ms=record.decision.at_ms,
            change=record.decision.change,
            by=record.decision.by,
            note=record.decision.note,
            value=record.decision.value,
            hushes=record.decision.hushes,
            until_ms=record.decision.until_ms,
            parent=record.decision.parent,
            late=record.decision.late,
            due_ms=record.decision.due_ms,
        )
        for record in records
        if isinstance(record.decision, AlertChanged)
    )


def tap(deps: Deps, found: Tap) -> TapShape:
    """A tap, with the checkpoint that it was at."""
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return TapShape(**fields, checkpoint=checkpoint_of(deps, found.tag_uid))


def checkpoint_of(deps: Deps, tag_uid: str) -> str | None:
    """The id of the checkpoint that has this tag."""
    return next((point.id for point in deps.campus.checkpoints.values() if point.tag_uid == tag_uid), None)


def round_run(deps: Deps, run: RoundRun) -> RoundShape:
    """A planned run."""
    planned = deps.campus.rounds.get(run.round)
    fields = {name: getattr(run, name) for name in run.__struct_fields__}
    name = TextShape.model_validate(planned.name) if planned else None
    return RoundShape(**fields, name=name, quality=run.quality)


def letter(stored: StoredLetter) -> LetterShape:
    """A dead letter, made harmless to read."""
    return LetterShape(
        id=stored.id,
        received_at_ms=stored.received_at_ms,
        topic=escaped(stored.topic, 512),
        payload=escaped(stored.payload.decode(errors="backslashreplace"), _LETTER_CHARS),
        size=stored.size,
        reason=stored.reason,
        detail=escaped(stored.detail, 512),
    )


def health(deps: Deps) -> HealthShape:
    """How the hub is doing now."""
    return HealthShape.model_validate(deps.health())


def objects(deps: Deps, things: Iterable[Changed]) -> list[dict[str, object]]:
    """What changed, as `type`, `id` and `object`; the object is None for what is gone."""
    alerts = {str(found.id): found for found in deps.board.alerts()}
    taps = {found.key: found for found in deps.board.taps()}
    runs = {found.id: found for found in deps.board.rounds()}

    def shape_of(topic: Topic, id_: str) -> Shape | None:
        match topic:
            case Topic.DEVICE:
                configured = deps.campus.devices.get(id_)
                return device(deps, configured) if configured else None
            case Topic.ALERT:
                return alert(deps, alerts[id_]) if id_ in alerts else None
            case Topic.TAP:
                return tap(deps, taps[id_]) if id_ in taps else None
            case Topic.ROUND:
                return round_run(deps, runs[id_]) if id_ in runs else None
            case Topic.HEALTH:
                return health(deps)

    found: list[dict[str, object]] = []
    for topic, id_ in things:
        shape = shape_of(topic, id_)
        found.append(
            {"type": topic.value, "id": id_, "object": shape.model_dump(mode="json") if shape else None}
        )
    return found
