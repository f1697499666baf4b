"""What guards report, in the book: checklists, incidents, calls for help. What is not in order becomes work
orders in the same transaction, and the report is open for as long as one of them is."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.book.store import Book
from hub.book.tables import ReportRow
from hub.config.model import Campus, Check, Language
from hub.work import orders
from hub.work.model import NewOrder, Place, Source
from rules.model import Text

_MOST_PHOTOS: Final = 10
_MOST_ITEMS: Final = 50
_TITLE_CHARS: Final = 80

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
    """One line of a checklist. `ok` None: not looked at. `value`: what was read off, where that is asked."""

    item: _Name
    ok: bool | None = None
    note: _Words = ""
    photos: Photos = ()
    value: float | None = None


class Report(msgspec.Struct, frozen=True):
    """`at_ms`: by the phone's clock as far as it can be believed. `orders`: the numbers of the work orders
    that came of it; `open`: one of them is not closed. `closed_by`, `done`: of what is older than those."""

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
    orders: tuple[int, ...] = ()
    open: bool = False
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


_items: Final = msgspec.msgpack.Decoder(tuple[Item, ...])
_photos: Final = msgspec.msgpack.Decoder(tuple[str, ...])


def keep(book: Book, campus: Campus, report: Report) -> Report | None:
    """Writes a report down, with its work orders. The same id again: what stands there, and no more orders;
    None if that is somebody else's."""
    with book.writing() as session:
        row = session.get(ReportRow, report.id)
        if row is not None:
            return _report(session, row) if row.person == report.person else None
        row = ReportRow(
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
            closed_by="",
            done="",
        )
        session.add(row)
        for new in orders_of(campus, report):
            orders.make(session, campus, new, report.received_at_ms)
        return _report(session, row)


def orders_of(campus: Campus, report: Report) -> Iterator[NewOrder]:
    """What has to be put right: one order for an incident, one for each line that is not ok. A call for help
    is followed up as an alert."""
    if report.kind is Kind.INCIDENT:
        yield _order(report, "", Source.INCIDENT, _first_line(report.text), report.text, report.photos)
    for number, item in enumerate(report.items):
        if item.ok is False:
            title = _of_item(campus, report.checkpoint, item)
            yield _order(report, f":{number}", Source.ITEM, title, item.note, item.photos, item.item)


def listed(session: Session, limit: int, *, only_open: bool) -> tuple[Report, ...]:
    """The newest reports, by when they were received."""
    query = select(ReportRow).order_by(ReportRow.received_at_ms.desc(), ReportRow.id).limit(limit)
    if only_open:
        query = query.where(ReportRow.id.in_(orders.unclosed_reports()))
    return tuple(_report(session, row) for row in session.scalars(query))


def _order(
    report: Report,
    key: str,
    source: Source,
    title: str,
    text: str,
    photos: tuple[str, ...],
    item: str = "",
) -> NewOrder:
    return NewOrder(
        key=f"report:{report.id}{key}",
        source=source,
        title=title,
        text=text,
        place=Place(checkpoint=report.checkpoint),
        photos=photos,
        reporter=report.person,
        reported_at_ms=report.at_ms,
        report=report.id,
        item=item,
    )


def _of_item(campus: Campus, checkpoint: str, item: Item) -> str:
    """In the site's language: what is not ok, what was read off there with its unit and limits, and what was
    written."""
    place = campus.checkpoints.get(checkpoint)
    check = next((one for one in place.checks if one.id == item.item), None) if place else None
    name = check.name if check is not None else Text(item.item, item.item)
    is_zh = campus.site.language is Language.ZH
    title = name.zh if is_zh else name.en
    if item.value is not None:
        title += f" {_read_off(item.value, check, is_zh=is_zh)}"
    said = _first_line(item.note)
    return f"{title}{'：' if is_zh else ': '}{said}"[:_TITLE_CHARS] if said else title[:_TITLE_CHARS]


def _read_off(value: float, check: Check | None, *, is_zh: bool) -> str:
    """As in: 0.9 MPa (normal 0.1–0.3)."""
    number = f"{value:g} {check.unit}" if check is not None and check.unit else f"{value:g}"
    limits = _limits(check) if check is not None else ""
    if not limits:
        return number
    return f"{number}（正常 {limits}）" if is_zh else f"{number} (normal {limits})"


def _limits(check: Check) -> str:
    match check.low, check.high:
        case None, None:
            return ""
        case low, None:
            return f"≥ {low:g}"
        case None, high:
            return f"≤ {high:g}"
        case low, high:
            return f"{low:g}–{high:g}"


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")[:_TITLE_CHARS]


def _report(session: Session, row: ReportRow) -> Report:
    made = orders.of_report(session, row.id)
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
        orders=tuple(order.number for order in made),
        open=any(not order.is_closed for order in made),
        closed_by=row.closed_by,
        closed_at_ms=row.closed_at_ms,
        done=row.done,
    )
