"""What rules would have raised: the same judging as in a running hub, over facts of then; decides, no IO.

A *stretch* is one time that something is wrong by one rule on one subject, from raised to cleared:

    would be raised      ______|¯¯¯¯¯¯¯|_____________|¯¯¯¯|___
    was raised           ________|¯¯¯¯¯¯¯¯|_________________
                               BOTH                  ONLY_NOW      (the other way round: ONLY_THEN)

Two stretches are the same matter if they are of one rule and subject and overlap, each of one other at most.
A forecast or a silence of the running hub is in the facts' own time as well, so nothing hangs on when it is
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import Enum
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from devices.facts import Fact, Tick
from hub.alerts.judging import Judging, Said
from hub.alerts.rounds import OF_ROUNDS, Plan, Runs
from hub.book.model import AlertChanged
from rules.bind import bind
from rules.life import Change
from rules.model import Cleared, Raised, Rule, Severity, Watch, Worsened

Key: TypeAlias = tuple[str, str]  # rule, subject

_BEGINS: Final = frozenset({Change.RAISED, Change.RAISED_AGAIN})
_ENDS: Final = frozenset({Change.CLEARED, Change.WITHDRAWN, Change.CLOSED})


class Raising(msgspec.Struct, frozen=True):
    """One stretch. `over_ms` None: it lasts beyond what was judged. `alert`: its number, if it was raised."""

    rule: str
    subject: str
    raised_ms: int
    over_ms: int | None
    severity: Severity
    value: float | None = None
    alert: int | None = None


class Match(Enum):
    """Whether a matter is found now, was found then, or both."""

    BOTH = "both"
    ONLY_NOW = "only_now"
    ONLY_THEN = "only_then"


class Compared(msgspec.Struct, frozen=True):
    """One matter: what would be raised, beside what was."""

    match: Match
    would: Raising | None
    was: Raising | None

    @property
    def one(self) -> Raising:
        """What there is of it."""
        found = self.would if self.would is not None else self.was
        if found is None:
            raise ValueError("nothing was compared")
        return found


class Backtest:
    """Rules over facts of then. `take` them in order of their arrival; `raisings` may be asked at any time.

    `installed_ms`: rounds of which less than half lies after it are not judged."""

    def __init__(
        self, rules: Mapping[str, Rule], watches: Iterable[Watch], plan: Plan, zone: tzinfo, installed_ms: int
    ) -> None:
        self._rules = rules
        self._round_rules = [rule for rule in rules.values() if rule.select.subject in OF_ROUNDS]
        self._judging = Judging(watches, {})
        self._runs = Runs(plan, zone, installed_ms, None, started_at_ms=installed_ms, known=frozenset())
        self._ticked_ms: int | None = None
        self._taken = 0
        self._open: dict[Key, Raising] = {}
        self._over: list[Raising] = []

    def take(self, facts: Sequence[Fact]) -> None:
        """Judges the next facts; as many at once as is convenient."""
        if not facts:
            return
        self._ticked_ms = None
        said = self._judging.judge(self._taken + 1, facts, facts[-1].received_at_ms, self._before)
        self._taken += len(facts)
        for one in said:
            self._note(one)
        self._judging.saved()  # nothing is ever written down, and what has to be would only grow
        if self._ticked_ms is not None:
            for subject in self._judging.rounds_ended_before(self._runs.horizon_ms(self._ticked_ms)):
                self._judging.drop_round(subject)

    def raisings(self, from_ms: int, to_ms: int) -> list[Raising]:
        """Whatever would be raised before `to_ms` and lasts beyond `from_ms`, in order."""
        return _within((*self._over, *self._open.values()), from_ms, to_ms)

    def _before(self, fact: Fact) -> None:
        if isinstance(fact, Tick) and not fact.phones_only:
            self._ticked_ms = fact.measured_at_ms
        for _, target in self._runs.due_for(fact):
            for rule in self._round_rules:
                watch = bind(rule, target)
                if watch is not None:
                    self._judging.watch_round(watch)

    def _note(self, one: Said) -> None:
        key, event = (one.watch.rule, one.watch.subject), one.event
        match event:
            case Raised():
                severity = self._rules[one.watch.rule].severity_of(grave=event.grave)
                self._open[key] = Raising(*key, event.at_ms, None, severity, event.value)
            case Worsened() if key in self._open:
                self._open[key] = replace(self._open[key], severity=Severity.CRITICAL)
            case Cleared() if (found := self._open.pop(key, None)) is not None and not event.amended:
                self._over.append(replace(found, over_ms=event.at_ms))
            case _:
                pass


def raisings_of(record: Iterable[AlertChanged], from_ms: int, to_ms: int) -> list[Raising]:
    """What the journal's entries (oldest first) say was raised before `to_ms` and lasted beyond `from_ms`.

    What a late fact took back never was so."""
    opened: dict[int, Raising] = {}
    found: list[Raising] = []
    for entry in record:
        if entry.change in _BEGINS:
            opened[entry.alert] = Raising(
                entry.rule, entry.subject, entry.at_ms, None, entry.severity, entry.value, entry.alert
            )
        elif entry.alert not in opened:
            continue
        elif entry.change is Change.AMENDED:
            del opened[entry.alert]
        elif entry.change is Change.WORSENED:
            opened[entry.alert] = replace(opened[entry.alert], severity=entry.severity)
        elif entry.change in _ENDS:
            found.append(replace(opened.pop(entry.alert), over_ms=entry.at_ms))
    return _within((*found, *opened.values()), from_ms, to_ms)


def compare(would: Iterable[Raising], was: Iterable[Raising]) -> list[Compared]:
    """Each matter once, in order of time."""
    then: dict[Key, list[Raising]] = {}
    for one in was:
        then.setdefault((one.rule, one.subject), []).append(one)
    compared = list(_paired(would, then))
    compared += [Compared(Match.ONLY_THEN, None, one) for left in then.values() for one in left]
    return sorted(compared, key=lambda each: (each.one.raised_ms, each.one.rule, each.one.subject))


def selected(rules: Iterable[str], asked: Sequence[str], fits: Callable[[str, str], bool]) -> set[str]:
    """The ids that some pattern of `asked` fits; all of them if nothing is asked for."""
    return {rule for rule in rules if not asked or any(fits(rule, pattern) for pattern in asked)}


def _paired(would: Iterable[Raising], then: dict[Key, list[Raising]]) -> Iterator[Compared]:
    """Takes out of `then` what it finds."""
    for one in would:
        others = then.get((one.rule, one.subject), [])
        same = next((other for other in others if _overlap(one, other)), None)
        if same is not None:
            others.remove(same)
        yield Compared(Match.ONLY_NOW if same is None else Match.BOTH, one, same)


def _overlap(one: Raising, other: Raising) -> bool:
    return (one.over_ms is None or other.raised_ms <= one.over_ms) and (
        other.over_ms is None or one.raised_ms <= other.over_ms
    )


def _within(raisings: Iterable[Raising], from_ms: int, to_ms: int) -> list[Raising]:
    found = [
        one for one in raisings if one.raised_ms < to_ms and (one.over_ms is None or one.over_ms > from_ms)
    ]
    return sorted(found, key=lambda one: (one.raised_ms, one.rule, one.subject))
