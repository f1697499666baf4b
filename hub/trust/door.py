"""The plain-HTTP door: the page that leads to trust, and the way to HTTPS for everything else."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from hub.trust.addresses import secure_base
from hub.web.parts import parts_of

_OPEN: Final = ("/trust", "/static")
_REFUSAL: Final = "请使用 HTTPS。Use HTTPS.\n"


class Door:
    """An application that shows only what is open without HTTPS. Whoever sends anything else is refused, not
    redirected: what was sent has gone over the network in the clear already."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if any(scope["path"] == place or scope["path"].startswith(f"{place}/") for place in _OPEN):
            await self._app(scope, receive, send)
            return
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse(_REFUSAL, 403)
        request = Request({**scope, "app": self._app})
        query = f"?{request.url.query}" if request.url.query else ""
        base = secure_base(parts_of(request).deps.campus.web, request.url.hostname or "")
        # Temporary: a browser must not remember it beyond the day on which HTTPS is switched off again.
        return RedirectResponse(f"{base}{quote(scope['path'], safe='/:@')}{query}", 307)
