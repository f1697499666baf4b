"""The alert book's rows: states, alerts, rounds; every change with its entry in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Dialect, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.alerts import restlessness
from hub.alerts.judging import Remembered, Said, WatchKey
from hub.alerts.watched import Overheard
from hub.book import journal
from hub.book.model import Alert, AlertChanged, RoundChanged, RoundRun
from hub.book.tables import AlertRow, OverheardRow, RoundRow, WatchRow
from rules import life
from rules.bind import RoundTarget
from rules.life import AlertState, Change, Hush, Lived, Shelf
from rules.model import (
    Cleared,
    Eased,
    Raised,
    RoundMoved,
    RoundState,
    Rule,
    Severity,
    State,
    Worsened,
)
from rules.progress import UNDER_WAY
from rules.route import Visit

_state: Final = msgspec.msgpack.Decoder(State)
_overheard: Final = msgspec.msgpack.Decoder(list[Overheard])
_ALL_DEVICES: Final = "devices"
_WATCH_COLUMNS: Final = ("rule", "subject", "body", "as_of")
_OPEN_RUNS: Final = frozenset(state.value for state in UNDER_WAY)
_RAISES: Final = frozenset({Change.RAISED, Change.RAISED_AGAIN})
_TELLS_AGAIN: Final = _RAISES | {Change.SURFACED}
_OF_ITS_CAUSE: Final = frozenset({Change.CAUSE_KNOWN, Change.CAUSE_GONE})
_texts: Final = msgspec.msgpack.Decoder(tuple[str, ...])
_visits: Final = msgspec.msgpack.Decoder(tuple[Visit, ...])


def load_states(session: Session) -> dict[WatchKey, Remembered]:
    """What watches remember; a calm one may have nothing of its own to remember."""
    rows = session.execute(select(WatchRow.rule, WatchRow.subject, WatchRow.body, WatchRow.as_of))
    return {(rule, subject): Remembered(_state.decode(body), as_of) for rule, subject, body, as_of in rows}


def save_states(session: Session, states: Mapping[WatchKey, State], as_of: int) -> None:
    """Keeps what watches remember after fact number `as_of`; many at once."""
    if not states:
        return
    connection = session.connection()
    upsert, is_positional = _upsert(connection.dialect)
    rows = [
        (rule, subject, msgspec.msgpack.encode(state), as_of) for (rule, subject), state in states.items()
    ]
    # By the driver, not the session: rows as objects would cost two hundred times as much.
    if is_positional:
        connection.exec_driver_sql(upsert, rows)
    else:
        connection.exec_driver_sql(upsert, [dict(zip(_WATCH_COLUMNS, row, strict=True)) for row in rows])


def none_ahead_of(session: Session, newest_seq: int) -> None:
    """No watch has judged facts that are not in the log: where it seems so, the log is another one, and what
    it will number so must be judged."""
    session.execute(update(WatchRow).where(WatchRow.as_of > newest_seq).values(as_of=newest_seq))


def load_overheard(session: Session) -> list[Overheard]:
    """What devices had said calmly, as of the reader's cursor."""
    row = session.get(OverheardRow, _ALL_DEVICES)
    return _overheard.decode(row.body) if row else []


def save_overheard(session: Session, overheard: list[Overheard]) -> None:
    """Keeps what all devices have said calmly; to be saved with the cursor."""
    session.merge(OverheardRow(name=_ALL_DEVICES, body=msgspec.msgpack.encode(overheard)))


def plan_round(session: Session, round_id: str, target: RoundTarget) -> None:
    """Writes a planned run down; one that is not over follows the configuration."""
    row, walk = session.get(RoundRow, target.id), target.walk
    tags = msgspec.msgpack.encode(walk.tags)
    if row is not None and row.state in _OPEN_RUNS:
        if row.deadline_ms == row.ends_ms + row.grace_ms:  # nobody decided otherwise
            row.deadline_ms = walk.deadline_ms
        row.starts_ms, row.ends_ms, row.grace_ms, row.tags = walk.starts_ms, walk.ends_ms, walk.grace_ms, tags
    if row is None:
        session.add(
            RoundRow(
                id=target.id,
                round=round_id,
                starts_ms=walk.starts_ms,
                ends_ms=walk.ends_ms,
                grace_ms=walk.grace_ms,
                state=RoundState.PLANNED.value,
                tags=tags,
                visited=msgspec.msgpack.encode(()),
                deadline_ms=walk.deadline_ms,
                visits=msgspec.msgpack.encode(()),
                decided_by="",
                decided_why="",
            )
        )
        session.flush()


