"""Which counts of SUN tags are used, and by which tap; kept in the log's own transactions with the taps.

A tag's count belongs to the first tap that brings it (`rules.counters`). What a tap was judged to be stands
in the log with it and is not judged again, whatever has come since. These counts outlive the facts: retention
must not make old messages new.
"""

from __future__ import annotations

from typing import Final

import apsw
from msgspec.structs import replace

from devices.facts import Fact, Tap, Trust
from hub.log.model import Claim
from rules.counters import Counters, CounterUse, Used, judge

TABLES: Final = """
CREATE TABLE IF NOT EXISTS tag_counts (
  chip TEXT NOT NULL, counter INTEGER NOT NULL, tap TEXT NOT NULL, PRIMARY KEY (chip, counter))
  WITHOUT ROWID;
"""
_PUT: Final = "INSERT OR REPLACE INTO tag_counts VALUES (?, ?, ?)"
_NO_TAP: Final = ""  # stands at the count up to which all are forgotten
_REFUSED: Final = frozenset({CounterUse.REPLAY, CounterUse.FORGOTTEN})


class Claims:
    """Judges the counts that taps have proved. Of a batch that is not committed it remembers nothing."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self._committed: dict[str, Counters] = {}
        self._fresh: dict[str, Counters] = {}
        self._new: list[tuple[str, int, str]] = []

    def judged(self, tap: Tap, claim: Claim, known: Fact | None) -> Tap:
        """The tap with what its count is worth. `known`: what stands in the log under its key."""
        if isinstance(known, Tap) and known.counter == claim.counter:
            return replace(tap, trust=known.trust, refused=known.refused, counter=claim.counter)
        before = self._fresh.get(claim.chip) or self._counters(claim.chip)
        after, judgement = judge(before, claim.counter, claim.tap)
        if after is not before:
            self._new.append((claim.chip, claim.counter, claim.tap))
        self._fresh[claim.chip] = after
        if judgement.use in _REFUSED:
            return replace(tap, trust=Trust.UID, refused=judgement.use.value, counter=claim.counter)
        return replace(tap, trust=Trust.SUN, refused="", counter=claim.counter)

    def save(self) -> None:
        """Writes what is new, within the caller's transaction."""
        if not self._new:
            return
        self._db.executemany(_PUT, self._new)
        for chip in {chip for chip, _, _ in self._new}:
            forgotten_to = self._fresh[chip].forgotten_to
            if forgotten_to > self._counters(chip).forgotten_to:
                self._db.execute(
                    "DELETE FROM tag_counts WHERE chip = ? AND counter < ?", (chip, forgotten_to)
                )
                self._db.execute(_PUT, (chip, forgotten_to, _NO_TAP))

    def end_batch(self, *, committed: bool) -> None:
        """The batch is on the disk, or taken back."""
        if committed:
            self._committed.update(self._fresh)
        self._fresh.clear()
        self._new.clear()

    def _counters(self, chip: str) -> Counters:
        known = self._committed.get(chip)
        if known is None:
            known = self._committed[chip] = load(self._db, chip)
        return known


def load(connection: apsw.Connection, chip: str) -> Counters:
    """What is remembered of one tag. Raises apsw.Error."""
    rows = connection.execute(
        "SELECT counter, tap FROM tag_counts WHERE chip = ? ORDER BY counter", (chip,)
    ).fetchall()
    used = tuple(Used(int(str(counter)), str(tap)) for counter, tap in rows)
    forgotten_to = max((one.counter for one in used if one.tap == _NO_TAP), default=-1)
    return Counters(tuple(one for one in used if one.tap != _NO_TAP), forgotten_to)
