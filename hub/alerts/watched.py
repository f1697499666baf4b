"""What is watched on one device, and the calm things that it said since its watches were last stepped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from rules.calm import Band, band_of, mark_ms, shared
from rules.model import Held, Phase, Silent, State, Watch
from rules.reach import hears_life, hears_ticks

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


class WatchedDevice:
    """One device. `line` is what it said calmly, `kept` is `line` as it was before the batch `turn`.

    `listeners`: the watches that hear each sign of life, of which `silences` judge by it; `watches`: those
    with calm values, by quantity; `restless`: those that judge each reading, of its own and as parts of
    others; `ticking`: those to which ticks matter while they are not QUIET."""

    __slots__ = (
        "bands",
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
        bands: dict[str, list[Band]] = {}
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
            else:
                self.restless += (watch,)
        self.bands = _bands(map(shared, bands.values()), known_bands)
        # The shortest of several is right for all: who is not calm to it is judged by each one's own.
        self.patience_ms = min((_patience_ms(watch) for watch in self.silences), default=_EVER_MS)
        self.line: Line = [NOBODY] + [RESTLESS, SHOWN] * len(self.watches)
        self.kept = self.line
        self.turn = 0

    def all_watches(self) -> Iterable[Watch]:
        """Every watch, those of silence first, without those of which it is but a part."""
        yield from self.silences
        for watches in self.watches.values():
            yield from watches
        yield from (watch for watch in self.restless if watch.subject == self.id)

    def open(self, turn: int) -> None:
        """Before the line is changed in a turn."""
        if self.turn != turn:
            self.turn = turn
            self.kept = self.line.copy()


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
