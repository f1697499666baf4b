"""What the page of records shows: dead letters with reasons, unknown devices with lines to add."""

from __future__ import annotations

from typing import Final

import msgspec

from devices.wire import WireReason
from hub.config.model import Campus
from hub.desk.adopting import Adoption, Words, offers
from hub.desk.queries import Records
from hub.log.asides import STRANGERS_KEPT
from hub.log.model import StoredLetter

STRANGERS_SHOWN: Final = 50

# Why something became a dead letter: what devices send wrong, and what the hub itself has against it.
REASONS: Final = frozenset(
    {*(reason.value for reason in WireReason), "unknown_device", "conflict", "refused", "flood", "hub_fault"}
)


class Shown(msgspec.Struct, frozen=True):
    """`strangers`: how many there are, `offered` the newest of them; `is_full`: the log keeps no more.

    `letters_ever`: all dead letters there ever were, `letters` the newest."""

    letters: tuple[StoredLetter, ...]
    letters_ever: int
    counts: tuple[tuple[str, int], ...]
    offered: tuple[Adoption, ...]
    strangers: int
    is_full: bool
    reasons: frozenset[str] = REASONS


def shown(records: Records, campus: Campus, text: Words) -> Shown:
    """The records as the page shows them; `text`: its words in one language."""
    offered = offers(campus, records.strangers, text)
    return Shown(
        letters=records.letters,
        letters_ever=sum(n for _, n in records.counts),
        counts=records.counts,
        offered=offered[:STRANGERS_SHOWN],
        strangers=len(offered),
        is_full=len(records.strangers) >= STRANGERS_KEPT,
    )
