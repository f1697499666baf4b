"""The watches of taps: of rounds, days of rounds, readers and tags; which of them a fact concerns.

Taps are rare and ticks are not: a tick is given only to those that have something to say or to note by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from devices.facts import RoundOrder, Tap, Tick
from rules.judge import wakes_at
from rules.model import OddTaps, RoundFlaw, RoundIncomplete, State, TooFewPatrols, Watch
from rules.odd_taps import is_of
from rules.route import MOST_EXTENSION_MS

_Key: TypeAlias = tuple[str, str]  # rule, subject
_NEVER: Final = 1 << 62


class Tapped:
    """Every watch of taps. After a watch was stepped, or its state is known, `note` it."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        """Those of readers and tags, which are there for ever; rounds come and go."""
        self._watches = {(watch.rule, watch.subject): watch for watch in watches}
        self._wakes: dict[_Key, int] = {}
        self._next_ms = _NEVER  # no watch wakes before

    def settle(self, state_of: Callable[[Watch], State]) -> None:
        """Notes all of them."""
        for watch in self._watches.values():
            self.note(watch, state_of(watch))

    def add(self, watch: Watch, state: State) -> None:
        """Watches one more."""
        self._watches[(watch.rule, watch.subject)] = watch
        self.note(watch, state)

    def has(self, key: _Key) -> bool:
        """Whether this rule watches this subject."""
        return key in self._watches

    def note(self, watch: Watch, state: State) -> None:
        """What a watch remembers now decides when it needs a tick."""
        key, wakes_ms = (watch.rule, watch.subject), wakes_at(watch, state)
        if wakes_ms is None:
            self._wakes.pop(key, None)
            return
        self._wakes[key] = wakes_ms
        self._next_ms = min(self._next_ms, wakes_ms)

    def concerned_by(self, fact: Tick | Tap | RoundOrder) -> list[Watch]:
        """Those that a fact may matter to."""
        if isinstance(fact, Tick):
            return self._awake(fact.measured_at_ms)
        if isinstance(fact, RoundOrder):
            return list(self._watches.values())
        return [watch for watch in self._watches.values() if _may_matter(watch, fact)]

    def ended_before(self, at_ms: int) -> set[str]:
        """The rounds and days whose time, with its grace, was over before an instant."""
        return {subject for subject, ends_ms in self._ends() if ends_ms < at_ms}

    def drop(self, subject: str) -> tuple[_Key, ...]:
        """Watches a round or a day no more."""
        gone = tuple(
            key
            for key, watch in self._watches.items()
            if key[1] == subject and not isinstance(watch.condition, OddTaps)
        )
        for key in gone:
            del self._watches[key]
            self._wakes.pop(key, None)
        return gone

    def _awake(self, at_ms: int) -> list[Watch]:
        if at_ms < self._next_ms:
            return []
        awake = {key for key, wakes_ms in self._wakes.items() if wakes_ms <= at_ms}
        self._next_ms = min(
            (wakes_ms for key, wakes_ms in self._wakes.items() if key not in awake), default=_NEVER
        )
        # Those that are awake are noted again once they are stepped; in the order in which they are watched.
        return [watch for key, watch in self._watches.items() if key in awake]

    def _ends(self) -> Iterator[tuple[str, int]]:
        for watch in self._watches.values():
            match watch.condition:
                case RoundIncomplete() | RoundFlaw() as of_round:
                    yield watch.subject, of_round.walk.deadline_ms
                case TooFewPatrols() as of_day:
                    yield watch.subject, of_day.ends_ms + of_day.after_ms
                case _:
                    pass


def _may_matter(watch: Watch, tap: Tap) -> bool:
    """Quickly: most rounds that are watched lie at another time."""
    condition, at_ms = watch.condition, tap.measured_at_ms
    match condition:
        case RoundIncomplete() | RoundFlaw():
            walk = condition.walk
            return walk.starts_ms <= at_ms <= walk.ends_ms + walk.grace_ms + MOST_EXTENSION_MS
        case OddTaps():
            return is_of(condition, watch.subject, tap)
        case _:
            return True
