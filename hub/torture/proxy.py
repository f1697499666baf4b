"""A TCP proxy on this computer that cuts every connection when asked: what a flapping network does."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

_CHUNK: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)  # linger for no time: the other side sees a reset


# Told of every chunk before it is passed on.
Listener: TypeAlias = Callable[[bytes], None]


class Proxy:
    """Passes on what comes to `port` to another port of this computer.

    `overhear` gives for each connection who is told what the client says, and what the server says."""

    def __init__(
        self, target_port: int, overhear: Callable[[], tuple[Listener, Listener]] | None = None
    ) -> None:
        self._overhear = overhear or (lambda: (_nobody, _nobody))
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.cuts = 0
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def cut(self) -> None:
        """Resets every connection; new ones are welcome at once."""
        self.cuts += 1
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            _reset(connection)

    def close(self) -> None:
        """Ends everything."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                target = socket.create_connection(("127.0.0.1", self._target_port), timeout=2)
            except OSError:
                client.close()
                continue
            target.settimeout(None)
            for end in (client, target):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, target}
            from_client, from_target = self._overhear()
            for way in ((client, target, from_client), (target, client, from_target)):
                threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, told: Listener) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                told(chunk)
                sink.sendall(chunk)
        with self._lock:
            self._open -= {source, sink}
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _nobody(_: bytes) -> None:
    """Nobody listens."""


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
