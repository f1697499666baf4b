"""Single taps that cannot be right: of a reader or a phone, or of the tag of one checkpoint.

    unknown tag      a tag that hangs nowhere              reader  04AA?          (per reader or phone)
    wrong place      a tag that hangs elsewhere            the gate's reader reads the library's tag
    replayed         one count, two taps                   counter 41 a, 41 b     (per checkpoint)
    clock tampered   counts and times contradict           counter 41 at 08:20, 42 at 08:05

    odd taps        x     x
    phase      QUIET|ACTIVE                 |QUIET
                    ^ Raised  |<- keep_for ->^ Cleared, by a tick

The tag counts its reads and signs the count, so that a count proves an order which no clock can change.
Which of two such taps arrives first does not matter, and none is odd twice. The newest `_REMEMBERED` reads of
a tag are compared: more than a day's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias, assert_never

from msgspec.structs import replace

from devices.facts import Clock, Fact, Tap, Tick
from rules.counters import CounterUse
from rules.model import Cleared, Event, Odd, OddTaps, Phase, Raised, Read, State
from rules.route import visit_of

Judged: TypeAlias = tuple[State, tuple[Event, ...]]

REPLAY: Final = CounterUse.REPLAY.value  # why a tap was refused, as intake says it: `Tap.refused`
_REMEMBERED: Final = 128
_ODD_REMEMBERED: Final = 32
_OWN_TIME: Final = (Clock.DEVICE, Clock.LOCAL)


def step(condition: OddTaps, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a tap of the subject, or the tick at which there has been none that is odd for long enough."""
    if isinstance(fact, Tick):
        return _tick(condition, state, fact)
    if not isinstance(fact, Tap) or not is_of(condition, subject, fact):
        return state, ()
    after = _with_tap(condition, state, fact)
    if after is state:
        return state, ()
    known, odd = _odd_in(condition, state), _odd_in(condition, after)
    if odd.keys() <= known.keys():
        return after, ()
    after = replace(after, newest_ms=max(state.newest_ms, *odd.values()))
    if state.phase is not Phase.QUIET:
        return after, ()
    at_ms = fact.measured_at_ms
    raised = replace(after, phase=Phase.ACTIVE, phase_since_ms=at_ms, wrong_since_ms=at_ms)
    return raised, (Raised(at_ms, at_ms, None),)


def is_of(condition: OddTaps, subject: str, tap: Tap) -> bool:
    """Whether a tap is one of the subject's: of this reader or phone, or of this checkpoint's tag."""
    if condition.what in (Odd.UNKNOWN_TAG, Odd.WRONG_PLACE):
        return tap.device == subject
    return tap.tag_uid in condition.tags and (tap.counter >= 0 or tap.refused == REPLAY)


def wakes_at(condition: OddTaps, state: State) -> int | None:
    """The first tick that changes something; None: none does."""
    return None if state.phase is Phase.QUIET else state.newest_ms + condition.keep_for_ms


def _with_tap(condition: OddTaps, state: State, tap: Tap) -> State:
    """What is remembered with one tap more; the very same state if that tells nothing new."""
    match condition.what:
        case Odd.UNKNOWN_TAG:
            return state if tap.tag_uid in condition.tags else _with_visit(state, tap)
        case Odd.WRONG_PLACE:
            return _with_visit(state, tap) if tap.tag_uid in condition.tags else state
        case Odd.REPLAYED:
            return _with_visit(state, tap) if tap.refused == REPLAY else _with_read(state, tap)
        case Odd.CLOCK_TAMPERED:
            return state if tap.clock not in _OWN_TIME else _with_read(state, tap)
        case _:
            assert_never(condition.what)


def _with_visit(state: State, tap: Tap) -> State:
    if any(known.key == tap.key for known in state.visits):
        return state
    visits = sorted((*state.visits, visit_of(tap)), key=attrgetter("at_ms", "key"))
    return replace(state, visits=tuple(visits[-_ODD_REMEMBERED:]))


def _with_read(state: State, tap: Tap) -> State:
    new = Read(tap.counter, tap.measured_at_ms, tap.key)
    if tap.refused or new in state.reads:
        return state
    reads = sorted((*state.reads, new), key=attrgetter("counter", "at_ms", "key"))
    return replace(state, reads=tuple(reads[-_REMEMBERED:]))


def _odd_in(condition: OddTaps, state: State) -> dict[str, int]:
    """The keys of all that is odd in what is remembered, each with the time that it claims."""
    found = {visit.key: visit.at_ms for visit in state.visits}
    if condition.what is Odd.REPLAYED:
        times = Counter(read.counter for read in state.reads)
        found |= {read.key: read.at_ms for read in state.reads if times[read.counter] > 1}
    if condition.what is Odd.CLOCK_TAMPERED:
        tolerance_ms = condition.tolerance_ms
        for one, latest_ms in _latest_before(state.reads):
            if latest_ms > one.at_ms + tolerance_ms:
                found[one.key] = one.at_ms
    return found


def _latest_before(reads: tuple[Read, ...]) -> Iterator[tuple[Read, int]]:
    """Each read with the latest time that a read of a lower count claims."""
    latest_ms = -1
    for _, group in groupby(reads, key=attrgetter("counter")):
        same = tuple(group)
        yield from ((one, latest_ms) for one in same)
        latest_ms = max(latest_ms, *(one.at_ms for one in same))


def _tick(condition: OddTaps, state: State, tick: Tick) -> Judged:
    due_ms = wakes_at(condition, state)
    if due_ms is None or tick.measured_at_ms < due_ms:
        return state, ()
    return replace(state, phase=Phase.QUIET, phase_since_ms=due_ms), (Cleared(due_ms, None),)
