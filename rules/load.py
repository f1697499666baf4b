"""How much alarms ask of people, by the figures of ISA-18.2: rate, floods, standing, chattering, times; pure.

    alarms in 10 min    1 2 0 1 12 14 3 1          about 1 is manageable for one person;
                              |flood|              10 or more are a flood, until fewer come

What was hushed when it was raised asked nothing of anybody and does not count. Where two shifts of the same
people overlap, what is raised then counts for both: it asks something of both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

from rules.life import Change

TEN_MINUTES_MS: Final = 600_000
MANAGEABLE: Final = 1.0  # alarms for one person in ten minutes
FLOOD: Final = 10
STANDING_MS: Final = 24 * 3_600_000
CHATTER_TIMES: Final = 3
CHATTER_MS: Final = 3_600_000
MOST_STANDING: Final = 4  # fewer than five on any day, each with a plan

_RAISES: Final = frozenset({Change.RAISED, Change.RAISED_AGAIN})
_OVER: Final = frozenset({Change.CLEARED, Change.AMENDED, Change.WITHDRAWN, Change.CLOSED})


class Entry(msgspec.Struct, frozen=True):
    """One change of one alert. `who`: whose it is; `hushed`: people were not told of it."""

    alert: int
    rule: str
    subject: str
    who: str
    change: Change
    at_ms: int
    hushed: bool = False


class Times(msgspec.Struct, frozen=True):
    """How long something took: of how many alarms, the median, and what nine of ten stayed within (ms)."""

    count: int
    median_ms: int
    p90_ms: int


class Load(msgspec.Struct, frozen=True):
    """What one role or person had in one shift, or outside theirs (`shift` empty). `rate`: alarms in ten
    minutes, on average; None where the time is not known. `most`: at most.

    `standing`: unbroken for over a day, at the end of the time; `chattering`: (rule, subject) that came three
    times or more within an hour."""

    who: str
    shift: str
    alarms: int
    rate: float | None
    most: int
    floods: int
    standing: int
    chattering: tuple[tuple[str, str], ...]
    acknowledged: Times | None
    cleared: Times | None


class Occurrence(msgspec.Struct):
    """One time that an alert was raised, until it was over."""

    entry: Entry
    acknowledged_ms: int | None = None
    over_ms: int | None = None


Group: TypeAlias = tuple[str, str]  # who, shift


def loads(
    entries: Iterable[Entry],
    shifts_of: Callable[[str, int], Iterable[str]],
    minutes_of: Mapping[Group, float],
    from_ms: int,
    to_ms: int,
) -> tuple[Load, ...]:
    """The loads of [from, to) by who and shift, in that order. `entries`: the whole journal, oldest first;
    `shifts_of`: the shifts of somebody at an instant; `minutes_of`: how long each was, all days together."""
    groups: defaultdict[Group, list[Occurrence]] = defaultdict(list)
    standing: Counter[Group] = Counter()
    for one in occurrences(entries, to_ms):
        for shift in shifts_of(one.entry.who, one.entry.at_ms):
            group = (one.entry.who, shift)
            if from_ms <= one.entry.at_ms:
                groups[group].append(one)
            if one.over_ms is None and to_ms - one.entry.at_ms > STANDING_MS:
                standing[group] += 1
    return tuple(
        _load(group, groups[group], standing[group], minutes_of.get(group, 0.0))
        for group in sorted({*groups, *standing})
    )


def occurrences(entries: Iterable[Entry], to_ms: int) -> list[Occurrence]:
    """Each time that something was raised and told before `to_ms`, in order."""
    found: list[Occurrence] = []
    current: dict[int, Occurrence] = {}
    for entry in entries:
        if entry.at_ms >= to_ms:
            continue
        if entry.change in _RAISES:
            current[entry.alert] = Occurrence(entry)
            if not entry.hushed:
                found.append(current[entry.alert])
        elif (one := current.get(entry.alert)) is None:
            continue
        elif entry.change is Change.ACKNOWLEDGED and one.acknowledged_ms is None:
            one.acknowledged_ms = entry.at_ms
        elif entry.change in _OVER and one.over_ms is None:
            one.over_ms = entry.at_ms
    return found


def times(taken_ms: Iterable[int]) -> Times | None:
    """The figures of some durations; None of none."""
    ordered = sorted(max(0, each) for each in taken_ms)
    if not ordered:
        return None
    return Times(len(ordered), _share(ordered, 0.5), _share(ordered, 0.9))


def _load(group: Group, found: Sequence[Occurrence], standing: int, minutes: float) -> Load:
    spans = Counter(one.entry.at_ms // TEN_MINUTES_MS for one in found)
    return Load(
        *group,
        alarms=len(found),
        rate=len(found) * 10 / minutes if minutes else None,
        most=max(spans.values(), default=0),
        floods=_floods(spans),
        standing=standing,
        chattering=_chattering(found),
        acknowledged=times(
            one.acknowledged_ms - one.entry.at_ms for one in found if one.acknowledged_ms is not None
        ),
        cleared=times(one.over_ms - one.entry.at_ms for one in found if one.over_ms is not None),
    )


def _floods(spans: Mapping[int, int]) -> int:
    """How many stretches of neighbouring ten minutes had a flood."""
    flooded = sorted(span for span, count in spans.items() if count >= FLOOD)
    return len(flooded) - sum(later - earlier == 1 for earlier, later in pairwise(flooded))


def _chattering(found: Iterable[Occurrence]) -> tuple[tuple[str, str], ...]:
    came: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in found:
        came[one.entry.rule, one.entry.subject].append(one.entry.at_ms)
    return tuple(
        sorted(
            key
            for key, at_ms in came.items()
            if any(
                last - first <= CHATTER_MS
                for first, last in zip(at_ms, at_ms[CHATTER_TIMES - 1 :], strict=False)
            )
        )
    )


def _share(ordered: Sequence[int], share: float) -> int:
    """The value that such a share stays within (nearest rank)."""
    return ordered[max(0, -(-int(len(ordered) * share * 100) // 100) - 1)]
