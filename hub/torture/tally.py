"""What of the messages is in the log, and how often; read while the hub still writes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from devices.facts import Reading
from hub.log.model import LogFaultError
from hub.log.reader import LogReader
from hub.torture.traffic import Traffic

_BATCH: Final = 5_000


class Tally:
    """Counts the facts of the log by the message they came from."""

    def __init__(self, log: Path, traffic: Traffic, vfs: str | None = None) -> None:
        """`vfs`: SQLite's way to the file, if it is on a disk of the hub's own."""
        self._path = log
        self._vfs = vfs
        self._traffic = traffic
        self._seq = 0
        self.times_seen = bytearray(traffic.messages)
        self.distinct = 0
        self.facts = 0
        self.strange: list[str] = []  # facts that nobody sent

    def catch_up(self) -> None:
        """Reads what is new."""
        try:
            log = LogReader(self._path, vfs=self._vfs)
        except LogFaultError:
            return  # the hub has not made it yet
        try:
            while batch := log.after(self._seq, _BATCH):
                for fact in batch.facts:
                    if isinstance(fact, Reading):
                        self._count(fact)
                self._seq = batch.last
        finally:
            with suppress(apsw.Error):  # the last to leave tidies up, and may not
                log.close()

    def _count(self, fact: Reading) -> None:
        self.facts += 1
        index = self._traffic.index_of(fact)
        if (
            index is None
            or not 0 <= index < len(self.times_seen)
            or fact.device != self._traffic.device(index)
        ):
            self.strange.append(f"{fact.device} {fact.key}")
            return
        self.distinct += self.times_seen[index] == 0
        self.times_seen[index] = min(255, self.times_seen[index] + 1)
