"""A hub in a process of its own, started by the command that people use."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from hub.book.store import Book
from hub.clock import system_now_ms
from hub.web.accounts import set_secret
from tests.real import free_port

CAMPUSHUB = Path(sys.executable).parent / "campushub"
SECRET = "a-long-test-secret"


def configure(
    folder: Path, *, broker_port: int | None, history: str = "", people_have_secrets: bool = True
) -> Path:
    """The example's campus in `folder`, on free ports; `broker_port` None: the embedded broker.

    Returns the configuration's file. Everybody's secret is SECRET, unless nobody has one."""
    text = files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8")
    text = text.replace('folder = "demo-data"', 'folder = "data"')
    text = text.replace("port = 8360", f"port = {free_port()}")
    text = text.replace("port = 18830", f"port = {broker_port or free_port()}")
    if broker_port is not None:
        text = text.replace("embedded = true", "embedded = false")
    if history:
        text = text.replace('kind = "duckdb"', history)
    path = folder / "campus.toml"
    path.write_text(text, encoding="utf-8")
    (folder / "data").mkdir()
    if not people_have_secrets:
        return path
    book = Book(f"sqlite:///{folder / 'data' / 'book.sqlite'}")
    for person in re.findall(r'\[\[person\]\]\nid = "([^"]+)"', text):
        assert set_secret(book, person, SECRET, one_time=False, now_ms=system_now_ms()) is None
    book.close()
    return path


class HubProcess:
    """One `campushub run`. Its output is in `folder/output.txt`."""

    def __init__(self, config: Path) -> None:
        text = config.read_text(encoding="utf-8")
        web_ports = re.search(r"\[web\][^\[]*?port = (\d+)", text, re.DOTALL)
        broker_ports = re.search(r"\[broker\][^\[]*?port = (\d+)", text, re.DOTALL)
        assert web_ports is not None
        assert broker_ports is not None
        self.address = f"http://127.0.0.1:{web_ports[1]}"
        self.broker_port = int(broker_ports[1])
        self.data = config.parent / "data"
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    def start(self) -> None:
        """Returns once the hub is ready."""
        with (self._config.parent / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [CAMPUSHUB, "run", "--config", self._config], stdout=output, stderr=output
            )
        wait_until(self._is_ready, within_s=30, otherwise=self.output)

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As Ctrl-C would; returns the exit code."""
        assert self._process is not None
        for client in self._clients:
            client.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(10)

    def output(self) -> str:
        """What it printed."""
        return (self._config.parent / "output.txt").read_text(encoding="utf-8")

    def signed_in(self, person: str) -> httpx.Client:
        """A client with somebody's session, whose changes carry the token."""
        client = httpx.Client(base_url=self.address, timeout=10)
        self._clients.append(client)
        page = client.get("/login").text
        token = re.search(r'name="csrf"[^>]*value="([^"]+)"', page)
        assert token is not None
        answer = client.post("/login", data={"person": person, "secret": SECRET, "csrf": token[1]})
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = client.get("/api/v1/me").json()["csrf"]
        return client

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output()
        try:
            return httpx.get(f"{self.address}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


def under_way() -> str:
    """Times for a `[[round]]` of half a day that has just begun, in the zone of the example's campus.

    Of a round that was half over when a hub ran first, the hub does not judge anything."""
    began = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=3)
    return f'starts = "{began:%H:%M}"\nends = "{began + timedelta(hours=12):%H:%M}"\n'


@contextmanager
def hub(config: Path) -> Iterator[HubProcess]:
    """A ready hub, ended afterwards."""
    process = HubProcess(config)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def wait_until(
    condition: Callable[[], Any], within_s: float = 20, otherwise: Callable[[], str] = lambda: ""
) -> Any:
    """What `condition` returns once it is true; fails the test if that takes too long."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not happen within {within_s} s: {otherwise()}"
        time.sleep(0.05)
    return found
