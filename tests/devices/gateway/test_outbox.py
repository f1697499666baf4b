"""The outbox: in order, bounded, one user, and nothing lost when its process is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from devices.gateway.outbox import Outbox, OutboxError
from devices.gateway.sending import Waiting

WRITER = """\
import sys
from pathlib import Path
from devices.gateway.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), 10**6)
number = outbox.count("gate-1")
while True:
    number += 1
    assert outbox.put("gate-1", f"tap-{number}", f"payload {number}")
    print(number, flush=True)  # it is said to be kept only now
"""


def test_taps_of_each_reader_come_out_in_order_and_stay_until_they_are_taken_out(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "new" / "outbox.sqlite", 100)
    assert outbox.put("gate-1", "a", "1") == Waiting(1, "a", "1")
    outbox.put("walk-1", "b", "2")
    outbox.put("gate-1", "c", "3")
    assert outbox.after("gate-1", 0, 10) == (Waiting(1, "a", "1"), Waiting(3, "c", "3"))
    assert outbox.after("gate-1", 1, 10) == (Waiting(3, "c", "3"),)
    assert outbox.after("gate-1", 0, 1) == (Waiting(1, "a", "1"),)
    outbox.take_out("gate-1", [1, 99])
    assert (outbox.count("gate-1"), outbox.count("walk-1"), outbox.count("other")) == (1, 1, 0)
    outbox.close()
    again = Outbox(tmp_path / "new" / "outbox.sqlite", 100)
    assert again.after("gate-1", 0, 10) == (Waiting(3, "c", "3"),)
    assert again.put("gate-1", "d", "4") == Waiting(4, "d", "4")
    again.close()


def test_a_full_outbox_takes_nothing_more_and_loses_nothing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", 2)
    assert outbox.put("gate-1", "a", "1")
    assert outbox.put("walk-1", "b", "2")
    assert outbox.put("gate-1", "c", "3") is None
    outbox.take_out("gate-1", [1])
    assert outbox.put("gate-1", "c", "3") is not None
    outbox.close()


def test_the_same_tap_is_not_kept_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", 10)
    outbox.put("gate-1", "a", "1")
    with pytest.raises(OutboxError, match="UNIQUE"):
        outbox.put("gate-1", "a", "1")
    assert outbox.count("gate-1") == 1
    outbox.close()


def test_two_gateways_cannot_share_an_outbox(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", 10)
    with pytest.raises(OutboxError, match="locked"):
        Outbox(tmp_path / "outbox.sqlite", 10)
    outbox.put("gate-1", "a", "1")
    outbox.close()


def test_a_file_that_is_none_or_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"not a database at all, and longer than its header would be" * 40)
    with pytest.raises(OutboxError, match="not a database") as caught:
        Outbox(broken, 10)
    assert caught.value.file == broken
    newer = tmp_path / "newer.sqlite"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(OutboxError, match="newer program"):
        Outbox(newer, 10)
    with pytest.raises(OutboxError):
        Outbox(tmp_path, 10)


def test_a_disk_without_room_is_said_and_leaves_the_outbox_as_it_was(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", 10_000)
    outbox.put("gate-1", "a", "1")
    pages = outbox._execute("PRAGMA page_count")[0][0]
    outbox._execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="full"):
        outbox.put("gate-1", "b", "x" * 100_000)
    assert [tap.tap_id for tap in outbox.after("gate-1", 0, 10)] == ["a"]
    assert outbox.count("gate-1") == 1
    outbox.close()


def test_what_was_said_to_be_kept_is_there_after_every_kill(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    root = Path(__file__).parents[3]
    said = 0
    for round_ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert writer.stdout is not None
        for _ in range(20 + 7 * round_):
            said = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        said = max(said, *(int(number) for number in rest)) if rest else said
        outbox = Outbox(file, 10**6)
        kept = outbox.after("gate-1", 0, 10**6)
        outbox.close()
        assert [tap.tap_id for tap in kept] == [f"tap-{number}" for number in range(1, len(kept) + 1)]
        assert said <= len(kept) <= said + 1
