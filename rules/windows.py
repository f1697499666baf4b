"""Hours in which a rule applies, and maintenance windows, compiled against a calendar; pure.

Whatever is compiled here answers for any instant, and remembers the day and the stretch that it answered
about last: many instants in order cost a bisection each, and a day's work once for each day.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Final, TypeAlias, assert_never

from rules.calendar import Calendar, DayKind, Part, Pattern, Use
from rules.local_time import (
    DAY,
    WHOLE_DAY,
    Interval,
    clipped,
    complement,
    day_at,
    instant_ms,
    merged,
    midnight_ms,
    parse_span,
)
from rules.recurrence import parse_recurrence

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KINDS: Final = {kind.value: kind for kind in DayKind}
_EVERY_DAY: Final = ("daily", "night")
_WHOLE_HOURS: Final = {
    "always": Part(Use.TIMES, spans=(WHOLE_DAY,)),
    "school": Part(Use.SCHOOL),
    "outside-school": Part(Use.OUTSIDE),
}
_ADVICE: Final = (
    "write 'school', 'outside-school', 'always', 'night 22:00-06:00', 'mon-fri 07:00-18:00' or "
    "'weekend,holiday', several of them with ';' between"
)
_HORIZON_DAYS: Final = 800  # longer than any vacation: what does not change until then is said never to
_HORIZON_MS: Final = _HORIZON_DAYS * 86_400_000


def parse_hours(text: str) -> Pattern:
    """The hours written in `text`: days, then times; parts between ';'. Raises ValueError with advice.

    Days: weekdays (`mon-fri`, `sat,sun`), kinds of day (`weekend,holiday`), `daily`. `school` alone means the
    hours of school, and `school 07:00-08:00` those times of school days."""
    return Pattern(tuple(_part(part.split()) for part in text.lower().split(";")))


class Window(ABC):
    """When something applies. Its meaning never changes; what it keeps is the answer that it gave last."""

    def __init__(self) -> None:
        self._told: tuple[int, int, int | None] = (0, 0, None)  # asked within these two: the next change

    @abstractmethod
    def active(self, at_ms: int) -> bool:
        """Whether it applies at an instant."""

    def next_change(self, at_ms: int) -> int | None:
        """The first instant after `at_ms` with another answer; None if there is none for over a year."""
        asked_ms, until_ms, change = self._told
        if not asked_ms <= at_ms < until_ms:
            change = self._find_change(at_ms)
            # What stays as it is for two years need not be looked at again in the first of them.
            self._told = (at_ms, at_ms + _HORIZON_MS // 2 if change is None else change, change)
        return change

    @abstractmethod
    def _find_change(self, at_ms: int) -> int | None: ...


@dataclass(frozen=True, slots=True)
class _Day:
    """One local day: whether the hours apply when it begins, and where within it that turns."""

    day: date
    starts_ms: int
    ends_ms: int
    first: bool
    edges: tuple[int, ...]


class Hours(Window):
    """A pattern on a calendar."""

    def __init__(self, pattern: Pattern, calendar: Calendar) -> None:
        super().__init__()
        self._pattern = pattern
        self._calendar = calendar
        self._day = _Day(date.min, 0, 0, first=False, edges=())

    def active(self, at_ms: int) -> bool:
        """Whether an instant lies in these hours."""
        day = self._day_of(at_ms)
        return day.first is (bisect_right(day.edges, at_ms) % 2 == 0)

    def _find_change(self, at_ms: int) -> int | None:
        answer = self.active(at_ms)
        today = self._day_of(at_ms)
        later = bisect_right(today.edges, at_ms)
        if later < len(today.edges):
            return today.edges[later]
        for number in range(1, _HORIZON_DAYS):
            day = self._look_at(today.day + number * DAY)
            if day.starts_ms < day.ends_ms and day.first is not answer:
                return day.starts_ms
            if day.edges:
                return day.edges[0]
        return None

    def _day_of(self, at_ms: int) -> _Day:
        day = self._day
        if not day.starts_ms <= at_ms < day.ends_ms:
            day = self._day = self._look_at(day_at(self._calendar.zone, at_ms))
        return day

    def _look_at(self, day: date) -> _Day:
        zone = self._calendar.zone
        whole = Interval(midnight_ms(zone, day), midnight_ms(zone, day + DAY))
        inside = [one for part in self._pattern.parts for one in self._of_part(part, day, whole)]
        edges = [edge for one in merged(inside) for edge in one]
        first = edges[:1] == [whole.starts_ms]
        within = tuple(edge for edge in edges if whole.starts_ms < edge < whole.ends_ms)
        return _Day(day, whole.starts_ms, whole.ends_ms, first, within)

    def _of_part(self, part: Part, day: date, whole: Interval) -> list[Interval]:
        calendar = self._calendar
        found = [
            one
            for begun in (day - DAY, day)
            for one in calendar.intervals(begun, calendar.spans(part, begun))
        ]
        inside = merged(clipped(found, whole))
        return complement(inside, whole) if part.use is Use.OUTSIDE else inside


# --- maintenance ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fixed:
    """From one instant to another."""

    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """In the same hours of the week, or of kinds of days."""

    hours: Pattern


@dataclass(frozen=True, slots=True)
class Recurring:
    """By a recurrence of RFC 5545, from `first` on, at the local time `at`, each for `lasts_ms`."""

    rule: str
    first: date
    at: time
    lasts_ms: int


@dataclass(frozen=True, slots=True)
class Flexible:
    """From the first problem between two instants on, for `lasts_ms`. `started_ms`: once there was one."""

    from_ms: int
    until_ms: int
    lasts_ms: int
    started_ms: int | None = None


Plan: TypeAlias = Fixed | Repeated | Recurring | Flexible


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window in which problems are expected: when, why, and who said so."""

    plan: Plan
    reason: str
    set_by: str


