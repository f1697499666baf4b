"""RFC 5545 recurrences of days, in local time: `FREQ=MONTHLY;BYDAY=1SA`; pure. Only here is dateutil used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Final, cast

from dateutil.rrule import rrule, rrulestr

_MOST_LETTERS: Final = 200
_NUMBERS: Final = r"[+-]?[1-9][0-9]{0,2}(?:,[+-]?[1-9][0-9]{0,2}){0,30}"
_DAY: Final = r"(?:[+-]?[1-9][0-9]?)?(?:MO|TU|WE|TH|FR|SA|SU)"
# No BYHOUR and the like: the time of day is the window's own, and a rule by the second would never end.
_PARTS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
        "INTERVAL": "[1-9][0-9]{0,2}",
        "COUNT": "[1-9][0-9]{0,3}",
        "UNTIL": "[0-9]{8}(?:T[0-9]{6}Z?)?",
        "BYDAY": f"{_DAY}(?:,{_DAY}){{0,30}}",
        "BYMONTH": _NUMBERS,
        "BYMONTHDAY": _NUMBERS,
        "BYYEARDAY": _NUMBERS,
        "BYWEEKNO": _NUMBERS,
        "BYSETPOS": _NUMBERS,
        "WKST": "MO|TU|WE|TH|FR|SA|SU",
    }.items()
}
_ADVICE: Final = "write it as in RFC 5545, without times: 'FREQ=WEEKLY;BYDAY=SA' or 'FREQ=MONTHLY;BYDAY=1SU'"
_SEARCHED: Final = timedelta(days=366 * 8 + 2)  # a 29 February is at most eight years away
_LONGEST: Final = timedelta(days=366 * 60)


def parse_recurrence(text: str, first: date, at: time, zone: tzinfo) -> Recurrence:
    """The days of `text` from `first` on, each at the local time `at`. Raises ValueError with advice.

    Unlike RFC 5545 has it, `first` is one of them only if the rule says so."""
    parts = _parts_of(text)
    begins = datetime.combine(first, at)
    count = int(parts.pop("COUNT", "0")) or None
    until = _until(parts.pop("UNTIL", ""), zone, begins + _LONGEST)
    rule = cast(
        "rrule", rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=begins)
    )
    if not any(True for _ in rule.replace(until=min(until, begins + _SEARCHED))):
        raise ValueError(f"{text[:40]!r} never happens from {first.isoformat()} on: {_ADVICE}")
    return Recurrence(rule.replace(until=until), count)


@lru_cache(maxsize=64)
def _days_of(text: str, first: date) -> _Days:
    return _Days(iter(parse_recurrence(text, first, time(0), UTC)))


def falls_on(text: str, first: date, day: date) -> bool:
    """Whether a recurrence that begins on `first` has `day`. Raises ValueError as `parse_recurrence` does."""
    return _days_of(text, first).has(day)


class _Days:
    """The days of a recurrence, looked for once, as far as they were asked for."""

    def __init__(self, coming: Iterator[datetime]) -> None:
        self._coming = coming
        self._known: set[date] = set()
        self._up_to = date.min

    def has(self, day: date) -> bool:
        while self._up_to < day:
            found = next(self._coming, None)
            if found is None:
                self._up_to = date.max
                break
            self._known.add(found.date())
            self._up_to = found.date()
        return day in self._known


class Recurrence:
    """What `parse_recurrence` understood: local times without a zone, in order, for 60 years at most."""

    def __init__(self, rule: rrule, count: int | None) -> None:
        self._rule = rule
        self._count = count

    def __iter__(self) -> Iterator[datetime]:
        return islice(iter(self._rule), self._count)


def _parts_of(text: str) -> dict[str, str]:
    upper = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for item in upper.split(";") if len(upper) <= _MOST_LETTERS else ():
        name, _, value = item.partition("=")
        if name in parts or name not in _PARTS or not _PARTS[name].fullmatch(value):
            raise ValueError(f"{item[:40]!r} is no part of a recurrence here: {_ADVICE}")
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError(f"a recurrence needs FREQ: {_ADVICE}")
    return parts


def _until(text: str, zone: tzinfo, latest: datetime) -> datetime:
    """The last local time; an UNTIL in UTC, as calendars export it, is turned into the zone's."""
    if not text:
        return latest
    try:
        until = datetime.strptime(text[:15], "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007 - local
    except ValueError:
        raise ValueError(f"UNTIL={text} is no date: write it as in UNTIL=20270122") from None
    if "T" not in text:
        until = datetime.combine(until, time.max)
    if text.endswith("Z"):
        until = until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return min(until, latest)
