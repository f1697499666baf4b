"""What checkpoints look like: pictures beside `campus.toml`, looked at before anything starts."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from hub.config.document import Document
from hub.config.faults import Fault
from hub.config.model import PlaceView

MOST_BYTES: Final = 8_000_000
MOST_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")


def check_views(document: Document) -> Iterator[Fault]:
    """Pictures that are not there, too large, or none."""
    for place in document.entries("checkpoint"):
        name = place.text("picture")
        if name is None:
            continue
        try:
            found = _read(document.file.parent / name)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else ""
            reason = said or "no usable file name"
            remedy = "check the path, and that the user that the hub runs as may read it"
            yield place.fault("picture", f"the file that it names cannot be read: {reason}", remedy)
            continue
        problem = _wrong_with(found)
        if problem:
            remedy = "name a JPEG, PNG or WebP of at most 8 MB and 40 megapixels, as a phone takes it"
            yield place.fault("picture", f"the file that it names {problem}", remedy)


def view_of(source: Path, name: str | None) -> PlaceView | None:
    """The picture of a file without faults; None where there is none, or it has gone since."""
    if name is None:
        return None
    path = (source.parent / name).absolute()
    try:
        return PlaceView(path, hashlib.sha256(_read(path)).hexdigest())
    except OSError:
        return None


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _wrong_with(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        return "is larger than 8 MB"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decompression bomb is told by its pixels below
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                pixels = image.width * image.height
                image.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return "is no picture"
    return "has more than 40 megapixels" if pixels > MOST_PIXELS else ""
