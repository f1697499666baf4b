"""What docs/tags.md says is so: its examples run, and its offsets and settings fit its URL."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from devices.sun import USUAL, parse
from devices.tag_keys import KeyNumber
from rules.counters import FAR_AHEAD, REMEMBERED

DOCUMENT = Path(__file__).parents[2] / "docs" / "tags.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
# NXP AN12196, the example of personalisation: SDMCtrRet 1, SDMMetaRead 2, SDMFileRead 1.
PUBLISHED_URL = f"https://choose.url.com/ntag424?e={'0' * 32}&c={'0' * 16}"
PUBLISHED_FILE_BEGINS = "0051D1014D550463686F6F73652E75726C2E636F6D2F6E7461673432343F653D30"
PUBLISHED_SETTINGS = "4000E0C1F121200000430000430000"


def file_of(url: str) -> bytes:
    text = url.removeprefix("https://").encode()
    record = bytes((0xD1, 1, len(text) + 1, 0x55, 4)) + text
    return len(record).to_bytes(2, "big") + record


def settings_of(url: str, rights: str) -> str:
    places = (file_of(url).index(name) + len(name) for name in (b"e=", b"&c=", b"&c="))
    return f"4000E0C1{rights}" + "".join(place.to_bytes(3, "little").hex().upper() for place in places)


def documented(pattern: str) -> str:
    (found,) = set(re.findall(pattern, TEXT, re.MULTILINE))
    return str(found)


def test_the_reckoning_of_file_and_settings_is_that_of_the_application_note() -> None:
    assert file_of(PUBLISHED_URL).hex().upper().startswith(PUBLISHED_FILE_BEGINS)
    assert settings_of(PUBLISHED_URL, "F121") == PUBLISHED_SETTINGS


def test_the_documented_settings_fit_the_documented_url() -> None:
    url = documented(r"^ +(https://\S+e=0+&c=0+)$")
    settings = documented(r"`(4000[0-9A-F]{26})`")
    assert settings == settings_of(url, "FF12")
    fields = re.findall(r"^ +\| `([0-9A-F ]+)` \|", TEXT, re.MULTILINE)
    assert "".join(fields).replace(" ", "") == settings
    assert url.index("e=") + len("e=") - len("https://") + 7 == int(documented(r"PICCDataOffset \| (\d+):"))
    assert file_of(url)[63:] == b"0" * 16
    assert parse(url) is not None


def test_the_documented_key_numbers_are_those_of_the_keys() -> None:
    assert (KeyNumber.MASTER, KeyNumber.META_READ, KeyNumber.FILE_READ) == (0, 1, 2)
    assert f"| {KeyNumber.META_READ} | SDMMetaRead" in TEXT
    assert f"| {KeyNumber.FILE_READ} | SDMFileRead" in TEXT
    assert f"The last {REMEMBERED} counts" in TEXT
    assert f"More than {FAR_AHEAD} skipped" in TEXT
    assert (USUAL.uid, USUAL.counter, USUAL.file_data) == ("uid", "ctr", "enc")


@pytest.mark.parametrize("number", range(TEXT.count("```pycon")))
def test_every_example_runs_as_shown(number: int) -> None:
    example = re.findall(r"^```pycon\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[number]
    test = doctest.DocTestParser().get_doctest(example, {}, DOCUMENT.name, str(DOCUMENT), 0)
    said: list[str] = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
    assert test.examples
