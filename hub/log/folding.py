"""Latest values and who was heard, as they follow from facts; the same for writer, readers and `verify`."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Final

import apsw

from devices.facts import OF_THE_HUB, Fact, Presence, Reading, Tap
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
        self._latest: dict[tuple[str, str], Latest] = {}
        self._heard: dict[str, tuple[int, bool]] = {}
        # Of each device the last reading, not yet in the others; it says all that those before it said.
        self._last: dict[str, Reading] = {}

    @property
    def latest(self) -> dict[tuple[str, str], Latest]:
        """By device and field."""
        self._settle_all()
        return self._latest

    @property
    def heard(self) -> dict[str, tuple[int, bool]]:
        """By device: the time, and whether on line."""
        self._settle_all()
        return self._heard

    @property
    def devices(self) -> int:
        """About how many devices spoke: those with readings."""
        return len(self._last)

    def take(self, facts: Iterable[Fact]) -> None:
        """Folds facts in, in order of arrival."""
        last = self._last
        for fact in facts:
            if isinstance(fact, Reading):
                before = last.get(fact.device)
                if before is not None and not _says_all_of(fact, before):
                    self._settle(before)
                last[fact.device] = fact
            elif not isinstance(fact, OF_THE_HUB):
                before = last.pop(fact.device, None)
                if before is not None:
                    self._settle(before)
                self._hear(fact)

    def _settle_all(self) -> None:
        for reading in self._last.values():
            self._settle(reading)
        self._last.clear()

    def _settle(self, fact: Reading) -> None:
        self._hear(fact)
        for field, value in fact.values:
            place = (fact.device, field)
            known = self._latest.get(place)
            if known is None or fact.measured_at_ms >= known.measured_at_ms:
                self._latest[place] = Latest(
                    fact.device, field, fact.measured_at_ms, fact.received_at_ms, value
                )

    def _hear(self, fact: Reading | Tap | Presence) -> None:
        before_ms, _ = self._heard.get(fact.device, (0, False))
        if isinstance(fact, Presence) and not fact.online:
            self._heard[fact.device] = (before_ms, False)  # a last will is no sign of life
        else:
            self._heard[fact.device] = (max(before_ms, fact.received_at_ms), True)

    def load(self, connection: apsw.Connection) -> None:
        """Takes what was folded before."""
        rows = connection.execute(
            "SELECT device, field, measured_at_ms, received_at_ms, value, boolean FROM latest"
        )
        for device, field, measured_at_ms, received_at_ms, value, boolean in rows:
            kept = bool(value) if boolean else value
            self._latest[device, field] = Latest(device, field, measured_at_ms, received_at_ms, kept)
        for device, received_at_ms, online in connection.execute("SELECT * FROM heard"):
            self._heard[device] = (received_at_ms, bool(online))

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


def _says_all_of(fact: Reading, before: Reading) -> bool:
    """Whether nothing of `before` is left once `fact` is known: same fields, no earlier time."""
    if fact.measured_at_ms < before.measured_at_ms or fact.received_at_ms < before.received_at_ms:
        return False
    if len(fact.values) != len(before.values):
        return False
    for (name, _), (name_before, _) in zip(fact.values, before.values, strict=True):
        if name != name_before:
            return False
    return True
