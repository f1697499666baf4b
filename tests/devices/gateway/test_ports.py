"""Real pyserial on pseudo-terminals and sockets, with simulated chips at the other end."""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest
from serial import SerialException

from devices.gateway.ports import Port, found_ports
from devices.gateway.troubles import Trouble, of_port
from devices.pn532 import BAUD
from devices.pn532_reader import Event, Pn532Reader, Ready, Touched
from firmware_sim.pn532_chip import Chip, Ntag21x
from firmware_sim.pn532_port import Line, Manner, PtyPort, TcpPort

URL: Final = "https://hub.example/t/gate"
TAG: Final = Ntag21x(bytes.fromhex("04A1B2C3D4E580"), URL)
WITHIN_S: Final = 15.0


class Desk:
    """A reader on a real port, in a thread of its own, as the gateway has it."""

    def __init__(self, url: str) -> None:
        self.events: queue.Queue[Event | str] = queue.Queue()
        self.why: Trouble | str = ""
        self._happenings: queue.SimpleQueue[Callable[[], tuple[Event, ...]]] = queue.SimpleQueue()
        self._reader = Pn532Reader()
        self._ending = threading.Event()
        self._port = Port(url, BAUD, self._opened, self._spoke, self._gone)
        self._thread = threading.Thread(target=self._run)

    def next(self) -> Event | str:
        return self.events.get(timeout=WITHIN_S)

    def start(self) -> None:
        self._port.start()
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self._port.stop()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                happening = self._happenings.get(timeout=0.01)
            except queue.Empty:
                happening = self._tick
            for event in happening():
                self.events.put(event)
            if out := self._reader.output():
                self._port.write(out)

    def _tick(self) -> tuple[Event, ...]:
        return self._reader.tick(time.monotonic())

    def _opened(self) -> None:
        self._happenings.put(lambda: self._reader.begin(time.monotonic()))

    def _spoke(self, data: bytes) -> None:
        self._happenings.put(lambda: self._reader.receive(data, time.monotonic()))

    def _gone(self, why: Trouble | str, was_open: bool) -> None:
        assert why
        self.why = why
        self.events.put("gone" if was_open else "closed")
        self._happenings.put(self._ended)

    def _ended(self) -> tuple[Event, ...]:
        self._reader.end()
        return ()


@contextmanager
def desk(url: str) -> Iterator[Desk]:
    found = Desk(url)
    found.start()
    try:
        yield found
    finally:
        found.stop()


@pytest.mark.parametrize("manner", [one for one in Manner if one is not Manner.MUTE])
@pytest.mark.parametrize("kind", [PtyPort, TcpPort])
def test_a_tag_is_read_over_every_sort_of_line(kind: type[PtyPort | TcpPort], manner: Manner) -> None:
    chip = Chip()
    port = kind(Line(chip, manner, Random(4)))
    with port, desk(port.path if isinstance(port, PtyPort) else port.url) as at:
        while (said := at.next()) != Ready("1.6"):
            assert manner is Manner.LOSSY, said
        chip.lay_on(TAG)
        while not isinstance(said := at.next(), Touched):
            assert manner is Manner.LOSSY, said
        assert said.uid == "04A1B2C3D4E580"
        assert said.url == URL or manner is Manner.LOSSY


def test_a_port_that_is_not_there_is_opened_once_it_is(tmp_path: Path) -> None:
    path = tmp_path / "reader"
    with desk(str(path)) as at:
        assert at.next() == "closed"
        assert at.why is Trouble.NO_PORT
        with PtyPort(Line(Chip())) as port:
            path.symlink_to(port.path)
            while (said := at.next()) == "closed":
                pass
            assert said == Ready("1.6")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/dev/null", Trouble.NO_SERIAL_PORT),
        ("nonsense://x", "invalid URL, protocol 'nonsense' not known"),
        ("socket://127.0.0.1:1", Trouble.NOBODY_LISTENS),
        ("socket://nowhere.invalid:1", Trouble.NO_SUCH_HOST),
        ("/", Trouble.NO_SERIAL_PORT),
        ("", Trouble.NO_PORT),
    ],
)
def test_what_is_no_port_is_said_so_and_ends_nothing(url: str, why: Trouble | str) -> None:
    with desk(url) as at:
        assert at.next() == "closed"
        assert at.why == why
        assert at.next() == "closed"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (SerialException(errno.EACCES, "could not open port: [Errno 13]"), Trouble.FORBIDDEN),
        (SerialException("device reports readiness to read but returned no data"), Trouble.UNPLUGGED),
        (SerialException("socket disconnected"), Trouble.BROKEN_OFF),
        (SerialException("[Errno 84] Invalid or incomplete character"), "Invalid or incomplete character"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    ],
)
def test_a_port_s_error_is_said_in_words_and_without_its_number(said: Exception, why: Trouble | str) -> None:
    assert of_port(said) == why


def test_a_port_that_is_pulled_out_is_said_to_be() -> None:
    with ExitStack() as plugged:
        port = plugged.enter_context(PtyPort(Line(Chip())))
        with desk(port.path) as at:
            assert at.next() == Ready("1.6")
            plugged.close()
            assert at.next() == "gone"
            assert isinstance(at.why, Trouble)


def test_a_port_has_one_user_at_a_time() -> None:
    with PtyPort(Line(Chip())) as port, desk(port.path) as one:
        assert one.next() == Ready("1.6")
        with desk(port.path) as other:
            assert other.next() == "closed"
            assert other.why is Trouble.IN_USE


def test_the_ports_of_this_computer_are_listed() -> None:
    for device, what in found_ports():
        assert device
        assert isinstance(what, str)
