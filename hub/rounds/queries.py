"""What the book knows of runs of rounds. Calls block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from devices.facts import Order
from hub.alerts import keeping
from hub.book import journal
from hub.book.model import Alert, Recorded, RoundChanged, RoundRun
from hub.book.store import Book
from hub.book.tables import AlertRow, ReportRow, RoundRow, WatchRow
from rules.model import RoundState, State
from rules.route import Decided, Visit

_LONGEST_ID: Final = 96
_AT_ONCE: Final = 500  # ids in one question
_DAY_MS: Final = 86_400_000
_decode: Final = msgspec.msgpack.Decoder(State).decode


class ReportLine(msgspec.Struct, frozen=True):
    """A report that a guard sent during a round."""

    id: str
    kind: str
    at_ms: int
    person: str


class RunFile(msgspec.Struct, frozen=True):
    """A run and what hangs on it: every tap that its watches remember, also where somebody was before; what
    people decided, as far as the book knows; its alerts, newest first; its reports, oldest first."""

    run: RoundRun
    visits: tuple[Visit, ...]
    orders: tuple[Decided, ...]
    alerts: tuple[Alert, ...]
    reports: tuple[ReportLine, ...]


def run_file(book: Book, id_: str) -> RunFile | None:
    """One run with its file; None: there is no such run."""
    with book.reading() as session:
        row = session.get(RoundRow, id_) if len(id_) <= _LONGEST_ID else None
        if row is None:
            return None
        alerts = session.scalars(select(AlertRow).where(AlertRow.subject == id_).order_by(AlertRow.id.desc()))
        reports = session.scalars(
            select(ReportRow).where(ReportRow.round == id_).order_by(ReportRow.at_ms, ReportRow.id)
        )
        run = keeping.run_of(row)
        bodies = session.scalars(select(WatchRow.body).where(WatchRow.subject == id_))
        remembered = [_decode(body).visits for body in bodies]
        return RunFile(
            run=run,
            visits=max((run.visits, *remembered), key=len),
            orders=_orders(session, [id_]).get(id_, ()),
            alerts=tuple(keeping.alert_of(alert) for alert in alerts),
            reports=tuple(ReportLine(r.id, r.kind, r.at_ms, r.person) for r in reports),
        )


def run(book: Book, id_: str) -> RoundRun | None:
    """One run; None: there is no such run."""
    with book.reading() as session:
        row = session.get(RoundRow, id_) if len(id_) <= _LONGEST_ID else None
        return keeping.run_of(row) if row is not None else None


def runs_of_days(book: Book, first: date, last: date, midnight_ms: int) -> tuple[RoundRun, ...]:
    """The runs of the local days from `first` to `last`, by their start. `midnight_ms`: of `first`."""
    until_ms = midnight_ms + ((last - first).days + 2) * _DAY_MS
    found = (
        select(RoundRow)
        .where(RoundRow.ends_ms >= midnight_ms - _DAY_MS, RoundRow.starts_ms <= until_ms)
        .order_by(RoundRow.starts_ms, RoundRow.id)
    )
    with book.reading() as session:
        runs = [keeping.run_of(row) for row in session.scalars(found)]
    return tuple(one for one in runs if first.isoformat() <= day_of(one) <= last.isoformat())


def first_day(book: Book) -> date | None:
    """The local day of the first run that the book has; None: it has none."""
    with book.reading() as session:
        id_ = session.scalar(select(RoundRow.id).order_by(RoundRow.starts_ms, RoundRow.id).limit(1))
    return date.fromisoformat(id_.rpartition("@")[2]) if id_ is not None else None


def day_of(found: RoundRun) -> str:
    """The local day that a run belongs to, as in 2026-11-22."""
    return found.id.rpartition("@")[2]


def orders_of(book: Book, ids: Iterable[str]) -> Mapping[str, tuple[Decided, ...]]:
    """What people decided about runs, as far as the book knows; runs without decisions are left out."""
    with book.reading() as session:
        return _orders(session, list(ids))


def _orders(session: Session, ids: list[str]) -> dict[str, tuple[Decided, ...]]:
    """A run is watched for a week, and its watches know every decision. Later the journal tells of those
    that changed how the run stood."""
    known: dict[str, tuple[Decided, ...]] = {}
    for at in range(0, len(ids), _AT_ONCE):
        asked = ids[at : at + _AT_ONCE]
        rows = session.execute(
            select(WatchRow.subject, WatchRow.body).where(WatchRow.subject.in_(asked))
        ).all()
        for subject, body in rows:
            found = _decode(body).orders
            if len(found) > len(known.get(subject, ())):
                known[subject] = found
        watched = {subject for subject, _ in rows}
        for id_ in asked:
            if id_ not in watched and (told := decided_by(journal.of_round(session, id_))):
                known[id_] = told
    return known


def decided_by(record: Iterable[Recorded]) -> tuple[Decided, ...]:
    """The decisions that a run's record tells of; pure."""
    found: list[Decided] = []
    said, is_paused, deadline_ms = ("", ""), False, 0
    for entry in record:
        change = entry.decision
        if not isinstance(change, RoundChanged):
            continue
        order = None
        if change.by and (change.by, change.note) != said:
            order = _order_of(change, deadline_ms)
        elif is_paused and change.state is not RoundState.PAUSED:
            order = Order.RESUME
        if order is not None:
            until_ms = change.deadline_ms if order is Order.EXTEND else 0
            key = f"journal:{entry.id}"
            found.append(Decided(change.at_ms, key, order, change.by, change.note, until_ms, change.run))
        said, is_paused = (change.by, change.note), change.state is RoundState.PAUSED
        deadline_ms = change.deadline_ms
    return tuple(found)


def _order_of(change: RoundChanged, deadline_ms: int) -> Order | None:
    match change.state:
        case RoundState.PAUSED:
            return Order.PAUSE
        case RoundState.EXCUSED:
            return Order.EXCUSE
        case _ if change.deadline_ms > deadline_ms > 0:
            return Order.EXTEND
        case RoundState.INCOMPLETE | RoundState.MISSED:
            return Order.FINISH
        case _:
            return None
