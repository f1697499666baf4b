"""Frames of a PN532: the published ones, in pieces of any size, after garbage, damaged and endless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.pn532 import (
    ACK,
    MAX_DATA_BYTES,
    NACK,
    Ack,
    Command,
    Damaged,
    Decoder,
    Frame,
    Nack,
    Response,
    SyntaxFault,
    command_frame,
)
from firmware_sim.pn532_chip import _framed

UID_4 = "0000FF0CF4D54B010100040804FB0EE20BD800"
UID_7 = "0000FF0FF1D54B01010044000704A1B2C3D4E5804000"
FRAMES: list[tuple[str, Frame]] = [
    ("0000FF00FF00", Ack()),
    ("0000FFFF0000", Nack()),
    ("0000FF01FF7F8100", SyntaxFault()),
    ("0000FF06FAD50332010607E800", Response(Command.GET_FIRMWARE_VERSION, bytes.fromhex("32010607"))),
    ("0000FF02FED5151600", Response(Command.SAM_CONFIGURATION, b"")),
    (UID_4, Response(Command.IN_LIST_PASSIVE_TARGET, bytes.fromhex("0101000408 04FB0EE20B"))),
    (UID_7, Response(Command.IN_LIST_PASSIVE_TARGET, bytes.fromhex("010100440007 04A1B2C3D4E580"))),
    (_framed(b"\xd5\x41" + bytes(254)).hex(), Response(Command.IN_DATA_EXCHANGE, bytes(254))),
    (_framed(b"\xd5\x41" + bytes(263)).hex(), Response(Command.IN_DATA_EXCHANGE, bytes(263))),
]


@pytest.mark.parametrize(
    ("command", "data", "expected"),
    [
        (Command.GET_FIRMWARE_VERSION, "", "0000FF02FED4022A00"),
        (Command.SAM_CONFIGURATION, "01", "0000FF03FDD414011700"),
        (Command.IN_LIST_PASSIVE_TARGET, "0100", "0000FF04FCD44A0100E100"),
    ],
)
def test_commands_are_those_that_are_published(command: Command, data: str, expected: str) -> None:
    assert command_frame(command, bytes.fromhex(data)).hex().upper() == expected
    assert bytes.fromhex("0000FF00FF00") == ACK
    assert bytes.fromhex("0000FFFF0000") == NACK


@pytest.mark.parametrize(("text", "frame"), FRAMES)
def test_a_frame_is_read_whole_byte_by_byte_with_more_behind_and_after_garbage(
    text: str, frame: Frame
) -> None:
    data = bytes.fromhex(text)
    whole = Decoder()
    assert whole.feed(data) == (frame,)
    assert whole.skipped == 0
    one_by_one = Decoder()
    assert [found for byte in data for found in one_by_one.feed(bytes((byte,)))] == [frame]
    assert Decoder().feed(data + data) == (frame, frame)
    noisy = Decoder()
    assert noisy.feed(b"\x80\xff\x55\x00" + data + b"\x13") == (frame,)
    assert noisy.skipped == 4
    assert noisy.feed(data) == (frame,)


def test_the_preamble_may_be_missing_or_long_and_the_postamble_missing() -> None:
    data = bytes.fromhex(UID_4)
    assert len(Decoder().feed(data[1:])) == 1
    assert len(Decoder().feed(bytes(50) + data)) == 1
    assert len(Decoder().feed(data[:-1] + data[1:])) == 2


@pytest.mark.parametrize("text", [UID_4, UID_7, FRAMES[-1][0]])
def test_no_altered_byte_is_taken_for_the_frame_and_the_next_frame_is_found(text: str) -> None:
    data = bytes.fromhex(text)
    own = Decoder().feed(data)
    for place in range(3, len(data) - 1):
        altered = bytearray(data)
        altered[place] ^= 0x04
        decoder = Decoder()
        found = decoder.feed(bytes(altered))
        assert own[0] not in found
        found += decoder.feed(bytes(300) + data)  # zeros end what an altered length still waits for
        assert found[-1] == own[0]


def test_a_length_and_then_silence_holds_up_nothing_once_it_is_given_up() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes.fromhex("0000FFFF01D54B")) == ()
    assert decoder.held == 6
    decoder.reset()
    assert decoder.feed(bytes.fromhex(UID_4)) == Decoder().feed(bytes.fromhex(UID_4))
    assert decoder.skipped == 5


def test_frames_of_another_host_and_of_no_chip_are_no_answers() -> None:
    assert Decoder().feed(command_frame(Command.GET_FIRMWARE_VERSION)) == (Damaged(),)
    assert Decoder().feed(bytes.fromhex("0000FF00FF")) == (Ack(),)
    assert Decoder().feed(_framed(b"\xd5\x4a")) == (Damaged(),)  # answers have odd numbers


def test_ten_megabytes_of_anything_are_never_held() -> None:
    for noise in (b"\x55", b"\x00", b"\xff", b"\x00\xff", b"\x00\xff\xff\xff\x01\x00\xff"):
        decoder = Decoder()
        for _ in range(40):
            decoder.feed(noise * (250_000 // len(noise)))
            assert decoder.held <= 2 + 5 + 1 + MAX_DATA_BYTES + 1


@given(st.binary(max_size=300), st.integers(0, 255))
def test_any_command_is_a_frame_that_a_chip_understands(data: bytes, command: int) -> None:
    if len(data) >= MAX_DATA_BYTES:
        with pytest.raises(ValueError, match="a frame has room"):
            command_frame(command, data)
        return
    frame = command_frame(command, data)
    assert sum(frame[-2 - len(data) - 2 :]) & 0xFF == 0
    assert frame[-2 - len(data) - 2 : -2] == bytes((0xD4, command)) + data


PIECES = st.sampled_from([bytes.fromhex(text) for text, _ in FRAMES]) | st.binary(max_size=12)


@given(st.lists(PIECES, max_size=8).map(b"".join), st.lists(st.integers(1, 40), max_size=30))
def test_in_whatever_pieces_bytes_come_they_are_the_same_frames(data: bytes, cuts: list[int]) -> None:
    whole = Decoder()
    expected = whole.feed(data)
    decoder, at = Decoder(), 0
    found: list[Frame] = []
    for cut in cuts:
        found += decoder.feed(data[at : at + cut])
        at += cut
    found += decoder.feed(data[at:])
    assert tuple(found) == expected
    assert (decoder.skipped, decoder.held) == (whole.skipped, whole.held)


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_no_bytes_raise(chunks: list[bytes]) -> None:
    decoder = Decoder()
    for chunk in chunks:
        decoder.feed(chunk)
    assert 0 <= decoder.skipped <= sum(map(len, chunks))
