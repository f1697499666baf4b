"""Channels that refuse: since when, told once for each outage, and what they refused told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.tables import ChannelRow
from hub.config.model import PAGES, Campus
from hub.notify import fallback, ledger
from hub.notify.model import NO_ALERT, Dropped, Entry

# A channel that refuses some messages and takes others is not told of again and again.
_SAME_OUTAGE_MS: Final = 3_600_000


class Refusing(msgspec.Struct, frozen=True):
    """A channel takes no messages, for `reason`, since `since_ms` of the hub's clock."""

    channel: str
    since_ms: int
    reason: str


def refusing(session: Session, campus: Campus) -> tuple[Refusing, ...]:
    """The configured channels that refuse messages now."""
    rows = session.scalars(select(ChannelRow).where(ChannelRow.refused_since_ms.is_not(None)))
    return tuple(
        Refusing(row.id, row.refused_since_ms, row.reason)
        for row in rows
        if row.id in campus.channels and row.refused_since_ms is not None
    )


def refused(
    session: Session, campus: Campus, channel: str, entries: Sequence[Entry], reason: str, now_ms: int
) -> None:
    """The channel refused these: whoever looks after it is told, and others tell what can be told so."""
    row = session.get(ChannelRow, channel)
    if row is None:
        row = ChannelRow(id=channel, outage=0, refused_since_ms=None, told_outage=0, told_at_ms=0, reason="")
        session.add(row)
    row.reason = reason
    if row.refused_since_ms is None:
        row.refused_since_ms = now_ms
        row.outage += 1
        ledger.decide(session, [fallback.probe(channel, row.outage, now_ms)], now_ms)
    session.flush()
    shut = {one.channel for one in refusing(session, campus)}
    if row.told_outage != row.outage and not (
        row.told_outage and 0 <= now_ms - row.told_at_ms < _SAME_OUTAGE_MS
    ):
        row.told_outage, row.told_at_ms = row.outage, now_ms
        ledger.decide(session, fallback.refused(campus, channel, row.outage, reason, shut, now_ms), now_ms)
    for entry in entries:
        others = fallback.instead(campus, entry.notice, shut)
        ledger.decide(session, others, now_ms)
        # Not by the pages alone: nobody need look at them, and the channel may work again within the day.
        ledger.diverted(session, entry.number, [one.id for one in others if one.channel != PAGES])


def taken(session: Session, channel: str, entries: Sequence[Entry], now_ms: int) -> bool:
    """The channel took these; returns whether it refused before. Who was told that hears that it is over."""
    row = session.get(ChannelRow, channel)
    if row is None or row.refused_since_ms is None:
        return False
    row.refused_since_ms = None
    told = [
        notice
        for notice in ledger.told(session, NO_ALERT, row.outage)
        if notice.matter.subject == channel and notice.occurrence == row.outage
    ]
    ledger.decide(session, fallback.back(channel, told, now_ms), now_ms)
    if all(entry.notice.alert != NO_ALERT for entry in entries):
        ledger.drop(session, fallback.probe(channel, row.outage, now_ms).id, Dropped.OVER)
    return True
