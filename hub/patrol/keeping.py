"""From posted taps to the log and back: each post is one entry, answered once that is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from devices.identity import phone_of
from hub.log.model import Entry, Kept, Letter
from hub.patrol.sent import Made, Why
from hub.web.deps import Deps
from hub.web.durable import durable


async def keep(
    deps: Deps, person: str, elements: Sequence[object], made: Sequence[Made | Why]
) -> Mapping[str, Kept]:
    """Appends what can be taken, and dead letters for what cannot; by key what the log has of each fact.

    Raises Problem if it is not known to be kept: the same may be sent again."""
    now_ms = deps.now()
    good = [one for one in made if isinstance(one, Made)]
    letters = tuple(
        _letter(person, element, one.value, now_ms)
        for element, one in zip(elements, made, strict=True)
        if isinstance(one, Why)
    )
    if letters:
        deps.counts.died(letter.reason for letter in letters)
    if not good and not letters:
        return {}
    facts = tuple(one.tap for one in good)
    claims = tuple(one.claim for one in good if one.claim is not None)
    kept = await durable(deps, Entry(facts, letters, claims=claims))
    return {fact.key: one for fact, one in zip(facts, kept, strict=True)}


def _letter(person: str, element: object, reason: str, now_ms: int) -> Letter:
    return Letter(now_ms, phone_of(person), msgspec.json.encode(element), reason, "a tap that was posted")
