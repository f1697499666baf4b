"""Where the person was last whose phone an alert is about: for whoever goes to look."""

from __future__ import annotations

import msgspec

from devices.identity import phone_of
from hub.book.seen import last_seen
from hub.web.deps import Deps
from rules.model import Text


class Whereabouts(msgspec.Struct, frozen=True):
    """The place of the last tap and when it was; None: there was none for a day and a half."""

    place: Text | None
    at_ms: int


def whereabouts(deps: Deps, subject: str) -> Whereabouts | None:
    """None: the alert is about no person's phone."""
    person = next((one for one in deps.campus.people.values() if phone_of(one.id) == subject), None)
    if person is None:
        return None
    with deps.book.reading() as session:
        seen = last_seen(session, person.id, deps.now())
    if seen is None:
        return Whereabouts(None, 0)
    places = {place.tag_uid: place.name for place in deps.campus.checkpoints.values()}
    return Whereabouts(places.get(seen.tag, Text(seen.tag, seen.tag)), seen.at_ms)
