"""What tags carry: targets, NDEF messages of both kinds of tag, and URLs; nothing raises."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.pn532_tags import MAX_MESSAGE_BYTES, Target, reading_of, target_in, url_in
from firmware_sim.pn532_chip import Ntag21x, Ntag424, PlainCard, SimTag, uri_message

URL = "https://hub.example/t/gate?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
UID = bytes.fromhex("04A1B2C3D4E580")


def read(tag: SimTag) -> str | None:
    """What a reader finds that has no line between itself and the tag."""
    reading = reading_of(Target(tag.uid, tag.sak))
    if reading is None:
        return None
    order = next(reading)
    while True:
        try:
            order = reading.send(tag.ask(order))
        except StopIteration as ended:
            return url_in(ended.value) if ended.value is not None else None


@pytest.mark.parametrize(
    ("data", "target"),
    [
        ("010100040804FB0EE20B", Target(bytes.fromhex("FB0EE20B"), 8)),
        ("01010044000704A1B2C3D4E580", Target(UID, 0)),
        ("01010344200704A1B2C3D4E580067777710280", Target(UID, 0x20)),
        ("00", None),
        ("", None),
        ("01010044000704A1B2", None),
        ("01010044000304A1B2", None),
    ],
)
def test_the_first_target_of_an_answer(data: str, target: Target | None) -> None:
    assert target_in(bytes.fromhex(data)) == target


def test_both_kinds_of_tag_tell_their_url() -> None:
    assert read(Ntag21x(UID, URL)) == URL
    assert read(Ntag21x(UID, URL, before=b"")) == URL
    assert read(Ntag21x(UID, URL, before=bytes(9))) == URL
    assert read(Ntag424(UID, lambda: URL)) == URL


def test_one_touch_of_a_signing_tag_is_one_read_of_it() -> None:
    tag = Ntag424(UID, lambda: URL + "x" * 180)
    assert read(tag) == URL + "x" * 180
    assert tag.reads == 1


def test_cards_without_a_url_have_none() -> None:
    assert read(PlainCard(bytes.fromhex("FB0EE20B"))) is None
    assert read(Ntag21x(UID, None)) is None


@pytest.mark.parametrize(
    ("message", "url"),
    [
        ("D1010C55046875622E6578616D706C", None),  # cut short
        (uri_message("http://hub.example/").hex(), "http://hub.example/"),
        (uri_message("urn:nfc:1").hex(), "urn:nfc:1"),
        ("D1010355246161", None),  # a scheme that nobody has defined
        ("D1010355040A61", None),  # a line feed is no address
        ("D101035504FF61", None),  # no UTF-8
        ("D1010055", None),
        ("", None),
        ("91010354026161510104550461 2E62", "https://a.b"),
        ("C10100000004550461 2E62", "https://a.b"),
        ("D901030255696404612E", "https://a."),
    ],
)
def test_the_address_of_a_message(message: str, url: str | None) -> None:
    assert url_in(bytes.fromhex(message)) == url


@given(st.binary(max_size=80))
def test_no_message_and_no_target_raises(data: bytes) -> None:
    url = url_in(data)
    assert url is None or url.isprintable()
    target_in(data)


@given(st.sampled_from([0x00, 0x20, 0x08, 0x28, 0x60]), st.integers(0, 2**32))
def test_no_tag_can_keep_a_reader_busy_for_ever(selected: int, seed: int) -> None:
    random = Random(seed)
    reading = reading_of(Target(UID, selected))
    if reading is None:
        return
    next(reading)
    for _ in range(2 * MAX_MESSAGE_BYTES):
        sound = random.choice(
            (b"\x90\x00", random.randbytes(15) + b"\x90\x00", b"\xe1\x10\xff\x00" + bytes(12))
        )
        answer = random.choice((None, random.randbytes(random.randrange(20)), sound))
        try:
            reading.send(answer)
        except StopIteration:
            return
    pytest.fail("it reads on and on")
