"""The picture of the campus: what may be named, what is said of what may not, and where checkpoints are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.model import CampusPlan, Spot
from hub.config.plan import MOST_BYTES
from hub.demo import __file__ as demo_file

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 20"><rect width="9" height="9"/></svg>'
_SHAPELESS = "is an SVG without viewBox, so that its shape is not known"
_EXAMPLE = Path(demo_file).parent / "campus.toml"


def write(folder: Path, picture: bytes | None, image: str = "plan.svg", place: str = "") -> Path:
    """The example with a plan; `place`: of the gatehouse, instead of its own."""
    text = _EXAMPLE.read_text(encoding="utf-8")
    text = text.replace('#[plan]\n#image = "plan.svg"', f'[plan]\nimage = "{image}"')
    if place:
        text = text.replace("place = { x = 50, y = 88 }", place)
    path = folder / "campus.toml"
    path.write_text(text, encoding="utf-8")
    if picture is not None:
        (folder / image).write_bytes(picture)
    return path


def pixels(form: str, size: tuple[int, int] = (30, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, form)
    return out.getvalue()


def faults(path: Path) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        load(path, {})
    return [(fault.line, fault.key, fault.problem) for fault in caught.value.faults]


def line_of(path: Path, beginning: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(beginning))


@pytest.mark.parametrize(
    ("picture", "media_type"),
    [
        (_SVG, "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn by hand -->\n" + _SVG, "image/svg+xml"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>', "image/svg+xml"),
        (pixels("PNG"), "image/png"),
        (pixels("JPEG"), "image/jpeg"),
    ],
    ids=["svg", "svg with a mark and a comment", "svg without viewBox", "png", "jpeg"],
)
def test_a_picture_is_read_whole_whatever_it_is_called(
    tmp_path: Path, picture: bytes, media_type: str
) -> None:
    campus = load(write(tmp_path, picture), {})

    assert campus.plan == CampusPlan(picture, media_type)
    assert campus.checkpoints["gatehouse"].spot == Spot(50, 88)
    assert campus.warnings == ()


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        (None, "the file that it names cannot be read: No such file or directory"),
        (b"", "is no picture that browsers show"),
        (b"%PDF-1.4", "is no picture that browsers show"),
        (pixels("GIF"), "is no picture that browsers show"),
        (pixels("PNG")[:50], "is no picture that browsers show"),
        (b"<svg>", "is no whole SVG: no element found: line 1, column 5"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"/>',
            _SHAPELESS,
        ),
        (
            b"<html><svg viewBox='0 0 1 1'/></html>",
            _SHAPELESS,
        ),
        (_SVG + b" " * MOST_BYTES, "is larger than 2 MB"),
        (pixels("PNG", (8_000, 5_001)), "has 8000 × 5001 pixels, more than a phone can show"),
    ],
    ids=["none", "empty", "pdf", "gif", "cut png", "cut svg", "shapeless", "html", "large", "many pixels"],
)
def test_what_is_no_picture_is_a_fault_at_its_line(
    tmp_path: Path, picture: bytes | None, problem: str
) -> None:
    path = write(tmp_path, picture)

    assert faults(path) == [(line_of(path, "image ="), "plan.image", problem)]


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("place = { x = 101, y = 40 }", "checkpoint.gatehouse.place.x"),
        ("place = { x = 50, y = -0.1 }", "checkpoint.gatehouse.place.y"),
        ("place = { x = nan, y = 1 }", "checkpoint.gatehouse.place.x"),
        ("place = { x = 50 }", "checkpoint.gatehouse.place.y"),
        ("place = { x = 50, y = 1, z = 2 }", "checkpoint.gatehouse.place.z"),
        ('place = "top left"', "checkpoint.gatehouse.place"),
    ],
)
def test_a_place_beside_the_picture_is_a_fault_at_its_line(tmp_path: Path, place: str, key: str) -> None:
    path = write(tmp_path, _SVG, place=place)

    assert [(line, at) for line, at, _ in faults(path)] == [(line_of(path, place), key)]


def test_what_is_not_placed_is_said_at_the_checkpoint(tmp_path: Path) -> None:
    path = write(tmp_path, _SVG, place="#")

    (warning,) = load(path, {}).warnings

    assert (warning.key, warning.problem) == ("checkpoint.gatehouse.place", "is not placed on the plan")


def test_without_a_picture_nothing_has_to_be_placed(tmp_path: Path) -> None:
    path = tmp_path / "campus.toml"
    path.write_text(
        _EXAMPLE.read_text(encoding="utf-8").replace("place = { x = 50, y = 88 }", ""), encoding="utf-8"
    )

    campus = load(path, {})

    assert (campus.plan, campus.checkpoints["gatehouse"].spot, campus.warnings) == (None, None, ())
