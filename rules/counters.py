"""The read counter of one SUN tag: which claims are new, late, the same tap again, or a copy; pure.

A tag counts every read and signs the count, so one count is one read, and belongs to the tap that brought it
first. Counts that nobody uploads are reads by anybody's phone. In the order of arrival, with `far_ahead` 100
and a memory of four:

    counter, tap   41 a     43 b     42 c    43 b       43 d     250 e    44 f    44 f       41 a
    use            NEWEST   NEWEST   LATE    SAME_TAP   REPLAY   AHEAD    LATE    SAME_TAP   FORGOTTEN
                                                                          ^ the fifth count: 41 is forgotten

Which counts are accepted does not depend on the order of arrival, as long as the memory holds the ones that
are still on their way. Of two taps with one count the first to arrive keeps it: `holder` names it, because
the copy may have been the quicker one. A count says which read was before which, and not when it was.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from operator import attrgetter
from typing import Final

import msgspec

# At a read every three minutes, a day; offline taps are taken for 12 hours.
REMEMBERED: Final = 512
# Passers-by read tags too. More than this between two uploads deserves a look at the tag.
FAR_AHEAD: Final = 100


class CounterUse(Enum):
    """What a claim is, among those of its tag that came before."""

    NEWEST = "newest"
    AHEAD = "ahead"  # the newest, after more reads that nobody uploaded than passers-by explain
    LATE = "late"  # never used, and read before others that are here already
    SAME_TAP = "same_tap"  # delivered again
    REPLAY = "replay"  # another tap has brought this count: a URL copied or sent on
    FORGOTTEN = "forgotten"  # so old that it cannot be told from a replay


_ACCEPTED: Final = frozenset({CounterUse.NEWEST, CounterUse.AHEAD, CounterUse.LATE, CounterUse.SAME_TAP})


class Used(msgspec.Struct, frozen=True, gc=False):
    """A count and the tap that it belongs to, by the tap's key."""

    counter: int
    tap: str


class Counters(msgspec.Struct, frozen=True):
    """What is remembered of one tag. `used`: counts, rising; those up to `forgotten_to` are not accepted.

    A tag begins with `Counters(forgotten_to=n)`, n its count when it was put up: earlier reads are void.
    Written anew, it counts from 0 again: it needs the next version of its keys, and new `Counters`."""

    used: tuple[Used, ...] = ()
    forgotten_to: int = -1

    @property
    def newest(self) -> int:
        """The highest count known; -1 if there is none."""
        return self.used[-1].counter if self.used else self.forgotten_to


class Judgement(msgspec.Struct, frozen=True):
    """`skipped`: reads between the newest before and this one; `holder`: the tap whose count a REPLAY has."""

    use: CounterUse
    skipped: int = 0
    holder: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether the tap proves a read of its own."""
        return self.use in _ACCEPTED


def judge(
    counters: Counters, counter: int, tap: str, *, remembered: int = REMEMBERED, far_ahead: int = FAR_AHEAD
) -> tuple[Counters, Judgement]:
    """Judges a verified claim of the tag that the tap with the key `tap` brought; remembers it if it is new.

    At most `remembered` (1 or more) counts are; what is not accepted, or came before, changes nothing."""
    if counter <= counters.forgotten_to:
        return counters, Judgement(CounterUse.FORGOTTEN)
    place = bisect_left(counters.used, counter, key=attrgetter("counter"))
    if place < len(counters.used) and counters.used[place].counter == counter:
        holder = counters.used[place].tap
        if holder == tap:
            return counters, Judgement(CounterUse.SAME_TAP)
        return counters, Judgement(CounterUse.REPLAY, holder=holder)
    after = _with(counters, place, Used(counter, tap), remembered)
    if counter < counters.newest:
        return after, Judgement(CounterUse.LATE)
    skipped = counter - counters.newest - 1 if counters.newest >= 0 else 0
    return after, Judgement(CounterUse.AHEAD if skipped > far_ahead else CounterUse.NEWEST, skipped)


def _with(counters: Counters, place: int, new: Used, remembered: int) -> Counters:
    used = (*counters.used[:place], new, *counters.used[place:])
    surplus = len(used) - remembered
    if surplus <= 0:
        return Counters(used, counters.forgotten_to)
    return Counters(used[surplus:], used[surplus - 1].counter)