def forget_watches(session: Session, keys: tuple[WatchKey, ...]) -> None:
    """Removes what watches of past rounds remembered."""
    for rule, subject in keys:
        session.execute(delete(WatchRow).where(WatchRow.rule == rule, WatchRow.subject == subject))


def apply(session: Session, said: Said, rule: Rule, now_ms: int, *, late: bool = False) -> None:
    """Writes down what a watch said; `late`: to a fact that arrived long after it was measured."""
    match said.event:
        case RoundMoved() as moved:
            _move_round(session, said.watch.subject, moved, now_ms)
        case Raised() | Cleared() as event:
            _judge_alert(session, said, event, rule, now_ms, late=late)
        case Worsened() | Eased() as event:
            _weigh_alert(session, said.watch.subject, event, rule, now_ms)


def unclosed(session: Session) -> tuple[Alert, ...]:
    """Every alert that somebody still has to deal with, newest first."""
    rows = session.scalars(select(AlertRow).where(AlertRow.closed.is_(False)).order_by(AlertRow.id.desc()))
    return tuple(alert_of(row) for row in rows)


def recent(session: Session, limit: int) -> tuple[Alert, ...]:
    """The newest alerts, closed ones too, newest first."""
    return tuple(
        alert_of(row) for row in session.scalars(select(AlertRow).order_by(AlertRow.id.desc()).limit(limit))
    )


def newest_closed(session: Session, limit: int) -> tuple[Alert, ...]:
    """The newest closed alerts, newest first."""
    found = select(AlertRow).where(AlertRow.closed.is_(True)).order_by(AlertRow.id.desc()).limit(limit)
    return tuple(alert_of(row) for row in session.scalars(found))


def consequences(session: Session, alert: int) -> tuple[Alert, ...]:
    """The alerts that were found to come from this one, oldest first."""
    found = select(AlertRow).where(AlertRow.parent == alert).order_by(AlertRow.id)
    return tuple(alert_of(row) for row in session.scalars(found))


def runs_between(session: Session, first_ms: int, last_ms: int) -> tuple[RoundRun, ...]:
    """The runs whose windows touch the time between, by their start."""
    rows = session.scalars(
        select(RoundRow)
        .where(RoundRow.ends_ms >= first_ms, RoundRow.starts_ms <= last_ms)
        .order_by(RoundRow.starts_ms)
    )
    return tuple(run_of(row) for row in rows)


def newest_plan(session: Session) -> int:
    """Changes whenever another run is planned: how many there are."""
    return session.scalar(select(func.count()).select_from(RoundRow)) or 0


def alert_of(row: AlertRow) -> Alert:
    """A frozen copy of an alert's row."""
    return Alert(
        id=row.id,
        rule=row.rule,
        subject=row.subject,
        severity=Severity(row.severity),
        active=row.active,
        acknowledged=row.acknowledged,
        closed=row.closed,
        raised_at_ms=row.raised_at_ms,
        since_ms=row.since_ms,
        cleared_at_ms=row.cleared_at_ms,
        closed_at_ms=row.closed_at_ms,
        value=row.value,
        acknowledged_by=row.acknowledged_by,
        acknowledged_reason=row.acknowledged_reason,
        acknowledged_at_ms=row.acknowledged_at_ms,
        closed_by=row.closed_by,
        closed_action=row.closed_action,
        put_right_by=row.put_right_by,
        confirmed_by=row.confirmed_by,
        hushes=hushes_of(state_of(row)),
        suppressed_by=row.suppressed_by,
        suppressed_why=row.suppressed_why,
        suppressed_until_ms=row.suppressed_until_ms,
        shelved_by=row.shelved_by,
        shelved_why=row.shelved_why,
        shelved_until_ms=row.shelved_until_ms,
        shelved_once=row.shelved_once,
        shelved_ms=row.shelved_ms,
        parent=row.parent,
        late=row.late,
        due_ms=row.due_ms,
    )


def run_of(row: RoundRow) -> RoundRun:
    """A frozen copy of a run's row."""
    return RoundRun(
        id=row.id,
        round=row.round,
        starts_ms=row.starts_ms,
        ends_ms=row.ends_ms,
        grace_ms=row.grace_ms,
        state=RoundState(row.state),
        tags=_texts.decode(row.tags),
        visited=_texts.decode(row.visited),
        deadline_ms=row.deadline_ms,
        visits=_visits.decode(row.visits) if row.visits is not None else (),
        decided_by=row.decided_by,
        decided_why=row.decided_why,
    )


