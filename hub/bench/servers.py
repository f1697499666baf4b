"""What a measurement starts and ends: a broker, a plain C subscriber, a hub with its metrics."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub import processes
from hub.book.store import Book
from hub.clock import system_now_ms
from hub.config.load import load
from hub.web.accounts import set_secret

_AUTOSAVE_S: Final = 5  # as in deploy/
_SUBSCRIBES_WITHIN_S: Final = 0.5
SITE: Final = "bench"
FILTER: Final = f"campus/{SITE}/#"
PERSON: Final = "admin"

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
{rules}
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


def campus_text(*, broker_port: int, web_port: int, devices: int, rules: str = "") -> str:
    """A campus of so many fridges. `rules`: overrides of the rules, as they stand in campus.toml."""
    text = _CAMPUS.format(broker_port=broker_port, web_port=web_port, rules=rules)
    return text + "".join([_DEVICE.format(number=number) for number in range(devices)])


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A mosquitto with the limits that we ship; gives its port. Raises TrialError."""
    port = processes.free_port()
    broker = processes.mosquitto(folder, port, _AUTOSAVE_S)
    broker.start()
    try:
        broker.await_up()
        yield port
    finally:
        broker.stop()


@contextmanager
def c_subscriber(port: int, topic: str) -> Iterator[subprocess.Popen[bytes]]:
    """mosquitto_sub, QoS 1: a plain subscriber in C that acknowledges; it prints a line a message."""
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-F", "x"]
    process = subprocess.Popen(  # noqa: S603 - a program of the system
        [processes.program("mosquitto_sub"), *arguments], stdout=subprocess.PIPE
    )
    try:
        time.sleep(_SUBSCRIBES_WITHIN_S)  # it says nothing when it has subscribed
        yield process
    finally:
        process.kill()
        process.communicate()


class HubUnderTest:
    """A ready `campushub run` with its metrics, and its pages on `port`. Raises TrialError.

    `rules`: as for `campus_text`. `secret`: with which PERSON can sign in;
    empty: nobody needs to."""

    def __init__(
        self, folder: Path, broker_port: int, devices: int, *, rules: str = "", secret: str = ""
    ) -> None:
        self.port = processes.free_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "campus.toml"
        text = campus_text(broker_port=broker_port, web_port=self.port, devices=devices, rules=rules)
        config.write_text(text, encoding="utf-8")
        if secret:
            _let_in(config, secret)
        self.process = processes.hub_process(config, self.port)
        self.process.start()
        self.process.await_up()

    def metrics(self, *names: str) -> tuple[float, ...]:
        """The values of these metrics of the hub, read at once; NaN while it does not answer."""
        text = processes.page(self.port, "metrics") or ""
        found = (re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE) for name in names)
        return tuple(float(one[1]) if one else float("nan") for one in found)

    def stop(self) -> None:
        """Ends it in order."""
        self.process.stop()


def _let_in(config: Path, secret: str) -> None:
    storage = load(config, {}).storage
    storage.folder.mkdir(parents=True, exist_ok=True)
    book = Book(storage.book_url)
    try:
        set_secret(book, PERSON, secret, one_time=False, now_ms=system_now_ms())
    finally:
        book.close()
