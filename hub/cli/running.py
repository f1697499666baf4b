"""`campushub run`, and the one way in which a hub with its pages is brought up."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.logging import RichHandler

from hub.book.store import BookFaultError
from hub.broker.embedded import BrokerFaultError
from hub.cli.console import err, fail, load_or_fail, warn
from hub.cli.exits import Exit
from hub.cli.serving import Server, listen
from hub.config.model import Campus
from hub.folder import FolderError
from hub.log.model import LogFaultError
from hub.main import Hub, make_app
from hub.tls.own import TlsFaultError
from hub.web.accounts import first_start


def run(config: Path, environment: Mapping[str, str]) -> None:
    """Runs the hub until it is told to end."""
    campus = load_or_fail(config, environment)
    warn(campus.warnings)
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
    listener = listen(campus.web.host, campus.web.port, "web.port (demo: --port)")
    plain = [listen(campus.web.host, campus.web.http_port, "web.http_port")] if campus.web.http_port else []
    try:
        hub = Hub(campus)
    except (FolderError, LogFaultError, BookFaultError) as error:
        fail(str(error), Exit.UNAVAILABLE)
    try:
        if hub.certificate is not None:
            hub.certificate.prepare()
        hub.start()
        app = make_app(hub.deps())
        server = Server(app, app.state.parts.broadcast.close, hub.certificate, plain)
        host, port = listener.getsockname()[:2]
        ready(hub, f"{'http' if hub.certificate is None else 'https'}://{host}:{port}/")
        _end_when_told(server)
        server.run(sockets=[listener])
    except (BrokerFaultError, TlsFaultError) as error:
        fail(str(error), Exit.UNAVAILABLE)
    finally:
        hub.stop()


def log_to_terminal(level: int) -> None:
    """Log lines go to standard error."""
    logging.basicConfig(
        level=level,
        format="%(name)s: %(message)s",
        handlers=[RichHandler(console=err, show_path=False, rich_tracebacks=False, log_time_format="%X")],
    )
    for chatty in ("alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _end_when_told(server: Server) -> None:
    """uvicorn repeats the signal that ended it, which must not end the program before the hub is stopped."""

    def end(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