def record_changes(
    session: Session,
    row: AlertRow,
    lived: Lived,
    at_ms: int,
    *,
    now_ms: int,
    by: str = "",
    note: str = "",
    told: Mapping[Change, tuple[str, str]] | None = None,
) -> None:
    """Gives an alert its new state and the journal an entry for each change.

    `by`, `note`: of the first change; `told`: who and why, of those changes that have somebody of their own.
    """
    _take(row, lived.state)
    if Change.SURFACED in lived.changes:
        row.acknowledged_by, row.acknowledged_reason, row.acknowledged_at_ms = "", "", None
    if not lived.state.closed:
        row.closed_at_ms = None
    elif row.closed_at_ms is None:
        row.closed_at_ms = at_ms
    session.flush()
    hushes = hushes_of(lived.state)
    for number, change in enumerate(lived.changes):
        who, why = (told or {}).get(change, (by, note) if number == 0 else ("", ""))
        is_shelved = change is Change.SHELVED
        decision = AlertChanged(
            alert=row.id,
            rule=row.rule,
            subject=row.subject,
            severity=Severity(row.severity),
            change=change,
            active=row.active,
            closed=row.closed,
            at_ms=at_ms,
            by=who,
            note=why,
            value=row.value,
            hushes=hushes,
            until_ms=row.shelved_until_ms if is_shelved else None,
            once=is_shelved and row.shelved_once,
            parent=row.parent if change in _OF_ITS_CAUSE else None,
            late=row.late and change in _RAISES,
            due_ms=row.due_ms if change in _TELLS_AGAIN else None,
        )
        journal.record(session, decision, now_ms)


def state_of(row: AlertRow) -> AlertState:
    """The part of an alert that its life is about."""
    until_ms = row.shelved_until_ms
    return AlertState(
        active=row.active,
        acknowledged=row.acknowledged,
        closed=row.closed,
        put_right_by=row.put_right_by or "",
        shelf=None if until_ms is None else Shelf(until_ms, once=bool(row.shelved_once)),
        suppressed=frozenset(Hush(name) for name in (row.suppressed or "").split(",") if name),
        shelved_ms=row.shelved_ms or 0,
    )


def hushes_of(state: AlertState) -> tuple[Hush, ...]:
    """What hushes an alert, in the order of `Hush`."""
    return tuple(hush for hush in Hush if hush in state.hushes)


def record_of(session: Session, alert: int) -> tuple[AlertChanged, ...]:
    """Everything that became of one alert, oldest first."""
    entries = (recorded.decision for recorded in journal.of_alert(session, alert))
    return tuple(entry for entry in entries if isinstance(entry, AlertChanged))


def state_from(record: Iterable[AlertChanged]) -> AlertState | None:
    """An alert's state as its record alone tells it, oldest entry first; None: it was never raised."""
    state: AlertState | None = None
    for entry in record:
        shelf = None if entry.until_ms is None else Shelf(entry.until_ms, once=entry.once)
        state = life.after(state, entry.change, entry.by, shelf, entry.at_ms)
    return state


@lru_cache(maxsize=4)  # a hub has one book
def _upsert(dialect: Dialect) -> tuple[str, bool]:
    """What keeps a watch's state in this dialect, and whether its values go by position, else by name."""
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    new = insert(WatchRow)
    upsert = new.on_conflict_do_update(
        index_elements=[WatchRow.rule, WatchRow.subject],
        set_={"body": new.excluded.body, "as_of": new.excluded.as_of},
    ).compile(dialect=dialect, column_keys=_WATCH_COLUMNS)
    return str(upsert), bool(upsert.positional)


def _take(row: AlertRow, state: AlertState) -> None:
    row.active, row.acknowledged, row.closed = state.active, state.acknowledged, state.closed
    row.put_right_by = state.put_right_by
    row.shelved_ms = state.shelved_ms
    row.suppressed = ",".join(hush.value for hush in Hush if hush in state.suppressed)
    if state.shelf is None:
        row.shelved_until_ms, row.shelved_once, row.shelved_by, row.shelved_why = None, False, "", ""
    else:
        row.shelved_until_ms, row.shelved_once = state.shelf.until_ms, state.shelf.once


