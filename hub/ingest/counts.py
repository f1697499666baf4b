"""What ingest has counted since the hub started; shown on the pages and in the metrics."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf

from hub.log.model import Fate


@dataclass(slots=True)
class Times:
    """How long something took, in seconds: how often up to each of `limits`, and the sum. Of one thread."""

    limits: tuple[float, ...]
    sum_s: float = 0.0
    _within: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._within = [0] * (len(self.limits) + 1)

    def add(self, time_s: float) -> None:
        """One more."""
        self.sum_s += time_s
        self._within[bisect_left(self.limits, time_s)] += 1

    def buckets(self) -> list[tuple[float, int]]:
        """For each limit, and then for any time, how often it took at most so long."""
        return list(zip((*self.limits, inf), accumulate(self._within), strict=True))


@dataclass(slots=True)
class Counts:
    """Plain counters; each is written by one thread, but `letters` by several, through `died`."""

    messages: int = 0
    refused: int = 0  # no room in the inbox: left with the broker
    log_faults: int = 0
    facts: Counter[Fate] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    flooded: int = 0  # messages beyond their sender's limit, acknowledged and not kept
    connections: int = 0
    disconnections: int = 0
    replies: int = 0  # answers to taps that were handed to the broker
    replies_dropped: Counter[str] = field(default_factory=Counter)  # taps that were not answered, by reason
    reply_times: Times = field(default_factory=lambda: Times((0.05, 0.1, 0.3, 1.0, 3.0)))
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def died(self, reasons: Iterable[str]) -> None:
        """Counts dead letters by their reasons; for any thread."""
        with self._counting:
            self.letters.update(reasons)

    def fates(self, fates: Sequence[Fate]) -> None:
        """Counts what became of a batch."""
        for fate in Fate:
            if found := fates.count(fate):
                self.facts[fate] += found
