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
    it last gave a sign of life (0: not since the last fold), and whether it said to be on line."""

    def __init__(self) -> None:
        self.latest: dict[tuple[str, str], Latest] = {}
        self.heard: dict[str, tuple[int, bool]] = {}

    def take(self, facts: Iterable[Fact]) -> None:
        """Folds facts in, in order of arrival."""
        for fact in facts:
            if isinstance(fact, Reading):
                self._take_values(fact)
            if isinstance(fact, Tick):
                continue
            before_ms, _ = self.heard.get(fact.device, (0, False))
            if isinstance(fact, Presence) and not fact.online:
                self.heard[fact.device] = (before_ms, False)  # a last will is no sign of life
            else:
                self.heard[fact.device] = (max(before_ms, fact.received_at_ms), True)

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
            "INSERT INTO heard VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET online = excluded.online,"
            " received_at_ms = max(received_at_ms, excluded.received_at_ms)",
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
