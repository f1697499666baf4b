"""What is watched on one device, and the calm things that it said since its watches were last stepped."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from devices.facts import Reading, Value
from rules.calm import Band, band_of, mark_ms, shared
from rules.course import Room, is_steady
from rules.model import ClockWrong, Held, Phase, Silent, Spread, State, Watch
from rules.reach import hears_life, hears_ticks, quantities_of

# A line is the sign of life (received at, ms), then for each quantity its mark (ms) and its value.
HEARD: Final = 0
NOT_QUIET: Final = -math.inf  # as HEARD: each sign of life has to be stepped
NOBODY: Final = math.inf  # as HEARD: no watch of silence
RESTLESS: Final = math.inf  # as a mark: each reading has to be stepped
SHOWN: Final = math.nan  # as a value: the states know of it

# Places in what a course keeps.
FROM_MS: Final = 0
LOW: Final = 1
HIGH: Final = 2
UNTIL_MS: Final = 3
KEPT: Final = 4  # from here on: time and value of each reading
_NOWHERE: Final = (-1.0, math.inf, -math.inf, -math.inf)

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


class Course:
    """What one quantity said in the room of its watches (`rules.course`) since they were last stepped.

    `kept`: FROM_MS (earlier readings are late), LOW above HIGH (each reading has to be stepped) or the room,
    UNTIL_MS, and then the time and the value of each reading."""

    __slots__ = ("kept", "quantity", "watches")

    def __init__(self, quantity: str, watches: tuple[Watch, ...]) -> None:
        self.quantity = quantity
        self.watches = watches
        self.kept = array("d", _NOWHERE)

    def settle(self, room: Room | None, from_ms: int) -> None:
        """What is calm from now on; None: nothing. What was kept is dropped."""
        bounds = _NOWHERE[LOW:] if room is None else (room.low, room.high, room.until_ms)
        self.kept = array("d", (from_ms, *bounds))

    def take_out(self) -> tuple[list[float], list[float]]:
        """The times (ms) and values kept, which are kept no longer; the room stays."""
        kept = self.kept
        times_ms, values = kept[KEPT::2].tolist(), kept[KEPT + 1 :: 2].tolist()
        self.kept = kept[:KEPT]
        return times_ms, values


class Comparison:
    """What a watch of several quantities (`Spread`) last said calmly: `reading`, since it was last stepped.

    `from_ms`: earlier readings are late, and with infinity each has to be stepped."""

    __slots__ = ("condition", "from_ms", "names", "reading", "watch")

    def __init__(self, watch: Watch, condition: Spread) -> None:
        self.watch = watch
        self.condition = condition
        self.names = condition.quantities
        self.from_ms: float = math.inf
        self.reading: Reading | None = None

    def is_calm(self, of: Mapping[str, Value]) -> bool:
        """Whether these values, each a plausible number, are close enough together."""
        condition = self.condition
        values = [of[name] for name in self.names]
        mean = sum(values) / len(values)
        if not mean > 0 or mean < condition.least:
            return True
        return max(max(values) - mean, mean - min(values)) / mean * 100 <= condition.limit

    def is_told(self, of: Mapping[str, Value]) -> bool:
        """Whether a reading gives all of the quantities, as numbers that a sensor can mean."""
        low, high = self.condition.valid_low, self.condition.valid_high
        for name in self.names:
            value = of.get(name)
            if value is None or value.__class__ is bool or not low <= value <= high:
                return False
        return True


class WatchedDevice:
    """One device. `line` is what it said calmly.

    `listeners`: the watches that hear each sign of life, of which `silences` judge by it; `watches`: those
    with calm values, by quantity; `courses`, `comparisons`: those that remember more of a reading; `clocks`:
    those of its clock, which need each fact while it is wrong, or while `clock_wrong`; `restless`: those that
    judge each reading, of its own and as parts of others; `ticking`: those to which ticks matter while they
    are not QUIET."""

    __slots__ = (
        "bands",
        "clock_wrong",
        "clocks",
        "comparisons",
        "courses",
        "id",
        "line",
        "listeners",
        "patience_ms",
        "restless",
        "silences",
        "ticking",
        "watches",
    )

    def __init__(self, id_: str, watches: Iterable[Watch], known_bands: dict[str, Bands]) -> None:
        """`known_bands` is for sharing: devices are many, and most are watched alike."""
        self.id = id_
        self.silences: tuple[Watch, ...] = ()
        self.listeners: tuple[Watch, ...] = ()
        self.restless: tuple[Watch, ...] = ()
        self.ticking: tuple[Watch, ...] = ()
        self.watches: dict[str, tuple[Watch, ...]] = {}
        self.comparisons: tuple[Comparison, ...] = ()
        self.clocks: tuple[Watch, ...] = ()
        bands: dict[str, list[Band]] = {}
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
                self.comparisons += (Comparison(watch, watch.condition),)
            else:
                self.restless += (watch,)
        self.courses = tuple(Course(quantity, tuple(those)) for quantity, those in steady.items())
        self.bands = _bands(map(shared, bands.values()), known_bands)
        # The shortest of several is right for all: who is not calm to it is judged by each one's own.
        self.patience_ms = min((_patience_ms(watch) for watch in self.silences), default=_EVER_MS)
        self.line: Line = array("d", [NOBODY] + [RESTLESS, SHOWN] * len(self.watches))
        self.clock_wrong = bool(self.clocks)  # until the first fact shows whether it is

    def all_watches(self) -> Iterable[Watch]:
        """Every watch, those of silence first, without those of which it is but a part."""
        yield from self.silences
        for watches in self.watches.values():
            yield from watches
        for course in self.courses:
            yield from course.watches
        yield from (comparison.watch for comparison in self.comparisons)
        yield from self.clocks
        yield from (watch for watch in self.restless if watch.subject == self.id)

    def mark_of(self, watch: Watch) -> int:
        """The place in the line of the mark of a watch with calm values; 0: it has none."""
        places = (self.bands[name][0] for name, those in self.watches.items() if watch in those)
        return next(places, 0)


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


def _bands(bands: Iterable[Band], known: dict[str, Bands]) -> Bands:
    made: Bands = {
        band.quantity: (
            1 + 2 * number,
            band.low,
            band.high,
            band.excluded,
            float if band.is_flag else bool,
        )
        for number, band in enumerate(bands)
    }
    return known.setdefault(repr(made), made)


def _patience_ms(watch: Watch) -> int:
    return watch.condition.after_ms if isinstance(watch.condition, Silent) else 0
