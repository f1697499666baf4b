"""Taps of fixed readers that prove themselves: from the message on the topic to what the log has of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.facts import Fact, Kind, Tap, Trust
from devices.formats import Binding, Format, Router
from hub.ingest.decode import Decoder, Message
from hub.log.model import Entry, LogFaultError
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from tests.devices.sun_tag import SunTag
from tests.hub.patrol.posting import GATE, id_of
from tests.hub.patrol.sun_site import TAGS, message_of, tag_at

NOW_MS = 1_780_000_000_000
READER = Binding("gate-1", Kind.CHECKPOINT, Format.NATIVE, "", "")


def entry_of(*taps: dict[str, Any]) -> Entry:
    decoder = Decoder(Router("school", [READER]), ZoneInfo("Asia/Shanghai"), TAGS)
    topic = "campus/school/checkpoint/gate-1/tap"
    payload = msgspec.json.encode(list(taps))
    return decoder.take(Message(topic, payload, 1, again=False, retained=False, received_at_ms=NOW_MS)).entry


def tap(number: int, chip: SunTag, **changes: Any) -> dict[str, Any]:
    return {
        "at": NOW_MS / 1000,
        "tap_id": id_of(number),
        "tag_uid": GATE,
        "source": "sun",
        "sun": message_of(chip),
        **changes,
    }


def appended(log: LogWriter, *entries: Entry) -> list[Tap]:
    log.append(entries, NOW_MS)
    reader = LogReader(Path(str(log._path)))
    facts: list[Fact] = list(reader.after(0, 100).facts)
    reader.close()
    return [fact for fact in facts if isinstance(fact, Tap)]


def test_a_readers_signed_tap_is_trusted_once(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.sqlite")
    chip = tag_at()
    message = message_of(chip)
    first, copy = (entry_of(tap(number, chip, sun=message)) for number in (1, 2))

    kept = appended(log, first, copy, first)

    assert [(one.trust, one.counter, one.refused) for one in kept] == [
        (Trust.SUN, 13, ""),
        (Trust.UID, 13, "replay"),
    ]
    log.close()


def test_a_batch_that_the_disk_did_not_take_uses_no_count(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.sqlite")
    entry = entry_of(tap(1, tag_at()))
    log._db.execute("PRAGMA query_only = on")
    with pytest.raises(LogFaultError):
        log.append([entry], NOW_MS)
    log._db.execute("PRAGMA query_only = off")
    other = entry_of(tap(2, tag_at()))

    kept = appended(log, other)

    assert [(one.key, one.trust) for one in kept] == [(f"tap:{id_of(2)}", Trust.SUN)]
    log.close()


def test_counts_outlive_the_facts_and_a_restart(tmp_path: Path) -> None:
    day_ms = 86_400_000
    log = LogWriter(tmp_path / "log.sqlite")
    chip = tag_at()
    message = message_of(chip)
    log.append([entry_of(tap(1, chip, sun=message))], NOW_MS)
    log.append([entry_of(tap(2, chip))], NOW_MS + 40 * day_ms)
    log.prune(NOW_MS + 30 * day_ms, log.newest_seq)
    log.close()

    again = LogWriter(tmp_path / "log.sqlite")
    kept = appended(again, entry_of(tap(3, chip, sun=message)))

    assert [(one.key, one.refused) for one in kept][-1] == (f"tap:{id_of(3)}", "replay")
    assert f"tap:{id_of(1)}" not in {one.key for one in kept}
    again.close()


def test_a_reader_that_names_another_tag_than_the_message_proves_nothing() -> None:
    (fact,) = entry_of(tap(1, tag_at(), tag_uid="04111111111180")).facts
    assert isinstance(fact, Tap)
    assert (fact.refused, fact.trust, fact.counter) == ("other_tag", Trust.UID, -1)


def test_of_a_backlog_only_the_taps_with_messages_are_judged() -> None:
    chip = tag_at()
    plain = {"at": NOW_MS / 1000, "tap_id": id_of(9), "tag_uid": GATE}
    entry = entry_of(tap(1, chip), plain, tap(2, chip, sun={"e": "00" * 16, "c": "00" * 8}))

    taps = [fact for fact in entry.facts if isinstance(fact, Tap)]
    assert [(one.trust, one.refused) for one in taps] == [
        (Trust.SUN, ""),
        (Trust.READER, ""),
        (Trust.UID, "forged"),
    ]
    assert [claim.tap for claim in entry.claims] == [f"tap:{id_of(1)}"]
