"""The web application, put together: routes, rights, the guard, headers, the one error shape."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.history.port import HistoryUnavailableError
from hub.log.model import LogFaultError
from hub.web import api, badge_signin, cookies, events, history, life_api, observe, people, rights, signin
from hub.web.answers import SECURITY_HEADERS, answer, answer_crash
from hub.web.broadcast import Broadcast
from hub.web.deps import Deps
from hub.web.doorman import Doorman
from hub.web.errors import Code, Problem, of_status
from hub.web.guard import Guard
from hub.web.parts import Parts
from hub.web.render import Render
from hub.web.rights import RIGHTS, Rights
from hub.web.sessions import Sessions

_STATIC: Final = Path(__file__).parent / "static"
_OWN: Final = (
    signin.router,
    badge_signin.router,
    people.router,
    api.router,
    life_api.router,
    history.router,
    events.router,
    observe.router,
)
_DESCRIPTION: Final = (
    "What a campus's devices say, what is wrong, and what people do about it. Sign in at `/login`; every"
    " change carries the header `X-CSRF-Token` with the token from `/api/v1/me`. Errors have one shape:"
    ' `{"error": {"code", "message", "message_zh", "details"}}`.'
)


def create_app(deps: Deps, pages: Sequence[APIRouter], render: Render, table: Rights = RIGHTS) -> FastAPI:
    """The application. Raises RightsError unless the routes and the rights table fit exactly."""
    parts = _assemble(deps, render)
    app = _bare_app(parts)
    for router in (*_OWN, *pages):
        # Route by route, not as a nested router: the guard matches exactly what the router does.
        app.router.routes.extend(router.routes)
    app.mount("/static", StaticFiles(directory=_STATIC, check_dir=False), name="static")
    rights.fit(app.router.routes, table)
    _answer_errors(app)
    app.add_middleware(Guard, fastapi=app, table=table)
    app.add_middleware(_Headers, parts=parts)
    return app


def _assemble(deps: Deps, render: Render) -> Parts:
    sessions = Sessions(deps.book, deps.campus, deps.now)
    paint = events.painter(deps, render)
    return Parts(
        deps=deps,
        render=render,
        sessions=sessions,
        doorman=Doorman(deps.book, deps.campus, deps.now),
        broadcast=Broadcast(deps.board, paint, sessions.alive, deps.now, boot=secrets.token_hex(8)),
    )


def _bare_app(parts: Parts) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        parts.broadcast.close()
        parts.doorman.close()

    # No docs pages: FastAPI's own load their scripts from elsewhere.
    app = FastAPI(
        title="campushub",
        description=_DESCRIPTION,
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


class _Headers:
    """Adds to every response what browsers must not do with it, and remembers a language asked for."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = cookies.asked_language(Request(scope))
        extra = Response()
        if asked is not None:
            cookies.keep_language(extra, asked, self._parts.deps.campus)
        is_static = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-cache" if is_static else "no-store")
                for value in extra.headers.getlist("set-cookie"):
                    headers.append("set-cookie", value)
            await send(message)

        await self._app(scope, receive, with_headers)


def _answer_errors(app: FastAPI) -> None:
    """Every way to fail gives the one error shape, and nothing of the request comes back in it."""

    async def on_problem(request: Request, error: Exception) -> Response:
        return answer(request, error if isinstance(error, Problem) else Problem(Code.INTERNAL))

    async def on_status(request: Request, error: Exception) -> Response:
        return answer(request, of_status(error.status_code if isinstance(error, HTTPException) else 500))

    async def on_invalid(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else ()
        details = tuple(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"[:200] for fault in faults[:20])
        return answer(request, Problem(Code.INVALID, details=details))

    async def on_crash(request: Request, error: Exception) -> Response:
        return answer_crash(request, error)

    def always(code: Code) -> None:
        async def on_fault(request: Request, _error: Exception) -> Response:
            return answer(request, Problem(code))

        app.add_exception_handler(_FAULTS[code], on_fault)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_status)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_crash)
    for code in _FAULTS:
        always(code)


_FAULTS: Final[dict[Code, type[Exception]]] = {
    Code.HISTORY_UNAVAILABLE: HistoryUnavailableError,
    Code.LOG_UNAVAILABLE: LogFaultError,
    Code.BOOK_UNAVAILABLE: SQLAlchemyError,
}
