"""The page of work on devices: what is out of service, what maintenance goes on, and the forms for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Form, Path
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hub.alerts import settings, upkeep
from hub.alerts.minding import windows_now
from hub.book.model import Setting, Suppression
from hub.desk.alert_page import Typed
from hub.desk.typed_time import typed_ms
from hub.web.deps import Deps
from hub.web.errors import Code, Problem, refused
from hub.web.life_api import one_line
from hub.web.pages import Pages
from hub.web.scene import Scene
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.life import Refusal
from rules.model import Role, Text

_ENDED_SHOWN = 20
_SAID = frozenset({"out", "announced", "back", "ended"})
_HEADS = frozenset({Role.HEAD, Role.ADMIN})
_UPKEEPERS = _HEADS | {Role.MAINTENANCE}

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
SettingId = Annotated[int, Path(alias="id")]
PlaceId = Annotated[str, Form(max_length=64)]


class Line(msgspec.Struct, frozen=True):
    """Something that hushes alerts: where, why, by whom, until when. `id` None: it stands in campus.toml."""

    id: int | None
    places: tuple[Text, ...]
    reason: Text
    set_by: str
    since_ms: int | None
    until_ms: int | None
    ended_at_ms: int | None
    ended_by: str
    is_out: bool


def add_upkeep(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The page and its forms."""

    @routes.get("/upkeep")
    def shown(viewer: CurrentViewer, said: str = "") -> Response:
        """All that hushes alerts now, and what did lately."""
        return _page(deps, pages, viewer, said=said if said in _SAID else "")

    @routes.post("/upkeep/out-of-service")
    def take_out(
        viewer: CurrentViewer, device: PlaceId = "", reason: Typed = "", until: Typed = ""
    ) -> Response:
        """Takes a device out of service; an empty `until`: until somebody puts it back."""
        until_ms = typed_ms(deps.campus.site.zone, until) if until else None
        done = upkeep.take_out(
            deps.book, deps.campus, device, viewer.person, one_line(reason), until_ms, deps.now()
        )
        typed = {"device": device, "out_reason": reason, "out_until": until}
        return _answer(deps, pages, viewer, done, "out", typed)

    @routes.post("/upkeep/maintenance")
    def announce(
        viewer: CurrentViewer, place: PlaceId = "", reason: Typed = "", until: Typed = ""
    ) -> Response:
        """Announces maintenance of a device or an area, from now on."""
        done = upkeep.announce(
            deps.book,
            deps.campus,
            place,
            viewer.person,
            one_line(reason),
            typed_ms(deps.campus.site.zone, until),
            deps.now(),
        )
        typed = {"place": place, "work_reason": reason, "work_until": until}
        return _answer(deps, pages, viewer, done, "announced", typed)

    @routes.post("/upkeep/{id}/end")
    def end(viewer: CurrentViewer, id_: SettingId) -> Response:
        """Puts a device back, or ends maintenance early."""
        done = upkeep.end(deps.book, deps.campus, id_, viewer.person, deps.now())
        is_out = done is not None and done.kind is Setting.OUT_OF_SERVICE
        return _answer(deps, pages, viewer, done, "back" if is_out else "ended", {})


def _answer(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    done: Suppression | Refusal | None,
    said: str,
    typed: Mapping[str, str],
) -> Response:
    if isinstance(done, Refusal):
        return _page(deps, pages, viewer, refusal=done, typed=typed)
    if done is None:
        raise Problem(Code.NOT_FOUND)
    deps.wake_live()
    return RedirectResponse(f"/upkeep?said={said}", 303)


def _page(
    deps: Deps,
    pages: Pages,
    viewer: Viewer,
    *,
    said: str = "",
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    problem = refused(refusal) if refusal else None
    scene = pages.scene(viewer)
    with deps.book.reading() as session:
        unended = settings.unended(session)
        ended = settings.ended(session, _ENDED_SHOWN)
        windows = windows_now(deps.campus, session, scene.now_ms)
    lines = [_line(scene, one) for one in unended]
    configured = [
        Line(
            id=None,
            places=_places(scene, window.devices, window.areas),
            reason=window.reason,
            set_by=scene.person_name(window.owner),
            since_ms=None,
            until_ms=until_ms,
            ended_at_ms=None,
            ended_by="",
            is_out=False,
        )
        for window, until_ms in windows
    ]
    page = pages.page(
        "desk/upkeep",
        viewer,
        viewer.language,
        out=[line for line in lines if line.is_out],
        work=[line for line in lines if not line.is_out] + configured,
        ended=[_line(scene, one) for one in ended],
        devices=sorted(scene.campus.devices.values(), key=lambda device: device.id),
        areas=sorted(scene.campus.areas.values(), key=lambda area: area.id),
        may_take_out=viewer.role in _UPKEEPERS,
        may_announce=viewer.role in _HEADS,
        said=pages.text(viewer.language, f"upkeep.said.{said}") if said else "",
        problem=problem.text if problem else None,
        typed=typed or {},
    )
    return HTMLResponse(page, problem.status if problem else 200)


def _line(scene: Scene, one: Suppression) -> Line:
    return Line(
        id=one.id,
        places=_places(scene, (one.device,) if one.device else (), (one.area,) if one.area else ()),
        reason=Text(one.reason, one.reason),
        set_by=scene.person_name(one.set_by),
        since_ms=one.set_at_ms,
        until_ms=one.until_ms,
        ended_at_ms=one.ended_at_ms,
        ended_by=scene.person_name(one.ended_by),
        is_out=one.kind is Setting.OUT_OF_SERVICE,
    )


def _places(scene: Scene, devices: tuple[str, ...], areas: tuple[str, ...]) -> tuple[Text, ...]:
    known = scene.campus.devices
    named = (known[id_].name if id_ in known else Text(id_, id_) for id_ in devices)
    return (*named, *(scene.area_name(area) for area in areas))
