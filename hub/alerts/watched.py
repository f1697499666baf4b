"""What is watched on one device, and the calm things that it said since its watches were last stepped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from rules.calm import Band, band_of, mark_ms, shared
from rules.model import Phase, Silent, State, Watch

# A line is the sign of life (received at, ms), then for each quantity its mark (ms) and its value.
HEARD: Final = 0
NOT_QUIET: Final = -math.inf  # as HEARD: each sign of life has to be stepped
NOBODY: Final = math.inf  # as HEARD: no watch of silence
RESTLESS: Final = math.inf  # as a mark: each reading has to be stepped
SHOWN: Final = math.nan  # as a value: the states know of it

Line: TypeAlias = list[int | float]
# For each quantity: its mark's place in the line, and the band of its calm values (low, high, excluded).
Bands: TypeAlias = dict[str, tuple[int, float, float, tuple[float, ...]]]


class Overheard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device's line as it is kept in the book, with the quantities that it is about."""

    device: str
    quantities: tuple[str, ...]
    line: Line


class WatchedDevice:
    """One device. `line` is what it said calmly, `kept` is `line` as it was before the batch `turn`."""

    __slots__ = ("bands", "id", "kept", "line", "patience_ms", "silences", "turn", "watches")

    def __init__(self, id_: str, watches: Iterable[Watch], known_bands: dict[str, Bands]) -> None:
        """`known_bands` is for sharing: devices are many, and most are watched alike."""
        self.id = id_
        self.silences: tuple[Watch, ...] = ()
        self.watches: dict[str, tuple[Watch, ...]] = {}
        bands: dict[str, list[Band]] = {}
        for watch in watches:
            if isinstance(watch.condition, Silent):
                self.silences += (watch,)
            elif (band := band_of(watch.condition)) is not None:
                bands.setdefault(band.quantity, []).append(band)
                self.watches[band.quantity] = (*self.watches.get(band.quantity, ()), watch)
        self.bands = _bands(map(shared, bands.values()), known_bands)
        # The shortest of several is right for all: who is not calm to it is judged by each one's own.
        self.patience_ms = min((_patience_ms(watch) for watch in self.silences), default=0)
        self.line: Line = [NOBODY] + [RESTLESS, SHOWN] * len(self.watches)
        self.kept = self.line
        self.turn = 0

    def all_watches(self) -> Iterable[Watch]:
        """Every watch, those of silence first."""
        yield from self.silences
        for watches in self.watches.values():
            yield from watches

    def open(self, turn: int) -> None:
        """Before the line is changed in a turn."""
        if self.turn != turn:
            self.turn = turn
            self.kept = self.line.copy()


def heard_of(states: Iterable[State]) -> float:
    """What a line says of signs of life when the states of the watches of silence know all of it."""
    states = tuple(states)
    if not states:
        return NOBODY
    if any(state.phase is not Phase.QUIET for state in states):
        return NOT_QUIET
    # Watches that do not agree, as after a change of rules, do after the next sign of life.
    return states[0].heard_ms if len({state.heard_ms for state in states}) == 1 else NOT_QUIET


def mark_of(states: Iterable[State]) -> float:
    """A line's mark for a quantity when the states of its watches know all of it."""
    states = tuple(states)
    if any(state.phase is not Phase.QUIET for state in states):
        return RESTLESS
    return max(map(mark_ms, states))


def _bands(bands: Iterable[Band], known: dict[str, Bands]) -> Bands:
    made = {
        band.quantity: (1 + 2 * number, band.low, band.high, band.excluded)
        for number, band in enumerate(bands)
    }
    return known.setdefault(repr(made), made)


def _patience_ms(watch: Watch) -> int:
    return watch.condition.after_ms if isinstance(watch.condition, Silent) else 0
