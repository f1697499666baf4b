"""Where somebody was last, by what the rounds have in the book: for whoever goes to look for that person."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.tables import RoundRow
from rules.route import Visit

_WITHIN_MS: Final = 36 * 3_600_000
_visits: Final = msgspec.msgpack.Decoder(tuple[Visit, ...])


class Seen(msgspec.Struct, frozen=True):
    """The tag that was tapped last, and when."""

    tag: str
    at_ms: int


def last_seen(session: Session, person: str, now_ms: int) -> Seen | None:
    """The newest tap of a person that counted in a round of the last day and a half; None: there is none."""
    query = select(RoundRow.visits).where(
        RoundRow.ends_ms > now_ms - _WITHIN_MS, RoundRow.visits.is_not(None)
    )
    visits = (visit for packed in session.scalars(query) if packed for visit in _visits.decode(packed))
    own = [visit for visit in visits if visit.person == person and visit.at_ms <= now_ms]
    newest = max(own, key=lambda visit: visit.at_ms, default=None)
    return Seen(newest.tag, newest.at_ms) if newest else None
