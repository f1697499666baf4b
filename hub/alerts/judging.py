"""Which watches a fact concerns, and what they say to it; decides, and does no IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias, assert_never

import msgspec

from devices.facts import Fact, Presence, Reading, Tap, Tick
from rules.judge import step
from rules.model import Event, RoundIncomplete, Silent, State, Watch

WatchKey: TypeAlias = tuple[str, str]  # rule, subject
_FRESH: Final = State()


class Said(msgspec.Struct, frozen=True):
    """What one watch had to say to one fact."""

    watch: Watch
    event: Event


class Judging:
    """Every watch of the campus and what it remembers.

    `judge` works on a draft; `keep` makes it the truth once what was said is durable, `forget` drops it.
    What changed since the last `saved` is `unsaved`: states are written now and then, not at each fact."""

    def __init__(self, watches: Iterable[Watch], states: Mapping[WatchKey, State]) -> None:
        self._by_device: dict[str, list[Watch]] = {}
        self._silent: dict[WatchKey, Watch] = {}
        self._rounds: dict[WatchKey, Watch] = {}
        self._states: dict[WatchKey, State] = dict(states)
        self._draft: dict[WatchKey, State] = {}
        self._dirty: set[WatchKey] = set()
        for watch in watches:
            self.add(watch)

    def add(self, watch: Watch) -> None:
        """Watches one thing more; what it remembered before is taken up again."""
        key = (watch.rule, watch.subject)
        match watch.condition:
            case RoundIncomplete():
                self._rounds[key] = watch
            case Silent():
                self._silent[key] = watch
                self._by_device.setdefault(watch.subject, []).append(watch)
            case _:
                self._by_device.setdefault(watch.subject, []).append(watch)

    def rounds_ended_before(self, at_ms: int) -> set[str]:
        """The rounds watched whose time, with its grace, was over before `at_ms`."""
        return {
            watch.subject
            for watch in self._rounds.values()
            if isinstance(watch.condition, RoundIncomplete)
            and watch.condition.ends_ms + watch.condition.grace_ms < at_ms
        }

    def drop_round(self, subject: str) -> tuple[WatchKey, ...]:
        """Stops watching a round that is long over; returns what may be forgotten."""
        gone = tuple(key for key in self._rounds if key[1] == subject)
        for key in gone:
            del self._rounds[key]
            self._states.pop(key, None)
            self._draft.pop(key, None)
            self._dirty.discard(key)
        return gone

    def watches(self, key: WatchKey) -> bool:
        """Whether this rule watches this subject."""
        rule, subject = key
        return key in self._rounds or any(watch.rule == rule for watch in self._by_device.get(subject, ()))

    def forget_all_but(self, wanted: Callable[[WatchKey], bool]) -> tuple[WatchKey, ...]:
        """Drops what is remembered for other watches; a rule that comes back one day starts anew."""
        gone = tuple(key for key in self._states if not wanted(key))
        for key in gone:
            del self._states[key]
        return gone

    def judge(self, fact: Fact, now_ms: int) -> Iterator[Said]:
        """What the watches concerned say to the next fact of the log."""
        for watch in self._concerned(fact):
            key = (watch.rule, watch.subject)
            before = self._draft.get(key) or self._states.get(key, _FRESH)
            after, events = step(watch, before, fact, now_ms)
            if after != before:
                self._draft[key] = after
            for event in events:
                yield Said(watch, event)

    def unsaved(self, *, with_draft: bool) -> Mapping[WatchKey, State]:
        """The states that changed since the last `saved`; the draft belongs to what is just being kept."""
        kept = {key: self._states[key] for key in self._dirty}
        return {**kept, **self._draft} if with_draft else kept

    def saved(self) -> None:
        """All that was unsaved is written down; with the draft, `keep` comes first."""
        self._dirty.clear()

    def keep(self) -> None:
        """What the draft's watches said is durable."""
        self._states.update(self._draft)
        self._dirty.update(self._draft)
        self._draft = {}

    def forget(self) -> None:
        """The draft could not be kept: the same facts will be judged again."""
        self._draft = {}

    def _concerned(self, fact: Fact) -> list[Watch]:
        match fact:
            case Reading() | Presence():
                return self._by_device.get(fact.device, [])
            case Tap():
                return [*self._by_device.get(fact.device, []), *self._rounds.values()]
            case Tick():
                return [*self._silent.values(), *self._rounds.values()]
            case _:
                assert_never(fact)
