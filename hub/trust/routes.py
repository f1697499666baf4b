"""`/trust`: what a phone needs to trust the hub, for anybody, also without HTTPS."""

from __future__ import annotations

from typing import Final

import segno
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from hub.config.model import Campus, Tls
from hub.tls.certificate import PairError, facts_of
from hub.tls.files import Files
from hub.trust.addresses import secure_base, trust_page
from hub.trust.profile import mobileconfig
from hub.web.answers import SECURITY_HEADERS
from hub.web.errors import Code, Problem
from hub.web.parts import TheDeps, html_page
from hub.web.scene import Face

FACE: Final = Face("hub.trust", lambda _scene: ())

_CSP: Final = "content-security-policy"
_CERTIFICATE: Final = "application/x-x509-ca-cert"
_PROFILE: Final = "application/x-apple-aspen-config"
# A service worker that does nothing: that a browser takes it proves that it trusts the certificate.
_WORKER: Final = 'self.addEventListener("install", () => self.skipWaiting());\n'

router: Final = APIRouter(include_in_schema=False)


@router.get("/trust")
def trust(request: Request, deps: TheDeps) -> Response:
    """How to trust the hub, with a code to scan and a button that tries it."""
    web = deps.campus.web
    asked = request.url.hostname or ""
    base = secure_base(web, asked)
    address = trust_page(web, asked, request.url.port)
    authority = _authority(deps.campus)
    response = html_page(
        request,
        "trust/trust",
        address=address,
        qr=_qr(address),
        secure=base,
        tls=web.tls.value,
        authority=facts_of(authority) if authority else None,
    )
    if base:
        # The page may come over plain HTTP and asks HTTPS whether it is trusted: another origin.
        own = SECURITY_HEADERS[_CSP]
        # A policy cannot name an IPv6 address.
        response.headers[_CSP] = f"{own}; connect-src 'self' {'https:' if '[' in base else base}"
    return response


@router.get("/trust/check")
def check(request: Request) -> Response:
    """Says whether this browser trusts the hub."""
    return html_page(request, "trust/check")


@router.get("/trust/worker.js")
def worker() -> Response:
    """What the check has the browser register."""
    return Response(_WORKER, media_type="text/javascript")


@router.get("/trust/campushub-ca.crt")
def certificate(deps: TheDeps) -> Response:
    """The authority's certificate, for Android and computers."""
    return _download(_needed(deps.campus).public_bytes(Encoding.DER), _CERTIFICATE, "campushub-ca.crt")


@router.get("/trust/campushub.mobileconfig")
def profile(deps: TheDeps) -> Response:
    """The same for iPhones."""
    authority = _needed(deps.campus)
    made = mobileconfig(authority.public_bytes(Encoding.DER), facts_of(authority), deps.campus.site.name.zh)
    return _download(made, _PROFILE, "campushub.mobileconfig")


def _authority(campus: Campus) -> x509.Certificate | None:
    if campus.web.tls is not Tls.OWN:
        return None
    try:
        pair = Files(campus.storage.folder).authority()
    except (OSError, PairError):
        return None
    return pair.certificate if pair else None


def _needed(campus: Campus) -> x509.Certificate:
    authority = _authority(campus)
    if authority is None:
        raise Problem(Code.NOT_FOUND)
    return authority


def _download(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _qr(address: str) -> Markup:
    """An SVG. White around it, whatever colours the page has: cameras need that."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - made of squares only
