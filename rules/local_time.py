"""Local times of day and the instants that they are, over skipped and repeated hours too; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_MIDNIGHT: Final = time(0)


@dataclass(frozen=True, slots=True)
class Span:
    """Local times of day, start inclusive, end exclusive; `ends` not after `starts` means the next day.

    00:00 to 00:00 is the whole day."""

    starts: time
    ends: time

    def __str__(self) -> str:
        ends = "24:00" if self.ends == _MIDNIGHT else f"{self.ends:%H:%M}"
        return f"{self.starts:%H:%M}-{ends}"


WHOLE_DAY: Final = Span(_MIDNIGHT, _MIDNIGHT)


class Interval(NamedTuple):
    """Instants in milliseconds since 1970, start inclusive, end exclusive."""

    starts_ms: int
    ends_ms: int


def parse_span(text: str) -> Span:
    """The span written as `07:00-18:00`, `22:00-06:00` or `18:00-24:00`. Raises ValueError with advice."""
    parts = text.split("-")
    if len(parts) == 2:
        starts, ends = _time_of(parts[0].strip()), _time_of(parts[1].strip(), end=True)
        if starts is not None and ends is not None and (starts != ends or starts == _MIDNIGHT):
            return Span(starts, ends)
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    raise ValueError(f"{shown!r} are no hours: write '07:00-18:00', or '22:00-06:00' over midnight")


def instant_ms(zone: tzinfo, day: date, at: time) -> int:
    """The instant at which a clock on the wall first shows `at` or, where that is skipped, any later time.

    So later wall times are never earlier instants, and neighbouring spans have no gap and no overlap."""
    wall = datetime.combine(day, at, zone).replace(fold=0)
    before, after = _offset(wall), _offset(wall.replace(fold=1))
    if before >= after:  # an ordinary time, or a repeated one: the first of the two
        return _ms(wall)
    low, high = _ms(wall.replace(fold=1)), _ms(wall)
    while high - low > 1:  # a skipped time: the clocks change somewhere between these two
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(local(zone, middle)) == before else (low, middle)
    return high


def local(zone: tzinfo, at_ms: int) -> datetime:
    """What a clock on the wall shows at an instant."""
    return (_EPOCH + at_ms * _MS).astimezone(zone)


def midnight_ms(zone: tzinfo, day: date) -> int:
    """When a local day begins."""
    return instant_ms(zone, day, _MIDNIGHT)


def day_at(zone: tzinfo, at_ms: int) -> date:
    """The local day of an instant: the one whose beginning is the last that is not after it."""
    day = local(zone, at_ms).date()
    # A clock put back over midnight shows yesterday's date once more, after today has begun.
    return day + DAY if midnight_ms(zone, day + DAY) <= at_ms else day


def interval(zone: tzinfo, day: date, span: Span) -> Interval:
    """The instants of the span that begins on a local day; empty where the clocks skip all of it."""
    ends_on = day if span.ends > span.starts else day + DAY
    return Interval(instant_ms(zone, day, span.starts), instant_ms(zone, ends_on, span.ends))


def merged(intervals: list[Interval]) -> list[Interval]:
    """The same instants in order, as few intervals as can be."""
    found: list[Interval] = []
    for one in sorted(intervals):
        if found and one.starts_ms <= found[-1].ends_ms:
            found[-1] = Interval(found[-1].starts_ms, max(found[-1].ends_ms, one.ends_ms))
        else:
            found.append(one)
    return found


def clipped(intervals: list[Interval], whole: Interval) -> list[Interval]:
    """What of each lies within `whole`."""
    cut = (
        Interval(max(one.starts_ms, whole.starts_ms), min(one.ends_ms, whole.ends_ms)) for one in intervals
    )
    return [one for one in cut if one.starts_ms < one.ends_ms]


def complement(inside: list[Interval], whole: Interval) -> list[Interval]:
    """What of `whole` is left between `inside`, which is merged and clipped."""
    ends = [whole.starts_ms, *(one.ends_ms for one in inside)]
    starts = [*(one.starts_ms for one in inside), whole.ends_ms]
    gaps = (Interval(end, start) for end, start in zip(ends, starts, strict=True))
    return [gap for gap in gaps if gap.starts_ms < gap.ends_ms]


def _offset(wall: datetime) -> timedelta:
    return wall.utcoffset() or timedelta(0)


def _ms(wall: datetime) -> int:
    return (wall - _EPOCH) // _MS


def _time_of(text: str, *, end: bool = False) -> time | None:
    hours, _, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        return None
    if end and text == "24:00":
        return _MIDNIGHT
    return time(int(hours), int(minutes)) if int(hours) < 24 and int(minutes) < 60 else None
