"""A disk of one's own: full for those who write to it, with room again, and brought out in the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hub.torture import disk
from hub.torture.disk import Disk

pytestmark = pytest.mark.skipif(
    not disk.is_possible(), reason="this computer lets nobody mount a disk of his own"
)

WRITE = """
import sys
try:
    with open(sys.argv[1], "ab") as file:
        file.write(b"x" * 10_000)
    print("written")
except OSError as error:
    print(error.strerror)
"""
MAKE_A_LOG = """
import apsw, os, sys
log = apsw.Connection(sys.argv[1])
log.pragma("journal_mode", "wal")
log.execute("CREATE TABLE fact (n); INSERT INTO fact VALUES (17)")
os._exit(0)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.bring_out()


def inside(own: Disk, program: str, path: Path) -> str:
    command = [*own.inside, sys.executable, "-c", program, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_it_is_full_when_filled_and_takes_more_once_there_is_room(own: Disk, tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert inside(own, WRITE, file) == "written"
    own.fill()
    assert inside(own, WRITE, file) == "No space left on device"
    own.make_room()
    assert inside(own, WRITE, file) == "written"


def test_what_is_deleted_is_no_room_once_it_is_filled_again(own: Disk, tmp_path: Path) -> None:
    inside(own, WRITE, tmp_path / "file")
    inside(own, WRITE, tmp_path / "other")
    own.fill()
    (own.view / "other").unlink()
    own.fill()
    assert inside(own, WRITE, tmp_path / "file") == "No space left on device"


def test_it_is_seen_from_outside_and_brought_out_in_the_end(own: Disk, tmp_path: Path) -> None:
    inside(own, WRITE, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert (own.view / "file").stat().st_size == 10_000
    own.bring_out()
    own.bring_out()
    assert (tmp_path / "file").stat().st_size == 10_000


def test_a_log_on_it_can_be_read_from_outside_with_what_is_not_in_its_main_file_yet(
    own: Disk, tmp_path: Path
) -> None:
    inside(own, MAKE_A_LOG, tmp_path / "log.sqlite")
    log = apsw.Connection(str(own.view / "log.sqlite"), vfs=own.vfs)
    assert log.execute("SELECT n FROM fact").get == 17
    log.close()
