"""Authorities, certificates and campuses to try HTTPS with; and the real server, in a thread."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from hub.cli.serving import Server, listen
from hub.clock import NowMs, system_now_ms
from hub.config.model import Campus, Tls, Web
from hub.faces import make_pages, make_routers
from hub.tls.authority import Pair, issue, make_authority
from hub.tls.keeper import Keeper, make_keeper
from hub.web.app import create_app
from hub.web.deps import Deps
from tests.hub.web_pages.school import School
from tests.real import free_port

DAY_MS = 86_400_000
NAME = "hub.school.example"
ADDRESS = "192.168.77.20"
NAMES = (NAME, ADDRESS, "fd00:77::20")


def authority(now_ms: int | None = None, names: Sequence[str] = NAMES) -> Pair:
    return make_authority("shiyan", names, system_now_ms() if now_ms is None else now_ms)


def written(folder: Path, pair: Pair, name: str = "hub") -> tuple[Path, Path]:
    """The files of a certificate and of its key, as somebody else would hand them over."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
    key.write_bytes(pair.to_pem().partition(b"-----BEGIN CERTIFICATE-----")[0])
    return certificate, key


def given(folder: Path, pair: Pair, name: str = "hub") -> Web:
    """`[web]` with that certificate."""
    certificate, key = written(folder, pair, name)
    return replace(own(), tls=Tls.GIVEN, certificate_file=certificate, key_file=key)


def own(names: Sequence[str] = NAMES, *, plain: bool = False) -> Web:
    """`[web]` with a certificate of the hub's own, on free ports of this computer."""
    return Web(
        host="127.0.0.1",
        port=free_port(),
        secure_cookies=True,
        tls=Tls.OWN,
        names=tuple(names),
        http_port=free_port() if plain else None,
    )


@dataclass
class Served:
    """The school's pages, really served."""

    campus: Campus
    keeper: Keeper | None
    server: Server

    @property
    def web(self) -> Web:
        return self.campus.web

    def trusting(self) -> ssl.SSLContext:
        """What a phone has after it trusted the hub."""
        return ssl.create_default_context(cafile=self.campus.storage.folder / "tls" / "campushub-ca.crt")


def deps_with(school: School, web: Web) -> Deps:
    return replace(school.deps, campus=replace(school.campus, web=web))


@contextmanager
def served(school: School, web: Web, now: NowMs = system_now_ms) -> Iterator[Served]:
    """The pages on `web`, by the server that `campushub run` uses."""
    deps = deps_with(school, web)
    keeper = make_keeper(deps.campus, now)
    if keeper is not None:
        keeper.prepare()
    pages = make_pages(deps)
    app = create_app(deps, make_routers(deps, pages), pages)
    listener = listen(web.host, web.port, "web.port")
    plain = [listen(web.host, web.http_port, "web.http_port")] if web.http_port else []
    server = Server(app, app.state.parts.broadcast.close, keeper, plain)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield Served(deps.campus, keeper, server)
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def by(signer: Pair, names: Sequence[str] = NAMES, now_ms: int | None = None) -> Pair:
    """A certificate by an authority, also for names beyond its reach."""
    return issue(signer, "shiyan", names, system_now_ms() if now_ms is None else now_ms)
