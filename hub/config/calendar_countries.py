"""A country's public holidays and make-up workdays (调休), from the library `holidays`, imported late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rules.calendar import PublicDay
from rules.model import Text

if TYPE_CHECKING:
    from holidays import HolidayBase

# Of these the government publishes each year's make-up workdays some weeks before it begins.
PUBLISHED_YEARLY: Final = frozenset({"CN"})

# As far as records and plans may reach.
_YEARS: Final = range(2020, 2041)


def known_countries() -> frozenset[str]:
    """The two letters of every country whose holidays the library knows."""
    from holidays.registry import COUNTRIES

    return frozenset(code for names in COUNTRIES.values() for code in names if len(code) == 2)


@lru_cache(maxsize=4)
def public_days(country: str) -> tuple[PublicDay, ...]:
    """The public holidays of a known country and its make-up workdays, from 2020 to 2040, in order.

    For years that are not published yet, only what the law itself fixes."""
    from holidays import country_holidays

    known = country_holidays(country)
    chinese = country_holidays(country, years=_YEARS, language=_spoken(known, "zh_CN"))
    english = country_holidays(country, years=_YEARS, language=_spoken(known, "en_US"))
    days = [PublicDay(day, Text(name, english.get(day) or name)) for day, name in chinese.items()]
    works = (day for day in chinese.weekend_workdays if day.year in _YEARS)
    days += [PublicDay(day, _make_up(day, chinese.items()), works=True) for day in works]
    return tuple(sorted(days, key=lambda one: one.day))


def is_published(public: Iterable[PublicDay], year: int) -> bool:
    """Whether a year's make-up workdays are known: no year is without any where they are published yearly."""
    return any(one.works and one.day.year == year for one in public)


def _spoken(known: HolidayBase, wanted: str) -> str | None:
    """A language of the country's names: the one that is wanted, another of its kind, else its own."""
    kindred = [name for name in known.supported_languages if name[:2] == wanted[:2]]
    return wanted if wanted in kindred else next(iter(kindred), known.default_language)


def _make_up(day: date, holidays: Iterable[tuple[date, str]]) -> Text:
    """The library writes the day that is worked into the name of the day that is free for it."""
    free = next((other for other, name in holidays if day.isoformat() in name), None)
    if free is None:
        return Text("调休上班日", "Make-up workday")
    return Text(f"调休上班（换 {free.isoformat()} 放假）", f"Make-up workday (for {free.isoformat()})")
