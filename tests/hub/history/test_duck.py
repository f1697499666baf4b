"""The embedded history: a batch and its cursors are one transaction, whatever happens to hub or file."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hub.history.duck import DuckHistory
from hub.history.port import Aggregate, Cursors, HistoryUnavailableError, Link
from tests.hub.history.samples import MINUTE, NOON, point

BATCH_SIZE = 200
WRITE_FOREVER = """
import itertools, sys
from pathlib import Path
from hub.history.duck import DuckHistory
from hub.history.port import Cursors
from tests.hub.history.samples import point

history = DuckHistory(Path(sys.argv[1]))
first = history.cursors().log + 1
print("ready", flush=True)
for n in itertools.count(first):
    batch = [point(float(n), n * 60_000 + k, f"cold-{k % 7}") for k in range(int(sys.argv[2]))]
    history.write(batch, Cursors(n, 2 * n))
    print(n, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.duckdb"


def rows(history: DuckHistory, device: str) -> dict[int, int]:
    """How many rows each minute has."""
    found = history.range("fridge", "temperature_c", device, 0, NOON, MINUTE, Aggregate.COUNT)
    return {sample.at_ms // MINUTE: int(sample.value) for sample in found}


def write_until_killed(path: Path, batches: int) -> int:
    """Starts a writer, kills it in the middle of its work, and returns the last cursor it reported."""
    command = [sys.executable, "-c", WRITE_FOREVER, str(path), str(BATCH_SIZE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(batches + 1)]
        writer.kill()
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return int([text for text in said if text.endswith("\n")][-1])


def test_a_killed_writer_leaves_exactly_the_batches_that_the_cursor_says(path: Path) -> None:
    for batches in (1, 7, 20):
        reported = write_until_killed(path, batches)
        history = DuckHistory(path)
        kept = history.cursors()
        assert kept.log >= reported
        assert kept.book == 2 * kept.log
        counts = [rows(history, f"cold-{k}") for k in range(7)]
        history.close()
        minutes = range(1, kept.log + 1)
        assert all(sum(count.get(n, 0) for count in counts) == BATCH_SIZE for n in minutes)
        assert all(max(count) <= kept.log for count in counts)


def test_a_file_whose_last_bytes_were_lost_keeps_cursor_and_points_together(path: Path) -> None:
    write_until_killed(path, 5)
    wal = path.with_name(path.name + ".wal")
    wal.write_bytes(wal.read_bytes()[:-100])
    history = DuckHistory(path)
    kept = history.cursors().log
    assert max(rows(history, "cold-0")) == kept
    history.close()


def test_a_new_history_begins_at_zero(path: Path) -> None:
    history = DuckHistory(path)
    assert history.cursors() == Cursors(0, 0)
    history.close()


def test_cursors_and_points_are_there_after_closing_and_opening(path: Path) -> None:
    history = DuckHistory(path)
    history.write([point(4.0), point("1.0", field="firmware")], Cursors(17, 4))
    history.close()
    assert history.cursors() == Cursors(17, 4)
    assert history.write([point(2.0, field="firmware")], Cursors(18, 4))[0].reason.startswith("firmware: ")
    history.write([point(5.0)], Cursors(19, 4))
    found = history.range("fridge", "temperature_c", "cold-1", NOON, NOON + 1, 1, Aggregate.LAST)
    assert [sample.value for sample in found] == [5.0]
    history.close()


def test_cursors_move_on_without_points(path: Path) -> None:
    history = DuckHistory(path)
    history.write([], Cursors(5, 6))
    history.write([point(float("nan"))], Cursors(7, 6))
    assert history.cursors() == Cursors(7, 6)
    history.close()


def test_a_refused_point_brings_no_series_into_being(path: Path) -> None:
    history = DuckHistory(path)
    history.write([point("text", field="firmware")], Cursors())
    changed = point(1.0, device="new")
    mixed = type(changed)("fridge", "", "", "new", NOON, (("temperature_c", 1.0), ("firmware", 2.0)))
    assert [refusal.point for refusal in history.write([mixed], Cursors())] == [mixed]
    history.close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT count(*) FROM series").fetchall() == [(1,)]


def test_a_batch_that_fails_leaves_nothing_and_can_be_written_again(path: Path) -> None:
    history = DuckHistory(path)
    history.write([point(1.0)], Cursors(1))
    with pytest.raises(HistoryUnavailableError) as raised:
        history.write([point(2.0, device="cold-2")], Cursors(2**70))
    assert raised.value.link is Link.UNREACHABLE
    assert history.cursors() == Cursors(1)
    assert rows_of_both(history) == (1, 0)
    history.write([point(2.0, device="cold-2")], Cursors(2))
    assert rows_of_both(history) == (1, 1)
    history.close()


def rows_of_both(history: DuckHistory) -> tuple[int, int]:
    ends = (NOON, NOON + MINUTE, MINUTE, Aggregate.COUNT)
    first, second = (history.range("fridge", "temperature_c", name, *ends) for name in ("cold-1", "cold-2"))
    return len(first), len(second)


def test_a_full_disk_is_reported_and_the_batch_can_be_written_later(path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from hub.history.duck import DuckHistory
from hub.history.port import Cursors, HistoryUnavailableError
from tests.hub.history.samples import point

def batch(n):
    return [point(float(n), n * 60_000 + k, f"cold-{k % 7}") for k in range(1000)]

history = DuckHistory(Path(sys.argv[1]))
history.write(batch(1), Cursors(1))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
n = 1
try:
    while n < 500:
        history.write(batch(n + 1), Cursors(n + 1))
        n += 1
except HistoryUnavailableError as error:
    print(error.link.value, error.detail)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
kept = history.cursors().log
assert kept in (n, n + 1), (kept, n)
history.write(batch(n + 1), Cursors(n + 1))
history.close()
print(n + 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    *_, said, last = done.stdout.splitlines()
    assert said.startswith("unreachable history.duckdb")
    history = DuckHistory(path)
    assert history.cursors() == Cursors(int(last))
    minutes = [rows(history, f"cold-{k}") for k in range(7)]
    assert all(sum(m.get(n, 0) for m in minutes) == 1000 for n in range(1, int(last) + 1))
    history.close()


def test_a_file_in_use_by_another_program_says_by_which(path: Path) -> None:
    holder_program = (
        "import sys, duckdb; held = duckdb.connect(sys.argv[1]); print('ready', flush=True); input()"
    )
    path.parent.mkdir()
    command = [sys.executable, "-c", holder_program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        history = DuckHistory(path)
        with pytest.raises(HistoryUnavailableError, match=f"in use by process {holder.pid}") as raised:
            history.open()
        assert raised.value.link is Link.UNREACHABLE
        holder.communicate("\n")
    history.open()
    history.close()


@pytest.mark.parametrize("content", [b"not a database" * 1000, b"\0" * 50_000, b"x"])
def test_a_damaged_file_needs_a_person_and_says_what_to_do(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(HistoryUnavailableError, match="move the file away") as raised:
        DuckHistory(path).open()
    assert raised.value.link is Link.REFUSED
    assert path.read_bytes() == content, "a damaged file is evidence"


def test_blocks_that_rotted_are_reported(path: Path) -> None:
    history = DuckHistory(path)
    for n in range(30):
        history.write([point(k / 7, NOON + n * MINUTE + k) for k in range(1000)], Cursors(n))
    history.close()
    content = bytearray(path.read_bytes())
    for place in range(20_000, len(content), 5_000):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(HistoryUnavailableError, match="damaged") as raised:
        DuckHistory(path).range("fridge", "temperature_c", "cold-1", 0, 2 * NOON, MINUTE, Aggregate.MEAN)
    assert raised.value.link is Link.REFUSED


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(HistoryUnavailableError) as raised:
        DuckHistory(tmp_path / "data" / "history.duckdb").open()
    assert raised.value.link is Link.REFUSED


def test_a_late_point_among_new_ones_is_replaced_too(path: Path) -> None:
    history = DuckHistory(path)
    history.write([point(1.0, 5), point(2.0, NOON), point(3.0, NOON + MINUTE)], Cursors(1))
    history.write([point(9.0, NOON + 2 * MINUTE), point(7.0, 5)], Cursors(2))
    found = history.range("fridge", "temperature_c", "cold-1", 0, 2 * NOON, NOON, Aggregate.COUNT)
    assert [sample.value for sample in found] == [1.0, 3.0]
    history.close()
