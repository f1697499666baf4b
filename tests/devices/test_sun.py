"""SUN messages: published vectors, what is refused and why, and that no altered bit is accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.aes import cbc_decrypted, cmac
from devices.sun import (
    MAX_CHARS,
    USUAL,
    Parameters,
    Plain,
    Sealed,
    SunClaim,
    SunMessage,
    SunRefusal,
    of_values,
    parse,
    read,
    session_encryption_key,
    session_mac_key,
    truncated,
    verify,
)
from tests.devices.sun_tag import ZERO_KEY, FixedKeys, SunTag, sealed

FACTORY = FixedKeys()
E, C = "EF963FF7828658A599F3041510671E88", "94EED9EE65337086"
URL = f"https://ntag.nxp.com/424?e={E}&c={C}"
LONG_NAMES = Parameters(picc_data="picc_data", mac="cmac")
SEALED_FILE = "CEE9A53E3E463EF1F459635736738962"
WITH_FILE = (
    "https://www.my424dna.com/?picc_data=FD91EC264309878BE6345CBE53BADF40"
    f"&enc={SEALED_FILE}&cmac=ECC1E7F6C6C73BF6"
)
PLAIN = "?uid=041E3C8A2D6B80&ctr=000006&c=4B00064004B0B3D3"


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


# Published vectors (AN12196; ctr 62 was made for this project)


def test_the_session_keys_of_the_application_note() -> None:
    key, uid = unhex("5ACE7E50AB65D5D51FD5BF5A16B8205B"), unhex("04C767F2066180")
    assert session_encryption_key(key, uid, 1) == unhex("66DA61797E23DECA5D8ECA13BBADF7A9")
    assert session_mac_key(key, uid, 1) == unhex("3A3E8110E05311F7A3FCF0D969BF2B48")


def test_encrypted_uid_and_counter() -> None:
    assert read(URL, FACTORY) == SunClaim("04DE5F1EACC040", 61)
    message = parse(URL)
    assert message == SunMessage(Sealed(unhex(E)), unhex(C))
    assert cbc_decrypted(ZERO_KEY, unhex(E)) == unhex("C704DE5F1EACC0403D0000DA5CF60941")


def test_the_steps_to_the_mac() -> None:
    key = session_mac_key(ZERO_KEY, unhex("04DE5F1EACC040"), 61)
    assert key == unhex("3FB5F6E3A807A03D5E3570ACE393776F")
    assert cmac(key, b"") == unhex("E194C7EE12D9F7EE8A65C8331B704386")
    assert truncated(cmac(key, b"")) == unhex(C)


def test_the_next_read_of_the_same_tag() -> None:
    later = "?e=3C0A1DC245B930E0519FC6868260FD43&c=3FF600FB7F6909DC"
    assert read(later, FACTORY) == SunClaim("04DE5F1EACC040", 62)


def test_encrypted_file_data_are_covered_and_decrypted() -> None:
    assert read(WITH_FILE, FACTORY, LONG_NAMES) == SunClaim("04958CAA5C5E80", 8, b"x" * 16)
    uid = unhex("04958CAA5C5E80")
    key = session_mac_key(ZERO_KEY, uid, 8)
    assert key == unhex("3ED0920E5E6A0320D823D5987FEAFBB1")
    assert cmac(key, f"{SEALED_FILE}&cmac=".encode()) == unhex("81EC45C175E72FF6FAC61BC7AB3BAEF6")
    encryption_key = session_encryption_key(ZERO_KEY, uid, 8)
    assert encryption_key == unhex("42132D669442AD43E072C8C0C9828A72")
    iv = unhex("0AD3EB2717A58332CBC8899BBECBD411")
    assert cbc_decrypted(encryption_key, unhex(SEALED_FILE), iv) == b"x" * 16


def test_uid_and_counter_in_plain() -> None:
    assert parse(PLAIN) == SunMessage(Plain(unhex("041E3C8A2D6B80"), 6), unhex("4B00064004B0B3D3"))
    assert read(PLAIN, FACTORY) == SunClaim("041E3C8A2D6B80", 6)


@pytest.mark.parametrize(
    "mac",
    [
        pytest.param("E1C712F78AC81B43", id="the other eight bytes"),
        pytest.param("E194C7EE12D9F7EE", id="the first eight bytes"),
        pytest.param("7D95A7D87A1457B8", id="the counter not reversed"),
        pytest.param("0000000000000000", id="nothing"),
    ],
)
def test_a_mac_made_in_another_way_is_wrong(mac: str) -> None:
    assert read(f"?e={E}&c={mac}", FACTORY) is SunRefusal.WRONG_MAC


# What is refused

FILE_BLOCK = "0" * 32

HOSTILE = [
    ("", SunRefusal.NO_PARAMETERS),
    ("https://hub/t/gate", SunRefusal.NO_PARAMETERS),
    ("https://hub/t/gate?", SunRefusal.NO_PARAMETERS),
    (f"e={E}&c={C}", SunRefusal.NO_PARAMETERS),
    ("?" * (MAX_CHARS + 1), SunRefusal.TOO_LONG),
    (f"?e={E}&c={C}" + "0" * 1_000_000, SunRefusal.TOO_LONG),
    ("?&&", SunRefusal.REPEATED_PARAMETER),
    (f"?e={E}&e={E}&c={C}", SunRefusal.REPEATED_PARAMETER),
    (f"?e={E}&c={C}&c=94EED9EE65337087", SunRefusal.REPEATED_PARAMETER),
    (f"?e={E}&c={C}&", SunRefusal.UNKNOWN_PARAMETER),
    (f"?e={E}&c={C}&from=chat", SunRefusal.UNKNOWN_PARAMETER),
    (f"?E={E}&C={C}", SunRefusal.UNKNOWN_PARAMETER),
    (f"?%65={E}&c={C}", SunRefusal.UNKNOWN_PARAMETER),
    (f"??e={E}&c={C}", SunRefusal.UNKNOWN_PARAMETER),
    (f"?e={E};c={C}", SunRefusal.MISSING_PARAMETER),
    (f"?e={E}", SunRefusal.MISSING_PARAMETER),
    (f"?c={C}", SunRefusal.MISSING_PARAMETER),
    (f"?uid=041E3C8A2D6B80&c={C}", SunRefusal.MISSING_PARAMETER),
    (f"?ctr=000006&c={C}", SunRefusal.MISSING_PARAMETER),
    (f"?enc={FILE_BLOCK}&c={C}", SunRefusal.MISSING_PARAMETER),
    (f"?e={E}&ctr=000006&c={C}", SunRefusal.MIXED_FORMS),
    (f"?e={E}&uid=04DE5F1EACC040&ctr=00003D&c={C}", SunRefusal.MIXED_FORMS),
    (f"?e={E.lower()}&c={C}", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C.lower()}", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C}#", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C} ", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C}\n", SunRefusal.NOT_HEX),
    (f"?e={E}&c=+{C[1:]}", SunRefusal.NOT_HEX),
    (f"?e={E}&c=0x{C[2:]}", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C[:-1]}６", SunRefusal.NOT_HEX),
    (f"?e={E}&c={C[:-1]}\ud800", SunRefusal.NOT_HEX),
    (f"?e={E}&c=%39{C[1:]}", SunRefusal.NOT_HEX),
    (f"?e={E}&c=={C}", SunRefusal.NOT_HEX),
    (f"?e=&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}00&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E[:-1]}&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}&c={C}0", SunRefusal.WRONG_LENGTH),
    (f"?e={E}&c={C[:-2]}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}{E[:16]}&c={C}", SunRefusal.WRONG_LENGTH),  # as long as in LRP mode
    (f"?uid=04DE5F1EACC04000&ctr=00003D&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?uid=04DE5F1EACC040&ctr=3D&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}&enc=&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}&enc={FILE_BLOCK[:-2]}&c={C}", SunRefusal.WRONG_LENGTH),
    (f"?e={E}&enc={FILE_BLOCK}&c={C}", SunRefusal.WRONG_MAC),
    (f"?e={'0' * 32}&c={'0' * 16}", SunRefusal.NOT_PICC_DATA),  # the tag's template, never read by a tag
]


@pytest.mark.parametrize(("url", "reason"), HOSTILE)
def test_a_hostile_text_is_refused_with_its_reason(url: str, reason: SunRefusal) -> None:
    assert read(url, FACTORY) is reason


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param("8704DE5F1EACC040" + "00" * 8, id="a UID and no counter"),
        pytest.param("403D0000" + "00" * 12, id="a counter and no UID"),
        pytest.param("C404DE5F1E3D0000" + "00" * 8, id="a UID of four bytes"),
        pytest.param("F704DE5F1EACC0403D0000DA5CF60941", id="reserved bits"),
    ],
)
def test_picc_data_without_uid_and_counter_are_refused(plain: str) -> None:
    url = f"?e={sealed(ZERO_KEY, unhex(plain)).hex().upper()}&c={C}"
    assert read(url, FACTORY) is SunRefusal.NOT_PICC_DATA


def test_other_keys_prove_nothing() -> None:
    assert read(URL, FixedKeys(meta=b"\1" * 16)) is SunRefusal.NOT_PICC_DATA
    assert read(URL, FixedKeys(file=b"\1" * 16)) is SunRefusal.WRONG_MAC


def test_file_data_cannot_be_left_out_or_added() -> None:
    without = WITH_FILE.replace(f"&enc={SEALED_FILE}", "")
    assert read(without, FACTORY, LONG_NAMES) is SunRefusal.WRONG_MAC
    tag = SunTag(unhex("04958CAA5C5E80"))
    added = tag.read().replace("&c=", f"&enc={FILE_BLOCK}&c=")
    assert read(f"?{added}", FACTORY) is SunRefusal.WRONG_MAC


def test_the_name_of_the_mac_is_covered_with_file_data() -> None:
    renamed = WITH_FILE.replace("&cmac=", "&c=")
    assert read(renamed, FACTORY, Parameters(picc_data="picc_data")) is SunRefusal.WRONG_MAC


def test_values_that_came_as_such_are_read_like_a_url() -> None:
    assert of_values({"c": C, "e": E}) == parse(URL)
    assert of_values({"e": E}) is SunRefusal.MISSING_PARAMETER
    assert of_values({"e": E, "c": "\0" * 10_000_000}) is SunRefusal.NOT_HEX


@pytest.mark.parametrize("names", [("e", "e"), ("", "c"), ("e&c", "c"), ("e" * 33, "c"), ("uid", "c")])
def test_names_that_cannot_be_told_apart_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="names of parameters"):
        Parameters(picc_data=names[0], mac=names[1])


# For every tag, counter and key

KEYS = st.binary(min_size=16, max_size=16)
UIDS = st.binary(min_size=6, max_size=6).map(lambda rest: b"\x04" + rest)
TAGS = st.builds(
    SunTag,
    UIDS,
    KEYS,
    KEYS,
    st.integers(0, 2**24 - 2),
    st.integers(0, 3).flatmap(lambda blocks: st.binary(min_size=16 * blocks, max_size=16 * blocks)),
    st.just("c"),
    st.binary(min_size=5, max_size=5),
)


def keys_of(tag: SunTag) -> FixedKeys:
    return FixedKeys(tag.meta_read_key, tag.file_read_key)


@given(TAGS, st.booleans())
def test_what_a_tag_writes_is_read(tag: SunTag, plain: bool) -> None:
    query = tag.read_plain() if plain else tag.read()
    claim = read(f"https://hub.example/t/gate?{query}", keys_of(tag))
    assert claim == SunClaim(tag.uid.hex().upper(), tag.counter, tag.file_data)


@given(TAGS, st.booleans(), st.data())
def test_no_altered_bit_of_the_bytes_is_accepted(tag: SunTag, plain: bool, data: st.DataObject) -> None:
    query = tag.read_plain() if plain else tag.read()
    values = dict(part.split("=") for part in query.split("&"))
    name = data.draw(st.sampled_from(sorted(values)))
    altered = bytearray.fromhex(values[name])
    bit = data.draw(st.integers(0, 8 * len(altered) - 1))
    altered[bit // 8] ^= 1 << bit % 8
    message = of_values(values | {name: altered.hex().upper()})
    assert isinstance(message, SunMessage)
    assert verify(message, keys_of(tag)) in (SunRefusal.WRONG_MAC, SunRefusal.NOT_PICC_DATA)


def test_none_of_all_single_bits_of_the_published_messages_is_accepted() -> None:
    for url, names in ((URL, USUAL), (WITH_FILE, LONG_NAMES), (PLAIN, USUAL)):
        values = dict(part.split("=") for part in url.partition("?")[2].split("&"))
        for name, digits in values.items():
            for bit in range(4 * len(digits)):
                altered = f"{int(digits, 16) ^ 1 << bit:0{len(digits)}X}"
                message = of_values(values | {name: altered}, names)
                assert isinstance(message, SunMessage)
                assert isinstance(verify(message, FACTORY), SunRefusal)


@given(TAGS, st.booleans(), st.data())
def test_no_altered_bit_of_the_text_is_accepted(tag: SunTag, plain: bool, data: st.DataObject) -> None:
    query = tag.read_plain() if plain else tag.read()
    place = data.draw(st.integers(0, len(query) - 1))
    altered = chr(ord(query[place]) ^ 1 << data.draw(st.integers(0, 6)))
    text = f"?{query[:place]}{altered}{query[place + 1 :]}"
    assert isinstance(read(text, keys_of(tag)), SunRefusal)


@given(TAGS, TAGS)
def test_the_halves_of_two_reads_do_not_fit(one: SunTag, other: SunTag) -> None:
    other.meta_read_key, other.file_read_key = one.meta_read_key, one.file_read_key
    first, second = one.read(), other.read()
    if (one.uid, one.counter) != (other.uid, other.counter):
        mixed = f"?{first.partition('&')[0]}&{second.partition('&')[2]}"
        assert read(mixed, keys_of(one)) is SunRefusal.WRONG_MAC


PIECES = st.sampled_from(
    ["?", "&", "=", "e=", "c=", "enc=", "uid=", "ctr=", "%3D", "#", E, C, "04", "\ud800"]
)


@given(st.text() | st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_no_text_raises_and_none_is_accepted(text: str) -> None:
    for candidate in (text, f"?{text}", f"?e={E}&{text}"):
        claim = read(candidate, FACTORY)
        # The pieces of the published message may come together.
        assert isinstance(claim, SunRefusal) or claim == SunClaim("04DE5F1EACC040", 61)


@given(st.dictionaries(st.sampled_from(["e", "c", "enc", "uid", "ctr"]) | st.text(max_size=3), st.text()))
def test_no_values_raise(values: dict[str, str]) -> None:
    message = of_values(values)
    assert isinstance(message, SunRefusal) or isinstance(verify(message, FACTORY), SunRefusal)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
def test_a_guessed_message_is_refused(picc_data: bytes, mac: bytes) -> None:
    assert isinstance(verify(SunMessage(Sealed(picc_data), mac), FACTORY), SunRefusal)
