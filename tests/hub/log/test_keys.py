"""One key is one fact, over runs, days, restarts, gaps and forgotten marks, as in a dict by key."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import Clock, Fact, Reading
from hub.log import keys, marks, schema, writer
from hub.log.marks import GAPS_KEPT, Marks, place_of
from hub.log.model import Fate, LogFaultError
from hub.log.reader import LogReader
from hub.log.tail import Tail
from hub.log.verify import verify
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading, tap


def by_content(device: int, second: int, value: float) -> Reading:
    at = NOON - second * 1_000
    return Reading(f"r:d{device}:{at}:#00", f"d{device}", at, at + 9, Clock.DEVICE, (("power_w", value),))


_values = st.sampled_from([1.0, 1.0, 1.0, 2.0])
_facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        lambda device, boot, seq, value: Reading(
            f"r:d{device}:{boot}:{seq}", f"d{device}", NOON, NOON + 9, Clock.NONE, (("power_w", value),)
        ),
        *(st.integers(0, 1), st.integers(0, 2), st.integers(0, 14), _values),
    ),
    st.builds(by_content, st.integers(0, 1), st.integers(0, 6), _values),
    st.builds(lambda number, value: tap(f"t{number}", tag_uid=f"{value}"), st.integers(0, 5), _values),
)
_Step: TypeAlias = tuple[list[Fact], int, bool]
_steps = st.lists(
    st.tuples(st.lists(_facts, max_size=12), st.integers(-1, 3), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=120, deadline=None)
@given(_steps, st.sampled_from([1, 4, 1_000]), st.sampled_from([2, 1_000]), st.sampled_from([0, 3, 1_000]))
def test_any_chunking_of_any_deliveries_gives_the_fates_of_a_dict(
    tmp_path_factory: pytest.TempPathFactory, steps: list[_Step], run: int, marks_kept: int, series: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.sqlite"
    model: dict[str, Fact] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "RUN", run)
        patch.setattr(marks, "MARKS_KEPT", marks_kept)
        patch.setattr(keys, "_FACTS_A_DEVICE", series)
        log, tail, now_ms = LogWriter(path), Tail(), NOON
        reader = LogReader(path, tail)
        for facts, days_on, restarts in steps:
            now_ms += days_on * DAY
            expected = [_fate(model, fact) for fact in facts]
            before = len(model) - expected.count(Fate.APPENDED)
            appended = log.append([entry(*facts)], now_ms)
            assert list(appended.fates) == expected
            assert [seq for seq in appended.seqs if seq] == list(range(before + 1, len(model) + 1))
            assert [bool(seq) for seq in appended.seqs] == [fate is Fate.APPENDED for fate in expected]
            if restarts:
                # As after kill -9: nothing is folded by closing. The file is as the last commit left it.
                log._db.close()
                log = LogWriter(path, tail)
        assert [logged.fact for logged in reader.after(0, 10**6)] == list(model.values())
        assert verify(path).faults == ()
        reader.close()
        log.close()
    assert verify(path).faults == ()
    assert [logged.fact for logged in LogReader(path).after(0, 10**6)] == list(model.values())


def _fate(model: dict[str, Fact], fact: Fact) -> Fate:
    known = model.setdefault(fact.key, fact)
    if known is fact:
        return Fate.APPENDED
    return Fate.DUPLICATE if known == fact else Fate.CONFLICT


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("r:cold-1:b:17", ("r:cold-1:b", 17)),
        ("r:cold-1:1790000000000:#12", ("r:cold-1:#", 1_790_000_000_000)),
        ("tap:0a-1", None),
        ("r#0123456789abcdef", None),
        ("r:cold-1:b:" + "9" * 19, None),
        ("r:cold-1:b:²", None),
        ("", None),
        ("#", None),
    ],
)
def test_a_key_tells_its_stream_and_number(key: str, place: tuple[str, int] | None) -> None:
    assert place_of(key) == place


@given(st.lists(st.integers(0, 60), max_size=80))
def test_marks_call_nothing_new_that_was_seen(numbers: list[int]) -> None:
    known = _empty_marks()
    seen: set[int] = set()
    for number in numbers:
        is_new = known.is_new(f"r:d:b:{number}")
        assert not (is_new and number in seen)
        seen.add(number)


def test_a_backlog_that_comes_after_newer_facts_needs_no_search() -> None:
    known = _empty_marks()
    assert all(known.is_new(f"r:d:b:{number}") for number in (*range(500, 510), *range(700, 800)))
    assert all(known.is_new(f"r:d:b:{number}") for number in (*range(510, 700), *range(500)))
    assert not any(known.is_new(f"r:d:b:{number}") for number in range(800))


def test_a_device_that_counts_wildly_costs_a_few_gaps_only() -> None:
    known = _empty_marks()
    for number in range(0, 10_000, 7):
        known.is_new(f"r:d:b:{number}")
    assert len(known._gaps["r:d:b"]) == GAPS_KEPT


def test_colliding_hashes_are_told_apart_by_the_facts_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_digest", lambda _key: bytes(8))
    log = LogWriter(tmp_path / "log.sqlite")
    log.append([entry(*(reading(n) for n in range(20)), tap("a"), tap("b"))], NOON)
    log.close()
    log = LogWriter(tmp_path / "log.sqlite")
    again = log.append([entry(reading(3), reading(19), tap("b"), tap("c"))], NOON)
    assert again.fates == (Fate.DUPLICATE,) * 3 + (Fate.APPENDED,)


def _empty_marks() -> Marks:
    connection = apsw.Connection(":memory:")
    connection.execute(schema._TABLES)
    return Marks(connection)


def test_a_disk_that_fails_while_memory_is_read_anew_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MARKS_KEPT", 3)
    monkeypatch.setattr(writer, "RUN", 4)
    log = LogWriter(tmp_path / "log.sqlite")
    kept = schema.state

    def torn(connection: apsw.Connection, name: str) -> int:
        if name == "keyed_seq":
            raise apsw.IOError
        return kept(connection, name)

    for number in range(5):
        batch = [entry(*(reading(number, device=f"d{n}") for n in range(6)))]
        before = log.newest_seq
        with monkeypatch.context() as failing:
            failing.setattr(schema, "state", torn)
            try:
                log.append(batch, NOON)
            except LogFaultError:
                assert log.newest_seq == before
        log.append(batch, NOON)
        assert log.append(batch, NOON).fates == (Fate.DUPLICATE,) * 6
    assert log.newest_seq == 30
    log.close()
    assert verify(tmp_path / "log.sqlite").faults == ()
