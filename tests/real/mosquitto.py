"""A real mosquitto for tests: on a free local port, with its own folder, ended by the test that began it."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real import free_port, require
from tests.real.server import RealServer


class MosquittoHandle(RealServer):
    """One mosquitto on a port of this computer; `config` may be added to before a restart."""

    def __init__(self, program: str, folder: Path, port: int, persistence: bool) -> None:
        self.config = folder / "mosquitto.conf"
        self.config.write_text(_config(folder, port, persistence), encoding="utf-8")
        super().__init__((program, "-c", str(self.config)), folder / "mosquitto.log")
        self.host = "127.0.0.1"
        self.port = port

    def answers(self) -> bool:
        """Whether it accepts connections."""
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


def _config(folder: Path, port: int, persistence: bool) -> str:
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"user {getpass.getuser()}",  # started as root it would change to an account that cannot write here
        f"persistence {str(persistence).lower()}",
        "max_inflight_messages 65535",
        "max_queued_messages 1000000",
        "set_tcp_nodelay true",
        "log_dest stdout",
    ]
    if persistence:
        lines += [f"persistence_location {folder}/", "autosave_interval 1"]
    return "\n".join(lines) + "\n"
