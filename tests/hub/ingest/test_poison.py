"""One entry that cannot be written takes nobody along and does not come again for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.facts import Clock, Reading
from hub.ingest.counts import Counts
from hub.ingest.inbox import Inbox
from hub.log.model import Entry, Fate
from hub.log.reader import LogReader
from hub.log.writer import LogWriter

NOON = 1_790_000_000_000


def reading(key: str) -> Entry:
    return Entry((Reading(key, "cold-1", NOON, NOON, Clock.DEVICE, (("temperature_c", 4.0),)),))


def test_its_neighbours_are_kept_and_it_becomes_a_dead_letter(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = LogWriter(tmp_path / "log.sqlite")
    counts = Counts()
    inbox = Inbox(log, lambda: NOON, counts, lambda: None)
    told: list[tuple[Fate, ...]] = []
    entries = [reading("r:cold-1:b:1"), reading("r:cold-1:b:\ud800"), reading("r:cold-1:b:3")]
    inbox.put_many(entries, told.append)
    inbox.turn()
    assert told == [(Fate.APPENDED, Fate.CONFLICT, Fate.APPENDED)]
    reader = LogReader(tmp_path / "log.sqlite")
    assert [logged.fact.key for logged in reader.after(0, 10)] == ["r:cold-1:b:1", "r:cold-1:b:3"]
    (letter,) = reader.letters(10)
    assert letter.reason == "hub_fault"
    assert b"ud800" in letter.payload
    assert "one by one" in caplog.text
    reader.close()
    log.close()


def test_an_acknowledgement_that_fails_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.sqlite")
    inbox = Inbox(log, lambda: NOON, Counts(), lambda: None)
    told: list[tuple[Fate, ...]] = []

    def broken(_: tuple[Fate, ...]) -> None:
        raise OSError("the socket is gone")

    inbox.put_many([reading("r:cold-1:b:1")], broken)
    inbox.put_many([reading("r:cold-1:b:2")], told.append)
    inbox.turn()
    assert told == [(Fate.APPENDED,)]
    log.close()
