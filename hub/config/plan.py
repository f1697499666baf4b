"""The picture of the campus, and where checkpoints are on it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from PIL import Image

from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault
from hub.config.model import Campus, CampusPlan, Spot

MOST_BYTES: Final = 2_000_000
_MOST_PIXELS: Final = 40_000_000
_MEDIA: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}
_SVG: Final = "image/svg+xml"
_FORMATS: Final = "save the plan as SVG, PNG or JPEG"


def spot_of(place: schema.CheckpointTable) -> Spot | None:
    """Where a checkpoint is on the picture, if its table says so."""
    return Spot(place.place.x, place.place.y) if place.place is not None else None


def find_plan(document: Document) -> tuple[CampusPlan | None, list[Fault]]:
    """The picture that `[plan]` names, read whole."""
    plan = document.section("plan")
    name = plan.text("image")
    if name is None:
        return None, []
    try:
        with (document.file.parent / name).open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no usable file name"
        remedy = "put the picture beside this file, or leave [plan] out"
        return None, [plan.fault("image", f"the file that it names cannot be read: {reason}", remedy)]
    if len(content) > MOST_BYTES:
        remedy = "save it smaller: every phone that opens the page loads it"
        return None, [plan.fault("image", f"is larger than {MOST_BYTES // 1_000_000} MB", remedy)]
    return _judged(plan, content)


def doubts_of_plan(document: Document, campus: Campus) -> Iterator[Fault]:
    """Checkpoints that the plan does not show."""
    if campus.plan is None:
        return
    for entry in document.entries("checkpoint"):
        if "place" not in entry.table:
            remedy = "write place = { x = …, y = … }: the page “Rounds” shows the numbers of a click"
            yield entry.fault("place", "is not placed on the plan", remedy)


def _judged(plan: Entry, content: bytes) -> tuple[CampusPlan | None, list[Fault]]:
    if b"<svg" in content[:65_536]:
        problem, media_type = _wrong_svg(content), _SVG
    else:
        problem, media_type = _pixels(content)
    if problem:
        return None, [plan.fault("image", problem, _FORMATS)]
    return CampusPlan(content, media_type), []


def _wrong_svg(content: bytes) -> str:
    """What is wrong with an SVG, or nothing. It may hold scripts: as it is served they cannot run."""
    found: list[dict[str, str]] = []

    def begins(name: str, attributes: dict[str, str]) -> None:
        if not found:
            found.append(attributes if name.rpartition(":")[2] == "svg" else {})

    parser = expat.ParserCreate()
    parser.StartElementHandler = begins
    try:
        parser.Parse(content, True)  # noqa: FBT003 - it takes no keyword
    except (expat.ExpatError, ValueError) as error:
        return f"is no whole SVG: {error}"
    root = found[0] if found else {}
    if "viewBox" not in root and not {"width", "height"} <= root.keys():
        return "is an SVG without viewBox, so that its shape is not known"
    return ""


def _pixels(content: bytes) -> tuple[str, str]:
    """What is wrong with a picture of pixels, or nothing; and its media type."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_MEDIA)) as image:
            media_type, (width, height) = _MEDIA[image.format or ""], image.size
            if width * height > _MOST_PIXELS:
                return f"has {width} × {height} pixels, more than a phone can show", ""
            image.verify()
    except (OSError, SyntaxError, KeyError, ValueError, Image.DecompressionBombError):
        return "is no picture that browsers show", ""
    return "", media_type
