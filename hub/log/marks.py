"""How far each device has counted, so that a number never seen needs no search of the log.

A key that ends in a number (`r:cold-1:<boot>:17`, or a time, `r:cold-4:<ms>:#<digest>`) belongs to a stream.
What is above the stream's highest number, or in one of the gaps below it, is new for certain; of anything
else the log itself must be asked. Marks may therefore be too high or lack gaps, and are never wrong.
"""

from __future__ import annotations

from typing import Final

import apsw
import msgspec

GAPS_KEPT: Final = 8
MARKS_KEPT: Final = 200_000
_MOST_DIGITS: Final = 18

_Gaps = list[tuple[int, int]]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Gaps).decode


def place_of(key: str) -> tuple[str, int] | None:
    """A key's stream and number; None for one without a number, such as a tap's UUID."""
    stream, _, last = key.rpartition(":")
    if last.isdecimal() and len(last) <= _MOST_DIGITS:
        return stream, int(last)
    if not last.startswith("#"):
        return None
    stream, _, last = stream.rpartition(":")
    if last.isdecimal() and len(last) <= _MOST_DIGITS:
        return stream + ":#", int(last)
    return None


class Marks:
    """The marks of all streams; in memory, and kept in the file by `save`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self._newest: dict[str, int] = {}  # as saved
        self._moved: dict[str, int] = {}  # since, and then not in the other
        self._gaps: dict[str, _Gaps] = {}
        # Keys without a number that were asked for, all new ones among them; whoever uses them drops them.
        self.loose: set[str] = set()

    @property
    def are_too_many(self) -> bool:
        """Whether more are in memory than there should be."""
        return len(self._newest) + len(self._moved) > MARKS_KEPT

    def forget(self) -> None:
        """Empties the memory. The keys that came since the last `save` must be shown to `is_new` again."""
        self._newest.clear()
        self._moved.clear()
        self._gaps.clear()
        self.loose.clear()

    def is_new(self, key: str) -> bool:
        """True if no fact in the log has this key, which from now on counts as seen; False: search."""
        place = place_of(key)
        if place is None:
            self.loose.add(key)
            return False
        stream, number = place
        newest = self._moved.get(stream)
        if newest is None:
            newest = self._moved[stream] = self._recall(stream)
        if number <= newest:
            return self._fill(stream, number)
        self._moved[stream] = number
        if number > newest + 1:
            self._add_gap(stream, newest + 1, number - 1)
        return True

    def save(self, newest_seq: int) -> None:
        """Writes the marks that moved. `newest_seq`: the number, in the log, of the newest fact asked for;
        retention drops the marks with it, so none may have a later fact."""
        self._db.executemany(
            "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)",
            [
                (
                    stream,
                    newest,
                    _encode(gaps) if (gaps := self._gaps.get(stream)) else b"",
                    newest_seq,
                )
                for stream, newest in sorted(self._moved.items())
            ],
        )

    def saved(self) -> None:
        """What `save` wrote is committed."""
        self._newest.update(self._moved)
        self._moved.clear()

    def _recall(self, stream: str) -> int:
        """The newest of a stream that has not moved; -1 for one without facts in the log."""
        known = self._newest.pop(stream, None)
        if known is not None:
            return known
        row = self._db.execute("SELECT newest, gaps FROM marks WHERE stream = ?", (stream,)).fetchone()
        if row is None:
            return -1
        newest = int(str(row[0]))
        if row[1] and isinstance(row[1], bytes):
            self._gaps[stream] = _decode(row[1])
        return newest

    def _fill(self, stream: str, number: int) -> bool:
        gaps = self._gaps.get(stream, ())
        for index, (low, high) in enumerate(gaps):
            if low <= number <= high:
                left = [gap for gap in ((low, number - 1), (number + 1, high)) if gap[0] <= gap[1]]
                self._gaps[stream][index : index + 1] = left
                self._forget_narrowest(stream)
                return True
        return False

    def _add_gap(self, stream: str, low: int, high: int) -> None:
        # Between times there is always a gap; late ones are few, and searched for in few days.
        if low <= high and not stream.endswith("#"):
            self._gaps.setdefault(stream, []).append((low, high))
            self._forget_narrowest(stream)

    def _forget_narrowest(self, stream: str) -> None:
        gaps = self._gaps[stream]
        if len(gaps) > GAPS_KEPT:
            gaps.remove(min(gaps, key=lambda gap: gap[1] - gap[0]))
