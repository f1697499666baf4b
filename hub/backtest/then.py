"""The facts of then, batch by batch: from the log, or made again of the embedded history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import msgspec

from devices.facts import Fact, Tick
from devices.series import TAP
from hub.history.duck import DuckHistory
from hub.history.duck_layout import HOUR_MS
from hub.history.past import MEASUREMENTS, Past
from hub.history.typed import END_OF_TIME_MS
from hub.log.reader import LogReader
from hub.log.sieve import Sieve

STEP: Final = 10_000  # facts
_VALUES: Final = 5  # of a reading, about
_DAY_MS: Final = 86_400_000
# Told how much of the whole is done, from 0 to 1.
Tell: TypeAlias = Callable[[float], None]


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Facts in order, and how many there were when those that nobody wanted are counted too."""

    facts: Sequence[Fact]
    count: int


class Then(Protocol):
    """Facts of a time that is over; picklable, so that several processes read the same ones."""

    @property
    def size(self) -> int:
        """About how many facts there are."""

    def batches(self, sieve: Sieve | None, tell: Tell) -> Iterator[Batch]:
        """What the sieve lets through (None: all), in order. The batches are the same for all sieves."""


class OfLog(msgspec.Struct, frozen=True):
    """What arrived from `from_ms` up to, not including, `to_ms`, among the facts after number `after` up to
    `last`: a hub may write on. Reading raises LogFaultError."""

    path: Path
    from_ms: int
    to_ms: int | None
    after: int
    last: int

    @property
    def size(self) -> int:
        """At most so many."""
        return max(0, self.last - self.after)

    def batches(self, sieve: Sieve | None, tell: Tell) -> Iterator[Batch]:
        """Stretches of the log; those in which the time begins or ends are decoded whole."""
        log = LogReader(self.path)
        try:
            cursor = self.after
            while cursor < self.last:
                limit = min(STEP, self.last - cursor)
                cursor, batch = self._next(log, cursor, limit, sieve)
                if not batch:
                    return
                yield batch
                tell((cursor - self.after) / self.size)
        finally:
            log.close()

    def _next(self, log: LogReader, cursor: int, limit: int, sieve: Sieve | None) -> tuple[int, Batch | None]:
        """The new cursor, and what was read; None: there is no more."""
        if sieve is not None:
            sifted = log.sifted_after(cursor, limit, sieve)
            if not sifted.count:
                return cursor, None
            if self._holds(sifted.first_ms) and self._holds(sifted.last_ms):
                return sifted.last, Batch(sifted.facts, sifted.count)
        stretch = log.after(cursor, limit)
        if not stretch:
            return cursor, None
        facts: Sequence[Fact] = stretch.facts
        if not (self._holds(facts[0].received_at_ms) and self._holds(facts[-1].received_at_ms)):
            facts = [fact for fact in facts if self._holds(fact.received_at_ms)]
        wanted = facts if sieve is None else [fact for fact in facts if sieve.wants(fact)]
        return stretch.last, Batch(wanted, len(facts))

    def _holds(self, at_ms: int) -> bool:
        return at_ms >= self.from_ms and (self.to_ms is None or at_ms < self.to_ms)


def of_log(path: Path, from_ms: int, to_ms: int | None) -> OfLog:
    """As much as the log has now. Raises LogFaultError."""
    log = LogReader(path)
    try:
        last = log.newest_seq() if to_ms is None else log.before_day_of(to_ms + _DAY_MS)
        return OfLog(path, from_ms, to_ms, log.before_day_of(from_ms), last)
    finally:
        log.close()


class OfHistory(msgspec.Struct, frozen=True):
    """What the history's raw values tell of the `hours` (their starts) in [from_ms, to_ms).

    Reading raises HistoryUnavailableError; several may read at a time, but no hub meanwhile."""

    path: Path
    from_ms: int
    to_ms: int
    hours: tuple[int, ...]
    size: int

    def batches(self, sieve: Sieve | None, tell: Tell) -> Iterator[Batch]:
        """Hour by hour."""
        history = DuckHistory(self.path, reads_only=True)
        try:
            past = Past(max(self.from_ms, self.hours[0]) if self.hours else self.from_ms)
            for number, hour_ms in enumerate(self.hours, 1):
                start_ms, until_ms = max(hour_ms, self.from_ms), min(hour_ms + HOUR_MS, self.to_ms)
                yield self._batch(history, past, start_ms, until_ms, sieve)
                tell(number / len(self.hours))
        finally:
            history.close()

    def _batch(
        self, history: DuckHistory, past: Past, start_ms: int, until_ms: int, sieve: Sieve | None
    ) -> Batch:
        if sieve is None:
            facts = list(past.facts(history.raw_points(start_ms, until_ms), until_ms))
            return Batch(facts, len(facts))

        def wants(measurement: str, device: str) -> bool:
            return device in sieve.devices or (sieve.all_taps and measurement == TAP)

        moments = history.raw_moments(start_ms, until_ms, MEASUREMENTS)
        points = history.raw_points(start_ms, until_ms, wants)
        heard = [at_ms for at_ms, _ in moments]
        facts = list(past.facts(points, until_ms, heard))
        ticks = sum(isinstance(fact, Tick) for fact in facts)
        return Batch(facts, sum(count for _, count in moments) + ticks)


def of_history(path: Path, from_ms: int, to_ms: int | None) -> OfHistory:
    """As much as the history has. Raises HistoryUnavailableError, also while a hub holds it."""
    end_ms = END_OF_TIME_MS if to_ms is None else to_ms
    history = DuckHistory(path)
    try:
        size = history.raw_count(from_ms, end_ms) // _VALUES
        return OfHistory(path, from_ms, end_ms, history.raw_hours(from_ms, end_ms), size)
    finally:
        history.close()
