"""A campus typed with a Chinese input method: the one slip is named, with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.full_width import hint, slip_in, slip_in_line
from tests.hub.config.writing import changed, faults_in


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"School"', "“School”", 'line 3: a Chinese quotation mark (“), column 8: write "'),
        ('"School"', '"School”', 'line 3: a Chinese quotation mark (”), column 15: write "'),
        ('"School"', "‘School’", "line 3: a Chinese quotation mark (‘), column 8: write '"),
        ("name = ", "name ＝ ", "line 3: a full-width equals sign (＝), column 6: write ="),
        ("[site]", "【site】", "line 1: a Chinese bracket (【), column 1: write ["),
        ('"食堂", en', '"食堂"， en', "line 8: a full-width comma (，), column 19: write ,"),
        ("key = true", "key = ｔrue", "line 31: a full-width letter (ｔ), column 7: write t"),
        ('"1m"', '"1m"\nlow = ２', "line 41: a full-width digit (２), column 7: write 2"),
        ('"guard"', '"guard"\u3000', "line 13: a full-width space, column 15: write a plain space"),
        ('["gate"]', '["gate”]', 'line 48: a Chinese quotation mark (”), column 21: write "'),
    ],
)  # fmt: skip
def test_a_slip_that_keeps_the_file_from_being_read_is_named(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    (fault,) = faults_in(tmp_path, changed(old, new))
    place, slip, write = words.split(": ")
    assert place == f"line {fault.line}"
    assert fault.problem == f"is not valid TOML: there is {slip}"
    assert fault.remedy.endswith(f": {write} instead")
    assert "English" in fault.remedy


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ('"06:00"', '"06：00"', "round.morning.starts", "a full-width colon (：)"),
        ('"06:00"', '"０６:00"', "round.morning.starts", "a full-width digit (０)"),
        ('"1m"', '"１m"', "device.cold-1.interval", "a full-width digit (１)"),
        ('"04:b8:3a:1c"', '"04：b8：3a：1c"', "person.zhang.badge", "a full-width colon (：)"),
        ('id = "cold-1"', 'id = "cold－1"', "device.cold－1.id", "a full-width hyphen (－)"),
        ('"Asia/Shanghai"', '"Asia／Shanghai"', "site.zone", "a full-width slash (／)"),
        ('role = "canteen"', 'role = "canteen。"', "person.wang.role", "a Chinese full stop (。)"),
        ('["gate"]', '["gate，gate"]', "round.morning.checkpoints.#1", "a full-width comma (，)"),
        ('name = "Zhang"', 'name = "张\u3000伟"', "person.zhang.name", "a full-width space"),
    ],
)
def test_a_slip_in_a_value_is_named_before_what_the_value_should_be(
    tmp_path: Path, old: str, new: str, key: str, remedy: str
) -> None:
    (fault,) = faults_in(tmp_path, changed(old, new))
    assert fault.key == key
    assert fault.remedy.startswith(f"it has {remedy}: switch ")


@pytest.mark.parametrize(
    "line",
    [
        'name = "他说：“好”，走" x',
        "name = '一，二' x",
        "name = 1 2 # 注释，“引号”",
        'name = "a\\"，" x',
        'name = "他，说：好',
    ],
)
def test_what_stands_in_texts_and_comments_is_nobody_s_slip(line: str, tmp_path: Path) -> None:
    assert slip_in_line(line) is None
    (fault,) = faults_in(tmp_path, f"[site]\n{line}\n")
    assert "full-width" not in str(fault)


@given(st.text())
def test_any_line_and_any_value_can_be_looked_at(text: str) -> None:
    place = slip_in_line(text)
    assert place is None or slip_in(text[place]) == text[place]
    assert bool(hint(text)) is (slip_in(text) is not None)


def test_a_name_that_is_ill_formed_and_nobody_s_is_one_fault(tmp_path: Path) -> None:
    (fault,) = faults_in(tmp_path, changed('guard = "zhang"', 'guard = "zhang wei"'))
    assert fault.problem == "there is no [[person]] “zhang wei”"
