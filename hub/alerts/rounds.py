"""Which runs of rounds are watched at a time: planned ahead, followed for a while, then let go; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

from devices.facts import Fact, Tap, Tick
from hub.config.model import ALL_ROUNDS
from rules.bind import DayTarget, Planned
from rules.model import Subject

Plan: TypeAlias = Callable[[date], tuple[tuple[str, Planned], ...]]  # with the id of the round, or ALL_ROUNDS

OF_ROUNDS: Final = (Subject.ROUND, Subject.DAY)  # what rules about rounds have as their subject

# An offline phone may bring its taps days later; runs older than this are history.
FOLLOWED_DAYS: Final = 7


class Runs:
    """The runs planned so far. `planned_from` is the first local day after the newest one ever planned."""

    def __init__(
        self,
        plan: Plan,
        zone: tzinfo,
        installed_at_ms: int,
        planned_from: date | None,
        *,
        started_at_ms: int,
        known: frozenset[str],
    ) -> None:
        """`installed_at_ms`: runs of which less than half lies after it cannot be judged fairly.

        `known` runs were planned before this start; a round that is new in the configuration is planned from
        this start on, and was not missed in the days before. A day is judged if all of it lies after that."""
        self._plan = plan
        self._zone = zone
        self._installed_at_ms = installed_at_ms
        self._started_at_ms = started_at_ms
        self._known = known | {day_of(run) for run in known}
        self._planned_before = planned_from
        self._days: set[date] = set()
        self.planned_from = planned_from

    def due_for(self, fact: Fact) -> Iterator[tuple[str, Planned]]:
        """The runs that must be watched before this fact is judged and are not yet: (round id, target)."""
        for day in self._days_for(fact):
            if day not in self._days:
                self._days.add(day)
                for round_id, target in self._plan(day):
                    if self._is_fair(day, target):
                        yield round_id, target

    def horizon_ms(self, at_ms: int) -> int:
        """Runs that ended before this are no longer followed."""
        return at_ms - FOLLOWED_DAYS * 86_400_000

    def _is_fair(self, day: date, target: Planned) -> bool:
        when = target if isinstance(target, DayTarget) else target.walk
        middle_ms = when.starts_ms if when is target else (when.starts_ms + when.ends_ms) / 2
        is_new = (
            self._planned_before is not None and day <= self._planned_before and target.id not in self._known
        )
        return middle_ms >= (self._started_at_ms if is_new else self._installed_at_ms)

    def _days_for(self, fact: Fact) -> list[date]:
        match fact:
            case Tick(phones_only=False):
                today = self._local_day(fact.measured_at_ms)
                oldest = today - timedelta(days=FOLLOWED_DAYS)
                first = max(oldest, (self.planned_from or today) - timedelta(days=2))
                self.planned_from = today + timedelta(days=1)
                return _days(min(first, today - timedelta(days=1)), today + timedelta(days=1))
            case Tap():
                day = self._local_day(fact.measured_at_ms)
                if self.planned_from is not None and day < self.planned_from - timedelta(days=FOLLOWED_DAYS):
                    return []  # history: what its watches remembered may be gone
                return _days(day - timedelta(days=1), day)
            case _:
                return []

    def _local_day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone).date()


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def day_of(run: str) -> str:
    """The subject of the day on which a run starts."""
    return f"{ALL_ROUNDS}@{run.partition('@')[2]}"
