"""Files that are no log, torn or damaged are found and said; a disk that is full or fails loses nothing."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import apsw
import pytest

from devices.facts import Reading
from hub.log.model import LogFaultError
from hub.log.overview import LogScan
from hub.log.reader import LogReader
from hub.log.verify import verify
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading, tap

TWIN = "UPDATE facts_20260922 SET body = (SELECT body FROM facts_20260921 WHERE seq = 5) WHERE seq = 400"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


def three_days(path: Path, facts: int = 300) -> None:
    log = LogWriter(path)
    for day in range(3):
        chunk = [reading(day * facts + n, at=NOON + day * DAY) for n in range(facts)]
        log.append([entry(*chunk, tap(f"t{day}"))], NOON + day * DAY)
    log.close()


def harm(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def problem_of(call: Callable[[], str | None]) -> str | None:
    """What a call answers, or the problem of the one error that it may raise."""
    try:
        return call()
    except LogFaultError as fault:
        return fault.problem


def test_a_file_that_is_no_log_is_refused_with_what_to_do(path: Path) -> None:
    path.write_bytes(b"this is no database, it only looks like a file" * 100)
    for opens in (LogWriter, LogReader, LogScan, verify):
        with pytest.raises(LogFaultError, match="restore"):
            opens(path)


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for opens in (LogWriter, LogReader, LogScan, verify):
        with pytest.raises(LogFaultError, match="another program"):
            opens(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "words"), [(99, "newer"), (1, "move it aside")])
def test_other_formats_are_refused(path: Path, version: int, words: str) -> None:
    three_days(path, 1)
    harm(path, f"PRAGMA user_version = {version}")
    with pytest.raises(LogFaultError, match=words):
        LogWriter(path)


def test_a_missing_file_is_not_made_by_reading(path: Path) -> None:
    for opens in (LogReader, LogScan, verify):
        with pytest.raises(LogFaultError, match="not there"):
            opens(path)
    assert not path.exists()


def test_a_file_cut_short_is_found_at_start(path: Path) -> None:
    three_days(path, 3_000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(LogFaultError, match="damaged"):
        LogWriter(path)


def test_a_file_with_any_part_overwritten_raises_only_the_one_error(path: Path) -> None:
    three_days(path)
    content = path.read_bytes()
    for start in range(0, len(content), 4_096):
        path.write_bytes(content[:start] + b"\xa5" * 2_048 + content[start + 2_048 :])
        assert problem_of(lambda: "; ".join(verify(path).faults))
        problem_of(lambda: LogWriter(path).close())
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM facts_20260923",  # the newest are gone
        "DELETE FROM facts_20260922 WHERE seq > 500",
        "UPDATE facts_20260923 SET body = x'93' WHERE seq = (SELECT max(seq) FROM facts_20260923)",
        "UPDATE days SET first_seq = 300 WHERE day = '20260922'",
        "DROP TABLE facts_20260922",
    ],
)
def test_torn_days_are_found_at_start(path: Path, statement: str) -> None:
    three_days(path)
    harm(path, statement)
    with pytest.raises(LogFaultError):
        LogWriter(path)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE facts_20260922 SET body = x'93' WHERE seq = 400", "fact 400 cannot be read"),
        ("DELETE FROM facts_20260922 WHERE seq = 400", "fact 401 follows 399"),
        ("DELETE FROM keys_20260922 WHERE place = 20", "not among the keys"),
        ("UPDATE keys_20260922 SET hash = hash + 1 WHERE place = 20", "not among the keys"),
        ("DELETE FROM loose_keys", "not among the keys"),
        ("UPDATE latest SET value = 99", "latest temperature_c of cold-1"),
        ("UPDATE heard SET received_at_ms = 1", "last heard"),
        ("CREATE TABLE facts_20200101 (x)", "belongs to no day"),
        ("DROP TABLE keys_20260921", "missing"),
        (
            TWIN,
            "not among the keys",
        ),
    ],
)
def test_verify_finds(path: Path, statement: str, words: str) -> None:
    three_days(path)
    assert verify(path).faults == ()
    harm(path, statement)
    assert any(words in fault for fault in verify(path).faults)


def test_verify_finds_one_key_under_two_facts(path: Path) -> None:
    three_days(path)
    harm(
        path,
        TWIN,
        "UPDATE keys_20260922 SET hash = (SELECT hash FROM keys_20260921 WHERE run + place = 5)"
        " WHERE run + place = 400",
    )
    assert any("one key, several facts: 5, 400" in fault for fault in verify(path).faults)


def test_verify_tells_how_far_it_is_and_works_on_a_live_log(path: Path) -> None:
    log = LogWriter(path)
    log.append([entry(*(reading(n) for n in range(5_000)))], NOON)
    told: list[tuple[str, int, int]] = []
    verdict = verify(path, lambda *what: told.append(what))
    assert (verdict.facts, verdict.days, verdict.faults) == (5_000, 1, ())
    assert ("facts", 4_000, 5_000) in told
    assert log.append([entry(reading(5_000))], NOON).newest_seq == 5_001


def test_a_reader_says_which_log_is_damaged(path: Path) -> None:
    three_days(path)
    harm(path, "UPDATE facts_20260922 SET body = x'93' WHERE seq = 400")
    with pytest.raises(LogFaultError, match="damaged"):
        LogReader(path).after(390, 100)


@contextmanager
def full_by_pages(log: LogWriter) -> Iterator[None]:
    log._db.pragma("max_page_count", log._db.pragma("page_count"))
    yield
    log._db.pragma("max_page_count", 2**30)


@contextmanager
def refused_by_the_system(log: LogWriter) -> Iterator[None]:
    """Python ignores SIGXFSZ, so that a write beyond the limit fails as one to a broken disk does."""
    size = Path(log._path.with_name(log._path.name + "-wal")).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("fails", "is_full"), [(full_by_pages, True), (refused_by_the_system, False)])
def test_a_disk_that_takes_no_more_refuses_the_batch_whole_and_the_log_goes_on_later(
    path: Path, fails: Callable[[LogWriter], AbstractContextManager[None]], is_full: bool
) -> None:
    log = LogWriter(path)
    log.append([entry(reading(0))], NOON)
    many = [entry(reading(n)) for n in range(1, 3_000)]
    with fails(log):
        for _ in range(2):
            with pytest.raises(LogFaultError) as caught:
                log.append(many, NOON + DAY)
            assert caught.value.full == is_full
            assert log.newest_seq == 1
    assert len(LogReader(path).after(0, 10)) == 1
    assert log.append(many, NOON + DAY).newest_seq == 3_000
    assert log.append(many, NOON + DAY).newest_seq == 3_000
    assert verify(path).faults == ()


def test_facts_not_yet_folded_are_known_after_a_crash(path: Path) -> None:
    log = LogWriter(path)
    log.append([entry(reading(1, 3.0), tap("a"))], NOON)
    log._db.close()
    reader = LogReader(path)
    assert [row.value for row in reader.latest()] == [3.0]
    assert set(reader.heard()) == {"cold-1", "reader-1"}
    assert isinstance(reader.after(0, 1).facts[0], Reading)
