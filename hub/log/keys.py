"""Which facts the log holds, by key: the same key is one fact, on whatever day it comes again.

New facts stay in memory (`recent`) until some thousand have come together, then their key hashes are
written as one sorted run at the end of the day's key table (up to `state.keyed_seq`). One B-tree of random
keys would instead touch a page for every fact: at three million facts that is most of the cost of a commit,
and wears an SD card out.
The price is a search of every run; marks make it rare, and a hit is checked against the fact's own key.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import apsw

from devices.facts import Fact
from hub.log import body, schema
from hub.log.folding import Folding
from hub.log.marks import Marks, place_of

RUN: Final = 8_192
_FACTS_A_DEVICE: Final = 20
_DAY_MS: Final = 86_400_000
_LAST_MS: Final = 253_402_300_799_000  # the end of year 9999


def hash_of(key: str) -> int:
    """A key's 64-bit hash, signed as SQLite's integers are. Collisions are hard to make."""
    return int.from_bytes(_digest(key), "big", signed=True)


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()


def day_of(at_ms: int) -> str:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(max(at_ms, 0) / 1000, UTC).strftime("%Y%m%d")


class Keys:
    """The keys of all facts. Raises apsw.Error, and msgspec.MsgspecError for a damaged body."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self.marks = Marks(connection)
        self.recent: dict[str, Fact] = {}
        self._folding = Folding()  # of the facts since `folded_seq`
        self._folded = 0
        self._saves_all = False
        self.is_loaded = False  # whether memory is as the file says; if not, it must not be used
        self.days: list[tuple[str, int]] = []  # each day with its first sequence number

    def load(self) -> None:
        """Reads what the file says, and the facts that were not folded yet."""
        self.is_loaded = False
        rows = self._db.execute("SELECT day, first_seq FROM days ORDER BY day")
        self.days = [(str(day), int(str(first))) for day, first in rows]
        self.marks.forget()
        self.recent = {}
        self._folding = Folding()
        self._folded = schema.state(self._db, "folded_seq")
        keyed = schema.state(self._db, "keyed_seq")
        if self.days:
            newest = schema.day_table(self.days[-1][0])
            rows = self._db.execute(
                f"SELECT seq, body FROM {newest} WHERE seq > ? ORDER BY seq",  # noqa: S608 - a checked day
                (self._folded,),
            )
            for seq, kept in rows:
                fact = body.decode(kept if isinstance(kept, bytes) else b"")
                self.marks.is_new(fact.key)
                self._folding.take((fact,))
                if int(str(seq)) > keyed:
                    self.recent[fact.key] = fact
        self.is_loaded = True

    def remember(self, facts: dict[str, Fact]) -> None:
        """Takes the facts just committed, in order."""
        if not self.recent:
            self.marks.loose.intersection_update(facts)
        self.recent.update(facts)
        self._folding.take(facts.values())

    def find(self, key: str) -> Fact | None:
        """The fact kept under this key."""
        return self.recent.get(key) or self._search(key)

    def fold(self, newest_seq: int, *, everything: bool, coming: int = 0) -> None:
        """Writes the run of the recent facts, the last of which is `newest_seq`, within the caller's
        transaction; `folded` once that is committed. `coming`: so many more were asked for, and follow.

        Marks, latest values and devices heard cost rows for each device, so they are written only when
        the facts are many times as many as the devices, or for `everything`."""
        if self.recent:
            self._save_run(newest_seq - len(self.recent) + 1, newest_seq)
            schema.set_state(self._db, "keyed_seq", newest_seq)
        since = newest_seq - self._folded
        self._saves_all = since > 0 and (
            everything or self.marks.are_too_many or since >= _FACTS_A_DEVICE * self._folding.devices
        )
        if self._saves_all:
            self._folding.save(self._db)
            self.marks.save(newest_seq + coming)
            schema.set_state(self._db, "folded_seq", newest_seq)

    def folded(self, newest_seq: int) -> None:
        """What `fold` wrote is committed."""
        self.recent = {}
        if self._saves_all:
            self._folding, self._folded = Folding(), newest_seq
            self.marks.saved()

    def _save_run(self, first: int, last: int) -> None:
        day = self.days[-1][0]
        hashes = array("q", b"".join([_digest(key) for key in self.recent]))
        if sys.byteorder == "little":
            hashes.byteswap()
        self._db.execute(
            f"INSERT INTO {schema.key_table(day)}"  # noqa: S608 - a checked day
            " SELECT ?, value, rowid - 1 FROM carray(?) ORDER BY value",
            (first, apsw.carray(hashes)),
        )
        # Keys without a number can be of any day: one more table of all days, for they are few (taps).
        loose_keys = self.marks.loose
        loose = [(hashes[place], first + place) for place, key in enumerate(self.recent) if key in loose_keys]
        self._db.executemany("INSERT INTO loose_keys VALUES (?, ?)", sorted(loose))
        self._db.execute("INSERT INTO runs VALUES (?, ?, ?)", (first, last, day))

    # --- searching ---

    def _search(self, key: str) -> Fact | None:
        for day, seq in self._candidates(key):
            row = self._db.execute(
                f"SELECT body FROM {schema.day_table(day)} WHERE seq = ?",  # noqa: S608 - a checked day
                (seq,),
            ).fetchone()
            if row is not None:
                fact = body.decode(row[0])
                if fact.key == key:
                    return fact
        return None

    def _candidates(self, key: str) -> Iterable[tuple[str, int]]:
        hashed = hash_of(key)
        place = place_of(key)
        if place is None:
            rows = self._db.execute("SELECT seq FROM loose_keys WHERE hash = ?", (hashed,))
            for (seq,) in rows:
                yield self._day_of_seq(int(str(seq))), int(str(seq))
            return
        earliest = _earliest_day(key, *place)
        for day, _ in reversed(self.days):
            if day < earliest:
                return
            # The newest run first, and no further than needed: what comes again mostly comes soon.
            rows = self._db.execute(
                f"SELECT k.run + k.place FROM runs AS r CROSS JOIN {schema.key_table(day)} AS k"  # noqa: S608 - a checked day
                " ON k.run = r.run AND k.hash = ? WHERE r.day = ? ORDER BY r.run DESC",
                (hashed, day),
            )
            for (seq,) in rows:
                yield day, int(str(seq))

    def _day_of_seq(self, seq: int) -> str:
        firsts = [first for _, first in self.days]
        return self.days[max(bisect_right(firsts, seq) - 1, 0)][0]


def _earliest_day(key: str, stream: str, number: int) -> str:
    """A key that holds a time by the device's clock cannot have been received before it, so only the days
    since then are searched (one more, for clocks that run a little ahead). A counted key can be of any."""
    is_time = stream.endswith(":#") and key.rpartition(":")[2].startswith("#")
    return day_of(min(number, _LAST_MS) - _DAY_MS) if is_time else ""
