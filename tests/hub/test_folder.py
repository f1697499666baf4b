"""One hub for one data folder, and errors that say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.folder import FolderError, FolderLock

_HOLDER = """
import sys, time
from pathlib import Path
from hub.folder import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_hub_is_refused_and_told_who_has_the_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=f"process {holder.pid}"):
            FolderLock(tmp_path)
        holder.kill()
    FolderLock(tmp_path).release()


def test_a_released_folder_can_be_taken_again_and_is_made_if_missing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    FolderLock(folder).release()
    lock = FolderLock(folder)
    assert (folder / "hub.lock").read_text() == str(os.getpid())
    lock.release()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("a file")
    with pytest.raises(FolderError, match="check that it is a folder"):
        FolderLock(place)
