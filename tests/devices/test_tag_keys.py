"""Diversified keys: the vector of AN10922, an independent reckoning of it, and what is never shown."""

from __future__ import annotations

import copy
import logging
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sun import SunClaim, SunRefusal, read
from devices.tag_keys import KeyNumber, MasterKey, SiteKeys
from tests.devices.sun_tag import SunTag, sealed

SECRET = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
MASTER = MasterKey(SECRET)
UID = bytes.fromhex("04DE5F1EACC040")
UIDS = st.binary(min_size=6, max_size=6).map(lambda rest: b"\x04" + rest)


def test_the_example_of_an10922() -> None:
    diversified = MASTER.diversified(bytes.fromhex("04782E21801D803042F54E585020416275"))
    assert diversified.hex().upper() == "A8DD63A3B89D54B37CA802473FDA9175"


def by_the_note(key: bytes, diversification_input: bytes) -> bytes:
    """AN10922, chapter 2.2, step by step: subkeys, padding to two blocks, and AES-CBC."""

    def doubled(block: bytes) -> bytes:
        number = int.from_bytes(block, "big") << 1
        return ((number ^ 0x87 if number >> 128 else number) & (1 << 128) - 1).to_bytes(16, "big")

    first = doubled(sealed(key, bytes(16)))
    text = b"\x01" + diversification_input
    mask = first if len(text) == 32 else doubled(first)
    padded = text if len(text) == 32 else (text + b"\x80").ljust(32, b"\0")
    last = bytes(a ^ b for a, b in zip(padded[16:], mask, strict=True))
    return sealed(key, padded[:16] + last)[16:]


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=31))
def test_every_length_allowed_gives_what_the_note_says(key: bytes, diversification_input: bytes) -> None:
    if len(set(key)) > 1:
        assert MasterKey(key).diversified(diversification_input) == by_the_note(key, diversification_input)


@pytest.mark.parametrize("size", [0, 1, 15, 32])
def test_other_lengths_of_the_input_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16 to 31 bytes"):
        MASTER.diversified(bytes(size))


def test_the_keys_of_a_tag_stay_what_they_are() -> None:
    # Tags on walls hold these: whatever changes them locks every tag out.
    keys = SiteKeys(MASTER, "shiyan")
    assert [keys.key(UID, number).hex() for number in KeyNumber] == [
        "c126d3a48eb7d81a806fa664a1a50457",
        "981fa1395f99cc3ef3954b257a19d685",
        "d31ff30642c9d0e6717c49e6da0c7ed2",
        "19f8e19d64a33b3c9c8c36fdacba37af",
        "89fb25d83b8b1fcdbb11089f021ecfd6",
    ]
    assert keys.file_read_key(UID) == keys.key(UID, KeyNumber.FILE_READ)
    assert keys.meta_read_key() == keys.key(UID, KeyNumber.META_READ)


@given(UIDS, UIDS, st.text(max_size=20), st.text(max_size=20))
def test_no_two_tags_sites_or_numbers_share_a_key_but_the_meta_read_key(
    uid: bytes, other_uid: bytes, site: str, other_site: str
) -> None:
    places = {(u, s, n) for u in (uid, other_uid) for s in (site, other_site) for n in KeyNumber}
    own = {place for place in places if place[2] is not KeyNumber.META_READ}
    keys = {SiteKeys(MASTER, s).key(u, n) for u, s, n in own}
    shared = {SiteKeys(MASTER, s).meta_read_key() for s in (site, other_site)}
    assert len(keys) == len(own)
    assert len(shared) == len({site, other_site})
    assert not keys & shared


def test_the_meta_read_key_is_no_key_of_a_tag_even_of_the_uid_0() -> None:
    keys = SiteKeys(MASTER, "shiyan")
    own = {keys.key(bytes(7), number) for number in KeyNumber if number is not KeyNumber.META_READ}
    assert len(own) == 4
    assert keys.meta_read_key() not in own


@pytest.mark.parametrize("uid", [b"", UID[:-1], UID + b"\0"])
def test_what_is_no_uid_of_a_sun_tag_has_no_key(uid: bytes) -> None:
    with pytest.raises(ValueError, match="7 bytes"):
        SiteKeys(MASTER, "shiyan").file_read_key(uid)


def test_a_tag_written_with_the_keys_of_its_site_is_believed_there_and_nowhere_else() -> None:
    keys = SiteKeys(MASTER, "shiyan")
    tag = SunTag(UID, keys.meta_read_key(), keys.file_read_key(UID))
    url = f"https://hub.example/t/gate?{tag.read()}"
    assert read(url, keys) == SunClaim("04DE5F1EACC040", 1)
    other_sites, other_masters = SiteKeys(MASTER, "other"), SiteKeys(MasterKey(bytes(range(16))), "shiyan")
    assert isinstance(read(url, other_sites), SunRefusal)
    assert isinstance(read(url, other_masters), SunRefusal)


