"""A real mosquitto for tests: on a free local port, with its own folder, ended by the test that began it."""

from __future__ import annotations

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.real import free_port, require

_START_LIMIT_S: Final = 10.0
_STOP_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.02


class MosquittoHandle:
    """One mosquitto that can be stopped, killed and started again on the same port and the same store."""

    def __init__(self, program: str, folder: Path, port: int, persistence: bool) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(_config(folder, port, persistence), encoding="utf-8")

    def start(self) -> None:
        """Starts it and returns once it accepts connections; does nothing when it runs."""
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._config)], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._accepts():
            if _ended(self._process, _POLL_S) or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"mosquitto did not start: {self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        """Asks it to end (it saves its store and closes every connection) and waits for that."""
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

    def _accepts(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1.0):
                return True
        except OSError:
            return False


@contextmanager
def mosquitto(folder: Path, port: int | None = None, persistence: bool = True) -> Iterator[MosquittoHandle]:
    """A running mosquitto that keeps its files in `folder`; skips the test where the program is missing."""
    program = require("mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    handle = MosquittoHandle(program, folder, port or free_port(), persistence)
    handle.start()
    try:
        yield handle
    finally:
        handle.stop()


def _ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _config(folder: Path, port: int, persistence: bool) -> str:
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"user {getpass.getuser()}",  # started as root it would change to an account that cannot write here
        f"persistence {str(persistence).lower()}",
        "max_inflight_messages 65535",
        "max_queued_messages 1000000",
        "log_dest stdout",
    ]
    if persistence:
        lines += [f"persistence_location {folder}/", "autosave_interval 1"]
    return "\n".join(lines) + "\n"
