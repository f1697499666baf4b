"""Pictures of checkpoints, drawn anew like photos: no place, no time, no maker is in what phones get."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from pathlib import Path as File
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from hub.config.views import FORMATS, MOST_PIXELS
from hub.patrol.plan import PICTURES
from hub.photos.store import Bad, drawn_anew
from hub.web.errors import Code, Problem
from hub.web.parts import TheDeps

router: Final = APIRouter(tags=["patrol"])

_SIDE: Final = 1280  # pixels; a phone shows it 400 wide, three to the point
_HEADERS: Final = {"cache-control": "private, max-age=31536000, immutable"}
_one: Final = threading.Lock()  # a picture of 40 megapixels takes 120 MB while it is drawn


@router.get(PICTURES + "/{sha256}", response_class=Response)
def place_picture(deps: TheDeps, name: Annotated[str, Path(alias="sha256", max_length=64)]) -> Response:
    """What a checkpoint looks like, as the plan names it: the address changes with the picture."""
    views = (place.view for place in deps.campus.checkpoints.values())
    view = next((view for view in views if view is not None and view.sha256 == name), None)
    if view is None:
        raise Problem(Code.NOT_FOUND)
    with _one:
        drawn = _drawn(view.path, view.sha256)
    return Response(drawn, headers=_HEADERS, media_type="image/jpeg")


@lru_cache(maxsize=32)
def _drawn(path: File, sha256: str) -> bytes:
    """Raises Problem if the file is not what it was when the hub started; that is not remembered."""
    try:
        content = path.read_bytes()
    except OSError:
        raise Problem(Code.NOT_FOUND) from None
    drawn = drawn_anew(content, FORMATS, MOST_PIXELS, _SIDE)
    if isinstance(drawn, Bad) or hashlib.sha256(content).hexdigest() != sha256:
        raise Problem(Code.NOT_FOUND)
    return drawn
