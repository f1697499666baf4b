"""Where a simulated PN532 is plugged in: how its line treats bytes, and a pseudo-terminal or a TCP port."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import tty
from abc import ABC, abstractmethod
from collections import deque
from enum import Enum
from random import Random
from typing import Final, Self

from firmware_sim.pn532_chip import Chip

_LOOK_S: Final = 0.02
_READ_BYTES: Final = 4096
_LOSS: Final = 0.004
_DELAY_S: Final = 0.08


class Manner(Enum):
    """How a line treats what is sent over it."""

    PERFECT = "perfect"
    BYTE_BY_BYTE = "byte by byte"
    LOSSY = "lossy"  # some bytes are missing, both ways
    DELAYED = "delayed"
    GARBAGE = "garbage"  # noise before every answer
    MUTE = "mute"  # nothing comes back


class Line:
    """A chip at the end of a line; it obtains no clock. Times are seconds of any one clock."""

    def __init__(self, chip: Chip, manner: Manner = Manner.PERFECT, random: Random | None = None) -> None:
        self.chip = chip
        self.manner = manner
        self._random = random or Random(1)  # noqa: S311 - a simulation
        self._coming: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes, now_s: float) -> None:
        """The host sends."""
        data = self._thinned(data) if self.manner is Manner.LOSSY else data
        answer = self.chip.receive(data)
        if not answer or self.manner is Manner.MUTE:
            return
        match self.manner:
            case Manner.BYTE_BY_BYTE:
                self._coming += [(now_s, answer[at : at + 1]) for at in range(len(answer))]
            case Manner.LOSSY:
                self._coming.append((now_s, self._thinned(answer)))
            case Manner.DELAYED:
                self._coming.append((now_s + _DELAY_S, answer))
            case Manner.GARBAGE:
                noise = self._random.randbytes(self._random.randrange(40))
                self._coming.append((now_s, noise + answer))
            case _:
                self._coming.append((now_s, answer))

    def read(self, now_s: float) -> bytes:
        """What has arrived at the host by now, at most one piece of it."""
        if self._coming and self._coming[0][0] <= now_s:
            return self._coming.popleft()[1]
        return b""

    @property
    def next_s(self) -> float | None:
        """When there is something to read."""
        return self._coming[0][0] if self._coming else None

    def _thinned(self, data: bytes) -> bytes:
        return bytes(byte for byte in data if self._random.random() >= _LOSS)


class _Plugged(ABC):
    """A line in a thread of its own. Tags may be laid on and taken away by any other."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    @abstractmethod
    def _serve(self) -> None: ...

    def _carry(self, descriptor: int) -> bool:
        """One look at the line; False: the host has hung up."""
        try:
            if select.select([descriptor], [], [], _LOOK_S)[0]:
                data = os.read(descriptor, _READ_BYTES)
                if not data:
                    return False
                self.line.write(data, time.monotonic())
            while piece := self.line.read(time.monotonic()):
                os.write(descriptor, piece)
        except OSError:
            return False
        return True


class PtyPort(_Plugged):
    """On a pseudo-terminal: `path` is opened like any serial port."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._own, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        os.close(self._own)
        os.close(self._theirs)

    def _serve(self) -> None:
        while not self._ending.is_set():
            self._carry(self._own)


class TcpPort(_Plugged):
    """On a TCP port of this computer, for one host at a time: `url` is what pyserial opens."""

    def __init__(self, line: Line, port: int = 0) -> None:
        super().__init__(line)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"socket://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._listener.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            if not select.select([self._listener], [], [], _LOOK_S)[0]:
                continue
            connection, _ = self._listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not self._ending.is_set() and self._carry(connection.fileno()):
                    pass
