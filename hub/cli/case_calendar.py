"""The calendar that a case file is judged by: its own, or the configuration's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from hub.config import values
from hub.config.calendar import calendar_of
from hub.config.calendar_checks import check_calendar
from hub.config.calendar_schema import CalendarTable
from hub.config.document import Document
from hub.config.lines import lines_of
from hub.config.model import Campus
from rules.calendar import Calendar
from rules.trial import CaseFaultError, CaseFile

_KEY: Final = "calendar"
_ZONE: Final[TypeAdapter[str]] = TypeAdapter(values.Zone)


def calendar_for(file: CaseFile, text: str, campus: Campus | None) -> Calendar | None:
    """`[calendar]` of the file's text, else that of the campus; None for a file that names no day.

    Raises CaseFaultError with all that is wrong with it."""
    data = tomllib.loads(text)
    if file.starts is None:
        if _KEY in data or "zone" in data:
            raise CaseFaultError(
                "a calendar needs `starts`, the day from whose beginning times count: 2026-09-30"
            )
        return None
    zone = _zone(data["zone"]) if "zone" in data else campus.site.zone if campus else ZoneInfo("UTC")
    if _KEY not in data and campus is not None and "zone" not in data:
        return campus.calendar
    faults = list(check_calendar(Document(Path("case"), data, lines_of(text))))
    if faults:
        raise CaseFaultError("; ".join(f"{fault.key}: {fault.problem} — {fault.remedy}" for fault in faults))
    try:
        return calendar_of(CalendarTable.model_validate(data.get(_KEY, {})), zone)
    except ValidationError as error:
        raise CaseFaultError(_said(error, f"[{_KEY}]")) from error


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(_ZONE.validate_python(name))
    except ValidationError as error:
        raise CaseFaultError(_said(error, "zone")) from error


def _said(error: ValidationError, place: str) -> str:
    found = error.errors(include_url=False)
    return "; ".join(f"{'.'.join([place, *map(str, one['loc'])])}: {one['msg']}" for one in found)
