"""An HTTP server in InfluxDB's place: answers what the test says, and remembers what it was asked."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import msgspec

from hub.config.model import HistoryKind
from hub.history.influx import InfluxHistory
from tests.hub.history.samples import config

V1 = HistoryKind.INFLUXDB1
V2 = HistoryKind.INFLUXDB2


@dataclass(frozen=True)
class Asked:
    """One request, its body unpacked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer. `claimed`: the length that the headers claim, where it is not the body's."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed: int | None = None
    hang: bool = False


Answerer = Callable[[Asked], Reply]


class StubInflux:
    """Set `answer` before asking; read `asked` afterwards."""

    def __init__(self) -> None:
        self.answer: Answerer = lambda _: Reply()
        self.asked: list[Asked] = []
        self.released = threading.Event()
        self.url = ""

    def always(self, status: int, body: bytes = b"", **headers: str) -> None:
        """The same answer to everything; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: Reply(status, body, named)


@contextmanager
def stub_influx() -> Iterator[StubInflux]:
    """A stub that listens on a free local port until the test is over."""
    stub = StubInflux()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield stub
    finally:
        stub.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def history(stub: StubInflux, kind: HistoryKind = V1, token: str | None = None) -> InfluxHistory:
    """A history that takes the stub for InfluxDB."""
    return InfluxHistory(config(kind, stub.url, token=token))


def words(kind: HistoryKind, text: str) -> bytes:
    """An error as InfluxDB 1.x or 2.x words it."""
    problem = {"error": text} if kind is V1 else {"code": "invalid", "message": text}
    return msgspec.json.encode(problem)


def _handler(stub: StubInflux) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the base class names it
            """Tests have no use for an access log."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            address = urlsplit(self.path)
            asked = Asked(
                self.command, address.path, dict(parse_qsl(address.query)), dict(self.headers), body
            )
            stub.asked.append(asked)
            reply = stub.answer(asked)
            if reply.hang:
                stub.released.wait()
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(reply.claimed or len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

    return Handler
