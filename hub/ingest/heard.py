"""Taps of readers that have become durable, for whoever answers them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from devices.facts import Tap
from hub.ingest.intake import Batch
from hub.log.model import Kept


class HeardTap(msgspec.Struct, frozen=True):
    """A tap as it came this time, and what the log has of it, which may be from before.

    `is_alone`: nothing else was in its message. `is_newest`: no later tap was. `is_live`: it did not
    come with the broker's backlog. `doubt`: why what its tag signed is not trusted, as it harms nobody."""

    tap: Tap
    kept: Kept
    is_alone: bool
    is_newest: bool
    is_live: bool
    doubt: str | None = None


def heard_taps(batch: Batch, kept: Sequence[Kept]) -> tuple[HeardTap, ...]:
    """The taps of a batch; `kept`: of all its facts, in their order."""
    found: list[HeardTap] = []
    remaining = iter(kept)
    for place, entry in enumerate(batch.entries):
        of_entry = tuple(islice(remaining, len(entry.facts)))
        asking = batch.asking.get(place)
        if asking is None:
            continue
        newest = max(enumerate(entry.facts), key=lambda each: (each[1].measured_at_ms, each[0]))[0]
        for number, (fact, logged) in enumerate(zip(entry.facts, of_entry, strict=True)):
            if isinstance(fact, Tap):
                doubt = asking.doubts.get(fact.key)
                found.append(
                    HeardTap(
                        tap=fact,
                        kept=logged,
                        is_alone=len(entry.facts) == 1,
                        is_newest=number == newest,
                        is_live=asking.is_live,
                        doubt=doubt.value if doubt is not None else None,
                    )
                )
    return tuple(found)
