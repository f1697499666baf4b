"""`campushub calendar`: a month of the school calendar, day by day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Cell

from hub.cli.console import fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.clock import system_now_ms
from hub.config.model import Language
from rules.calendar import IN_SESSION, KIND_NAMES, Calendar, Decider, SchoolDay
from rules.local_time import DAY, day_at
from rules.model import Text

_MONTH: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_HEADINGS: Final = (
    Text("日期", "date"),
    Text("星期", "day"),
    Text("类别", "kind"),
    Text("名称", "name"),
    Text("上课时间", "hours"),
    Text("依据", "why"),
)
_NOTHING: Final = Text("", "")
_EXCEPTIONS: Final = {
    Decider.DATE: Text("日期例外：", "exception for the date: "),
    Decider.RANGE: Text("时段例外：", "exception for the range: "),
}
_WEEKDAYS: Final = tuple(
    Text(zh, en)
    for zh, en in zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True)
)


def show(config: Path, environment: Mapping[str, str], month: str, language: str) -> None:
    """Prints the month, this one if none is asked for, in a language, the site's if none is asked for."""
    if language and language not in {one.value for one in Language}:
        fail(f'--language {language}: write "zh-CN" or "en"', Exit.USAGE)
    asked = _first_of(month) if month else None
    campus = load_or_fail(config, environment)
    first = asked or day_at(campus.site.zone, system_now_ms()).replace(day=1)
    spoken = Language(language) if language else campus.site.language
    out.print(page(campus.calendar, first, spoken))


def page(calendar: Calendar, first: date, language: Language) -> RenderableType:
    """The month that begins on `first`, a line for each day."""
    table = Table(title=f"{first:%Y-%m}", title_justify="left", box=None)
    for heading in _HEADINGS:
        table.add_column(_say(heading, language), overflow="fold")
    table.columns[0].no_wrap = True
    day = first
    while day.month == first.month:
        found = calendar.day(day)
        # Free days stand back, but never by their look alone: the kind is written beside.
        style = "" if found.kind in IN_SESSION else "dim"
        table.add_row(*(Cell(text) for text in _row(found, language)), style=style)
        day += DAY
    return table


def _row(day: SchoolDay, language: Language) -> tuple[str, ...]:
    return (
        day.day.isoformat(),
        _say(_WEEKDAYS[day.day.weekday()], language),
        _say(KIND_NAMES[day.kind], language),
        "" if day.name == KIND_NAMES[day.kind] else _say(day.name, language),
        ", ".join(map(str, day.hours)),
        _say(_EXCEPTIONS.get(day.decider, _NOTHING), language) + _say(day.why, language),
    )


def _first_of(month: str) -> date:
    found = _MONTH.fullmatch(month)
    if found is None or not 1971 <= int(found[1]) <= 9998:
        fail(f"--month {month}: write a year and a month, such as 2026-10", Exit.USAGE)
    return date(int(found[1]), int(found[2]), 1)


def _say(text: Text, language: Language) -> str:
    return text.zh if language is Language.ZH else text.en
