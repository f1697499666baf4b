"""The pages of rounds: a day with its plan, one run with what may be decided; they work without scripts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Form, Header, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from devices.facts import Order
from hub.alerts.orders import may
from hub.desk import rounds_live
from hub.desk.campus_plan import version_of
from hub.desk.cards import Below, below
from hub.desk.typed_time import typed_ms
from hub.rounds import queries, timeline
from hub.rounds.ordering import order_round
from hub.rounds.standing import TONES, deadline_of, word_of
from hub.rounds.whole import Whole, whole
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.life_api import one_line
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.local_time import day_at, midnight_ms
from rules.model import Role, Text

_DAY: Final = timedelta(days=1)
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_LONGER_MIN: Final = (15, 30, 60, 120)
_MOST_TYPED_CHARS: Final = 500
_SAID: Final = frozenset(order.value for order in Order)
_PLACERS: Final = frozenset({Role.HEAD, Role.ADMIN})
# A picture that somebody drew may hold scripts: opened by itself, it must not run them either.
_PICTURE_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
    ),
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
}

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
RunId = Annotated[str, Path(alias="id", max_length=96)]
Typed = Annotated[str, Form(max_length=_MOST_TYPED_CHARS)]
Short = Annotated[str, Form(max_length=64)]


class Longer(msgspec.Struct, frozen=True):
    """A deadline that may be chosen, so many minutes after the old one, or after now."""

    until_ms: int
    minutes: int


def add_rounds(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The pages of a day and of a run, and the picture. `/rounds/{id}` comes last: the others are no ids."""
    _add_day(routes, deps, pages)
    _add_picture(routes, deps)


