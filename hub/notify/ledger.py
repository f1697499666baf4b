"""The ledger's rows: what was to be told to whom by what, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.book.tables import NoticeRow
from hub.config.model import PAGES
from hub.notify.model import ASKING, Dropped, Entry, Kind, Matter, Notice, State

_matter: Final = msgspec.msgpack.Decoder(Matter)
_ASKING: Final = tuple(kind.value for kind in ASKING)


def decide(session: Session, notices: Iterable[Notice], now_ms: int) -> None:
    """Writes down what is to be told; what is there already stays as it is. The pages tell at once."""
    rows = [_row_of(notice, now_ms) for notice in notices]
    if not rows:
        return
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(NoticeRow).on_conflict_do_nothing(index_elements=[NoticeRow.id]), rows)


def release(session: Session, now_ms: int) -> None:
    """What was held until now is told now."""
    due = (NoticeRow.state == State.HELD.value, NoticeRow.tell_at_ms <= now_ms)
    pages = update(NoticeRow).where(*due, NoticeRow.channel == PAGES)
    others = update(NoticeRow).where(*due)
    session.execute(pages.values(state=State.SENT.value, sent_at_ms=now_ms))
    session.execute(others.values(state=State.QUEUED.value, next_try_ms=now_ms))


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
    untold = (State.HELD.value, State.DROPPED.value)
    found = select(NoticeRow).where(
        NoticeRow.alert == alert, NoticeRow.occurrence >= since, NoticeRow.state.not_in(untold)
    )
    return [entry.notice for entry in _entries(session, found.order_by(NoticeRow.number))]


# --- sending ---


def waiting(session: Session, channel: str, now_ms: int, horizon_ms: int, limit: int) -> tuple[Entry, ...]:
    """What a channel is to be given now, oldest first. A next try beyond `horizon_ms` is due as well: it was
    set by a clock that has been set back since."""
    due = (NoticeRow.next_try_ms <= now_ms) | (NoticeRow.next_try_ms > horizon_ms)
    return _entries(session, _queued(channel).where(due).limit(limit))


def next_try_ms(session: Session, channel: str) -> int | None:
    """When the next notice of this channel is to be tried."""
    return session.scalar(
        select(func.min(NoticeRow.next_try_ms)).where(
            NoticeRow.state == State.QUEUED.value, NoticeRow.channel == channel
        )
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
    """The channel has not taken these: again at `next_try`; what was decided long ago is given up."""
    of_these = update(NoticeRow).where(NoticeRow.number.in_(numbers))
    session.execute(of_these.values(attempts=NoticeRow.attempts + 1, result=reason, next_try_ms=next_try))
    session.execute(
        of_these.where(
            NoticeRow.decided_at_ms < given_up_before_ms, NoticeRow.tell_at_ms < given_up_before_ms
        ).values(state=State.FAILED.value)
    )


# --- looking ---


def of_alert(session: Session, alert: int) -> tuple[Entry, ...]:
    """Everything told of one alert, oldest first."""
    if not 0 < alert < 2**63:
        return ()
    return _entries(session, select(NoticeRow).where(NoticeRow.alert == alert).order_by(NoticeRow.number))


def of_person(session: Session, person: str, limit: int) -> tuple[Entry, ...]:
    """What the pages have told one person, newest first."""
    found = (
        select(NoticeRow)
        .where(NoticeRow.channel == PAGES, NoticeRow.recipient == person, NoticeRow.state == State.SENT.value)
        .order_by(NoticeRow.number.desc())
        .limit(limit)
    )
    return _entries(session, found)


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


def _queued(channel: str) -> Select[NoticeRow]:
    return (
        select(NoticeRow)
        .where(NoticeRow.state == State.QUEUED.value, NoticeRow.channel == channel)
        .order_by(NoticeRow.number)
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
        "state": state.value,
        "decided_at_ms": now_ms,
        "attempts": 0,
        "next_try_ms": max(notice.tell_at_ms, now_ms),
        "sent_at_ms": now_ms if shown else None,
        "result": "",
        "acknowledged_by": "",
        "acknowledged_at_ms": None,
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
        ),
        state=State(row.state),
        decided_at_ms=row.decided_at_ms,
        attempts=row.attempts,
        next_try_ms=row.next_try_ms,
        sent_at_ms=row.sent_at_ms,
        result=row.result,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at_ms=row.acknowledged_at_ms,
    )
