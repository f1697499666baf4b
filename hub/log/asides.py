"""What goes into the log beside facts: dead letters, strangers, and which deliveries are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import apsw
import msgspec

from devices.facts import Fact
from hub.log.model import Delivery, Letter, Meeting

LETTERS_KEPT: Final = 20_000
LETTER_BYTES_KEPT: Final = 4_096
STRANGERS_KEPT: Final = 500


def conflict(fact: Fact) -> Letter:
    """The dead letter of a fact whose key is taken."""
    return Letter(
        received_at_ms=fact.received_at_ms,
        topic=f"device {fact.device}",
        payload=msgspec.json.encode(fact),
        reason="conflict",
        detail=f"the key {fact.key} is taken by other content; the first was kept",
    )


class Deliveries:
    """The newest content under each packet id, by which a redelivery without identity is known."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self._fresh: dict[int, bytes] = {}

    def is_known(self, delivery: Delivery) -> bool:
        """True for content already kept; otherwise remembers it as the newest under its packet id."""
        if delivery.again and self._digest(delivery.packet_id) == delivery.digest:
            return True
        self._fresh[delivery.packet_id] = delivery.digest
        return False

    def save(self) -> None:
        """Writes what was remembered, within the caller's transaction."""
        self._db.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", list(self._fresh.items()))

    def end_batch(self) -> None:
        """The batch was committed, or taken back."""
        self._fresh.clear()

    def _digest(self, packet_id: int) -> bytes | None:
        if packet_id in self._fresh:
            return self._fresh[packet_id]
        row = self._db.execute("SELECT digest FROM deliveries WHERE packet_id = ?", (packet_id,)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else None


def save_letters(connection: apsw.Connection, letters: Sequence[Letter]) -> None:
    """Appends dead letters, counts them, and drops the oldest beyond the bound."""
    if not letters:
        return
    connection.executemany(
        "INSERT INTO dead_letters (received_at_ms, topic, payload, size, reason, detail)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                letter.received_at_ms,
                letter.topic[:512],
                letter.payload[:LETTER_BYTES_KEPT],
                len(letter.payload),
                letter.reason,
                letter.detail,
            )
            for letter in letters
        ],
    )
    newest = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO dead_letter_counts VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET letters = letters + excluded.letters",
        list(Counter(letter.reason for letter in letters).items()),
    )
    connection.execute("DELETE FROM dead_letters WHERE id <= ?", (newest - LETTERS_KEPT,))


def save_meetings(connection: apsw.Connection, meetings: Sequence[Meeting]) -> None:
    """Counts strangers; those that come when the bound is reached are not kept."""
    if not meetings:
        return
    rows = connection.execute("SELECT topic FROM strangers").fetchall()
    known = {str(topic) for (topic,) in rows}
    kept: list[Meeting] = []
    for meeting in meetings:
        if meeting.topic in known or len(known) < STRANGERS_KEPT:
            known.add(meeting.topic)
            kept.append(meeting)
    connection.executemany(
        "INSERT INTO strangers VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET"
        " last_ms = excluded.last_ms, messages = messages + 1",
        [(m.topic, m.format, m.suggested_id, m.at_ms, m.at_ms) for m in kept],
    )
