"""The month of rounds, and its table for a spreadsheet."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from hub.book.model import RoundRun
from hub.config.model import Campus, Language
from hub.desk.rounds_page import date_of
from hub.desk.rounds_table import table
from hub.rounds import queries
from hub.rounds.months import Outcome, days_of, month_of
from hub.rounds.planning import runs_of_day
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.pages import Pages
from hub.web.signin import current_viewer
from hub.web.viewer import Viewer
from rules.bind import RoundTarget
from rules.local_time import day_at, midnight_ms
from rules.model import Role, Text

_MOST_DAYS: Final = 366
_EXPORTERS: Final = frozenset({Role.HEAD, Role.ADMIN})
TONES: Final = {
    Outcome.KEPT: "ok",
    Outcome.LATE: "warn",
    Outcome.INCOMPLETE: "crit",
    Outcome.MISSED: "crit",
    Outcome.EXCUSED: "off",
    Outcome.OPEN: "info",
}

CurrentViewer = Annotated[Viewer, Depends(current_viewer)]


class Format(Enum):
    """What a table comes as."""

    CSV = "csv"


def add_months(routes: APIRouter, deps: Deps, pages: Pages) -> None:
    """The pages."""

    @routes.get("/rounds/calendar")
    def calendar(viewer: CurrentViewer, month: str = "") -> Response:
        """How the rounds of a month ended, as in `?month=2026-11`."""
        campus, now_ms = deps.campus, deps.now()
        today = day_at(campus.site.zone, now_ms)
        first = date_of(f"{month}-01", today).replace(day=1)
        days = days_of(first)
        runs = queries.runs_of_days(deps.book, days[0], days[-1], midnight_ms(campus.site.zone, days[0]))
        page = pages.page(
            "desk/months",
            viewer,
            viewer.language,
            month=month_of(campus, runs, first),
            first=first,
            last=days[-1],
            first_ms=midnight_ms(campus.site.zone, first),
            before=(first - timedelta(days=1)).replace(day=1),
            after=(days[-1] + timedelta(days=1)),
            today=today,
            has_rounds=bool(campus.rounds),
            may_export=viewer.role in _EXPORTERS,
            outcomes=tuple(Outcome),
            tones=TONES,
        )
        return HTMLResponse(page)

    @routes.get("/rounds/export")
    def export(
        viewer: CurrentViewer,
        first: Annotated[date, Query(alias="from")],
        last: Annotated[date, Query(alias="to")],
        format_: Annotated[Format, Query(alias="format")] = Format.CSV,
    ) -> Response:
        """The runs of the days from `from` to `to`, a line for each stop, in the viewer's language."""
        if last < first or (last - first).days >= _MOST_DAYS or not 2000 <= first.year <= last.year <= 2100:
            raise Problem(Code.TOO_LONG, details=(f"from, to: in order, {_MOST_DAYS} days at most",))
        campus = deps.campus
        runs = queries.runs_of_days(deps.book, first, last, midnight_ms(campus.site.zone, first))
        said = table(
            campus,
            runs,
            _targets(campus, runs),
            queries.orders_of(deps.book, [run.id for run in runs]),
            deps.now(),
            say=lambda text: _say(viewer.language, text),
            text=lambda key: pages.text(viewer.language, key),
        )
        name = f"rounds-{first.isoformat()}-{last.isoformat()}.{format_.value}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(said, headers=headers, media_type="text/csv; charset=utf-8")


def _targets(campus: Campus, runs: tuple[RoundRun, ...]) -> dict[str, RoundTarget]:
    """What the configuration of now plans for the days of these runs, by run."""
    days = dict.fromkeys(queries.day_of(run) for run in runs)
    return {target.id: target for day in days for _, target in runs_of_day(campus, date.fromisoformat(day))}


def _say(language: Language, text: Text) -> str:
    return text.zh if language is Language.ZH else text.en
