"""The sheets of labels: what is on them, and that every name is there to be read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib

import segno

from hub.patrol import labels
from hub.patrol.labels import PER_PAGE, Label, code_url, sheets
from rules.model import Text

SCHOOL = Text("实验小学", "Experimental Primary School")
GATE = Label("gate", Text("校门岗", "School gate"), Text("门卫室", "Gatehouse"))
LONG = Label(
    "a-very-long-id-of-a-checkpoint-with-48-characters",
    Text("艺术楼地下一层东侧消防泵房与配电间之间的走廊尽头" * 2, "Basement, east end of the corridor " * 4),
    Text("艺术楼地下一层", "Arts building, basement"),
)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", inflated(pdf)))


def inflated(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompressobj().decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_eight_labels_are_on_a_sheet_of_a4() -> None:
    assert pages_of(sheets(SCHOOL, "https://hub.example", [GATE] * PER_PAGE)) == 1
    made = sheets(SCHOOL, "https://hub.example", [GATE] * (PER_PAGE + 1))
    assert pages_of(made) == 2
    width, height = re.findall(rb"/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]", inflated(made))[0]
    assert (round(float(width)), round(float(height))) == (595, 842)


def test_the_characters_are_in_the_file_and_no_more_of_the_font_than_they_need() -> None:
    made = sheets(SCHOOL, "https://hub.example", [GATE])
    assert re.search(rb"[A-Z]{6}\+NotoSansSC", inflated(made))
    assert b"/FontFile3" in inflated(made)
    assert len(made) < 200_000
    to_unicode = inflated(made).upper()
    for character in "校门岗卫室实验小学扫码打卡":
        assert character.encode("utf-16-be").hex().upper().encode() in to_unicode, character


def test_a_code_says_the_address_of_its_place_and_that_it_is_printed() -> None:
    assert code_url("https://hub.example:8443", "gate") == "https://hub.example:8443/t/gate?via=qr"
    cell = labels._cell("https://hub.example:8443", GATE)
    expected = segno.make("https://hub.example:8443/t/gate?via=qr", error="q", boost_error=False)
    drawn = ET.fromstring(cell.code)
    side = len(expected.matrix)
    assert drawn.get("viewBox") == f"0 0 {side} {side}"
    assert dark_modules(cell.code) == {
        (x, y) for y, row in enumerate(expected.matrix) for x, dark in enumerate(row) if dark
    }


def dark_modules(svg: str) -> set[tuple[int, int]]:
    """The dark squares that the path's strokes cover."""
    (path,) = re.findall(r' d="([^"]+)"', svg)
    dark: set[tuple[int, int]] = set()
    x = y = 0.0
    for command, arguments in re.findall(r"([Mmh])([-0-9. ]+)", path):
        numbers = [float(number) for number in re.findall(r"-?[0-9]*\.?[0-9]+", arguments)]
        if command == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(numbers[0]))}
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
    return dark


def test_names_that_are_too_long_and_names_of_markup_leave_one_label_of_its_size() -> None:
    odd = Label("odd", Text('#panic("x") $ @a \\ ]', "<b>&amp; *_`"), Text("#", "]"))
    assert pages_of(sheets(SCHOOL, "https://hub.example", [LONG, odd] * 4)) == 1
