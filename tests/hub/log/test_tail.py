"""The newest facts come from memory, and are the same as from the file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from devices.facts import Fact
from hub.log.model import Stretch
from hub.log.reader import LogReader
from hub.log.tail import Tail
from hub.log.writer import LogWriter
from tests.hub.log.samples import NOON, entry, reading


def readings(first: int, last: int) -> list[Fact]:
    return [reading(seq) for seq in range(first, last + 1)]


def stretch(first: int, last: int) -> Stretch:
    return Stretch(first, tuple(readings(first, last)))


def test_an_empty_tail_sends_the_reader_to_the_file() -> None:
    assert Tail().after(0, 10) is None


def test_it_gives_what_follows_a_cursor_up_to_the_limit() -> None:
    tail = Tail()
    tail.add(5, readings(5, 9))
    assert tail.after(4, 2) == stretch(5, 6)
    assert tail.after(8, 10) == stretch(9, 9)
    assert tail.after(9, 10) == Stretch(10, ())
    assert tail.after(3, 10) is None


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    tail = Tail(capacity=100)
    for start in range(1, 1_001, 10):
        tail.add(start, readings(start, start + 9))
        assert len(tail._kept) <= 100
    assert tail.after(900, 10) is None
    assert tail.after(960, 1_000) == stretch(961, 1_000)


def test_a_gap_empties_it_so_that_nothing_is_skipped() -> None:
    tail = Tail()
    tail.add(1, readings(1, 3))
    tail.add(7, readings(7, 8))
    assert tail.after(2, 10) is None
    assert tail.after(6, 10) == stretch(7, 8)


def test_a_reader_with_a_tail_reads_the_same_as_one_without(tmp_path: Path) -> None:
    path, tail = tmp_path / "log.sqlite", Tail(capacity=50)
    writer = LogWriter(path, tail)
    for start in range(1, 200, 10):
        writer.append([entry(reading(start - 10), *(reading(n) for n in range(start, start + 10)))], NOON)
    near, far = LogReader(path, tail), LogReader(path)
    for cursor in range(0, 210, 7):
        assert near.after(cursor, 20) == far.after(cursor, 20)


def test_a_stretch_ends_at_a_gap_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    writer = LogWriter(path)
    writer.append([entry(*readings(1, 6))], NOON)
    writer._db.execute("DELETE FROM facts_20260921 WHERE seq IN (1, 4)")
    assert LogReader(path).after(0, 10) == stretch(2, 3)
    assert LogReader(path).after(3, 10) == stretch(5, 6)
    assert [(logged.seq, logged.fact.key) for logged in stretch(2, 3)] == [
        (2, reading(2).key),
        (3, reading(3).key),
    ]


def test_a_refused_batch_never_shows_in_the_tail(tmp_path: Path) -> None:
    tail = Tail()
    writer = LogWriter(tmp_path / "log.sqlite", tail)
    writer.append([entry(reading(1))], NOON)
    writer._db.execute("DROP TABLE strangers; DROP TABLE facts_20260921")
    with pytest.raises(Exception, match="facts_20260921"):
        writer.append([entry(reading(2))], NOON)
    assert tail.after(1, 10) == Stretch(2, ())


def test_readers_in_other_threads_see_every_fact_once_and_in_order() -> None:
    tail, seen, done = Tail(capacity=10_000), list[int](), threading.Event()
    tail.add(1, readings(1, 1))

    def read() -> None:
        cursor = 0
        while cursor < 5_000:
            for found in tail.after(cursor, 64) or ():
                seen.append(found.seq)
                cursor = found.seq
        done.set()

    thread = threading.Thread(target=read)
    thread.start()
    for start in range(2, 5_001, 7):
        tail.add(start, readings(start, min(start + 6, 5_000)))
    assert done.wait(10)
    thread.join()
    assert seen == list(range(1, 5_001))
