"""What the desk asks of the book, of the log and of the history. Calls block."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from devices.series import measurement_of
from hub.alerts import keeping
from hub.book.model import Alert, AlertChanged, RoundRun
from hub.book.store import Book
from hub.book.tables import AlertRow, RoundRow
from hub.config.model import Campus
from hub.history.port import Aggregate, HistoryUnavailableError
from hub.log.model import LogFaultError, StoredLetter, Stranger
from hub.log.reader import LogReader
from hub.notify import ledger
from hub.notify.model import Entry
from hub.notify.refusals import Refusing, refusing
from hub.web.deps import Deps

_LETTERS: Final = 100
_ALERTS: Final = 100
_NOTICES: Final = 100
_LARGEST_ID: Final = 2**63 - 1


class AlertFile(msgspec.Struct, frozen=True):
    """An alert, everything that became of it and whom that was told (oldest first), the round that it is
    about, if it is, and what it was found to come from and to lead to."""

    alert: Alert
    record: tuple[AlertChanged, ...]
    told: tuple[Entry, ...]
    run: RoundRun | None
    cause: Alert | None = None
    consequences: tuple[Alert, ...] = ()


class Records(msgspec.Struct, frozen=True):
    """The newest dead letters, how many there ever were by reason, and the devices nobody configured."""

    letters: tuple[StoredLetter, ...]
    counts: tuple[tuple[str, int], ...]
    strangers: tuple[Stranger, ...]


def alert_file(book: Book, id_: int) -> AlertFile | None:
    """One alert with its whole record; None: there is no such alert."""
    if not 0 < id_ <= _LARGEST_ID:
        return None
    with book.reading() as session:
        row = session.get(AlertRow, id_)
        if row is None:
            return None
        run = session.get(RoundRow, row.subject)
        cause = session.get(AlertRow, row.parent) if row.parent is not None else None
        return AlertFile(
            alert=keeping.alert_of(row),
            record=keeping.record_of(session, id_),
            told=ledger.of_alert(session, id_),
            run=keeping.run_of(run) if run is not None else None,
            cause=keeping.alert_of(cause) if cause is not None else None,
            consequences=keeping.consequences(session, id_),
        )


def notices_of(book: Book, person: str) -> tuple[tuple[Entry, Alert | None], ...]:
    """The newest notices that the pages have for a person, newest first, each with how its alert stands."""
    with book.reading() as session:
        entries = ledger.of_person(session, person, _NOTICES)
        rows = {id_: session.get(AlertRow, id_) for id_ in {entry.notice.alert for entry in entries}}
        alerts = {id_: keeping.alert_of(row) for id_, row in rows.items() if row is not None}
    return tuple((entry, alerts.get(entry.notice.alert)) for entry in entries)


def see_notices(book: Book, person: str, entries: Iterable[Entry], now_ms: int) -> None:
    """The person has been shown these notices, and could have read on to all that are older."""
    newest = max((entry.number for entry in entries), default=0)
    with book.reading() as session:
        if not ledger.unseen(session, person):
            return
    with book.writing() as session:
        ledger.see(session, person, newest, now_ms)


def refusing_channels(book: Book, campus: Campus) -> tuple[Refusing, ...]:
    """The channels that take no messages now."""
    with book.reading() as session:
        return refusing(session, campus)


def unclosed_alerts(book: Book) -> tuple[Alert, ...]:
    """Every alert that somebody still has to deal with, newest first."""
    with book.reading() as session:
        return keeping.unclosed(session)


def closed_alerts(book: Book) -> tuple[Alert, ...]:
    """The newest closed alerts, newest first."""
    with book.reading() as session:
        return keeping.newest_closed(session, _ALERTS)


def peak(deps: Deps, alert: Alert, quantity: str, *, above: bool) -> float | None:
    """The most extreme value of `quantity` while the alert's cause lasted, so far if it still does.

    None: it has no such quantity, or the history does not know or does not answer."""
    device = deps.campus.devices.get(alert.subject)
    if device is None or not quantity:
        return None
    over_ms = alert.cleared_at_ms if alert.cleared_at_ms is not None else alert.closed_at_ms
    end_ms = max(deps.now() if alert.active or over_ms is None else over_ms, alert.since_ms) + 1
    try:
        samples = deps.history.range(
            measurement_of(device.kind),
            quantity,
            device.id,
            alert.since_ms,
            end_ms,
            end_ms - alert.since_ms,
            Aggregate.MAX if above else Aggregate.MIN,
        )
    except HistoryUnavailableError:
        return None
    # The history may be behind: the value that raised the alert counts, too.
    values = [sample.value for sample in samples] + ([] if alert.value is None else [alert.value])
    return (max if above else min)(values) if samples else None


def records(log_path: Path) -> Records | None:
    """Dead letters and strangers; None: the log cannot be read now."""
    try:
        log = LogReader(log_path)
    except LogFaultError:
        return None
    try:
        counts = sorted(log.letter_counts().items(), key=lambda counted: -counted[1])
        return Records(log.letters(_LETTERS), tuple(counts), log.strangers())
    except LogFaultError:
        return None
    finally:
        log.close()
