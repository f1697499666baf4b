"""The log is bounded by age and by bytes, and says what it dropped unread."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from devices.facts import Clock, Presence
from hub.log import retention
from hub.log import writer as writing
from hub.log.model import Fate, LogFaultError, Pruned
from hub.log.reader import LogReader
from hub.log.verify import verify
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading, tap

LATER = NOON + 10 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def filled(path: Path, days: int, facts: int) -> LogWriter:
    log = LogWriter(path)
    for day in range(days):
        first = day * facts
        chunk = [reading(n, at=NOON + day * DAY) for n in range(first, first + facts)]
        log.append([entry(*chunk)], NOON + day * DAY)
    return log


def test_old_days_go_only_when_every_reader_has_read_them(path: Path) -> None:
    log = filled(path, days=3, facts=1)
    assert log.prune(LATER, read_by_all=0) == Pruned()
    assert log.prune(LATER, read_by_all=1) == Pruned(("20260921",), facts=1)
    assert [logged.seq for logged in LogReader(path).after(0, 10)] == [2, 3]
    assert log.prune(LATER, read_by_all=3).days == ("20260922",)
    assert log.append([entry(reading(9))], NOON + 2 * DAY).newest_seq == 4
    assert verify(path).faults == ()


def test_the_file_shrinks_when_days_go(path: Path) -> None:
    log = filled(path, days=4, facts=5_000)
    log.close()
    before = path.stat().st_size
    log = LogWriter(path)
    assert log.prune(LATER, read_by_all=20_000).facts == 15_000
    log.close()
    assert path.stat().st_size < before * 0.42
    assert verify(path).faults == ()


def test_the_byte_limit_takes_unread_days_and_says_so(path: Path) -> None:
    log = filled(path, days=4, facts=3_000)
    pruned = log.prune(0, read_by_all=1_000, max_bytes=600_000)
    assert pruned.facts == 3_000 * len(pruned.days) >= 6_000
    assert pruned.unread == pruned.facts - 1_000
    reader = LogReader(path)
    assert reader.dropped_unread() == pruned.unread
    assert reader.after(0, 1).first == pruned.facts + 1
    log.close()
    assert path.stat().st_size <= 600_000 + 64 * 1024
    assert verify(path).faults == ()


def test_the_byte_limit_takes_the_beginning_of_a_single_day(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RUN", 500)
    log = LogWriter(path)
    for start in range(0, 5_000, 250):
        log.append([entry(*(reading(n) for n in range(start, start + 250)))], NOON)
    pruned = log.prune(0, read_by_all=5_000, max_bytes=300_000)
    assert pruned.days == ()
    assert pruned.unread == 0
    assert 0 < pruned.facts < 5_000
    assert LogReader(path).after(0, 1).first == pruned.facts + 1
    assert verify(path).faults == ()
    assert log.append([entry(reading(4_999), reading(5_000))], NOON).fates == (Fate.DUPLICATE, Fate.APPENDED)


def test_without_need_nothing_goes(path: Path) -> None:
    log = filled(path, days=3, facts=10)
    assert log.prune(NOON - DAY, read_by_all=30, max_bytes=10**9) == Pruned()
    assert log.prune(LATER, read_by_all=10**9, max_bytes=1).days == ("20260921", "20260922")
    assert len(LogReader(path).after(0, 100)) == 10


def test_latest_values_outlive_the_facts_they_came_from(path: Path) -> None:
    log = LogWriter(path)
    log.append([entry(reading(1, 7.0, device="gone"), tap("a"))], NOON)
    log.append([entry(reading(1, at=NOON + DAY))], NOON + DAY)
    log.prune(LATER, read_by_all=2)
    assert {(row.device, row.value) for row in LogReader(path).latest()} == {("gone", 7.0), ("cold-1", 4.0)}
    assert verify(path).faults == ()
    assert log.append([entry(tap("a"))], NOON + DAY).fates == (Fate.APPENDED,)


def test_what_began_a_day_is_known_after_the_day_before_has_gone(path: Path) -> None:
    log = LogWriter(path)
    log.append([entry(reading(1))], NOON)
    first = [entry(reading(1, at=NOON + DAY, device="cold-2"))]
    log.append(first, NOON + DAY)
    assert log.prune(LATER, read_by_all=1).facts == 1
    assert log.append(first, NOON + DAY).fates == (Fate.DUPLICATE,)
    assert verify(path).faults == ()


def test_a_device_of_which_only_the_last_will_is_left_was_heard_all_the_same(path: Path) -> None:
    log = LogWriter(path)
    log.append([entry(reading(1))], NOON)
    log.append([entry(Presence("s:cold-1:b:1", "cold-1", NOON, NOON, Clock.NONE, online=False))], NOON + DAY)
    assert verify(path).faults == ()
    log.prune(LATER, read_by_all=2)
    assert LogReader(path).heard() == {"cold-1": (NOON + 5, False)}
    assert verify(path).faults == ()


def test_days_that_went_before_the_disk_failed_are_searched_no_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise apsw.FullError

    log = filled(path, days=4, facts=5)
    with monkeypatch.context() as failing:
        failing.setattr(retention, "_give_back", full)
        with pytest.raises(LogFaultError):
            log.prune(LATER, read_by_all=10)
    again, new = reading(3), reading(99, at=NOON + 3 * DAY)
    assert log.append([entry(again, new)], NOON + 3 * DAY).fates == (Fate.APPENDED, Fate.APPENDED)
    assert verify(path).faults == ()
