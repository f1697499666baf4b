"""What is watched on one device, and the calm things that it said since its watches were last stepped."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from rules.calm import Band, band_of, mark_ms, shared
from rules.course import Room, is_steady
from rules.model import ClockWrong, Held, Phase, Silent, Spread, State, Watch
from rules.reach import hears_life, hears_ticks, quantities_of

# A line is the sign of life (received at, ms), then for each quantity its mark (ms) and its value, then for
# each course and for each comparison what it needs.
HEARD: Final = 0
NOT_QUIET: Final = -math.inf  # as HEARD: each sign of life has to be stepped
NOBODY: Final = math.inf  # as HEARD: no watch of silence
RESTLESS: Final = math.inf  # as a mark, and as LOW of a course: each reading has to be stepped
SHOWN: Final = math.nan  # as a value: the states know of it

# Where a course's numbers lie in the line, from its own place on.
FROM_MS: Final = 0  # readings up to then are known, and earlier ones are late
LOW: Final = 1
HIGH: Final = 2
UNTIL_MS: Final = 3
_SHOWN_MS: Final = 4  # readings up to then are in the states of its watches
_COURSE: Final = (-1.0, RESTLESS, -math.inf, -math.inf, -1.0)
# And a comparison's: a mark (ms), and how far its values were apart (%).
_COMPARISON: Final = (RESTLESS, SHOWN)

_ROWS: Final = 96  # readings kept of courses, before their watches remember them
_EVER_MS: Final = 1 << 62  # the patience where nobody waits for signs of life

# Numbers side by side in memory, and not an object each: of many devices the next is never in the cache.
Line: TypeAlias = "array[float]"  # array's type takes no parameter while the program runs
# For each quantity: its mark's place in the line, the band of its calm values (low, high, excluded), and the
# type that no calm value has: of a number `bool`, of a yes or no `float`.
Bands: TypeAlias = dict[str, tuple[int, float, float, tuple[float, ...], type]]


class Overheard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device's line as it is kept in the book, with the quantities that it is about."""

    device: str
    quantities: tuple[str, ...]
    line: list[int | float | bool]


class Plan(msgspec.Struct, frozen=True, gc=False):
    """How the lines of devices that are watched alike are read.

    `courses`: of each its quantity and its place in the line; `comparisons`: of each its condition and its
    place; `full`: how many numbers `WatchedDevice.kept` may hold."""

    bands: Bands
    courses: tuple[tuple[str, int], ...]
    comparisons: tuple[tuple[Spread, int], ...]
    full: int
    fresh: tuple[float, ...]  # a line before anything is known


class Course(msgspec.Struct, frozen=True, gc=False):
    """What one quantity says in the room of its watches (`rules.course`).

    `at`: its place in the line; `column`: in the rows that are kept."""

    watches: tuple[Watch, ...]
    at: int
    column: int


