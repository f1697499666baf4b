"""What is watched on one device, and the calm things that it said since its watches were last stepped."""

from __future__ import annotations

import math
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

_EVER_MS: Final = 1 << 62  # the patience where nobody waits for signs of life

Line: TypeAlias = list[int | float | bool]
# For each quantity: its mark's place in the line, the band of its calm values (low, high, excluded), and the
# type that no calm value has: of a number `bool`, of a yes or no `float`.
Bands: TypeAlias = dict[str, tuple[int, float, float, tuple[float, ...], type]]


class Overheard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device's line as it is kept in the book, with the quantities that it is about."""

    device: str
    quantities: tuple[str, ...]
    line: Line


class Course:
    """What one quantity said in the room of its watches (`rules.course`) since they were last stepped.

    `from_ms`: earlier readings are late. `low` above `high`: each reading has to be stepped."""

    __slots__ = ("_kept", "from_ms", "high", "low", "quantity", "times_ms", "until_ms", "values", "watches")

    def __init__(self, quantity: str, watches: tuple[Watch, ...]) -> None:
        self.quantity = quantity
        self.watches = watches
        self.times_ms: list[int] = []
        self.values: list[float] = []
        self.from_ms = -1
        self.settle(None, -1)
        self.hold()

    def settle(self, room: Room | None, from_ms: int) -> None:
        """What is calm from now on; None: nothing."""
        self.low, self.high, self.until_ms = (
            (math.inf, -math.inf, -math.inf) if room is None else (room.low, room.high, room.until_ms)
        )
        self.from_ms = from_ms

    def hold(self) -> None:
        """Keeps itself in mind as it is; lists only grow, or are replaced by new ones."""
        self._kept = (
            *(self.times_ms, self.values, len(self.times_ms)),
            *(self.low, self.high, self.until_ms, self.from_ms),
        )

    def go_back(self) -> None:
        """As it was at `hold`."""
        self.times_ms, self.values, count, self.low, self.high, self.until_ms, self.from_ms = self._kept
        del self.times_ms[count:], self.values[count:]


class Comparison:
    """What a watch of several quantities (`Spread`) last said calmly: `reading`, since it was last stepped.

    `from_ms`: earlier readings are late, and with infinity each has to be stepped."""

    __slots__ = ("_kept", "condition", "from_ms", "names", "reading", "watch")

    def __init__(self, watch: Watch, condition: Spread) -> None:
        self.watch = watch
        self.condition = condition
        self.names = condition.quantities
        self.from_ms: float = math.inf
        self.reading: Reading | None = None
        self.hold()

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

    def hold(self) -> None:
        """Keeps itself in mind as it is."""
        self._kept = (self.from_ms, self.reading)

    def go_back(self) -> None:
        """As it was at `hold`."""
        self.from_ms, self.reading = self._kept


class WatchedDevice:
    """One device. `line` is what it said calmly, `kept` is `line` as it was before the batch `turn`.

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
        "kept",
        "line",
        "listeners",
        "patience_ms",
        "restless",
        "silences",
        "ticking",
        "turn",
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
        self.line: Line = [NOBODY] + [RESTLESS, SHOWN] * len(self.watches)
        self.kept = self.line
        self.turn = 0
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

    def open(self, turn: int) -> None:
        """Before the line is changed in a turn."""
        if self.turn != turn:
            self.turn = turn
            self.kept = self.line.copy()
            self.hold()

    def hold(self) -> None:
        """Keeps courses and comparisons in mind as they are."""
        for course in self.courses:
            course.hold()
        for comparison in self.comparisons:
            comparison.hold()

    def go_back(self) -> None:
        """As before the turn."""
        self.line = self.kept
        self.clock_wrong = bool(self.clocks)
        for course in self.courses:
            course.go_back()
        for comparison in self.comparisons:
            comparison.go_back()


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
    if any(state.phase is not Phase.QUIET for state in states):
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
