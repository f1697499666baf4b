"""What is wrong with a round besides that it is incomplete; each a pure function of what is known of it.

    window         |<--------------------------------------- starts to ends ------->|<- grace ->|
    not started    |<- unstarted ->^ raised         x cleared by the first visit, or at the deadline
    late start     |<-- after -->      x  the first visit: raised with it
    out of order   A      C       B  raised with B (fixed order A B C);   A  B  C  walked anew: cleared
    too fast       A  B   within B's `least`: raised with B;  the whole within the walk's: with the last
    too slow       A                       B   beyond B's `most`, pauses not counted: raised with B
    off time       |<- earliest ->  |<- latest: B only outside of these: raised with B
    wrong person   A (by another)  raised with A

A tap that arrives late and belongs before what was raised takes it back (amended), in each of these alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from operator import itemgetter
from typing import Final, assert_never

import msgspec

from rules.model import Flaw, RoundFlaw, RoundState, State
from rules.progress import UNDER_WAY, Progress, paused_ms
from rules.route import Sequence, Visit, Walk, is_by_another, is_in_order

_MINUTE_MS: Final = 60_000


class Finding(msgspec.Struct, frozen=True):
    """Something is wrong since `since_ms`, and is known to be at `at_ms`; `value`: a number that shows it.

    `visit_ms`: the time of the visit that is wrong, where that is another than `at_ms`."""

    at_ms: int
    since_ms: int
    value: float | None = None
    visit_ms: int | None = None

    @property
    def wrong_ms(self) -> int:
        """The time of the visit that is wrong, of what is found about visits."""
        return self.at_ms if self.visit_ms is None else self.visit_ms


def unstarted_at(condition: RoundFlaw) -> int:
    """When it is said that nobody has come: before it is too late to walk the round."""
    walk = condition.walk
    after_ms = condition.after_ms if walk.unstarted_ms is None else walk.unstarted_ms
    room_ms = (walk.ends_ms - walk.starts_ms) // 2
    if walk.least_ms is not None:
        room_ms = walk.ends_ms - walk.starts_ms - walk.least_ms
    return walk.starts_ms + max(0, min(after_ms, room_ms))


def find(condition: RoundFlaw, state: State, progress: Progress) -> Finding | None:
    """What is wrong by all that is known, the first of it; None: nothing. Minutes are the values."""
    return next(findings(condition, state, progress), None)


def findings(condition: RoundFlaw, state: State, progress: Progress) -> Iterator[Finding]:
    """All of it; of a visit that is wrong, `wrong_ms` is the time."""
    if progress.state is RoundState.EXCUSED:
        return iter(())
    walk, visits = condition.walk, progress.visits
    match condition.what:
        case Flaw.NOT_STARTED:
            at_ms = unstarted_at(condition)
            is_wrong = not visits and progress.state in UNDER_WAY and state.known_ms >= at_ms
            return iter((Finding(at_ms, walk.starts_ms),) if is_wrong else ())
        case Flaw.LATE_START:
            return _late_start(walk, visits, condition.after_ms)
        case Flaw.OUT_OF_ORDER:
            return _out_of_order(walk, visits)
        case Flaw.TOO_FAST:
            return _too_fast(walk, state, progress)
        case Flaw.TOO_SLOW:
            return _too_slow(walk, state, progress)
        case Flaw.OFF_TIME:
            return _off_time(walk, visits)
        case Flaw.WRONG_PERSON:
            return (Finding(visit.at_ms, visit.at_ms) for visit in visits if is_by_another(walk, visit))
        case _:
            assert_never(condition.what)


def _late_start(walk: Walk, visits: tuple[Visit, ...], after_ms: int) -> Iterator[Finding]:
    if visits and visits[0].at_ms > walk.starts_ms + after_ms:
        at_ms = visits[0].at_ms
        yield Finding(at_ms, walk.starts_ms + after_ms, _minutes(at_ms - walk.starts_ms))


def _out_of_order(walk: Walk, visits: tuple[Visit, ...]) -> Iterator[Finding]:
    """What came too early, known with the first visit that should have been before it."""
    if walk.sequence is not Sequence.FIXED or is_in_order(walk, visits):
        return
    places = {tag: place for place, tag in enumerate(walk.tags)}
    firsts: dict[str, Visit] = {}
    for visit in visits:
        firsts.setdefault(visit.tag, visit)
    # There is one: first visits in the route's order would have been an ordered walk.
    swapped = [
        (one, other) for one, other in combinations(firsts.values(), 2) if places[one.tag] > places[other.tag]
    ]
    behind = len({other.tag for _, other in swapped})
    known = {one: other.at_ms for one, other in reversed(swapped)}
    for one, at_ms in sorted(known.items(), key=itemgetter(1)):
        yield Finding(at_ms, at_ms, float(behind), one.at_ms)


def _gaps(state: State, visits: tuple[Visit, ...]) -> Iterator[tuple[Visit, Visit, int]]:
    """Each two visits that follow each other at different stops, with the time walked between them."""
    for one, other in pairwise(visits):
        if one.tag != other.tag:
            walked_ms = other.at_ms - one.at_ms - paused_ms(state.orders, one.at_ms, other.at_ms)
            yield one, other, walked_ms


def _too_fast(walk: Walk, state: State, progress: Progress) -> Iterator[Finding]:
    least_ms = {stop.tag: stop.least_ms for stop in walk.stops}
    for one, other, walked_ms in _gaps(state, progress.visits):
        least = least_ms[other.tag]
        if least is not None and walked_ms < least:
            yield Finding(other.at_ms, one.at_ms, _minutes(walked_ms))
    whole_ms = _whole_ms(state, progress)
    if whole_ms is not None and walk.least_ms is not None and whole_ms < walk.least_ms:
        yield _of_whole(progress, whole_ms)


def _too_slow(walk: Walk, state: State, progress: Progress) -> Iterator[Finding]:
    most_ms = {stop.tag: stop.most_ms for stop in walk.stops}
    for one, other, walked_ms in _gaps(state, progress.visits):
        most = most_ms[other.tag]
        if most is not None and walked_ms > most:
            yield Finding(other.at_ms, one.at_ms, _minutes(walked_ms))
    whole_ms = _whole_ms(state, progress)
    if whole_ms is not None and walk.most_ms is not None and whole_ms > walk.most_ms:
        yield _of_whole(progress, whole_ms)


def _off_time(walk: Walk, visits: tuple[Visit, ...]) -> Iterator[Finding]:
    for stop in walk.stops:
        if stop.earliest_ms is None and stop.latest_ms is None:
            continue
        times_ms = [visit.at_ms for visit in visits if visit.tag == stop.tag]
        earliest_ms, latest_ms = stop.earliest_ms or 0, stop.latest_ms
        inside = (
            at_ms
            for at_ms in times_ms
            if earliest_ms <= at_ms - walk.starts_ms
            and (latest_ms is None or at_ms - walk.starts_ms <= latest_ms)
        )
        if times_ms and next(inside, None) is None:
            yield Finding(times_ms[0], times_ms[0], _minutes(times_ms[0] - walk.starts_ms))


def _whole_ms(state: State, progress: Progress) -> int | None:
    """How long a completed round was walked, from its first visit to the one that was the last needed."""
    if progress.started_ms is None or progress.ended_ms is None:
        return None
    within = [visit for visit in progress.visits if visit.at_ms <= progress.ended_ms]
    paused = sum(paused_ms(state.orders, one.at_ms, other.at_ms) for one, other in pairwise(within))
    return progress.ended_ms - progress.started_ms - paused


def _of_whole(progress: Progress, whole_ms: int) -> Finding:
    ended_ms, started_ms = progress.ended_ms or 0, progress.started_ms or 0
    return Finding(ended_ms, started_ms, _minutes(whole_ms))


def _minutes(ms: int) -> float:
    return round(ms / _MINUTE_MS, 1)
