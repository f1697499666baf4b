"""The ledger's rows: what was to be told to whom by what, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.book.tables import NoticeRow
from hub.config.model import PAGES
from hub.notify.model import ASKING, PROBE, Dropped, Entry, Kind, Matter, Notice, State

_matter: Final = msgspec.msgpack.Decoder(Matter)
_ASKING: Final = tuple(kind.value for kind in ASKING)
_UNTOLD: Final = (State.HELD.value, State.DROPPED.value, State.DIVERTED.value)
_FEWEST_TRIES: Final = 24  # before a clock that leaps ahead makes the hub give up
_LONGEST_HOLD_MS: Final = 3 * 24 * 3_600_000


def decide(session: Session, notices: Iterable[Notice], now_ms: int) -> None:
    """Writes down what is to be told; what is there already stays as it is. The pages tell at once."""
    rows = [_row_of(notice, now_ms) for notice in notices]
    if not rows:
        return
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(NoticeRow).on_conflict_do_nothing(index_elements=[NoticeRow.id]), rows)


def release(session: Session, now_ms: int) -> None:
    """What was held until now is told now; as is what a clock that was set back since held for years."""
    is_time = (NoticeRow.tell_at_ms <= now_ms) | (NoticeRow.tell_at_ms > now_ms + _LONGEST_HOLD_MS)
    due = (NoticeRow.state == State.HELD.value, is_time)
    pages = update(NoticeRow).where(*due, NoticeRow.channel == PAGES)
    others = update(NoticeRow).where(*due)
    session.execute(pages.values(state=State.SENT.value, sent_at_ms=now_ms))
    session.execute(others.values(state=State.QUEUED.value, next_try_ms=now_ms))


def is_release_due(next_ms: int | None, now_ms: int) -> bool:
    """Whether `release` has something to do, if the next held notice is to be told at `next_ms`."""
    return next_ms is not None and not now_ms < next_ms <= now_ms + _LONGEST_HOLD_MS


def next_release_ms(session: Session) -> int | None:
    """When the next held notice is to be told."""
    return session.scalar(select(func.min(NoticeRow.tell_at_ms)).where(NoticeRow.state == State.HELD.value))


def drop_held(session: Session, alert: int, why: Dropped) -> None:
    """What was held and asks somebody to act need not be told any more."""
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.alert == alert, NoticeRow.state == State.HELD.value, NoticeRow.kind.in_(_ASKING))
        .values(state=State.DROPPED.value, result=why.value)
    )


def acknowledged(session: Session, alert: int, since: int, by: str, at_ms: int) -> None:
    """Notes with what was told of an alert, from occurrence `since` on, who took it on."""
    session.execute(
        update(NoticeRow)
        .where(
            NoticeRow.alert == alert,
            NoticeRow.occurrence >= since,
            NoticeRow.state != State.DROPPED.value,
        )
        .values(acknowledged_by=by, acknowledged_at_ms=at_ms)
    )


def known(session: Session, alert: int) -> set[str]:
    """The ids of one alert's notices."""
    return set(session.scalars(select(NoticeRow.id).where(NoticeRow.alert == alert)))


def telling(session: Session, alert: int) -> dict[int, int]:
    """Since when each occurrence of an alert is told."""
    rows = session.execute(
        select(NoticeRow.occurrence, func.min(NoticeRow.decided_at_ms))
        .where(NoticeRow.alert == alert, NoticeRow.kind.in_((*_ASKING, Kind.REOPENED.value)))
        .group_by(NoticeRow.occurrence)
    )
    return {row[0]: row[1] for row in rows}


def told(session: Session, alert: int, since: int) -> list[Notice]:
    """What was told of an alert from occurrence `since` on, or waits for its channel; in order."""
    found = select(NoticeRow).where(
        NoticeRow.alert == alert, NoticeRow.occurrence >= since, NoticeRow.state.not_in(_UNTOLD)
    )
    return [entry.notice for entry in _entries(session, found.order_by(NoticeRow.number))]


# --- sending ---


class Queued(msgspec.Struct, frozen=True):
    """As much of a notice that waits for its channel as says when to try it."""

    number: int
    attempts: int
    decided_at_ms: int
    next_try_ms: int
    recipient: str


def queued(session: Session, channel: str) -> tuple[Queued, ...]:
    """All that waits for a channel, oldest first."""
    rows = session.execute(
        select(
            NoticeRow.number,
            NoticeRow.attempts,
            NoticeRow.decided_at_ms,
            NoticeRow.next_try_ms,
            NoticeRow.recipient,
        )
        .where(NoticeRow.state == State.QUEUED.value, NoticeRow.channel == channel)
        .order_by(NoticeRow.number)
    )
    return tuple(Queued(*row) for row in rows)


def entries(session: Session, numbers: Collection[int]) -> tuple[Entry, ...]:
    """These notices, oldest first."""
    return _entries(
        session, select(NoticeRow).where(NoticeRow.number.in_(numbers)).order_by(NoticeRow.number)
    )


def sent(session: Session, numbers: Collection[int], now_ms: int) -> None:
    """The channel has taken these."""
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.number.in_(numbers))
        .values(state=State.SENT.value, sent_at_ms=now_ms, attempts=NoticeRow.attempts + 1, result="")
    )


