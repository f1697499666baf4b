"""A log that is opened on a disk without room says so, and opens once there is some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hub.torture import disk
from hub.torture.disk import Disk

OPEN = """
import sys
from pathlib import Path
from hub.log.model import LogFaultError
from hub.log.writer import LogWriter
from tests.hub.log.samples import NOON, entry, reading

try:
    log = LogWriter(Path(sys.argv[1]))
    log.append([entry(reading(log.newest_seq + 1))], NOON)
    print(log.newest_seq)
    log.close()
except LogFaultError as fault:
    print(fault.full, fault)
"""


@pytest.mark.skipif(not disk.is_possible(), reason="this computer lets nobody mount a disk of his own")
@pytest.mark.parametrize("is_new", [True, False])
def test_a_start_on_a_full_disk_says_that_it_is_full_and_blames_no_hardware(
    tmp_path: Path, *, is_new: bool
) -> None:
    own = Disk(tmp_path)

    def opened() -> str:
        command = [*own.inside, sys.executable, "-c", OPEN, str(tmp_path / "log.sqlite")]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    if not is_new:
        assert opened() == "1"
    (own.view / "filler").write_bytes(b"x")
    own.fill()
    said = opened()
    assert said.startswith("True ")
    assert "is full" in said
    own.make_room()
    assert opened() == ("1" if is_new else "2")
    own.bring_out()