def window_of(plan: Plan, calendar: Calendar) -> Window:
    """The plan, ready to be asked; a flexible one that has not started is never active.

    Raises ValueError for a plan that lasts no time and for a recurrence that is none."""
    match plan:
        case Fixed():
            return _Once(_lasting(plan.from_ms, plan.until_ms))
        case Repeated():
            return Hours(plan.hours, calendar)
        case Recurring():
            return _Occurrences(plan, calendar)
        case Flexible():
            _lasting(plan.from_ms, plan.until_ms)
            _lasting(0, plan.lasts_ms)
            started = plan.started_ms
            return _Once(None if started is None else Interval(started, started + plan.lasts_ms))
        case _:
            assert_never(plan)


def with_problem(plan: Plan, at_ms: int) -> Plan:
    """The plan after a problem at an instant: a flexible window that this is the first in has started."""
    if isinstance(plan, Flexible) and plan.started_ms is None and plan.from_ms <= at_ms < plan.until_ms:
        return replace(plan, started_ms=at_ms)
    return plan


class _Once(Window):
    def __init__(self, when: Interval | None) -> None:
        super().__init__()
        self._when = when

    def active(self, at_ms: int) -> bool:
        return self._when is not None and self._when.starts_ms <= at_ms < self._when.ends_ms

    def _find_change(self, at_ms: int) -> int | None:
        edges = [edge for edge in self._when or () if at_ms < edge <= at_ms + _HORIZON_MS]
        return edges[0] if edges else None


class _Occurrences(Window):
    def __init__(self, plan: Recurring, calendar: Calendar) -> None:
        super().__init__()
        zone = calendar.zone
        recurrence = parse_recurrence(plan.rule, plan.first, plan.at, zone)
        self._lasts_ms = _lasting(0, plan.lasts_ms).ends_ms
        self._coming: Iterator[int] = (instant_ms(zone, at.date(), at.time()) for at in recurrence)
        self._starts: list[int] = []

    def active(self, at_ms: int) -> bool:
        before = self._begun(at_ms)
        return before > 0 and at_ms < self._starts[before - 1] + self._lasts_ms

    def _find_change(self, at_ms: int) -> int | None:
        active = self.active(at_ms)
        following = self._begun(at_ms)
        change = self._starts[following - 1] + self._lasts_ms if active else at_ms + _HORIZON_MS
        while following < len(self._starts) and change <= at_ms + _HORIZON_MS:
            starts_ms = self._starts[following]
            if not active:
                return starts_ms if starts_ms <= at_ms + _HORIZON_MS else None
            if starts_ms > change:
                break
            change = starts_ms + self._lasts_ms
            following = self._begun(starts_ms)
        return change if active and change <= at_ms + _HORIZON_MS else None

    def _begun(self, at_ms: int) -> int:
        """How many have begun by an instant; one more than these is known, if there is one."""
        while not self._starts or self._starts[-1] <= at_ms:
            following = next(self._coming, None)
            if following is None:
                break
            self._starts.append(following)
        return bisect_right(self._starts, at_ms)


# --- words ----------------------------------------------------------------------------------


def _lasting(from_ms: int, until_ms: int) -> Interval:
    if from_ms >= until_ms:
        raise ValueError("a window must end after it starts")
    return Interval(from_ms, until_ms)


def _part(words: list[str]) -> Part:
    if len(words) == 1 and words[0] in _WHOLE_HOURS:
        return _WHOLE_HOURS[words[0]]
    has_times = bool(words) and ":" in words[-1]
    days = words[:-1] if has_times else words
    if len(days) > 1 or not words or (not has_times and days[0] in _EVERY_DAY):
        raise ValueError(f"{' '.join(words)[:40]!r} are no hours: {_ADVICE}")
    weekdays: set[int] = set()
    kinds: set[DayKind] = set()
    for word in days[0].split(",") if days and days[0] not in _EVERY_DAY else ():
        if word in _KINDS:
            kinds.add(_KINDS[word])
        else:
            weekdays.update(_weekdays(word))
    spans = tuple(parse_span(span) for span in words[-1].split(",")) if has_times else (WHOLE_DAY,)
    ordered = tuple(kind for kind in DayKind if kind in kinds)
    return Part(Use.TIMES, tuple(sorted(weekdays)), ordered, spans)


def _weekdays(word: str) -> set[int]:
    """`sat` or `mon-fri`, which may run over Sunday."""
    first, dash, last = word.partition("-")
    if first not in _WEEKDAYS or (dash and last not in _WEEKDAYS):
        raise ValueError(f"{word[:40]!r} is no weekday and no kind of day: {_ADVICE}")
    begin = _WEEKDAYS.index(first)
    length = (_WEEKDAYS.index(last) - begin) % 7 + 1 if dash else 1
    return {(begin + number) % 7 for number in range(length)}
