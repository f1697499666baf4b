"""The web server: the pages over HTTPS or plain HTTP, and beside them the door for phones without trust."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from hub.cli.console import fail
from hub.cli.exits import Exit
from hub.tls.keeper import Keeper
from hub.trust.door import Door

_LOG: Final = logging.getLogger("campushub")


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound there; ends the program, naming the `setting`, where that is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        fail(
            f"the pages cannot be served on {host}:{port}: {error.strerror}; "
            f"end the other program, or set another {setting}",
            Exit.UNAVAILABLE,
        )
    return listener


class Server(uvicorn.Server):
    """Ends the event streams first: a page that listens must not hold up the end.

    `plain`: sockets on which the trust page is served, and everything else is led to HTTPS."""

    def __init__(
        self,
        app: FastAPI,
        end_streams: Callable[[], None],
        keeper: Keeper | None = None,
        plain: Sequence[socket.socket] = (),
    ) -> None:
        super().__init__(_config(app, **_files(keeper)))
        self._end_streams = end_streams
        self._keeper = keeper
        self._plain = list(plain)
        self._door = _Beside(_config(Door(app), lifespan="off"))

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Both doors, until told to end."""
        if self._keeper is not None:
            loop = asyncio.get_running_loop()
            # In this thread, which begins the handshakes as well: none sees one file new and the other old.
            self._keeper.changed = lambda: _call(loop, self._take_new_certificate)
        async with asyncio.TaskGroup() as group:
            if self._plain:
                group.create_task(self._door.serve(self._plain))
            try:
                await super().serve(sockets)
            finally:
                self._door.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams, then connections, then the application."""
        self._end_streams()
        await asyncio.sleep(0.05)  # the streams' tasks return before their connections are closed
        await super().shutdown(sockets)

    def _take_new_certificate(self) -> None:
        """Connections that are open go on as they are; new ones get the new certificate."""
        if self._keeper is None or self.config.ssl is None:
            return
        try:
            self.config.ssl.load_cert_chain(self._keeper.certificate_file, self._keeper.key_file)
        except (OSError, ssl.SSLError) as error:
            _LOG.error("the new certificate cannot be served: %s; start the hub again", error)


class _Beside(uvicorn.Server):
    """A server that leaves the signals to the other one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def _config(app: ASGIApp, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,
        **more,
    )


def _files(keeper: Keeper | None) -> dict[str, str]:
    if keeper is None:
        return {}
    return {"ssl_certfile": str(keeper.certificate_file), "ssl_keyfile": str(keeper.key_file)}


def _call(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the server has ended meanwhile
        loop.call_soon_threadsafe(work)
