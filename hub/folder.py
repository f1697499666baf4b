"""One hub for one data folder: a second one would end the first one's broker and number the same log."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

_NAME: Final = "hub.lock"


class FolderError(Exception):
    """The data folder cannot be used; the text says what to do."""


class FolderLock:
    """Held from its making to `release`; the system lets go of it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder if there is none. Raises FolderError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / _NAME).open("a+", encoding="ascii")
        except OSError as error:
            raise FolderError(
                f"the data folder {folder} cannot be used ({error.strerror}): check that it is a folder, "
                "who owns it, and that its disk can be written to"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise FolderError(
                f"the data folder {folder} is in use by another hub (process {holder}): end that one, or use "
                "another folder"
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Another hub may use the folder now."""
        self._file.close()
