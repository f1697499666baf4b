"""The programs that a measurement starts and ends: a broker, a plain C subscriber, a hub."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FIRST_PORT: Final = 15_000
_LAST_PORT: Final = 32_000
_PATIENCE_S: Final = 20.0
_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin")

_BROKER: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 5
max_inflight_messages 65535
max_queued_messages 1000000
"""

_CAMPUS: Final = """\
[site]
id = "bench"
name = "Bench"
zone = "Asia/Shanghai"
language = "en"
[broker]
embedded = false
host = "127.0.0.1"
port = {broker_port}
[storage]
folder = "data"
[web]
host = "127.0.0.1"
port = {web_port}
[[area]]
id = "cold-room"
name = "Cold room"
[[person]]
id = "admin"
name = "Admin"
role = "admin"
"""
_DEVICE: Final = """\
[[device]]
id = "d{number}"
name = "Fridge {number}"
kind = "fridge"
storing = "chilled"
area = "cold-room"
owner = "admin"
interval = "1m"
"""


class MissingError(Exception):
    """A program that the measurement needs is not installed."""


def free_port() -> int:
    """A port of this computer that nobody listens on, below those that connections leave from."""
    while True:
        port = secrets.randbelow(_LAST_PORT - _FIRST_PORT) + _FIRST_PORT
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A mosquitto with the limits that we ship; gives its port."""
    program = _program("mosquitto")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(_BROKER.format(port=port, folder=folder) + _user(), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 - a program of the system with our own file
        [program, "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(lambda: _listens(port), process)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def c_subscriber(port: int, topic: str) -> Iterator[subprocess.Popen[bytes]]:
    """mosquitto_sub, QoS 1: a plain subscriber in C that acknowledges; it prints a line a message."""
    program = _program("mosquitto_sub")
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-F", "x"]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE)  # noqa: S603 - as above
    try:
        time.sleep(0.5)  # it says nothing when it has subscribed
        yield process
    finally:
        process.kill()
        process.communicate()


class HubUnderTest:
    """A `campushub run` with its metrics."""

    def __init__(self, folder: Path, broker_port: int, devices: int) -> None:
        self._address = f"http://127.0.0.1:{(port := free_port())}"
        folder.mkdir(parents=True, exist_ok=True)
        text = _CAMPUS.format(broker_port=broker_port, web_port=port)
        text += "".join(_DEVICE.format(number=number) for number in range(devices))
        config = folder / "campus.toml"
        config.write_text(text, encoding="utf-8")
        self._output = (folder / "output.txt").open("wb")
        self.process = subprocess.Popen(  # noqa: S603 - our own program and file
            [Path(sys.executable).parent / "campushub", "run", "--config", config],
            stdout=self._output,
            stderr=self._output,
        )
        _await(lambda: self.metric("campushub_ready") == 1.0, self.process)

    def metric(self, name: str) -> float:
        """The value of one of the hub's metrics; NaN while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self._address}/metrics", timeout=5) as answer:  # noqa: S310 - our own
                text = answer.read().decode()
        except OSError:
            return float("nan")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else float("nan")

    def stop(self) -> None:
        """Ends it in order."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._output.close()


def _program(name: str) -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), *_FOLDERS))
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingError(f"{name} is not installed: apt install mosquitto mosquitto-clients")
    return found


def _user() -> str:
    # Started by root, mosquitto would become a user who cannot write to our folder.
    return "user root\n" if os.getuid() == 0 else ""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _await(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise MissingError(f"{process.args!r} does not start")
        time.sleep(0.05)
