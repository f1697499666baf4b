"""Under which addresses people reach the hub; pure."""

from __future__ import annotations

from hub.config.model import Tls, Web
from hub.tls.names import is_loopback, is_name, written

_HTTPS_PORT = 443
_HTTP_PORT = 80


def secure_base(web: Web, asked: str) -> str:
    """Where HTTPS is for whoever asked for the host `asked`, such as `https://hub.school.example:8443`.

    Empty: nowhere, as far as the hub knows."""
    if web.tls is Tls.OFF:
        return web.public_url if web.public_url.startswith("https://") else ""
    is_here = web.tls is Tls.OWN and is_loopback(asked)  # its own certificate is for this computer as well
    return _address("https", written(asked) if is_here else _host(web, asked), web.port, _HTTPS_PORT)


def trust_page(web: Web, asked: str, asked_port: int | None) -> str:
    """The address of the trust page, to be scanned by a phone that trusts nothing yet."""
    host = _host(web, asked)
    if web.tls is Tls.OFF:
        base = web.public_url or _address("http", host, asked_port or web.port, _HTTP_PORT)
    elif web.http_port is None:
        base = _address("https", host, web.port, _HTTPS_PORT)
    else:
        base = _address("http", host, web.http_port, _HTTP_PORT)
    return f"{base}/trust"


def _host(web: Web, asked: str) -> str:
    """The name for a phone: the one that was asked for, if the certificate is to hold that."""
    plain = written(asked) if is_name(asked) else ""
    if plain in web.names and not is_loopback(plain):
        return plain
    if web.names:
        return next((name for name in web.names if not is_loopback(name)), web.names[0])
    return plain or web.host


def _address(scheme: str, host: str, port: int, usual: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}" if port == usual else f"{scheme}://{bracketed}:{port}"
