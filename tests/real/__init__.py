"""Real programs that tests run: how they are found, and what happens where they are missing."""

from __future__ import annotations

import os
import shutil
import socket
from typing import Final

import pytest

_SYSTEM_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/sbin")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
