"""The school calendar: what kind of day a date is, why, and when school is in; pure.

One entry decides about a day: an exact date before a range of dates, before a public holiday or a make-up
workday (调休), before the terms, before the weekday. A make-up workday stands in for a weekday: it makes a
Sunday of the term a school day, and a day of the vacation it leaves alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, tzinfo
from enum import Enum
from typing import Final

from rules.local_time import DAY, Interval, Span, day_at, interval
from rules.model import Text


class DayKind(Enum):
    """What a day is to the school."""

    SCHOOL = "school"
    HALF = "half"
    EXAM = "exam"
    EVENT = "event"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    VACATION = "vacation"


IN_SESSION: Final = frozenset({DayKind.SCHOOL, DayKind.HALF, DayKind.EXAM, DayKind.EVENT})

KIND_NAMES: Final[Mapping[DayKind, Text]] = {
    DayKind.SCHOOL: Text("上课日", "School day"),
    DayKind.HALF: Text("半天课", "Half day"),
    DayKind.EXAM: Text("考试日", "Exam day"),
    DayKind.EVENT: Text("活动日", "Event"),
    DayKind.WEEKEND: Text("周末", "Weekend"),
    DayKind.HOLIDAY: Text("节假日", "Public holiday"),
    DayKind.VACATION: Text("假期", "Vacation"),
}


class Decider(Enum):
    """Which sort of entry decided about a day, the strongest first."""

    DATE = "date"
    RANGE = "range"
    PUBLIC = "public"
    MAKE_UP = "make-up"
    VACATION = "vacation"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch of school, both days included."""

    name: Text
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PublicDay:
    """A public holiday of the country, or (`works`) a weekend's day on which the country works for it."""

    day: date
    name: Text
    works: bool = False


@dataclass(frozen=True, slots=True)
class LocalDays:
    """The school's own exception, both days included. `hours` None: the usual ones of that kind of day."""

    first: date
    last: date
    kind: DayKind
    name: Text
    reason: Text | None = None
    hours: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """One day: its kind, its name, which entry decided and why, and when school is in (local times)."""

    day: date
    kind: DayKind
    name: Text
    why: Text
    decider: Decider
    hours: tuple[Span, ...]


class Use(Enum):
    """What a part of a pattern takes its times from: the hours of school, their complement, or its own."""

    SCHOOL = "school"
    OUTSIDE = "outside-school"
    TIMES = "times"


