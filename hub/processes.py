"""Real programs in processes of their own, for trials: each can be started, asked to end, and killed."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hub.broker.embedded import BrokerFaultError, find_server

AUTOSAVE_S: Final = 1
_START_LIMIT_S: Final = 60.0
_END_LIMIT_S: Final = 20.0
_DAEMON_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/sbin")
_FIRST_PORT: Final = 15_000  # below those that outgoing connections take theirs from
_LAST_PORT: Final = 32_000


class TrialError(Exception):
    """A trial cannot go on: a program is missing, or something never became ready."""


class Process:
    """A program with its output in a file. `is_up`: whether it takes work."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, is_up: Callable[[], bool]) -> None:
        self._name = name
        self._command = tuple(command)
        self._output = folder / f"{name}.txt"
        self._is_up = is_up
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begins; does not wait."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs and files
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def await_up(self) -> None:
        """Returns once it takes work. Raises TrialError."""
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._is_up():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                said = self._output.read_text(encoding="utf-8", errors="replace")
                raise TrialError(f"{self._name} does not come up: {said[-2000:]}")
            time.sleep(0.03)

    @property
    def pid(self) -> int:
        """Its number; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Asks it to end. Raises TrialError if it does not."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise TrialError(f"{self._name} does not end within {_END_LIMIT_S:.0f} s") from error

    def suspend(self, for_s: float) -> None:
        """Holds it still: SIGSTOP, and SIGCONT afterwards."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            time.sleep(for_s)
            self._process.send_signal(signal.SIGCONT)


def hub_process(config: Path, web_port: int, inside: Sequence[str] = ()) -> Process:
    """`campushub run` on a configuration; `inside`: a command that runs it in a namespace."""
    run = "from hub.cli import main; main()"
    command = (*inside, sys.executable, "-c", run, "run", "--config", str(config))
    return Process("hub", command, config.parent, lambda: page(web_port, "readyz") is not None)


def behind(web_port: int) -> tuple[int, int] | None:
    """How many facts the alerts and the history have not read; None: the hub does not answer."""
    text = page(web_port, "metrics")
    if text is None:
        return None
    found = dict(re.findall(r'campushub_reader_behind\{reader="(\w+)"\} (\d+)', text))
    return int(found["alerts"]), int(found["history"])


def gauge(web_port: int, name: str) -> float | None:
    """One figure that the hub gives of itself, `campushub_<name>`; None: it does not answer."""
    found = re.search(rf"^campushub_{name} (\S+)$", page(web_port, "metrics") or "", re.MULTILINE)
    return float(found[1]) if found else None


def mosquitto(folder: Path, port: int, autosave_s: int = AUTOSAVE_S) -> Process:
    """mosquitto with the limits of deploy/. Raises TrialError if it is missing."""
    folder.mkdir(parents=True)
    config = folder / "mosquitto.conf"
    lines = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"user {getpass.getuser()}",  # as root it would change to an account that cannot write here
        "max_inflight_messages 65535",
        "max_queued_messages 1000000",
        "set_tcp_nodelay true",
        "persistence true",
        f"persistence_location {folder}/",
        f"autosave_interval {autosave_s}",
    )
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Process("mosquitto", (program("mosquitto"), "-c", str(config)), folder, lambda: is_open(port))


def influxd(folder: Path, port: int) -> Process:
    """InfluxDB 1.x on a port. Raises TrialError if it is missing."""
    folder.mkdir()
    config = folder / "influxd.conf"
    config.write_text(
        f'reporting-disabled = true\nreporting-enabled = false\nbind-address = "127.0.0.1:{free_port()}"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f"query-log-enabled = false\n[monitor]\nstore-enabled = false\n"
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n[ifql]\nenabled = false\n',
        encoding="utf-8",
    )
    command = (program("influxd"), "run", "-config", str(config))
    return Process("influxd", command, folder, lambda: page(port, "ping") is not None)


def kill_embedded(folder: Path, view: Path | None = None) -> None:
    """Ends the hub's own broker, whose files are in `folder`, as a power cut would. `view`: where we see
    that folder, if the hub is in another namespace."""
    with suppress(OSError, ValueError):
        pid = int(((view or folder) / "nats.pid").read_text(encoding="ascii"))
        if str(folder / "nats.conf").encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def embedded_is_there() -> None:
    """Raises TrialError if the embedded broker is not installed."""
    try:
        find_server()
    except BrokerFaultError as error:
        raise TrialError(str(error)) from error


def free_port() -> int:
    """A TCP port of this computer that nobody listens on, and that no outgoing connection will take."""
    while True:
        port = secrets.randbelow(_LAST_PORT - _FIRST_PORT) + _FIRST_PORT
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this computer."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def page(port: int, path: str) -> str | None:
    """What this computer serves there; None: nothing, or an error."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=2) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return None


def program(name: str) -> str:
    """The file of a program, also of a daemon. Raises TrialError if it is not installed."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_DAEMON_FOLDERS)))
    if found is None:
        raise TrialError(f"{name} is not installed: install it, or choose a trial that does without")
    return found
