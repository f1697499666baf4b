"""The master key and the tags that prove their reads: what is missing is said, and the key is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.faults import ConfigurationError
from hub.config.load import load
from hub.config.model import Campus
from hub.config.report import understood

KEY = "00112233445566778899aabbccddeeff"
UID = "04DE5F1EACC040"


def configured(folder: Path, tags: str = "", place: str = "", *, uid: str = UID) -> Campus:
    text = f"""\
[site]
id = "shiyan"
name = "School"
zone = "Asia/Shanghai"
{tags}
[[area]]
id = "gate"
name = "Gate"
[[person]]
id = "boss"
name = "Boss"
role = "admin"
[[checkpoint]]
id = "gate"
name = "Gate"
area = "gate"
tag_uid = "{uid}"
{place}
"""
    path = folder / "campus.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {})


def key_file(folder: Path, text: str = KEY, mode: int = 0o600) -> str:
    path = folder / "tag-key"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return '[tags]\nmaster_key_file = "tag-key"'


def faults(folder: Path, tags: str, place: str = "", *, uid: str = UID) -> str:
    with pytest.raises(ConfigurationError) as raised:
        configured(folder, tags, place, uid=uid)
    return "\n".join(map(str, raised.value.faults))


def test_a_campus_without_a_master_key_has_no_keys(tmp_path: Path) -> None:
    tags = configured(tmp_path).tags
    assert (tags.keys, tags.enrolled) == (None, {})


def test_an_enrolled_tag_has_the_keys_of_its_version(tmp_path: Path) -> None:
    place = "tag_count = 12\ntag_key_version = 3"
    tags = configured(tmp_path, key_file(tmp_path), place).tags

    assert tags.keys is not None
    assert (tags.enrolled[UID].from_count, tags.enrolled[UID].key_version) == (12, 3)
    first = configured(tmp_path, key_file(tmp_path), "tag_count = 12").tags.keys
    assert first is not None
    assert first.file_read_key(bytes.fromhex(UID)).hex().upper() == "D31FF30642C9D0E6717C49E6DA0C7ED2"
    assert tags.keys.file_read_key(bytes.fromhex(UID)) != first.file_read_key(bytes.fromhex(UID))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    assert "chmod 600" in faults(tmp_path, key_file(tmp_path, mode=mode))


@pytest.mark.parametrize("text", ["", "short", "00" * 16, KEY + "00", "密钥" * 16])
def test_what_is_no_master_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    said = faults(tmp_path, key_file(tmp_path, text))
    assert "tags.master_key_file" in said
    assert not text or text not in said


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert "campushub tags key" in faults(tmp_path, '[tags]\nmaster_key_file = "nowhere"')


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    assert "nothing that its tag says can be verified" in faults(tmp_path, "", "tag_count = 1")
    assert "old reads would count" in faults(tmp_path, key_file(tmp_path), "tag_key_version = 1")
    assert "7 bytes" in faults(tmp_path, key_file(tmp_path), "tag_count = 1", uid="04AABBCC")
    (doubt,) = (
        line for line in configured(tmp_path, key_file(tmp_path)).warnings if "enrolled" in line.problem
    )
    assert "tag_count" in doubt.remedy


def test_no_text_of_the_campus_shows_the_key(tmp_path: Path) -> None:
    campus = configured(tmp_path, key_file(tmp_path), "tag_count = 12")
    for shown in (repr(campus), str(understood(campus))):
        assert KEY not in shown.lower()
