"""`campushub run`, and the one way in which a hub with its pages is brought up."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn
from rich.logging import RichHandler

from hub.book.store import BookFaultError
from hub.broker.embedded import BrokerFaultError
from hub.cli.console import err, fail, load_or_fail
from hub.cli.exits import Exit
from hub.config.model import Campus, Web
from hub.folder import FolderError
from hub.log.model import LogFaultError
from hub.main import Hub, make_app
from hub.web.accounts import first_start


def run(config: Path, environment: Mapping[str, str]) -> None:
    """Runs the hub until it is told to end."""
    campus = load_or_fail(config, environment)
    log_to_terminal(logging.INFO)

    def ready(hub: Hub, address: str) -> None:
        password = first_start(hub.book, campus, hub.now())
        err.print(f"campushub is up: {address}", highlight=False)
        if password is not None:
            admin = next(person.id for person in campus.people.values() if person.role.value == "admin")
            err.print(
                f"First start. Sign in as {admin} with the one-time password {password}"
                " and change it; it is not shown again.",
                style="bold yellow",
                highlight=False,
            )

    serve(campus, ready)


def serve(campus: Campus, ready: Callable[[Hub, str], None]) -> None:
    """Runs hub and pages until SIGINT or SIGTERM, and ends both. `ready` is called once all is up."""
    listener = _listen(campus.web)
    try:
        hub = Hub(campus)
    except (FolderError, LogFaultError, BookFaultError) as error:
        fail(str(error), Exit.UNAVAILABLE)
    try:
        hub.start()
        app = make_app(hub.deps())
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
                server_header=False,
                proxy_headers=False,
            ),
            app.state.parts.broadcast.close,
        )
        host, port = listener.getsockname()[:2]
        ready(hub, f"http://{host}:{port}/")
        _end_when_told(server)
        server.run(sockets=[listener])
    except BrokerFaultError as error:
        fail(str(error), Exit.UNAVAILABLE)
    finally:
        hub.stop()


class _Server(uvicorn.Server):
    """Ends the event streams first: a page that listens must not hold up the end."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams, then connections, then the application."""
        self._end_streams()
        await asyncio.sleep(0.05)  # the streams' tasks return before their connections are closed
        await super().shutdown(sockets)


def log_to_terminal(level: int) -> None:
    """Log lines go to standard error."""
    logging.basicConfig(
        level=level,
        format="%(name)s: %(message)s",
        handlers=[RichHandler(console=err, show_path=False, rich_tracebacks=False, log_time_format="%X")],
    )
    for chatty in ("alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _end_when_told(server: uvicorn.Server) -> None:
    """uvicorn repeats the signal that ended it, which must not end the program before the hub is stopped."""

    def end(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _listen(web: Web) -> socket.socket:
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((web.host, web.port))
    except OSError as error:
        fail(
            f"the pages cannot be served on {web.host}:{web.port}: {error.strerror}; "
            "end the other program, or set another web.port (demo: --port)",
            Exit.UNAVAILABLE,
        )
    return listener
