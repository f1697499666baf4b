"""Photos of reports and work orders, outside the database, each under the SHA-256 of what was sent.

What is kept is drawn anew from the picture alone: nothing that a phone writes beside it (place, time, maker)
survives, nor does anything that is hidden behind it.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import threading
import warnings
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS: Final = 16_000_000
LONGEST_SIDE: Final = 2_048  # pixels; what is larger is kept smaller
_FOLDER: Final = "photos"
_QUALITY: Final = 85
_AT_A_TIME: Final = 2  # a picture of that size takes 50 MB
_FEW: Final = threading.Semaphore(_AT_A_TIME)  # of the whole process
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Bad(Enum):
    """Why a photo is not kept; sending it again does not help."""

    OTHER_HASH = "other_hash"
    NO_JPEG = "no_jpeg"
    TOO_LARGE = "too_large"


class Photos:
    """The folder `photos` in the data folder. Any thread may call it; calls block. Raises OSError where the
    disk does not do."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / _FOLDER

    def keep(self, name: str, sent: bytes) -> Bad | None:
        """Keeps a JPEG under its hash; one that is there already is left as it is."""
        if _HASH.fullmatch(name) is None or hashlib.sha256(sent).hexdigest() != name:
            return Bad.OTHER_HASH
        if self.path(name) is not None:
            return None
        with _FEW:
            drawn = drawn_anew(sent, ("JPEG",), MOST_PIXELS, LONGEST_SIDE)
        if isinstance(drawn, Bad):
            return drawn
        self._write(self._place(name), drawn)
        return None

    def path(self, name: str) -> Path | None:
        """Where a photo is; None: there is none."""
        place = self._place(name) if _HASH.fullmatch(name) else None
        return place if place is not None and place.is_file() else None

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.jpg"

    def _write(self, place: Path, content: bytes) -> None:
        """Whole or not at all, and on the disk."""
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(f".{secrets.token_hex(4)}")
        try:
            with beside.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(place)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()


def drawn_anew(
    sent: bytes, formats: tuple[str, ...], most_pixels: int = MOST_PIXELS, side: int = 0
) -> bytes | Bad:
    """A picture of one of these `formats` as a JPEG of nothing but what is seen; `side`: at most so wide and
    high, in pixels; 0: as it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd and can be drawn all the same
            with Image.open(io.BytesIO(sent), formats=formats) as picture:
                if picture.width * picture.height > most_pixels:
                    return Bad.TOO_LARGE
                if side:
                    picture.draft("RGB", (side, side))  # a JPEG is read in about that size at once
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return Bad.NO_JPEG
    if side:
        upright.thumbnail((side, side))
    bare = Image.frombytes("RGB", upright.size, upright.tobytes())
    drawn = io.BytesIO()
    bare.save(drawn, "JPEG", quality=_QUALITY, optimize=True)
    return drawn.getvalue()