@dataclass(frozen=True, slots=True)
class Part:
    """The days and times that a pattern names. Monday is 0; no `weekdays` and no `kinds` mean every day."""

    use: Use
    weekdays: tuple[int, ...] = ()
    kinds: tuple[DayKind, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hours as a rule or a window names them: whenever one of the parts applies."""

    parts: tuple[Part, ...]


USUAL_HOURS: Final = (Span(time(7), time(18)),)
USUAL_WEEK: Final = (USUAL_HOURS,) * 5 + ((),) * 2


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the school expects of each day, in its zone. `week`: the hours of Monday to Sunday, () no school.

    `make_up`: the hours of a make-up workday. Without terms every weekday of the year may be a school day.
    `country`: two letters, whose public days these are; or empty.
    """

    zone: tzinfo
    week: tuple[tuple[Span, ...], ...] = USUAL_WEEK
    make_up: tuple[Span, ...] = USUAL_HOURS
    terms: tuple[Term, ...] = ()
    public: tuple[PublicDay, ...] = ()
    local: tuple[LocalDays, ...] = ()
    country: str = ""
    _public: Mapping[date, PublicDay] = field(init=False, repr=False, compare=False)
    _dates: Mapping[date, LocalDays] = field(init=False, repr=False, compare=False)
    _ranges: tuple[LocalDays, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact = {days.first: days for days in reversed(self.local) if days.first == days.last}
        object.__setattr__(self, "_public", {public.day: public for public in self.public})
        object.__setattr__(self, "_dates", exact)
        object.__setattr__(self, "_ranges", tuple(one for one in self.local if one.first != one.last))

    def day(self, day: date) -> SchoolDay:
        """What a date is, and why. Of several entries of one sort the first written decides."""
        exact = self._dates.get(day)
        if exact is not None:
            return self._local_day(day, exact, Decider.DATE)
        for days in self._ranges:
            if days.first <= day <= days.last:
                return self._local_day(day, days, Decider.RANGE)
        public = self._public.get(day)
        if public is not None and not public.works:
            why = Text(f"公共假日（{self.country}）", f"public holiday ({self.country})")
            return SchoolDay(day, DayKind.HOLIDAY, public.name, why, Decider.PUBLIC, ())
        term = self._term_of(day)
        if term is None and self.terms:
            return _plain(day, DayKind.VACATION, _outside(self.terms, day), Decider.VACATION)
        if public is not None:
            why = Text(f"调休上班日（{self.country}）", f"make-up workday ({self.country})")
            return SchoolDay(day, DayKind.SCHOOL, public.name, why, Decider.MAKE_UP, self.make_up)
        hours = self.week[day.weekday()]
        kind = DayKind.SCHOOL if hours else DayKind.WEEKEND
        return _plain(day, kind, _weekday(day, term), Decider.WEEKDAY, hours)

    def hours(self, day: date) -> tuple[Interval, ...]:
        """When school that begins on a date is in, in order; may end on the next day."""
        return self.intervals(day, self.day(day).hours)

    def is_expected(self, at_ms: int, pattern: Pattern) -> bool:
        """Whether an instant lies in the pattern's hours. For many in order: `rules.windows.Hours`."""
        today = day_at(self.zone, at_ms)
        return any(self._applies(part, today, at_ms) for part in pattern.parts)

    def spans(self, part: Part, day: date) -> tuple[Span, ...]:
        """The part's local times that begin on a date; of OUTSIDE those of school, which it complements."""
        if part.use is not Use.TIMES:
            return self.day(day).hours
        if part.weekdays and day.weekday() in part.weekdays:
            return part.spans
        if part.kinds and self.day(day).kind in part.kinds:
            return part.spans
        return part.spans if not part.weekdays and not part.kinds else ()

    def intervals(self, day: date, spans: tuple[Span, ...]) -> tuple[Interval, ...]:
        """The instants of spans that begin on a date, in order; without those that the clocks skip."""
        found = (interval(self.zone, day, span) for span in spans)
        return tuple(sorted(one for one in found if one.starts_ms < one.ends_ms))

    def _applies(self, part: Part, today: date, at_ms: int) -> bool:
        inside = any(
            one.starts_ms <= at_ms < one.ends_ms
            for day in (today - DAY, today)
            for one in self.intervals(day, self.spans(part, day))
        )
        return inside is not (part.use is Use.OUTSIDE)

    def _local_day(self, day: date, days: LocalDays, decider: Decider) -> SchoolDay:
        written = days.reason or Text("本校安排", "the school's own exception")
        hours = days.hours
        if hours is None:
            usual = self.week[day.weekday()] or self.make_up
            hours = usual if days.kind in IN_SESSION else ()
        return SchoolDay(day, days.kind, days.name, written, decider, hours)

    def _term_of(self, day: date) -> Term | None:
        return next((term for term in self.terms if term.first <= day <= term.last), None)


def _plain(day: date, kind: DayKind, why: Text, decider: Decider, hours: tuple[Span, ...] = ()) -> SchoolDay:
    return SchoolDay(day, kind, KIND_NAMES[kind], why, decider, hours)


def _weekday(day: date, term: Term | None) -> Text:
    zh = f"星期{'一二三四五六日'[day.weekday()]}"
    en = _WEEKDAYS_EN[day.weekday()]
    return Text(zh, en) if term is None else Text(f"{term.name.zh}，{zh}", f"{term.name.en}, {en}")


def _outside(terms: tuple[Term, ...], day: date) -> Text:
    before = [term for term in terms if term.last < day]
    if not before:
        return Text("在各学期之前", "before every term")
    last = max(before, key=lambda term: term.last)
    if len(before) == len(terms):
        return Text(f"在最后一个学期“{last.name.zh}”之后", f"after the last term, {last.name.en}")
    return Text(f"在“{last.name.zh}”之后", f"after {last.name.en}")


_WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
