"""What the rules said: to the tortured hub, to its own log read again, and had nothing gone wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

from devices.formats import Binding, Router
from hub.alerts.reader import AlertsReader, installation
from hub.book import journal
from hub.book.model import AlertChanged
from hub.book.store import Book
from hub.clock import system_now_ms
from hub.config.binding import watches_of_devices
from hub.config.model import Campus
from hub.ingest.decode import Decoder, Message
from hub.log.model import Entry
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from hub.torture.traffic import Traffic, is_clockless
from rules.life import Change
from rules.reach import depends_on_arrival

# By rule and subject what was said about it, in order: (change, at_ms, value).
Said: TypeAlias = dict[tuple[str, str], list[tuple[str, int, float | None]]]

_BATCH: Final = 2_000
# What the rules themselves say. An alert's life besides (flapping that ends, and what closes with it) goes by
# the hub's clock, and so depends on which facts came in one turn.
_BY_RULES: Final = {
    Change.RAISED: "raised",
    Change.RAISED_AGAIN: "raised",  # the one before was still open
    Change.CLEARED: "cleared",
    Change.AMENDED: "amended",
    Change.WORSENED: "worsened",
    Change.EASED: "eased",
}


def judge(campus: Campus, log: Path, book_url: str, installed_at_ms: int | None = None) -> Said:
    """Everything that a book says after all of a log was judged into it; a new book judges from the start."""
    book = Book(book_url)
    if installed_at_ms is not None:
        with book.writing() as session:
            installation(session, installed_at_ms)
    reader = LogReader(log)
    try:
        alerts = AlertsReader(
            campus, watches_of_devices(campus), lambda _: (), reader, book, system_now_ms, lambda: None
        )
        while alerts.turn() == 0.0:
            pass
        return _said(book)
    finally:
        reader.close()
        book.close()


def undisturbed_log(campus: Campus, traffic: Traffic, times_seen: bytearray, path: Path) -> None:
    """The log of a hub to which nothing happened: every numbered message once, in the order it was sent.

    Only those that reached the hub at all: what a lost one would have said, nobody can be blamed for."""
    bindings = [Binding(device.id, device.kind, device.format) for device in campus.devices.values()]
    decoder = Decoder(Router(campus.site.id, bindings), campus.site.zone)
    now_ms = system_now_ms()
    log = LogWriter(path)
    try:
        batch: list[Entry] = []
        for message in _messages(traffic, times_seen, now_ms):
            batch.append(decoder.take(message).entry)
            if len(batch) == _BATCH:
                log.append(batch, now_ms)
                batch = []
        if batch:
            log.append(batch, now_ms)
    finally:
        log.close()


def differing(one: Said, other: Said) -> list[str]:
    """The rules and subjects that were not told the same."""
    return [f"{rule} {subject}" for rule, subject in sorted(one.keys() | other.keys())
            if one.get((rule, subject)) != other.get((rule, subject))]  # fmt: skip


def of_readings(said: Said, campus: Campus) -> Said:
    """Without what depends on when messages reached the hub: silence, held states, sums over devices."""
    hanging = {watch.rule for watch in watches_of_devices(campus) if depends_on_arrival(watch)}
    return {(rule, subject): changes for (rule, subject), changes in said.items() if rule not in hanging}


def _messages(traffic: Traffic, times_seen: bytearray, now_ms: int) -> Iterator[Message]:
    for index, text in enumerate(traffic.texts()):
        if times_seen[index] and not is_clockless(index % traffic.devices):
            yield Message(
                traffic.topic(index), text.encode(), 0, again=False, retained=False, received_at_ms=now_ms
            )


def _said(book: Book) -> Said:
    said: Said = {}
    newest = 0
    while True:
        with book.reading() as session:
            decisions = journal.after(session, newest, _BATCH)
        if not decisions:
            return said
        newest = decisions[-1].id
        for recorded in decisions:
            changed = recorded.decision
            if isinstance(changed, AlertChanged) and changed.change in _BY_RULES:
                told = (_BY_RULES[changed.change], changed.at_ms, changed.value)
                said.setdefault((changed.rule, changed.subject), []).append(told)