def not_sent(
    session: Session, numbers: Collection[int], reason: str, next_try: int, given_up_before_ms: int
) -> None:
    """The channel has not taken these: again at `next_try`; what was decided long ago and tried often is
    given up, but for what finds out whether the channel works again."""
    of_these = update(NoticeRow).where(NoticeRow.number.in_(numbers))
    session.execute(of_these.values(attempts=NoticeRow.attempts + 1, result=reason, next_try_ms=next_try))
    session.execute(
        of_these.where(
            NoticeRow.decided_at_ms < given_up_before_ms,
            NoticeRow.tell_at_ms < given_up_before_ms,
            NoticeRow.attempts >= _FEWEST_TRIES,
            NoticeRow.recipient != PROBE,
        ).values(state=State.FAILED.value)
    )


def diverted(session: Session, number: int, others: Collection[str]) -> bool:
    """The channel refused this one: it counts as told by the notices with the ids `others`, if there are any
    that are told or will be. Returns whether."""
    live = (State.HELD.value, State.QUEUED.value, State.SENT.value)
    found = select(func.count()).where(NoticeRow.id.in_(others), NoticeRow.state.in_(live))
    if not session.scalar(found):
        return False
    session.execute(update(NoticeRow).where(NoticeRow.number == number).values(state=State.DIVERTED.value))
    return True


def drop(session: Session, id_: str, why: Dropped) -> None:
    """This one need not be told any more, if it was not."""
    session.execute(
        update(NoticeRow)
        .where(NoticeRow.id == id_, NoticeRow.state == State.QUEUED.value)
        .values(state=State.DROPPED.value, result=why.value)
    )


# --- looking ---


def of_alert(session: Session, alert: int) -> tuple[Entry, ...]:
    """Everything told of one alert, oldest first."""
    if not 0 < alert < 2**63:
        return ()
    return _entries(session, select(NoticeRow).where(NoticeRow.alert == alert).order_by(NoticeRow.number))


def of_work(session: Session, order: int) -> tuple[Entry, ...]:
    """Everything told of one work order, oldest first."""
    return _entries(session, select(NoticeRow).where(NoticeRow.work == order).order_by(NoticeRow.number))


def of_person(session: Session, person: str, limit: int) -> tuple[Entry, ...]:
    """What the pages have told one person, newest first."""
    found = (
        select(NoticeRow)
        .where(NoticeRow.channel == PAGES, NoticeRow.recipient == person, NoticeRow.state == State.SENT.value)
        .order_by(NoticeRow.number.desc())
        .limit(limit)
    )
    return _entries(session, found)


def unseen(session: Session, person: str) -> int:
    """How much of what the pages have told a person that person has not seen yet."""
    return session.scalar(select(func.count()).where(*_unseen_by(person))) or 0


def see(session: Session, person: str, newest: int, now_ms: int) -> None:
    """A person has seen what the pages told, up to notice number `newest`."""
    session.execute(
        update(NoticeRow).where(*_unseen_by(person), NoticeRow.number <= newest).values(seen_at_ms=now_ms)
    )


def newest(session: Session, limit: int) -> tuple[Entry, ...]:
    """The newest notices, newest first."""
    return _entries(session, select(NoticeRow).order_by(NoticeRow.number.desc()).limit(limit))


def counts(session: Session) -> dict[State, int]:
    """How many notices there are in each state."""
    found = dict.fromkeys(State, 0)
    rows = session.execute(select(NoticeRow.state, func.count()).group_by(NoticeRow.state))
    for state, count in rows:
        found[State(state)] = count
    return found


def _unseen_by(person: str) -> tuple[ColumnElement[bool], ...]:
    return (
        NoticeRow.channel == PAGES,
        NoticeRow.recipient == person,
        NoticeRow.seen_at_ms.is_(None),
        NoticeRow.state == State.SENT.value,
    )


def _entries(session: Session, found: Select[NoticeRow]) -> tuple[Entry, ...]:
    return tuple(_entry_of(row) for row in session.scalars(found))


def _row_of(notice: Notice, now_ms: int) -> dict[str, object]:
    held = notice.tell_at_ms > now_ms
    shown = notice.channel == PAGES and not held
    state = State.HELD if held else State.SENT if shown else State.QUEUED
    return {
        "id": notice.id,
        "alert": notice.alert,
        "occurrence": notice.occurrence,
        "kind": notice.kind.value,
        "step": notice.step,
        "again": notice.again,
        "recipient": notice.recipient,
        "channel": notice.channel,
        "tell_at_ms": notice.tell_at_ms,
        "matter": msgspec.msgpack.encode(notice.matter),
        "work": notice.work,
        "state": state.value,
        "decided_at_ms": now_ms,
        "attempts": 0,
        "next_try_ms": max(notice.tell_at_ms, now_ms),
        "sent_at_ms": now_ms if shown else None,
        "result": "",
        "acknowledged_by": "",
        "acknowledged_at_ms": None,
        "seen_at_ms": None,
    }


def _entry_of(row: NoticeRow) -> Entry:
    return Entry(
        number=row.number,
        notice=Notice(
            id=row.id,
            alert=row.alert,
            occurrence=row.occurrence,
            kind=Kind(row.kind),
            step=row.step,
            again=row.again,
            recipient=row.recipient,
            channel=row.channel,
            tell_at_ms=row.tell_at_ms,
            matter=_matter.decode(row.matter),
            work=row.work,
        ),
        state=State(row.state),
        decided_at_ms=row.decided_at_ms,
        attempts=row.attempts,
        next_try_ms=row.next_try_ms,
        sent_at_ms=row.sent_at_ms,
        result=row.result,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at_ms=row.acknowledged_at_ms,
        seen_at_ms=row.seen_at_ms,
    )
