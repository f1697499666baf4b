"""The proxy passes bytes on in both directions, and cuts when asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from hub.torture.proxy import Proxy
from tests.hub.ingest.campus import wait_until


@pytest.fixture
def echo() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def answer(connection: socket.socket) -> None:
    with connection:
        try:
            while chunk := connection.recv(4096):
                connection.sendall(chunk)
        except OSError:
            return


def received(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (chunk := connection.recv(4096)):
        found += chunk
    return found


def is_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_bytes_go_there_and_back(echo: int) -> None:
    proxy = Proxy(echo)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(b"x" * 100_000)
        assert received(client, 100_000) == b"x" * 100_000
    proxy.close()


def test_a_cut_ends_what_is_open_and_welcomes_the_next(echo: int) -> None:
    proxy = Proxy(echo)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as first:
        first.sendall(b"a")
        assert received(first, 1) == b"a"
        proxy.cut()
        assert is_ended(first)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as second:
        second.sendall(b"b")
        assert received(second, 1) == b"b"
    proxy.close()


def test_where_nobody_listens_the_client_is_told_at_once(echo: int) -> None:
    del echo
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    proxy = Proxy(port)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        wait_until(lambda: is_ended(client))
    proxy.close()
