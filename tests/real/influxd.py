"""A real InfluxDB 1.x for tests: on free local ports, in its own folder, ended by the test that began it."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.real import free_port, require

_START_LIMIT_S: Final = 20.0
_STOP_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.02


class InfluxdHandle:
    """One influxd that can be killed and started again on the same port and the same files."""

    def __init__(self, program: str, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "influxd.log"
        self._program = program
        self._config = folder / "influxd.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(_config(folder, port), encoding="utf-8")

    def start(self) -> None:
        """Starts it and returns once it answers; does nothing when it runs."""
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "run", "-config", str(self._config)], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            if _ended(self._process, _POLL_S) or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"influxd did not start: {self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        """Asks it to end and waits for that."""
        if self._process is None:
            return
        self._process.terminate()
        if not _ended(self._process, _STOP_LIMIT_S):
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=1.0) as answer:
                return bool(answer.status == 204)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def influxd(folder: Path) -> Iterator[InfluxdHandle]:
    """A running influxd that keeps its files in `folder`; skips the test where the program is missing."""
    program = require("influxd")
    folder.mkdir(parents=True, exist_ok=True)
    handle = InfluxdHandle(program, folder)
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


def _config(folder: Path, port: int) -> str:
    return f"""
reporting-disabled = true  # the name since 1.0; Debian turned it round
reporting-enabled = false
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[ifql]
  enabled = false
"""
