"""Real programs that tests run: how they are found, and what happens where they are missing."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from typing import Final

import pytest

_FIRST_PORT: Final = 15_000
_LAST_PORT: Final = 32_000
_SYSTEM_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/sbin")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at the moment.

    Below the range that outgoing connections take theirs from: between here and its use nobody else gets it
    by chance, and test runners at work side by side hardly ever draw the same."""
    while True:
        port = secrets.randbelow(_LAST_PORT - _FIRST_PORT) + _FIRST_PORT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def find_program(name: str) -> str | None:
    """The program's file, from PATH and from the folders that daemons are installed in, or None."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM_FOLDERS))
    return shutil.which(name, path=path)


def require(name: str) -> str:
    """The program's file; where it is missing the test is skipped by name, and in CI it fails."""
    program = find_program(name)
    if program is not None:
        return program
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed, and CI must not skip what needs it")
    pytest.skip(f"{name} is not installed")
