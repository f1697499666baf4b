"""The page of the alarm load: what alarms ask of each role and person in each shift, beside the guidance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.config.model import Campus
from hub.web.deps import Deps
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.life import Change
from rules.load import FLOOD, MANAGEABLE, Entry, Load, loads
from rules.local_time import local

_DAY_MS: Final = 86_400_000
_CHOICES: Final = (7, 30)
_BATCH: Final = 5_000
# The configuration knows no shifts: a day from 06:00 to 22:00 and a night.
_DAY_BEGINS, _DAY_ENDS = 6, 22
_DAY_MINUTES: Final = (_DAY_ENDS - _DAY_BEGINS) * 60
_NIGHT_MINUTES: Final = 24 * 60 - _DAY_MINUTES

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


def add_load(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The page."""

    @routes.get("/load")
    def load(viewer: CurrentViewer, days: int = _CHOICES[0]) -> Response:
        """The last 7 or 30 days."""
        shown = days if days in _CHOICES else _CHOICES[0]
        record = tuple(_record(deps.book))
        now_ms = deps.now()
        page = pages.page(
            "desk/load",
            viewer,
            viewer.language,
            days=shown,
            choices=_CHOICES,
            by_role=load_of(deps.campus, _by_role(deps.campus, record), shown, now_ms),
            by_person=load_of(deps.campus, _by_person(deps.campus, record), shown, now_ms),
            flood=FLOOD,
            manageable=MANAGEABLE,
        )
        return HTMLResponse(page)


def load_of(campus: Campus, entries: Iterator[Entry], days: int, now_ms: int) -> tuple[Load, ...]:
    """The loads of the last days; shifts are `day` and `night`, by the site's clock."""

    def shift_of(at_ms: int) -> str:
        return "day" if _DAY_BEGINS <= local(campus.site.zone, at_ms).hour < _DAY_ENDS else "night"

    minutes = {"day": float(days * _DAY_MINUTES), "night": float(days * _NIGHT_MINUTES)}
    return loads(entries, shift_of, minutes, now_ms - days * _DAY_MS, now_ms + 1)


def _by_role(campus: Campus, record: tuple[AlertChanged, ...]) -> Iterator[Entry]:
    """Each alert belongs to the role that its rule gives it to."""
    for change in record:
        rule = campus.rules.get(change.rule)
        if rule is not None:
            yield _entry(change, rule.owner.value)


def _by_person(campus: Campus, record: tuple[AlertChanged, ...]) -> Iterator[Entry]:
    """Each alert belongs to whoever took it on first; what nobody took on belongs to nobody."""
    takers: dict[int, str] = {}
    for change in record:
        if change.change is Change.ACKNOWLEDGED and change.by in campus.people:
            takers.setdefault(change.alert, change.by)
    return (_entry(change, takers[change.alert]) for change in record if change.alert in takers)


def _entry(change: AlertChanged, who: str) -> Entry:
    return Entry(
        change.alert,
        change.rule,
        change.subject,
        who,
        change.change,
        change.at_ms,
        bool(change.hushes),
    )


def _record(book: Book) -> Iterator[AlertChanged]:
    last = 0
    while True:
        with book.reading() as session:
            entries = journal.after(session, last, _BATCH)
        if not entries:
            return
        last = entries[-1].id
        yield from (entry.decision for entry in entries if isinstance(entry.decision, AlertChanged))