@given(
    st.binary(min_size=7, max_size=7) | st.just(bytes(7)),
    st.integers(0, 2**24 - 1),
    st.binary(min_size=8, max_size=8),
)
def test_a_guessed_message_of_any_uid_is_refused_and_raises_nothing(
    uid: bytes, counter: int, mac: bytes
) -> None:
    guessed = f"?uid={uid.hex().upper()}&ctr={counter:06X}&c={mac.hex().upper()}"
    assert read(guessed, SiteKeys(MASTER, "shiyan")) is SunRefusal.WRONG_MAC


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
def test_guessed_picc_data_are_refused_and_raise_nothing(picc_data: bytes, mac: bytes) -> None:
    guessed = f"?e={picc_data.hex().upper()}&c={mac.hex().upper()}"
    assert isinstance(read(guessed, SiteKeys(MASTER, "shiyan")), SunRefusal)


def test_what_a_tag_said_before_it_was_written_anew_is_void() -> None:
    first_life, second_life = SiteKeys(MASTER, "shiyan"), SiteKeys(MASTER, "shiyan", {UID: 1})
    old = SunTag(UID, first_life.meta_read_key(), first_life.file_read_key(UID))
    new = SunTag(UID, second_life.meta_read_key(), second_life.file_read_key(UID))
    assert read(f"?{old.read()}", second_life) is SunRefusal.WRONG_MAC
    assert read(f"?{new.read()}", second_life) == SunClaim("04DE5F1EACC040", 1)
    other = bytes.fromhex("04958CAA5C5E80")
    assert first_life.meta_read_key() == second_life.meta_read_key()
    assert first_life.file_read_key(other) == second_life.file_read_key(other)


@pytest.mark.parametrize("version", [-1, 256])
def test_a_version_that_no_tag_can_keep_is_refused(version: int) -> None:
    with pytest.raises(ValueError, match="0 to 255"):
        SiteKeys(MASTER, "shiyan", {UID: version})


def test_a_tag_with_the_keys_of_another_tag_is_not_believed() -> None:
    keys = SiteKeys(MASTER, "shiyan")
    forged = SunTag(UID, keys.meta_read_key(), keys.file_read_key(bytes.fromhex("04958CAA5C5E80")))
    assert read(f"?{forged.read()}", keys) is SunRefusal.WRONG_MAC


@pytest.mark.parametrize("text", [SECRET.hex(), SECRET.hex().upper(), f" {SECRET.hex()}\n"])
def test_a_master_key_is_read_from_hexadecimal_digits(text: str) -> None:
    assert MasterKey.from_hex(text).diversified(bytes(16)) == MASTER.diversified(bytes(16))


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET.hex()[:-1],
        SECRET.hex() + "00",
        SECRET.hex()[:-1] + "g",
        "00" * 16,
        "ff" * 16,
        "\ud800" * 32,
    ],
)
def test_a_faulty_master_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match="the master key is") as caught:
        MasterKey.from_hex(text)
    assert len(text) < 16 or text[:8] not in str(caught.value)


def test_no_text_of_the_keys_shows_them(caplog: pytest.LogCaptureFixture) -> None:
    keys = SiteKeys(MASTER, "shiyan")
    logging.getLogger("test").warning("%s %r %s %r", MASTER, MASTER, keys, keys)
    for text in (
        repr(MASTER),
        str(MASTER),
        f"{MASTER}",
        repr([MASTER]),
        repr(keys),
        f"{keys!s}",
        caplog.text,
    ):
        assert "hidden" in text or "site='shiyan'" in text
        for shown in (SECRET.hex(), SECRET.hex().upper(), repr(SECRET)[2:-1], str(int.from_bytes(SECRET))):
            assert shown not in text


def test_a_master_key_is_not_written_anywhere() -> None:
    for write in (pickle.dumps, copy.copy, copy.deepcopy, msgspec.json.encode, vars):
        with pytest.raises(TypeError):
            write(MASTER)


def test_a_fingerprint_tells_keys_apart_and_is_no_part_of_any_tags_key() -> None:
    one, other = MasterKey(bytes(range(16))), MasterKey(bytes(range(1, 17)))
    assert one.fingerprint() == MasterKey.from_hex(bytes(range(16)).hex()).fingerprint()
    assert one.fingerprint() != other.fingerprint()
    keys = SiteKeys(one, "school")
    derived = [keys.key(bytes(7), number).hex().upper() for number in KeyNumber]
    assert len(one.fingerprint()) == 8
    assert not any(one.fingerprint() in key for key in derived)


def test_a_tag_that_is_written_anew_changes_no_other_tag() -> None:
    keys = SiteKeys(MasterKey(bytes(range(16))), "school")
    anew = keys.written_anew(bytes(7), 1)
    assert (keys.version(bytes(7)), anew.version(bytes(7))) == (0, 1)
    assert anew.file_read_key(bytes(7)) != keys.file_read_key(bytes(7))
    assert anew.file_read_key(b"another") == keys.file_read_key(b"another")
    assert anew.meta_read_key() == keys.meta_read_key()
