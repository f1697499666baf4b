"""What ingest has counted since the hub started; shown on the pages and in the metrics."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hub.log.model import Fate


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