def add_run(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The page of one run and its forms."""

    @routes.get("/rounds/{id}")
    def run(viewer: CurrentViewer, id_: RunId, said: str = "") -> Response:
        """One run, stop by stop."""
        text = pages.text(viewer.language, f"round_page.said.{said}") if said in _SAID else ""
        return _run_page(deps, pages, viewer, id_, said=text)

    @routes.post("/rounds/{id}/orders")
    async def order(
        viewer: CurrentViewer,
        id_: RunId,
        order: Short = "",
        key: Short = "",
        reason: Typed = "",
        until: Short = "",
        until_at: Short = "",
    ) -> Response:
        """A decision, in the name of whoever is signed in. `until`: one of the choices, in ms; `until_at`: a
        local date and time instead."""
        if order not in _SAID:
            raise Problem(Code.INVALID, details=("order",))
        until_ms = typed_ms(deps.campus.site.zone, until_at) if until_at else _number(until)
        try:
            await order_round(
                deps,
                deps.campus.people[viewer.person],
                id_,
                Order(order),
                key=key,
                until_ms=until_ms,
                reason=one_line(reason),
            )
        except Problem as problem:
            if problem.code in (Code.NOT_FOUND, Code.INVALID, Code.LOG_UNAVAILABLE):
                raise
            typed = {"order": order, "reason": reason, "until": until, "until_at": until_at}
            return await run_in_threadpool(_run_page, deps, pages, viewer, id_, problem=problem, typed=typed)
        return RedirectResponse(f"/rounds/{id_}?said={order}", 303)


def _add_day(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    @routes.get("/rounds")
    def rounds(viewer: CurrentViewer, day: str = "", place: str = "") -> Response:
        """The rounds of a day: who is where, every run, the plan; `place`: to find where checkpoints are."""
        campus, scene = deps.campus, pages.scene(viewer)
        today = day_at(campus.site.zone, scene.now_ms)
        shown = date_of(day, today)
        is_today = shown == today
        if not is_today:
            midnight = midnight_ms(campus.site.zone, shown)
            runs = queries.runs_of_days(deps.book, shown, shown, midnight)
            scene = replace(scene, rounds=runs, taps=())
        else:
            runs = tuple(rounds_live.runs_of_today(scene, today))
        placing = bool(place) and viewer.role in _PLACERS and campus.plan is not None
        when = rounds_live.TODAY if is_today else "future" if shown > today else "past"
        sections = rounds_live.of_day(scene, runs, when)
        page = pages.page(
            "desk/rounds",
            viewer,
            viewer.language,
            sections={one.id: pages.drawn(one, scene) for one in sections},
            day=shown,
            day_ms=midnight_ms(campus.site.zone, shown),
            before=shown - _DAY if shown > date.min else shown,
            after=shown + _DAY if shown < date.max else shown,
            is_today=is_today,
            placing=placing,
            may_place=viewer.role in _PLACERS and campus.plan is not None,
            may_export=viewer.role in _PLACERS,
            has_plan=campus.plan is not None,
            places=tuple(campus.checkpoints.values()),
        )
        return HTMLResponse(page)


def _add_picture(routes: APIRouter, deps: Deps) -> None:
    @routes.get("/rounds/plan")
    def picture(if_none_match: Annotated[str, Header(max_length=2_000)] = "") -> Response:
        """The picture of the campus, as an image and as nothing else."""
        plan = deps.campus.plan
        if plan is None:
            raise Problem(Code.NOT_FOUND)
        etag = f'"{version_of(plan)}"'
        headers = _PICTURE_HEADERS | {"etag": etag}
        if etag in (one.strip().removeprefix("W/") for one in if_none_match.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(plan.content, headers=headers, media_type=plan.media_type)


def date_of(text: str, otherwise: date) -> date:
    """A day as in 2026-11-22, in the years that people mean; `otherwise` for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if 2000 <= day.year <= 2100 else otherwise


def _run_page(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    id_: str,
    *,
    said: str = "",
    problem: Problem | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    found = whole(deps, id_)
    if found is None:
        raise Problem(Code.NOT_FOUND)
    run, campus, now_ms = found.file.run, deps.campus, deps.now()
    planned = campus.rounds.get(run.round)
    word = word_of(run, now_ms)
    choices = timeline.choices(run, may(campus, run, campus.people[viewer.person]), now_ms)
    page = pages.page(
        "desk/round",
        viewer,
        viewer.language,
        run=run,
        called=planned.name if planned else Text(run.round, run.round),
        day=queries.day_of(run),
        word=word,
        tone=TONES[word],
        deadline_ms=deadline_of(run),
        is_extended=deadline_of(run) > run.ends_ms + run.grace_ms,
        walk=found.walk,
        is_live=deadline_of(run) + _DAY_MS > now_ms,
        lines=found.lines,
        walked_ms=timeline.walked_ms(found.lines),
        whole=found,
        places={place.tag_uid: place.name for place in campus.checkpoints.values()},
        log_days=campus.storage.log_days,
        log_reaches_back=run.starts_ms > now_ms - campus.storage.log_days * _DAY_MS,
        alerts=_alerts(pages, viewer, found),
        choices=choices,
        keys={order: str(uuid.uuid4()) for order in choices},
        longer=_longer(found, now_ms),
        said=said,
        problem=problem.text if problem else None,
        typed=typed or {},
    )
    return HTMLResponse(page, problem.status if problem else 200)


def _alerts(pages: Pages, viewer: Viewer, found: Whole) -> list[Below]:
    scene = pages.scene(viewer).with_round(found.file.run)
    return [below(scene, alert) for alert in found.file.alerts]


def _longer(found: Whole, now_ms: int) -> list[Longer]:
    run = found.file.run
    from_ms = max(now_ms, deadline_of(run))
    # Whole minutes, so that the choice is what stands there.
    from_ms += -from_ms % _MINUTE_MS
    latest_ms = timeline.latest_deadline(run)
    ends = ((from_ms + minutes * _MINUTE_MS, minutes) for minutes in _LONGER_MIN)
    return [Longer(until_ms, minutes) for until_ms, minutes in ends if until_ms <= latest_ms]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0
