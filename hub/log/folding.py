"""Latest values and who was heard, as they follow from facts; the same for writer, readers and `verify`."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Final

import apsw

from devices.facts import Fact, Presence, Reading, Tick
from hub.log.model import Latest

_PUT_LATEST: Final = (
    "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " measured_at_ms = excluded.measured_at_ms, received_at_ms = excluded.received_at_ms,"
    " value = excluded.value, boolean = excluded.boolean WHERE excluded.measured_at_ms >= measured_at_ms"
)


class Folding:
    """Of every series the newest value by measured time (of two, the later to arrive); of every device when
    it was last heard by arrival, and whether it said to be on line."""

    def __init__(self) -> None:
        self.latest: dict[tuple[str, str], Latest] = {}
        self.heard: dict[str, tuple[int, bool]] = {}

    def take(self, facts: Iterable[Fact]) -> None:
        """Folds facts in, in order of arrival."""
        for fact in facts:
            if isinstance(fact, Reading):
                self._take_values(fact)
                self.heard[fact.device] = (fact.received_at_ms, True)
            elif not isinstance(fact, Tick):
                online = fact.online if isinstance(fact, Presence) else True
                self.heard[fact.device] = (fact.received_at_ms, online)

    def load(self, connection: apsw.Connection) -> None:
        """Takes what was folded before."""
        rows = connection.execute(
            "SELECT device, field, measured_at_ms, received_at_ms, value, boolean FROM latest"
        )
        for device, field, measured_at_ms, received_at_ms, value, boolean in rows:
            kept = bool(value) if boolean else value
            self.latest[device, field] = Latest(device, field, measured_at_ms, received_at_ms, kept)
        for device, received_at_ms, online in connection.execute("SELECT * FROM heard"):
            self.heard[device] = (received_at_ms, bool(online))

    def save(self, connection: apsw.Connection) -> None:
        """Writes it; each series and each device once, sorted, so that every page is visited once."""
        rows = [
            (
                row.device,
                row.field,
                row.measured_at_ms,
                row.received_at_ms,
                row.value,
                row.value is True or row.value is False,
            )
            for row in self.latest.values()
        ]
        connection.executemany(_PUT_LATEST, sorted(rows, key=itemgetter(0, 1)))
        connection.executemany(
            "INSERT OR REPLACE INTO heard VALUES (?, ?, ?)",
            [(device, at_ms, online) for device, (at_ms, online) in sorted(self.heard.items())],
        )

    def _take_values(self, fact: Reading) -> None:
        for field, value in fact.values:
            place = (fact.device, field)
            known = self.latest.get(place)
            if known is None or fact.measured_at_ms >= known.measured_at_ms:
                self.latest[place] = Latest(
                    fact.device, field, fact.measured_at_ms, fact.received_at_ms, value
                )
