"""A guard who walks rounds: when each window opens, and when which tag is tapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from random import Random
from typing import Final
from uuid import UUID

from firmware_sim.plan import SimRound

_DOUBLE_TAP_CHANCE: Final = 0.06  # a hand that hesitates: the same tag twice within seconds
_JUST_OPENED_S: Final = 1.0
_LATEST_SHARE: Final = 0.9  # a walk that begins in time is over before the window is


@dataclass(frozen=True, slots=True)
class Window:
    """One occurrence of a round, in Unix seconds."""

    round: SimRound
    opens_s: float
    closes_s: float


@dataclass(frozen=True, slots=True)
class PlannedTap:
    """One tap to come, at `at_s` Unix seconds."""

    at_s: float
    checkpoint: str
    tap_id: str


def windows(planned: SimRound, zone: tzinfo, since_s: float) -> Iterator[Window]:
    """The round's windows in order, first the one that is open at `since_s`, without end."""
    if not planned.weekdays:
        return
    day = datetime.fromtimestamp(since_s, zone).date() - timedelta(days=1)
    overnight = timedelta(days=1) if planned.ends <= planned.starts else timedelta(0)
    while True:
        opens_s = datetime.combine(day, planned.starts, zone).timestamp()
        closes_s = datetime.combine(day + overnight, planned.ends, zone).timestamp()
        if day.weekday() in planned.weekdays and closes_s > since_s:
            yield Window(planned, opens_s, closes_s)
        day += timedelta(days=1)


def walk(
    window: Window,
    now_s: float,
    gap_s: float,
    random: Random,
    left_out: frozenset[str] = frozenset(),
    late_s: float | None = None,
) -> tuple[PlannedTap, ...]:
    """The taps of one walk, in the order of the route, about `gap_s` apart, all inside the window.

    A window that is open already is walked at once; checkpoints in `left_out` are passed without a tap.
    `late_s`: how long after its opening, or after now, the walk begins; None: as guards do.
    """
    length_s = window.closes_s - window.opens_s
    if late_s is not None:
        begins_s = max(now_s, window.opens_s) + late_s
    elif now_s > window.opens_s + _JUST_OPENED_S:
        begins_s = now_s + random.uniform(8, 15)
    else:
        begins_s = window.opens_s + random.uniform(0.02, 0.1) * length_s
    room_s = max(0.0, (window.closes_s - begins_s) * _LATEST_SHARE)
    gap_s = min(gap_s, room_s / max(1, len(window.round.checkpoints)))
    taps: list[PlannedTap] = []
    at_s = min(begins_s, window.closes_s)
    for checkpoint in window.round.checkpoints:
        if checkpoint not in left_out:
            taps.append(PlannedTap(at_s, checkpoint, tap_id(random)))
            if random.random() < _DOUBLE_TAP_CHANCE:
                taps.append(PlannedTap(at_s + min(2.0, gap_s / 4), checkpoint, tap_id(random)))
        at_s += gap_s * random.uniform(0.8, 1.1)
    return tuple(taps)


def tap_id(random: Random) -> str:
    """The UUID of a tap."""
    return str(UUID(int=random.getrandbits(128), version=4))
