"""A guard's plan: the rounds from yesterday to tomorrow, for a phone that may have no signal; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Final

from pydantic import BaseModel, Field

from devices.identity import of_tap
from hub.book.model import RoundRun
from hub.config.model import Campus, Check, Checkpoint, Person
from hub.patrol.reports import Kind
from hub.replies.counting import walkers
from rules.model import RoundState, Text
from rules.route import Sequence, Stop

PICTURES: Final = "/api/v1/patrol/pictures"


class NameShape(BaseModel):
    """A text in both languages."""

    zh: str = Field(serialization_alias="zh-CN")
    en: str


class CheckShape(BaseModel):
    """Something to look at. With a `unit` (it may be empty) it is a number to read off, in order from `low`
    to `high`; null: without such a limit."""

    item: str
    name: NameShape
    unit: str | None
    low: float | None
    high: float | None


class PlaceShape(BaseModel):
    """A checkpoint. `tags`: SHA-256 of its tag's UID (upper-case hex, as ASCII), in hex. `picture`: its
    address, which changes with what it shows. `checklist`: what is looked at after a tap."""

    id: str
    name: NameShape
    area: NameShape
    floor: NameShape | None
    tags: list[str]
    picture: str | None
    checklist: list[CheckShape]


class VisitShape(BaseModel):
    """A visit. `id`: of the tap, as the phone that made it calls it."""

    id: str
    at: str


class StopShape(PlaceShape):
    """A checkpoint of a round. `visited_at`: for the first time; `visits`: all that the round knows, so that
    a phone can tell what was in order. `earliest`, `latest`: when it may be visited; null: at any time."""

    visited_at: str | None
    visits: list[VisitShape]
    earliest: str | None
    latest: str | None


class RoundShape(BaseModel):
    """A planned round; instants as RFC 3339 with the site's offset. `grace_s`: seconds after `ends`.

    `deadline`: until when visits count, as planned or as somebody has decided. `alone_s`: how often whoever
    walks it alone says that all is well; null: as that guard chooses."""

    id: str
    name: NameShape
    starts: str
    ends: str
    deadline: str
    grace_s: int
    order: str
    state: RoundState
    alone_s: int | None
    checkpoints: list[StopShape]


class PersonShape(BaseModel):
    """Whose plan it is."""

    id: str
    name: str
    language: str


class PlanShape(BaseModel):
    """What a phone keeps to work without signal. `now`: the hub's time; it is not part of the ETag.

    `badges`: of everybody, as the `tags` of a checkpoint: a phone says so if it reads one in place of a tag.
    `unseen`: how many notices wait to be read; `work`: how many work orders wait for this person."""

    now: str
    person: PersonShape
    rounds: list[RoundShape]
    checkpoints: list[PlaceShape] = Field(description="all of the site: a round may lead past any")
    badges: list[str]
    reports: list[Kind] = Field(description="the kinds of reports that this hub takes")
    unseen: int
    work: int


def plan_of(
    campus: Campus, runs: Iterable[RoundRun], person: Person, now_ms: int, *, unseen: int = 0, work: int = 0
) -> PlanShape:
    """The plan of a person."""
    own = [run for run in runs if person.id in walkers(campus, run.round)]
    return PlanShape(
        now=instant(now_ms, campus.site.zone),
        person=PersonShape(id=person.id, name=person.name, language=person.language.value),
        rounds=[_round(campus, run) for run in sorted(own, key=lambda run: (run.starts_ms, run.id))],
        checkpoints=[_place(campus, place) for place in campus.checkpoints.values()],
        badges=sorted(tag_mark(one.badge) for one in campus.people.values() if one.badge),
        reports=[kind for kind in Kind if kind is not Kind.NOTE],
        unseen=unseen,
        work=work,
    )


def etag_of(plan: PlanShape) -> str:
    """The same for the same plan, whatever the time."""
    said = plan.model_copy(update={"now": ""}).model_dump_json(by_alias=True)
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def instant(at_ms: int, zone: tzinfo) -> str:
    """RFC 3339 with the zone's offset."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).isoformat(timespec="milliseconds")


def tag_mark(tag_uid: str) -> str:
    """What stands for a UID on phones: they need to know tags again, not to know them."""
    return hashlib.sha256(tag_uid.encode()).hexdigest()


def _round(campus: Campus, run: RoundRun) -> RoundShape:
    planned = campus.rounds.get(run.round)
    zone = campus.site.zone
    limits = {stop.tag: stop for stop in planned.stops} if planned else {}
    return RoundShape(
        id=run.id,
        name=_name(planned.name if planned else Text(run.round, run.round)),
        starts=instant(run.starts_ms, zone),
        ends=instant(run.ends_ms, zone),
        deadline=instant(run.deadline_ms or run.ends_ms + run.grace_ms, zone),
        grace_s=run.grace_ms // 1000,
        order=(planned.sequence if planned else Sequence.FREE).value,
        state=run.state,
        alone_s=planned.alone_ms // 1000 if planned and planned.alone_ms else None,
        checkpoints=[_stop(campus, run, tag, limits.get(tag)) for tag in run.tags],
    )


def _stop(campus: Campus, run: RoundRun, tag: str, limits: Stop | None) -> StopShape:
    def after_start(by_ms: int | None) -> str | None:
        return None if by_ms is None else instant(run.starts_ms + by_ms, campus.site.zone)

    place = next((place for place in campus.checkpoints.values() if place.tag_uid == tag), None)
    where = _place(campus, place) if place else _GONE
    return StopShape(
        id=where.id or tag_mark(tag)[:12],
        name=where.name,
        area=where.area,
        floor=where.floor,
        tags=[tag_mark(tag)],
        picture=where.picture,
        checklist=where.checklist,
        visited_at=_visited_at(campus, run, tag),
        visits=[
            VisitShape(id=visit.key.removeprefix(of_tap("")), at=instant(visit.at_ms, campus.site.zone))
            for visit in run.visits
            if visit.tag == tag
        ],
        earliest=after_start(limits.earliest_ms) if limits else None,
        latest=after_start(limits.latest_ms) if limits else None,
    )


def _place(campus: Campus, place: Checkpoint) -> PlaceShape:
    area = campus.areas.get(place.area)
    return PlaceShape(
        id=place.id,
        name=_name(place.name),
        area=_name(area.name if area else Text("", "")),
        floor=_name(place.floor) if place.floor else None,
        tags=[tag_mark(place.tag_uid)],
        picture=f"{PICTURES}/{place.view.sha256}" if place.view else None,
        checklist=[_check(check) for check in place.checks],
    )


def _check(check: Check) -> CheckShape:
    return CheckShape(item=check.id, name=_name(check.name), unit=check.unit, low=check.low, high=check.high)


def _visited_at(campus: Campus, run: RoundRun, tag: str) -> str | None:
    if tag not in run.visited:
        return None
    # Of a round that an older campushub watched only the tags are known.
    first_ms = min((visit.at_ms for visit in run.visits if visit.tag == tag), default=run.starts_ms)
    return instant(first_ms, campus.site.zone)


def _name(text: Text) -> NameShape:
    return NameShape(zh=text.zh, en=text.en)


_GONE: Final = PlaceShape(
    id="",
    name=_name(Text("（已撤）", "(no longer there)")),
    area=_name(Text("", "")),
    floor=None,
    tags=[],
    picture=None,
    checklist=[],
)