class WatchedDevice:
    """One device. `line` is what it said calmly, read as `plan` says.

    `kept`: a row for each reading: its time (ms) and the value of each course, NaN where there is none that
    the course's watches do not know yet.

    `listeners`: the watches that hear each sign of life, of which `silences` judge by it; `watches`: those
    with calm values, by quantity; `courses`, `comparisons`: those that remember more of a reading; `clocks`:
    those of its clock, which need each fact while it is wrong, or while `clock_wrong`; `restless`: those that
    judge each reading, of its own and as parts of others; `ticking`: those to which ticks matter while they
    are not QUIET."""

    __slots__ = (
        "clock_wrong",
        "clocks",
        "comparisons",
        "courses",
        "id",
        "kept",
        "line",
        "listeners",
        "patience_ms",
        "plan",
        "restless",
        "silences",
        "ticking",
        "watches",
    )

    def __init__(self, id_: str, watches: Iterable[Watch], known: dict[str, Plan]) -> None:
        """`known` is for sharing: devices are many, and most are watched alike."""
        self.id = id_
        self.silences: tuple[Watch, ...] = ()
        self.listeners: tuple[Watch, ...] = ()
        self.restless: tuple[Watch, ...] = ()
        self.ticking: tuple[Watch, ...] = ()
        self.watches: dict[str, tuple[Watch, ...]] = {}
        self.clocks: tuple[Watch, ...] = ()
        bands: dict[str, list[Band]] = {}
        compared: list[tuple[Watch, Spread]] = []
        steady: dict[str, list[Watch]] = {}
        for watch in watches:
            if hears_life(watch.condition):
                self.listeners += (watch,)
            if hears_ticks(watch) and watch.subject == id_ and not isinstance(watch.condition, Silent):
                self.ticking += (watch,)
            if isinstance(watch.condition, Silent):
                self.silences += (watch,)
            elif (band := band_of(watch.condition)) is not None:
                bands.setdefault(band.quantity, []).append(band)
                self.watches[band.quantity] = (*self.watches.get(band.quantity, ()), watch)
            elif isinstance(watch.condition, ClockWrong):
                self.clocks += (watch,)
            elif is_steady(watch.condition):
                steady.setdefault(quantities_of(watch.condition)[0], []).append(watch)
            elif isinstance(watch.condition, Spread):
                compared.append((watch, watch.condition))
            else:
                self.restless += (watch,)
        self.plan = _plan(map(shared, bands.values()), steady, [spread for _, spread in compared], known)
        self.courses = tuple(
            Course(tuple(those), at, column)
            for column, (those, (_, at)) in enumerate(
                zip(steady.values(), self.plan.courses, strict=True), start=1
            )
        )
        self.comparisons = tuple(
            (watch, at) for (watch, _), (_, at) in zip(compared, self.plan.comparisons, strict=True)
        )
        # The shortest of several is right for all: who is not calm to it is judged by each one's own.
        self.patience_ms = min((_patience_ms(watch) for watch in self.silences), default=_EVER_MS)
        self.line: Line = array("d", self.plan.fresh)
        self.kept: Line = array("d")
        self.clock_wrong = bool(self.clocks)  # until the first fact shows whether it is

    def all_watches(self) -> Iterable[Watch]:
        """Every watch, those of silence first, without those of which it is but a part."""
        yield from self.silences
        for watches in self.watches.values():
            yield from watches
        for course in self.courses:
            yield from course.watches
        yield from (watch for watch, _ in self.comparisons)
        yield from self.clocks
        yield from (watch for watch in self.restless if watch.subject == self.id)

    def ticking_by_mark(self) -> dict[int, list[Watch]]:
        """The watches to which ticks matter, by the place in the line that is RESTLESS whenever one of them
        is not QUIET; 0: those that have none."""
        found: dict[int, list[Watch]] = {}
        for watch in self.ticking:
            found.setdefault(self._mark_of(watch), []).append(watch)
        return found

    def _mark_of(self, watch: Watch) -> int:
        for name, those in self.watches.items():
            if watch in those:
                return self.plan.bands[name][0]
        for course in self.courses:
            if watch in course.watches:
                return course.at + LOW
        return next((at for one, at in self.comparisons if one is watch), 0)

    def overheard(self) -> Overheard:
        """What the line tells of signs of life and of quantities."""
        return Overheard(self.id, tuple(self.watches), self.line[: 1 + 2 * len(self.watches)].tolist())

    def settle(self, course: Course, room: Room | None, from_ms: int) -> None:
        """What is calm from now on to a course whose watches know all of it; None: nothing."""
        low, high, until_ms = (
            (RESTLESS, -math.inf, -math.inf) if room is None else (room.low, room.high, room.until_ms)
        )
        at = course.at
        self.line[at : at + len(_COURSE)] = array("d", (from_ms, low, high, until_ms, from_ms))

    def take_out(self, course: Course) -> tuple[list[float], list[float]]:
        """The times (ms) and values kept of a course, which are kept no longer; its room stays."""
        line, at = self.line, course.at
        if line[at + FROM_MS] == line[at + _SHOWN_MS]:
            return [], []
        line[at + _SHOWN_MS] = line[at + FROM_MS]
        stride = 1 + len(self.courses)
        values = self.kept[course.column :: stride]
        times_ms = self.kept[::stride][
            : len(values)
        ]  # the row of a reading that is being judged is not whole
        self.kept[course.column :: stride] = array("d", [math.nan]) * len(values)
        if math.isnan(sum(values)):
            found = [pair for pair in zip(times_ms, values, strict=True) if not math.isnan(pair[1])]
            return [at_ms for at_ms, _ in found], [value for _, value in found]
        return times_ms.tolist(), values.tolist()


def heard_of(listeners: Iterable[tuple[Watch, State]]) -> float:
    """What a line says of signs of life when the states of those that hear them know all of it."""
    listeners = tuple(listeners)
    if not listeners:
        return NOBODY
    if any(is_silenced(watch, state) for watch, state in listeners):
        return NOT_QUIET
    # Watches that do not agree, as after a change of rules, do after the next sign of life.
    heard = {state.heard_ms for _, state in listeners}
    return heard.pop() if len(heard) == 1 else NOT_QUIET


def is_silenced(watch: Watch, state: State) -> bool:
    """Whether the next sign of life is news to a watch: one of silence has raised its alert."""
    return state.phase is not Phase.QUIET and not isinstance(watch.condition, Held)


def mark_of(states: Iterable[State]) -> float:
    """A line's mark for a quantity when the states of its watches know all of it."""
    states = tuple(states)
    if any(state.phase is not Phase.QUIET or state.clock_moved_ms for state in states):
        return RESTLESS
    return max(map(mark_ms, states))


def _plan(
    bands: Iterable[Band], steady: Iterable[str], spreads: Iterable[Spread], known: dict[str, Plan]
) -> Plan:
    fresh = [NOBODY]
    of_quantities: Bands = {}
    for band in bands:
        of_quantities[band.quantity] = (
            len(fresh),
            band.low,
            band.high,
            band.excluded,
            float if band.is_flag else bool,
        )
        fresh += (RESTLESS, SHOWN)
    courses: list[tuple[str, int]] = []
    for quantity in steady:
        courses.append((quantity, len(fresh)))
        fresh += _COURSE
    comparisons: list[tuple[Spread, int]] = []
    for spread in spreads:
        comparisons.append((spread, len(fresh)))
        fresh += _COMPARISON
    full = _ROWS * (1 + len(courses))
    made = Plan(of_quantities, tuple(courses), tuple(comparisons), full, tuple(fresh))
    return known.setdefault(repr(made), made)


def _patience_ms(watch: Watch) -> int:
    return watch.condition.after_ms if isinstance(watch.condition, Silent) else 0
