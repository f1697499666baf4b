"""Files with secrets that commands make: new, and nobody else's at any moment."""

from __future__ import annotations

import os
from pathlib import Path


def write_secret(file: Path, text: str) -> None:
    """Writes a new file that only its owner can read, and waits for the disk. Raises OSError, also if there
    is one: nothing is overwritten. Of what could not be written whole nothing stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(descriptor, 0o600)
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        _settle(file.parent)
    except OSError:
        file.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    listing = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(listing)
    finally:
        os.close(listing)
