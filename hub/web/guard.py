"""The guard before every route: how much, who, from where. What the rights table does not allow ends here.

A browser's change must come from a page of this hub: its session's token comes back in the header
`X-CSRF-Token` or the form field `csrf`, and Sec-Fetch-Site or Origin, where sent, are this hub's.
"""

from __future__ import annotations

import ipaddress
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.web import cookies, rights
from hub.web.answers import answer
from hub.web.errors import Code, Problem, of_status
from hub.web.parts import parts_of
from hub.web.rights import Access, Rights
from hub.web.viewer import Viewer

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_FORWARDED: Final = ("x-forwarded-for", "x-real-ip", "forwarded")
_MOST_FIELDS: Final = 200


class Guard:
    """An ASGI middleware, inside the one that adds headers and outside of everything else."""

    def __init__(self, app: ASGIApp, fastapi: FastAPI, table: Rights) -> None:
        self._app = app
        self._fastapi = fastapi
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        scope["app"] = self._fastapi
        access = rights.access_to(self._fastapi.router.routes, self._table, scope)
        if access is None:  # the router answers 404 or 405
            await self._app(scope, receive, send)
            return
        receive = _limited(receive, access.body_limit)
        try:
            receive = await self._admit(access, scope, receive)
        except (Problem, HTTPException) as refusal:
            problem = refusal if isinstance(refusal, Problem) else of_status(refusal.status_code)
            await answer(Request(scope), problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, access: Access, scope: Scope, receive: Receive) -> Receive:
        """Raises Problem, or returns what the route shall read its body from."""
        request = Request(scope, receive)
        _check_declared_length(request, access.body_limit)
        changes = request.method not in _SAFE
        if changes:
            _check_origin(request)
        if access.public:
            return receive
        viewer = await viewer_of(request)
        if access.from_loopback and is_loopback(request):
            return receive
        _check_role(access, viewer)
        if not changes or viewer is None:
            return receive
        header = request.headers.get("x-csrf-token")
        if header is not None:
            _check_token(header, viewer)
            return receive
        return await _check_form(request, receive, viewer)


def is_loopback(connection: HTTPConnection) -> bool:
    """Whether this computer itself asks, and not for somebody else as a proxy does."""
    if connection.client is None or any(name in connection.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(connection.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


async def viewer_of(request: Request) -> Viewer | None:
    """Who asks; left in the scope for the route. For routes that are public as well: the guard does not look
    there."""
    token = request.cookies.get(cookies.SESSION, "")
    if not token:
        return None
    parts = parts_of(request)
    found = await run_in_threadpool(parts.sessions.find, token)
    if found is None:
        return None
    person = parts.deps.campus.people[found.person]
    viewer = Viewer(
        person=person.id,
        name=person.name,
        role=person.role,
        language=cookies.language_of(request, person.language),
        csrf=found.csrf,
        must_change_secret=found.must_change_secret,
    )
    request.scope["state"]["viewer"] = viewer
    request.scope["state"]["session"] = found.id
    return viewer


def _check_role(access: Access, viewer: Viewer | None) -> None:
    if viewer is None:
        raise Problem(Code.SIGNED_OUT)
    if viewer.role not in access.roles:
        raise Problem(Code.FORBIDDEN)
    if viewer.must_change_secret and not access.while_one_time:
        raise Problem(Code.CHANGE_SECRET_FIRST)


def _check_origin(request: Request) -> None:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Problem(Code.CSRF)
        return  # the browser itself has compared; a proxy may have changed Host
    origin = request.headers.get("origin")
    if origin is None:
        return
    host = request.headers.get("host", "")
    try:
        parts = urlsplit(origin)
        same = host != "" and host.lower() in {parts.netloc.lower(), (parts.hostname or "").lower()}
    except ValueError:
        same = False
    if not same:
        raise Problem(Code.CSRF)


def _check_token(given: str, viewer: Viewer) -> None:
    if not compare_digest(given.encode(errors="replace"), viewer.csrf.encode()):
        raise Problem(Code.CSRF)


async def _check_form(request: Request, receive: Receive, viewer: Viewer) -> Receive:
    """Looks for the token in a form; the route then reads the same bytes again."""
    if not request.headers.get("content-type", "").lower().startswith(_FORMS):
        raise Problem(Code.CSRF)
    body = await request.body()
    async with Request(request.scope, _replay(body, receive)).form(max_fields=_MOST_FIELDS) as form:
        given = form.get("csrf")
    _check_token(given if isinstance(given, str) else "", viewer)
    return _replay(body, receive)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that begins with a body already read."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _check_declared_length(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdigit() and len(declared) < 16):
        raise Problem(Code.BAD_REQUEST)
    if int(declared) > limit:
        raise Problem(Code.TOO_LARGE)


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts what really comes: a length may be missing or a lie."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)  # FastAPI passes this one on
        return message

    return counted
