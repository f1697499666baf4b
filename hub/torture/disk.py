"""A disk of the hub's own that can be full and have room again: a file system in memory, in a mount namespace
of its own, so that neither rights nor this computer's disk are needed.

Full, it is made exactly as large as what it holds: whoever writes then is told what a full disk tells
(ENOSPC), what is overwritten in place still succeeds, and no room is taken from anybody else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from hub.processes import TrialError

_ROOMY: Final = "size=90%"  # of the memory, and only as far as it is used
# As root a mount namespace is enough; anybody else needs a user namespace, in which he is root.
_WAYS: Final = (("--mount",), ("--user", "--map-root-user", "--mount"))
_HOLD: Final = 'mount -t tmpfs -o mode=700,"$2" campushub-torture "$1" && echo mounted && exec cat'
_ATTEMPTS: Final = 50


class Disk:
    """What is mounted on `folder`, for programs that are started with `inside`; others see it in `view`."""

    vfs: Final = "campushub-straight"  # SQLite's way to files in `view`

    def __init__(self, folder: Path) -> None:
        """Mounts it on the absolute path of an empty folder. Raises TrialError where that is not allowed."""
        self._folder = folder
        self._way, self._holder = _hold(folder)
        target = f"--target={self._holder.pid}"
        rights = ["--preserve-credentials"] if "--user" in self._way else []
        ways = [way for way in self._way if way != "--map-root-user"]
        self.inside: tuple[str, ...] = ("nsenter", target, *ways, *rights, f"--wd={Path.cwd()}")
        self.view = Path(f"/proc/{self._holder.pid}/root{folder}")
        self._straight = _Straight(self.vfs, "")

    def fill(self) -> None:
        """No room from now on; again, if something has been deleted meanwhile."""
        for _ in range(_ATTEMPTS):
            there = os.statvfs(self.view)
            used = max(1, there.f_blocks - there.f_bfree)  # no size at all would mean no limit
            if there.f_blocks == used:
                return
            used_kib = used * there.f_frsize // 1024
            self._resize(f"size={used_kib}k")  # refused if more has been written since
        raise TrialError("the disk could not be filled: it is written to faster than it is made smaller")

    def make_room(self) -> None:
        """As much room as there is memory. Raises TrialError."""
        if not self._resize(_ROOMY):
            raise TrialError("the disk that was full could not be made larger again")

    def bring_out(self) -> None:
        """Ends it, once nobody writes any more; what it holds then stands in the folder. Twice is no harm."""
        if self._holder.poll() is None:
            shutil.copytree(self.view, self._folder, dirs_exist_ok=True, ignore=_no_file)
            _end(self._holder)

    def _resize(self, size: str) -> bool:
        command = (*self.inside, "mount", "-o", f"remount,{size}", str(self._folder))
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


class _Straight(apsw.VFS):
    """Takes paths as they are: SQLite would follow the link into the namespace, and end outside."""

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - SQLite's name
        return name


def is_possible() -> bool:
    """Whether this computer lets us mount such a disk: containers often do not."""
    try:
        _, holder = _hold(Path(tempfile.gettempdir()))  # over it, and only where nobody sees it
    except TrialError:
        return False
    _end(holder)
    return True


def _hold(folder: Path) -> tuple[tuple[str, ...], subprocess.Popen[bytes]]:
    """A process that holds the namespace with the disk mounted, until its standard input ends."""
    for way in _WAYS:
        command = ("unshare", *way, "sh", "-c", _HOLD, "sh", str(folder), _ROOMY)
        with suppress(OSError):
            holder = subprocess.Popen(  # noqa: S603 - ours
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            if holder.stdout is not None and holder.stdout.readline() == b"mounted\n":
                return way, holder
            _end(holder)
    raise TrialError("this computer lets nobody mount a disk of his own (unshare, mount)")


def _end(holder: subprocess.Popen[bytes]) -> None:
    for pipe in (holder.stdin, holder.stdout):
        if pipe is not None:
            pipe.close()
    holder.kill()
    holder.wait()


def _no_file(folder: str, names: list[str]) -> list[str]:
    """What cannot be copied: sockets and pipes."""
    return [name for name in names if not (path := Path(folder, name)).is_dir() and not path.is_file()]
