"""The API's answers about telling people, and an alert with its whole record."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from hub.notify.model import Entry, Kind, State
from hub.web.shapes import AlertShape, JournalShape, Shape


class ToldShape(Shape):
    """One notice of the ledger. The same notice, sent again after a crash, has the same `id`."""

    id: str
    occurrence: int
    kind: Kind
    again: int = Field(description="which reminder; 0: none")
    recipient: str = Field(description="a person on the pages; whom it is meant for on other channels")
    channel: str
    state: State
    tell_at_ms: int
    decided_at_ms: int
    sent_at_ms: int | None
    attempts: int
    result: str = Field(description="why it has not been delivered, or was not sent")
    acknowledged_by: str
    acknowledged_at_ms: int | None
    seen_at_ms: int | None = Field(description="when its person first saw it on the pages")


class AlertRecordShape(Shape):
    """An alert with everything that became of it, and whom that was told, oldest first."""

    alert: AlertShape
    journal: tuple[JournalShape, ...]
    told: tuple[ToldShape, ...]


def told_shapes(entries: Iterable[Entry]) -> tuple[ToldShape, ...]:
    """The ledger of one alert."""
    return tuple(
        ToldShape(
            id=entry.notice.id,
            occurrence=entry.notice.occurrence,
            kind=entry.notice.kind,
            again=entry.notice.again,
            recipient=entry.notice.recipient,
            channel=entry.notice.channel,
            state=entry.state,
            tell_at_ms=entry.notice.tell_at_ms,
            decided_at_ms=entry.decided_at_ms,
            sent_at_ms=entry.sent_at_ms,
            attempts=entry.attempts,
            result=entry.result,
            acknowledged_by=entry.acknowledged_by,
            acknowledged_at_ms=entry.acknowledged_at_ms,
            seen_at_ms=entry.seen_at_ms,
        )
        for entry in entries
    )
