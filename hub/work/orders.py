"""Work orders in the book: made once for each key, changed as `rules.work` allows.

Each change is one transaction with its entry in the journal and with what it tells whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from hub.book import journal
from hub.book.model import WorkChanged
from hub.book.store import Book
from hub.book.tables import WorkRow
from hub.config.model import Campus, Person
from hub.notify import ledger
from hub.work import due, telling
from hub.work.answerable import area_of, is_somebody, parts_of, responsible_for
from hub.work.model import NewOrder, Place, Source, WorkOrder
from rules import work
from rules.model import Role
from rules.work import CLOSED, Change, Refusal, Standing, State, Step, Urgency

_LARGEST: Final = 2**63 - 1
_CLOSED: Final = tuple(state.value for state in CLOSED)
_AT_WORK: Final = (State.OPEN.value, State.TAKEN.value)
_photos: Final = msgspec.msgpack.Decoder(tuple[str, ...])


class Said(msgspec.Struct, frozen=True):
    """What somebody says with a step. `responsible`, `urgency`, `due_ms`: to be changed, where given."""

    words: str = ""
    photos: tuple[str, ...] = ()
    responsible: str = ""
    urgency: Urgency | None = None
    due_ms: int | None = None


class Filter(msgspec.Struct, frozen=True):
    """Which orders: all of what is given holds. `waits_for`: with that person now; `person`: who has it on
    hand, or is to take it, by name or role; `before`: with smaller numbers."""

    states: tuple[State, ...] = ()
    waits_for: Person | None = None
    reporter: str = ""
    person: Person | None = None
    overdue_at_ms: int | None = None
    before: int | None = None


class Load(msgspec.Struct, frozen=True):
    """How many unclosed orders are with somebody: `person:<id>` or `role:<role>`."""

    who: str
    unclosed: int
    overdue: int


# --- making and changing ---


def make(session: Session, campus: Campus, new: NewOrder, now_ms: int) -> WorkOrder:
    """Makes an order, and tells whoever is responsible. What has the same key already is handed back."""
    row = session.scalar(select(WorkRow).where(WorkRow.key == new.key))
    if row is not None:
        return _order(row)
    place = msgspec.structs.replace(new.place, area=area_of(campus, new.place))
    standing = Standing(
        State.OPEN,
        new.responsible or responsible_for(campus, place),
        new.urgency,
        due.due_ms(campus.calendar, new.urgency, now_ms) if new.due_ms is None else new.due_ms,
    )
    row = WorkRow(
        key=new.key,
        source=new.source.value,
        title=new.title,
        text=new.text,
        checkpoint=place.checkpoint,
        area=place.area,
        device=place.device,
        photos=msgspec.msgpack.encode(new.photos),
        reporter=new.reporter,
        reported_at_ms=new.reported_at_ms,
        report=new.report,
        item=new.item,
        alert=new.alert,
        made_at_ms=now_ms,
        done="",
        photos_after=msgspec.msgpack.encode(()),
        closed_by="",
        closed_note="",
        changes=0,
        **_columns(standing),
    )
    session.add(row)
    session.flush()
    return _record(
        session, campus, row, work.made(new.reporter, now_ms, new.text, new.photos, standing), standing
    )


def act(
    book: Book, campus: Campus, number: int, person: Person, step: Step, said: Said, now_ms: int
) -> WorkOrder | Refusal | None:
    """A person does something to an order; None: there is no such order."""
    if said.responsible and not is_somebody(campus, said.responsible):
        return Refusal.NOBODY
    with book.writing() as session:
        row = session.get(WorkRow, number) if 0 < number <= _LARGEST else None
        if row is None:
            return None
        order = _order(row)
        change = Change(
            step,
            person.id,
            now_ms,
            said.words.strip(),
            said.photos,
            said.responsible if step is Step.ASSIGNED else "",
            *_schedule(campus, order, step, said, now_ms),
        )
        closed_for_ms = now_ms - order.closed_at_ms if order.closed_at_ms is not None else 0
        standing = work.decide(order.standing, change, parts_of(order, person), closed_for_ms)
        if isinstance(standing, Refusal):
            return standing
        _set(row, change, standing)
        return _record(session, campus, row, change, standing)


def tell_overdue(book: Book, campus: Campus, now_ms: int) -> int:
    """Tells of each order that is not done in time, once for each time it was due; returns of how many."""
    late = (
        WorkRow.state.in_(_AT_WORK),
        WorkRow.due_ms <= now_ms,
        or_(WorkRow.told_due_ms.is_(None), WorkRow.told_due_ms != WorkRow.due_ms),
    )
    with book.reading() as session:
        if session.scalar(select(func.count()).select_from(WorkRow).where(*late)) == 0:
            return 0
    with book.writing() as session:
        rows = session.scalars(select(WorkRow).where(*late).order_by(WorkRow.id)).all()
        for row in rows:
            row.told_due_ms = row.due_ms
            ledger.decide(session, telling.overdue(campus, _order(row), now_ms), now_ms)
        return len(rows)


# --- looking ---


def one(session: Session, number: int) -> WorkOrder | None:
    """An order by its number."""
    row = session.get(WorkRow, number) if 0 < number <= _LARGEST else None
    return _order(row) if row is not None else None


def record_of(session: Session, number: int) -> tuple[WorkChanged, ...]:
    """Everything that became of an order, oldest first."""
    entries = (recorded.decision for recorded in journal.of_work(session, number))
    return tuple(entry for entry in entries if isinstance(entry, WorkChanged))


def of_report(session: Session, report: str) -> tuple[WorkOrder, ...]:
    """What came of a report, in its order."""
    return _all(session, select(WorkRow).where(WorkRow.report == report).order_by(WorkRow.id))


def of_alert(session: Session, alert: int) -> tuple[WorkOrder, ...]:
    """What was made from an alert, oldest first."""
    return _all(session, select(WorkRow).where(WorkRow.alert == alert).order_by(WorkRow.id))


def unclosed_reports() -> Select[Any]:
    """The ids of reports of which an order is not closed."""
    return select(WorkRow.report).where(WorkRow.state.not_in(_CLOSED))


def listed(session: Session, which: Filter, limit: int) -> tuple[WorkOrder, ...]:
    """What is not closed first, in the order in which it is due; then what is, newest first."""
    is_closed = WorkRow.state.in_(_CLOSED)
    ordered = select(WorkRow).where(*_where(which)).order_by(is_closed, WorkRow.closed_at_ms.desc())
    return _all(session, ordered.order_by(WorkRow.due_ms, WorkRow.id).limit(limit))


def newest(session: Session, which: Filter, limit: int) -> tuple[WorkOrder, ...]:
    """The newest first."""
    return _all(session, select(WorkRow).where(*_where(which)).order_by(WorkRow.id.desc()).limit(limit))


def older_than(which: Filter, number: int | None) -> Filter:
    """The same orders, as far as their numbers are smaller; None: all of them."""
    return which if number is None else msgspec.structs.replace(which, before=number)


def count(session: Session, which: Filter) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(WorkRow).where(*_where(which))) or 0


def loads(session: Session, now_ms: int) -> tuple[Load, ...]:
    """With whom the unclosed orders are that somebody has to put right; most first."""
    found: dict[str, tuple[int, int]] = {}
    rows = session.execute(
        select(WorkRow.taken_by, WorkRow.responsible, WorkRow.due_ms).where(WorkRow.state.in_(_AT_WORK))
    )
    for taken_by, responsible, due_ms in rows:
        who = f"person:{taken_by}" if taken_by else responsible
        unclosed, late = found.get(who, (0, 0))
        found[who] = unclosed + 1, late + (due_ms <= now_ms)
    counted = (Load(who, unclosed, late) for who, (unclosed, late) in found.items())
    return tuple(sorted(counted, key=lambda load: (-load.overdue, -load.unclosed, load.who)))


# --- rows ---


def _schedule(
    campus: Campus, order: WorkOrder, step: Step, said: Said, now_ms: int
) -> tuple[Urgency | None, int | None]:
    """What a step makes of urgency and due: another urgency is due anew, as is what is reopened."""
    if step is Step.REOPENED:
        return None, due.due_ms(campus.calendar, order.standing.urgency, now_ms)
    if step is not Step.RESCHEDULED:
        return None, None
    if said.urgency is None or said.due_ms is not None:
        return said.urgency, said.due_ms
    return said.urgency, due.due_ms(campus.calendar, said.urgency, now_ms)


def _set(row: WorkRow, change: Change, standing: Standing) -> None:
    for name, value in _columns(standing).items():
        setattr(row, name, value)
    match change.step:
        case Step.TAKEN:
            row.taken_at_ms = change.at_ms
        case Step.DONE:
            row.done_at_ms, row.done = change.at_ms, change.note
            row.photos_after = msgspec.msgpack.encode(change.photos)
        case Step.VERIFIED | Step.CANCELLED:
            row.closed_by, row.closed_at_ms, row.closed_note = change.by, change.at_ms, change.note
        case Step.REOPENED:
            row.closed_by, row.closed_at_ms, row.closed_note = "", None, ""


def _record(session: Session, campus: Campus, row: WorkRow, change: Change, standing: Standing) -> WorkOrder:
    row.changes += 1
    journal.record(session, WorkChanged(row.id, standing.state, change), change.at_ms)
    order = _order(row)
    ledger.decide(session, telling.of_change(campus, order, change), change.at_ms)
    return order


def _columns(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state.value,
        "responsible": standing.responsible,
        "urgency": standing.urgency.value,
        "due_ms": standing.due_ms,
        "taken_by": standing.taken_by,
        "done_by": standing.done_by,
    }


def _where(which: Filter) -> Iterable[ColumnElement[bool]]:
    if which.states:
        yield WorkRow.state.in_([state.value for state in which.states])
    if which.waits_for is not None:
        yield _waits_for(which.waits_for)
    if which.reporter:
        yield WorkRow.reporter == which.reporter
    if which.person is not None:
        person = which.person
        yield or_(WorkRow.taken_by == person.id, and_(WorkRow.taken_by == "", _is_named(person)))
    if which.overdue_at_ms is not None:
        yield WorkRow.state.in_(_AT_WORK)
        yield WorkRow.due_ms <= which.overdue_at_ms
    if which.before is not None:
        yield WorkRow.id < which.before


def _waits_for(person: Person) -> ColumnElement[bool]:
    """Whose turn it is: to take it, to do it, or to look whether it is put right."""
    judged = [WorkRow.done_by != person.id]
    if person.role is not Role.HEAD:
        judged.append(WorkRow.reporter == person.id)
    return or_(
        and_(WorkRow.state == State.OPEN.value, _is_named(person)),
        and_(WorkRow.state == State.TAKEN.value, WorkRow.taken_by == person.id),
        and_(WorkRow.state == State.DONE.value, *judged),
    )


def _is_named(person: Person) -> ColumnElement[bool]:
    return WorkRow.responsible.in_([f"person:{person.id}", f"role:{person.role.value}"])


def _all(session: Session, found: Select[WorkRow]) -> tuple[WorkOrder, ...]:
    return tuple(_order(row) for row in session.scalars(found))


def _order(row: WorkRow) -> WorkOrder:
    return WorkOrder(
        number=row.id,
        source=Source(row.source),
        title=row.title,
        text=row.text,
        place=Place(row.checkpoint, row.area, row.device),
        photos=_photos.decode(row.photos),
        reporter=row.reporter,
        reported_at_ms=row.reported_at_ms,
        report=row.report,
        item=row.item,
        alert=row.alert,
        made_at_ms=row.made_at_ms,
        standing=Standing(
            State(row.state),
            row.responsible,
            Urgency(row.urgency),
            row.due_ms,
            row.taken_by,
            row.done_by,
        ),
        taken_at_ms=row.taken_at_ms,
        done_at_ms=row.done_at_ms,
        done=row.done,
        photos_after=_photos.decode(row.photos_after),
        closed_by=row.closed_by,
        closed_at_ms=row.closed_at_ms,
        closed_note=row.closed_note,
        changes=row.changes,
    )
