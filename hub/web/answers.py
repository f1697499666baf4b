"""How a problem is answered: as JSON for programs, as a page or the way to sign in for people."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.web.errors import Code, Problem, speaks_json
from hub.web.parts import html_page

_LOG: Final = logging.getLogger("campushub.web")

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def answer(request: Request, problem: Problem) -> Response:
    """The response to a request that is not done."""
    path = request.url.path
    if speaks_json(path):
        return Response(problem.to_json(), problem.status, media_type="application/json")
    if problem.code is Code.SIGNED_OUT:
        return RedirectResponse(f"/login{_next_of(request)}", 303)
    if problem.code is Code.CHANGE_SECRET_FIRST:
        return RedirectResponse(f"/account/secret{_next_of(request)}", 303)
    return html_page(
        request,
        "error",
        problem.status,
        status=problem.status,
        code=problem.code.value,
        message=problem.text,
    )


def answer_crash(request: Request, error: Exception) -> Response:
    """The response to a fault of our own: nothing of it reaches the client; the server logs it."""
    _LOG.error("%s %.200r failed: %s", request.method, request.url.path, type(error).__name__)
    problem = Problem(Code.INTERNAL)
    if speaks_json(request.url.path):
        response = Response(problem.to_json(), problem.status, media_type="application/json")
    else:  # the page's own templates may be what failed
        response = Response(
            f"{problem.text.zh}\n{problem.text.en}\n", problem.status, media_type="text/plain"
        )
    response.headers.update(SECURITY_HEADERS)
    return response


def local_path(text: str) -> str:
    """`text` if it is a path on this hub, else the start page: nobody is sent elsewhere after signing in."""
    if not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable():
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return text if not parts.scheme and not parts.netloc and len(text) <= 2_000 else "/"


def _next_of(request: Request) -> str:
    if request.method not in {"GET", "HEAD"} or request.url.path == "/":
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"?next={quote(request.url.path + query, safe='/')}"
