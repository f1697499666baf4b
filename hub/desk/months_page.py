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
_NO_DAYS: Final = Text("请选择日期。", "Choose the days.")
_OUT_OF_ORDER: Final = Text("开始日期晚于结束日期。", "The first day is after the last.")
_TOO_MANY_DAYS: Final = Text(f"一次最多导出 {_MOST_DAYS} 天。", f"Choose {_MOST_DAYS} days at most.")
_EXPORTERS: Final = frozenset({Role.HEAD, Role.ADMIN})
TONES: Final = {
    Outcome.KEPT: "ok",
    Outcome.LATE: "warn",
    Outcome.INCOMPLETE: "crit",
    Outcome.MISSED: "crit",
    Outcome.EXCUSED: "off",
    Outcome.OPEN: "info",
    Outcome.TO_COME: "off",
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
        started = queries.first_day(deps.book)
        page = pages.page(
            "desk/months",
            viewer,
            viewer.language,
            month=month_of(campus, runs, first, now_ms, started=started),
            started_ms=midnight_ms(campus.site.zone, started) if started is not None else None,
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
        first_: Annotated[str, Query(alias="from")] = "",
        last_: Annotated[str, Query(alias="to")] = "",
        format_: Annotated[Format, Query(alias="format")] = Format.CSV,
    ) -> Response:
        """The runs of the days from `from` to `to`, a line for each stop, in the viewer's language."""
        first, last = _span(first_, last_)
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


def _span(first_said: str, last_said: str) -> tuple[date, date]:
    """The days to be exported; raises a Problem that says what is wrong with them."""
    first, last = date_of(first_said, date.min), date_of(last_said, date.min)
    if date.min in (first, last):
        raise Problem(Code.INVALID, _NO_DAYS)
    if last < first:
        raise Problem(Code.INVALID, _OUT_OF_ORDER)
    if (last - first).days >= _MOST_DAYS:
        raise Problem(Code.TOO_LONG, _TOO_MANY_DAYS)
    return first, last


def _targets(campus: Campus, runs: tuple[RoundRun, ...]) -> dict[str, RoundTarget]:
    """What the configuration of now plans for the days of these runs, by run."""
    days = dict.fromkeys(queries.day_of(run) for run in runs)
    return {target.id: target for day in days for _, target in runs_of_day(campus, date.fromisoformat(day))}


def _say(language: Language, text: Text) -> str:
    return text.zh if language is Language.ZH else text.en
