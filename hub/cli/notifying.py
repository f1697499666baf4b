"""What `campushub notify` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from rich.table import Table
from rich.text import Text as Cell

from hub.book.store import Book, BookFaultError
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.clock import system_now_ms
from hub.config.model import PAGES
from hub.notify import ledger as rows
from hub.notify.addresses import service_of
from hub.notify.carriers import carrier_of
from hub.notify.message import Composer, load_texts
from hub.notify.model import Entry, State, short_id
from hub.words import wording


def prove(config: Path, environment: Mapping[str, str], channel: str) -> None:
    """Sends a test message: 0 if the channel took it, 4 if it was not reached, 5 if it refused."""
    campus = load_or_fail(config, environment)
    if channel == PAGES:
        out.print("pages need no proof: sign in and look", highlight=False)
        return
    configured = campus.channels.get(channel)
    if configured is None:
        there = ", ".join(campus.channels) or "none is configured: add a [[channel]]"
        fail(f"there is no channel {channel}; there are: {there}", Exit.USAGE)
    message = Composer(campus, load_texts()[configured.language], system_now_ms).test()
    began_s = time.monotonic()
    outcome = carrier_of(configured).send(message)
    service = service_of(configured.url)
    if outcome.delivered:
        took_s = time.monotonic() - began_s
        out.print(f"{channel} ({service}) took the message in {took_s:.1f} s", highlight=False)
        err.print("Look there whether it has arrived: taking is not showing.", highlight=False)
        return
    refused = (
        f"{channel} ({service}) refuses it: {outcome.reason}. Its address, secret or keywords are wrong."
    )
    unreachable = f"{channel} ({service}) did not take it: {outcome.reason}"
    if outcome.is_refusal:
        fail(refused, Exit.REFUSED)
    fail(unreachable, Exit.UNAVAILABLE)


def ledger(config: Path, environment: Mapping[str, str], alert: int | None, limit: int) -> None:
    """Prints the ledger."""
    campus = load_or_fail(config, environment)
    campus.storage.folder.mkdir(parents=True, exist_ok=True)
    try:
        book = Book(campus.storage.book_url)
    except BookFaultError as error:
        fail(str(error), Exit.UNAVAILABLE)
    with book.reading() as session:
        entries = rows.newest(session, limit) if alert is None else rows.of_alert(session, alert)
    book.close()
    table = Table(title=f"Who was told (times in {campus.site.zone})", title_justify="left")
    for heading in ("decided", "alert", "what", "whom", "by", "result", "told", "taken on by", "id"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        table.add_row(*map(Cell, _line(entry, campus.site.zone)))
    out.print(table)


def _line(entry: Entry, zone: tzinfo) -> tuple[str, ...]:
    notice = entry.notice
    again = f" {notice.again}" if notice.again else ""
    occurrence = f"/{notice.occurrence}" if notice.occurrence > 1 else ""
    return (
        _at(entry.decided_at_ms, zone),
        f"work {notice.work}" if notice.work else f"{notice.alert}{occurrence}",
        f"{notice.kind.value}{again}",
        notice.recipient,
        notice.channel,
        _result(entry, zone),
        _at(entry.sent_at_ms, zone),
        entry.acknowledged_by,
        short_id(notice.id),
    )


def _result(entry: Entry, zone: tzinfo) -> str:
    parts = [entry.state.value]
    if entry.state is State.HELD:
        parts.append(f"until {_at(entry.notice.tell_at_ms, zone)}")
    if entry.state in (State.QUEUED, State.FAILED) and entry.attempts:
        parts.append(f"{entry.attempts} tries")
    return ", ".join([*parts, *([entry.result] if entry.result else [])])


def _at(at_ms: int | None, zone: tzinfo) -> str:
    return "" if at_ms is None else f"{wording.local(at_ms, zone):%Y-%m-%d %H:%M:%S}"
