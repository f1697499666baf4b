"""Photos over HTTP: how they are taken in and how they are shown, whatever they belong to."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from hub.photos.store import Bad, Photos
from hub.web.deps import Deps
from hub.web.errors import Code, Problem
from hub.web.paces import pace_of
from hub.web.parts import session_of

# Under a hash there is never anything else.
_HEADERS: Final = {"cache-control": "private, max-age=31536000, immutable"}

Hash = Annotated[str, Path(alias="sha256", max_length=64)]


async def take_in(request: Request, deps: Deps, name: str) -> Response:
    """Keeps the file that a PUT's body is, at the pace that its session may have. Raises Problem."""
    pace_of(request).take(session_of(request), deps.now())
    content = await request.body()
    await run_in_threadpool(keep, deps, name, content)
    return Response(status_code=204)


def keep(deps: Deps, name: str, content: bytes) -> None:
    """Keeps a JPEG under the SHA-256 of its bytes; blocks. Raises Problem."""
    try:
        bad = Photos(deps.campus.storage.folder).keep(name, content)
    except OSError:
        raise Problem(Code.LOG_UNAVAILABLE) from None
    if bad is Bad.TOO_LARGE:
        raise Problem(Code.TOO_LARGE)
    if bad is not None:
        raise Problem(Code.NO_PHOTO, details=(bad.value,))


def shown(deps: Deps, name: str) -> FileResponse:
    """A photo as an answer. Raises Problem: there is none."""
    path = Photos(deps.campus.storage.folder).path(name)
    if path is None:
        raise Problem(Code.NOT_FOUND)
    return FileResponse(path, headers=_HEADERS, media_type="image/jpeg")
