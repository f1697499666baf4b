"""Settings for writing a tag: against the application note's example, and a tag that is written so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sun import Parameters, SunMessage, parse
from devices.tag_settings import FILE_BYTES, is_of_a_chip_that_signs, settings_of
from tests.devices.sun_tag import SunTag
from tests.devices.test_tags_document import PUBLISHED_FILE_BEGINS

_NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=48)


def test_the_file_begins_as_in_the_application_note() -> None:
    assert settings_of("https://choose.url.com/ntag424").ndef.hex().upper().startswith(PUBLISHED_FILE_BEGINS)


def test_the_settings_are_those_of_the_document() -> None:
    made = settings_of("https://hub.example/t/gate")
    assert made.file_settings.hex().upper() == "4000E0C1FF121C00003F00003F0000"
    assert (made.picc_data_offset, made.mac_offset) == (28, 63)
    assert made.url == f"https://hub.example/t/gate?e={'0' * 32}&c={'0' * 16}"


@given(_NAMES, _NAMES, st.sampled_from(["https", "http"]))
def test_what_a_tag_mirrors_at_the_offsets_is_read_back(host: str, place: str, scheme: str) -> None:
    page = f"{scheme}://{host}/t/{place}"
    made = settings_of(page)
    e, c = (part.partition("=")[2].encode() for part in SunTag(bytes(7)).read().split("&"))
    file = bytearray(made.ndef)
    file[made.picc_data_offset : made.picc_data_offset + len(e)] = e
    file[made.mac_offset : made.mac_offset + len(c)] = c
    assert len(file) == len(made.ndef) <= FILE_BYTES
    assert file[:2] == (len(file) - 2).to_bytes(2, "big")
    assert file[4] == len(file) - 6
    url = {4: "https://", 3: "http://"}[file[6]] + file[7:].decode()
    assert url.startswith(f"{page}?e=")
    assert isinstance(parse(url), SunMessage)


@pytest.mark.parametrize(
    "page",
    ["", "ftp://hub.example/t/a", "https://hub.example/t/a?x=1", "https://hub.example/#", "https://学校/t/a"],
)
def test_a_page_that_a_tag_cannot_open_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="http address"):
        settings_of(page)


def test_the_longest_address_fills_the_file_and_a_longer_one_is_refused() -> None:
    rest = len(settings_of("https://h/").ndef)
    assert len(settings_of("https://h/" + "x" * (FILE_BYTES - rest)).ndef) == FILE_BYTES
    with pytest.raises(ValueError, match="does not fit"):
        settings_of("https://h/" + "x" * (FILE_BYTES - rest + 1))


def test_other_names_move_the_offsets() -> None:
    made = settings_of("https://hub.example/t/gate", Parameters(picc_data="picc_data", mac="cmac"))
    assert made.ndef[made.picc_data_offset - 1 :][:33] == b"=" + b"0" * 32
    assert made.ndef[made.mac_offset :] == b"0" * 16


@pytest.mark.parametrize(
    ("uid", "can"),
    [
        ("04DE5F1EACC040", True),
        ("88DE5F1EACC040", False),
        ("04DE5F1E", False),
        ("04" * 10, False),
        ("", False),
    ],
)
def test_chips_that_can_sign_are_known_by_their_uids(uid: str, can: bool) -> None:
    assert is_of_a_chip_that_signs(uid) is can