def _judge_alert(
    session: Session, said: Said, event: Raised | Cleared, rule: Rule, now_ms: int, *, late: bool
) -> None:
    subject = said.watch.subject
    row = session.scalars(
        select(AlertRow).where(
            AlertRow.closed.is_(False), AlertRow.rule == rule.id, AlertRow.subject == subject
        )
    ).first()
    state = state_of(row) if row else None
    flaps = _turns(state, event) and restlessness.turned(session, rule.id, subject, event.at_ms)
    if row is not None and state is not None and flaps and isinstance(event, Cleared):
        # It flaps from now on: before it clears, so that it does not close by itself.
        state = _begin_to_flap(session, row, state, rule, event.at_ms, now_ms)
    lived = life.judged(state, event, rule.closing)
    if lived is None:
        return
    if row is None:
        row = _new_alert(rule, subject, event)
        session.add(row)
    if lived.changes:
        row.judged_at_ms = now_ms
    for change in lived.changes:
        _mark(row, change, event, late=late)
    if lived.changes and isinstance(event, Raised):
        row.severity = rule.severity_of(grave=event.grave).value
    record_changes(session, row, lived, event.at_ms, now_ms=now_ms)
    if flaps and isinstance(event, Raised):
        _begin_to_flap(session, row, lived.state, rule, event.at_ms, now_ms)


def _weigh_alert(session: Session, subject: str, event: Worsened | Eased, rule: Rule, now_ms: int) -> None:
    """An open alert goes beyond the second limit of its rule, or comes back within it."""
    row = session.scalars(
        select(AlertRow).where(
            AlertRow.closed.is_(False), AlertRow.rule == rule.id, AlertRow.subject == subject
        )
    ).first()
    severity = rule.severity_of(grave=isinstance(event, Worsened))
    if row is None or row.severity == severity.value:
        return
    row.severity, row.value = severity.value, event.value
    state = state_of(row)
    lived = life.worsened(state) if isinstance(event, Worsened) else Lived(state, (Change.EASED,))
    record_changes(session, row, lived, event.at_ms, now_ms=now_ms)


def _turns(state: AlertState | None, event: Raised | Cleared) -> bool:
    """Whether this changes what is so; a correction does not, for it never was so."""
    is_active = state is not None and state.active
    return not is_active if isinstance(event, Raised) else is_active and not event.amended


def _begin_to_flap(
    session: Session, row: AlertRow, state: AlertState, rule: Rule, at_ms: int, now_ms: int
) -> AlertState:
    lived = life.surround(state, state.suppressed | {Hush.FLAPPING}, rule.closing, now_ms)
    record_changes(session, row, lived, at_ms, now_ms=now_ms)
    return lived.state


def _new_alert(rule: Rule, subject: str, event: Raised | Cleared) -> AlertRow:
    return AlertRow(
        rule=rule.id,
        subject=subject,
        severity=rule.severity.value,
        raised_at_ms=event.at_ms,
        since_ms=event.at_ms,
        acknowledged_by="",
        acknowledged_reason="",
        closed_by="",
        closed_action="",
        confirmed_by="",
        suppressed_by="",
        suppressed_why="",
        late=False,
    )


def _mark(row: AlertRow, change: Change, event: Raised | Cleared, *, late: bool) -> None:
    """The times and values that come with a judged change."""
    match change, event:
        case ((Change.RAISED | Change.RAISED_AGAIN), Raised()):
            row.raised_at_ms, row.since_ms, row.value = event.at_ms, event.since_ms, event.value
            row.due_ms = event.due_ms
            row.cleared_at_ms = None
            row.acknowledged_by, row.acknowledged_reason, row.acknowledged_at_ms = "", "", None
            row.closed_by, row.closed_action = "", ""
            row.late = late
            if Hush.CAUSE not in state_of(row).suppressed:
                row.parent = None
        case ((Change.CLEARED | Change.AMENDED), Cleared()):
            row.cleared_at_ms = event.at_ms
        case _:
            pass


def _move_round(session: Session, subject: str, moved: RoundMoved, now_ms: int) -> None:
    row = session.get(RoundRow, subject)
    if row is None:
        return
    row.state = moved.state.value
    row.visited = msgspec.msgpack.encode(moved.visited)
    row.visits = msgspec.msgpack.encode(moved.visits)
    row.deadline_ms, row.decided_by, row.decided_why = moved.deadline_ms, moved.by, moved.why
    decision = RoundChanged(
        run=row.id,
        round=row.round,
        state=moved.state,
        visited=len(moved.visited),
        required=moved.required,
        at_ms=moved.at_ms,
        deadline_ms=moved.deadline_ms,
        by=moved.by,
        note=moved.why,
    )
    journal.record(session, decision, now_ms)
