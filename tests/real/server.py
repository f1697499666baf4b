"""A real server for tests: started, ended, killed and started again on the same port and the same files."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_START_LIMIT_S: Final = 20.0
_STOP_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.02


class RealServer(ABC):
    """One program that keeps its files in a folder; `log` holds what it printed."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and returns once it answers; does nothing when it runs."""
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _START_LIMIT_S
        while not self.answers():
            if _ended(self._process, _POLL_S) or time.monotonic() > deadline:
                self.kill()
                said = self.log.read_text(errors="replace")
                raise RuntimeError(f"{self._command[0]} did not start: {said}")

    def stop(self) -> None:
        """Asks it to end (it saves what it has, and closes every connection) and waits for that."""
        if self._process is None:
            return
        self._process.terminate()
        if not _ended(self._process, _STOP_LIMIT_S):
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends it as a power cut would: nothing more is saved."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes work."""


def _ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True
