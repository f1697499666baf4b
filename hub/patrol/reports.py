"""What guards report, in the book: checklists and incidents, open until somebody says what was done.

A work order comes of an open report later; until then the report itself is followed up.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.store import Book
from hub.book.tables import ReportRow

_MOST_PHOTOS: Final = 10
_MOST_ITEMS: Final = 50

PhotoHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Photos = Annotated[tuple[PhotoHash, ...], msgspec.Meta(max_length=_MOST_PHOTOS)]
_Words = Annotated[str, msgspec.Meta(max_length=2000)]
_Name = Annotated[str, msgspec.Meta(max_length=64)]


class Kind(Enum):
    """What somebody reports."""

    CHECKLIST = "checklist"
    INCIDENT = "incident"
    SOS = "sos"  # somebody calls for help: an alert at once
    NOTE = "note"  # written beside a tap, and kept under the tap's id


class Item(msgspec.Struct, frozen=True):
    """One line of a checklist. `ok` None: not looked at."""

    item: _Name
    ok: bool | None = None
    note: _Words = ""
    photos: Photos = ()


class Report(msgspec.Struct, frozen=True):
    """`at_ms`: by the phone's clock as far as it can be believed. `open`: somebody has to see to it."""

    id: str
    kind: Kind
    person: str
    round: str
    checkpoint: str
    at_ms: int
    received_at_ms: int
    text: str
    items: tuple[Item, ...]
    photos: tuple[str, ...]
    open: bool
    closed_by: str = ""
    closed_at_ms: int | None = None
    done: str = ""


class SentReport(msgspec.Struct, frozen=True):
    """A report as the phone keeps it."""

    id: _Name
    at: Annotated[str, msgspec.Meta(max_length=64)] | int | float
    kind: Kind
    round: Annotated[str, msgspec.Meta(max_length=96)] | None = None
    checkpoint: _Name | None = None
    items: Annotated[tuple[Item, ...], msgspec.Meta(max_length=_MOST_ITEMS)] = ()
    text: _Words = ""
    photos: Photos = ()


class NotDone(Enum):
    """Why a report cannot be closed."""

    UNKNOWN = "unknown"
    ALREADY = "already"


_items: Final = msgspec.msgpack.Decoder(tuple[Item, ...])
_photos: Final = msgspec.msgpack.Decoder(tuple[str, ...])


def needs_somebody(kind: Kind, items: tuple[Item, ...]) -> bool:
    """Whether a new report is open: an incident always, a checklist if something is not ok. A call for help
    is followed up as an alert."""
    return kind is Kind.INCIDENT or any(item.ok is False for item in items)


def keep(book: Book, report: Report) -> Report | None:
    """Writes a report down. The same id again: what stands there; None if that is somebody else's."""
    with book.writing() as session:
        row = session.get(ReportRow, report.id)
        if row is not None:
            return _report(row) if row.person == report.person else None
        session.add(
            ReportRow(
                id=report.id,
                kind=report.kind.value,
                person=report.person,
                round=report.round,
                checkpoint=report.checkpoint,
                at_ms=report.at_ms,
                received_at_ms=report.received_at_ms,
                text=report.text,
                items=msgspec.msgpack.encode(report.items),
                photos=msgspec.msgpack.encode(report.photos),
                open=report.open,
                closed_by="",
                done="",
            )
        )
    return report


def close(book: Book, id_: str, person: str, done: str, now_ms: int) -> Report | NotDone:
    """Says what was done about an open report."""
    with book.writing() as session:
        row = session.get(ReportRow, id_)
        if row is None:
            return NotDone.UNKNOWN
        if not row.open:
            return NotDone.ALREADY
        row.open, row.closed_by, row.closed_at_ms, row.done = False, person, now_ms, done
        return _report(row)


def listed(session: Session, limit: int, *, only_open: bool) -> tuple[Report, ...]:
    """The newest reports, by when they were received."""
    query = select(ReportRow).order_by(ReportRow.received_at_ms.desc(), ReportRow.id).limit(limit)
    if only_open:
        query = query.where(ReportRow.open)
    return tuple(_report(row) for row in session.scalars(query))


def _report(row: ReportRow) -> Report:
    return Report(
        id=row.id,
        kind=Kind(row.kind),
        person=row.person,
        round=row.round,
        checkpoint=row.checkpoint,
        at_ms=row.at_ms,
        received_at_ms=row.received_at_ms,
        text=row.text,
        items=_items.decode(row.items),
        photos=_photos.decode(row.photos),
        open=row.open,
        closed_by=row.closed_by,
        closed_at_ms=row.closed_at_ms,
        done=row.done,
    )
