"""A real InfluxDB 1.x for tests: on free local ports, in its own folder, ended by the test that began it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real import free_port, require
from tests.real.server import RealServer


class InfluxdHandle(RealServer):
    """One influxd at `url`."""

    def __init__(self, program: str, folder: Path) -> None:
        port = free_port()
        config = folder / "influxd.conf"
        config.write_text(_config(folder, port), encoding="utf-8")
        super().__init__((program, "run", "-config", str(config)), folder / "influxd.log")
        self.url = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        """Whether it answers a ping."""
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
