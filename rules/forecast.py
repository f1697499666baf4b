"""A value on its way to a limit: raised while there is still time, with the time when it will be reached.

    limit    ......................................x   due_ms, at most `ahead` away
                                              , '
    value                         _______.--'          the course of the last `within`
    start    ...................,'.........
             __________________/
                               |<- within ->|^ Raised(due_ms)

A course is the straight line with the least squares through the samples of the last `within_ms`, thinned to
one a slot (`rules.samples`); with `EXPONENTIAL` also curves that slow down towards an end of their own, and
of all the one that fits best. It counts if
- there are `points` samples or more, over at least half of `within_ms`;
- they lie off it by `noise` or less (root mean square);
- it moves by four times `noise` or more over the samples, towards the limit, and the newest of them itself
  lies half of that further than the oldest: so that noise raises nothing;
- the value has passed `start`: a compressor's usual ups and downs are no course.
Over when the limit is no longer ahead, or more than twice as far away; beyond the limit itself it stays: that
is another rule's business, and no end of this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from devices.facts import Fact
from rules.machine import Judged, Verdict, advance
from rules.model import Direction, Forecast, Phase, Raised, Shape, State
from rules.samples import kept
from rules.sensing import in_time, is_plausible, value_of

# Of a curve that slows down, in parts of `within_ms`: how long until it has gone 63 % of its way.
_SLOWNESS: Final = (0.35, 0.7, 1.4, 2.8)
_LEAST_MOVE: Final = 4.0  # in parts of `noise`


class Course(NamedTuple):
    """`level + slope * x(t)`: `slow_ms` None, x is the time in ms; otherwise `1 - exp(-t / slow_ms)`."""

    level: float
    slope: float
    slow_ms: float | None
    residual: float


def step(condition: Forecast, subject: str, state: State, fact: Fact) -> Judged:
    """Judges a reading of `subject`; a late one, or one without a plausible value, changes nothing."""
    value = value_of(fact, subject, condition.quantity)
    if value is None:
        return state, ()
    state = in_time(state, fact)
    at_ms = fact.measured_at_ms
    if at_ms < state.newest_ms or not is_plausible(
        value,
        condition.valid_low,
        condition.valid_high,
        condition.fault_values,
        condition.ramp,
        state.last_value,
    ):
        return state, ()
    times_ms, values = kept(state, at_ms, value, condition.within_ms, None)
    seen = replace(state, newest_ms=at_ms, last_value=value, times_ms=times_ms, values=values)
    sign = 1.0 if condition.direction is Direction.ABOVE else -1.0
    quiet = state.phase is Phase.QUIET
    # Nearly all readings end here: before `start`, or not on their way.
    moved = (value - values[0]) * sign
    if quiet and ((value - condition.start) * sign < 0 or moved < condition.noise * _LEAST_MOVE / 2):
        return seen, ()
    beyond = (value - condition.limit) * sign > 0
    due_ms = None if beyond else _due_ms(condition, times_ms, values, at_ms, value)
    after, said = advance(
        seen,
        Verdict.BETWEEN if beyond else _verdict(condition, at_ms, value, due_ms),
        at_ms,
        value,
        for_ms=condition.for_ms,
        keep_for_ms=condition.keep_for_ms,
    )
    return after, tuple(replace(one, due_ms=due_ms) if isinstance(one, Raised) else one for one in said)


def _verdict(condition: Forecast, at_ms: int, value: float, due_ms: int | None) -> Verdict:
    if due_ms is None:
        return Verdict.CLEAR
    sign = 1.0 if condition.direction is Direction.ABOVE else -1.0
    if due_ms - at_ms <= condition.ahead_ms and (value - condition.start) * sign >= 0:
        return Verdict.WRONG
    return Verdict.BETWEEN if due_ms - at_ms <= 2 * condition.ahead_ms else Verdict.CLEAR


def _due_ms(
    condition: Forecast, times_ms: tuple[int, ...], values: tuple[float, ...], at_ms: int, value: float
) -> int | None:
    """When the limit will be reached; None if the readings show no course towards it."""
    if times_ms[-1] != at_ms:
        times_ms, values = (*times_ms, at_ms), (*values, value)
    if len(times_ms) < condition.points or at_ms - times_ms[0] < condition.within_ms / 2:
        return None
    ages = [float(time_ms - times_ms[0]) for time_ms in times_ms]
    course = min(_courses(condition, ages, values), key=lambda one: one.residual)
    sign = 1.0 if condition.direction is Direction.ABOVE else -1.0
    moves = (_at(course, ages[-1]) - course.level) * sign
    if course.residual > condition.noise or moves < _LEAST_MOVE * condition.noise or moves <= 0:
        return None
    return _reached_ms(course, condition.limit, sign, ages[-1], times_ms[0], at_ms)


def _courses(condition: Forecast, ages: list[float], values: Sequence[float]) -> Iterator[Course]:
    yield _fitted(ages, values, None)
    if condition.shape is Shape.EXPONENTIAL:
        for part in _SLOWNESS:
            slow_ms = part * condition.within_ms
            yield _fitted([1.0 - math.exp(-age / slow_ms) for age in ages], values, slow_ms)


def _fitted(xs: list[float], ys: Sequence[float], slow_ms: float | None) -> Course:
    """The line of least squares through (x, y)."""
    count = len(xs)
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    across = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / across
    level = mean_y - slope * mean_x
    off = sum((level + slope * x - y) ** 2 for x, y in zip(xs, ys, strict=True))
    return Course(level, slope, slow_ms, math.sqrt(off / count))


def _at(course: Course, age_ms: float) -> float:
    x = age_ms if course.slow_ms is None else 1.0 - math.exp(-age_ms / course.slow_ms)
    return course.level + course.slope * x


def _reached_ms(
    course: Course, limit: float, sign: float, age_ms: float, first_ms: int, at_ms: int
) -> int | None:
    if (_at(course, age_ms) - limit) * sign >= 0:  # by its course it is there
        return at_ms
    way = (limit - course.level) / course.slope
    if course.slow_ms is None:
        return first_ms + math.ceil(way)
    if way >= 1.0:  # its own end lies before the limit
        return None
    return first_ms + math.ceil(-course.slow_ms * math.log(1.0 - way))
