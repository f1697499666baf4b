"""The simulated PN532 against published frames, by hand and without any driver; and its lines and ports."""

from __future__ import annotations

import os
import socket
import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.pn532_chip import Chip, Ntag21x, Ntag424, PlainCard
from firmware_sim.pn532_port import Line, Manner, PtyPort, TcpPort

WAKE_AND_SAM = bytes.fromhex("5555000000000000FF03FDD414011700")
ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
FIRMWARE = bytes.fromhex("0000FF02FED4022A00")
ONE_TRY = bytes.fromhex("0000FF06FAD43205FF0102F300")
LOOK = bytes.fromhex("0000FF04FCD44A0100E100")
FIELD_OFF = bytes.fromhex("0000FF04FCD4320102F700")
SYNTAX_ERROR = bytes.fromhex("0000FF01FF7F8100")
NOTHING = bytes.fromhex("0000FF03FDD54B00E000")
UID_4 = bytes.fromhex("0000FF0CF4D54B010100040804FB0EE20BD800")
UID_7 = bytes.fromhex("0000FF0FF1D54B01010044000704A1B2C3D4E5804000")
URL = "https://hub.example/t/gate"


def awake() -> Chip:
    chip = Chip()
    assert chip.receive(WAKE_AND_SAM + ONE_TRY).startswith(ACK + bytes.fromhex("0000FF02FED5151600"))
    return chip


def order(data: str) -> bytes:
    """An InDataExchange with the first target."""
    body = bytes.fromhex("D44001" + data)
    return bytes((0, 0, 0xFF, len(body), 256 - len(body))) + body + bytes((-sum(body) & 0xFF, 0))


def test_it_sleeps_until_it_is_woken() -> None:
    chip = Chip()
    assert chip.receive(FIRMWARE) == b""
    assert chip.receive(WAKE_AND_SAM) == ACK + bytes.fromhex("0000FF02FED5151600")
    assert chip.receive(FIRMWARE) == ACK + bytes.fromhex("0000FF06FAD50332010607E800")


@pytest.mark.parametrize(
    ("tag", "answer"),
    [
        (PlainCard(bytes.fromhex("FB0EE20B")), UID_4),
        (Ntag21x(bytes.fromhex("04A1B2C3D4E580"), None), UID_7),
    ],
)
def test_a_tag_is_found_with_the_published_answer(tag: PlainCard | Ntag21x, answer: bytes) -> None:
    chip = awake()
    assert chip.receive(LOOK) == ACK + NOTHING
    chip.lay_on(tag)
    assert chip.receive(LOOK) == ACK + answer
    assert chip.receive(NACK) == answer
    assert chip.receive(LOOK) == ACK + NOTHING  # it was chosen, and hears no call until it has lost its power
    chip.receive(FIELD_OFF)
    assert chip.receive(LOOK) == ACK + answer
    chip.take_away()
    chip.receive(FIELD_OFF)
    assert chip.receive(LOOK) == ACK + NOTHING


def test_it_says_what_it_does_not_know_and_nothing_to_what_is_damaged() -> None:
    chip = awake()
    assert chip.receive(bytes.fromhex("0000FF02FED4999300")) == ACK + SYNTAX_ERROR
    damaged = bytearray(FIRMWARE)
    damaged[7] ^= 1
    assert chip.receive(bytes(damaged)) == b""
    assert chip.receive(FIRMWARE).startswith(ACK)
    unset = Chip()
    unset.receive(WAKE_AND_SAM)
    assert unset.receive(LOOK).endswith(SYNTAX_ERROR)  # it would look for ever


def test_tags_answer_as_their_data_sheets_say() -> None:
    chip = awake()
    chip.lay_on(Ntag21x(bytes.fromhex("04A1B2C3D4E580"), URL))
    chip.receive(LOOK)
    assert bytes.fromhex("E1101200") in chip.receive(order("3003"))
    signing = Ntag424(bytes.fromhex("04DE5F1EACC040"), lambda: URL)
    chip.lay_on(signing)
    assert (
        chip.receive(order("00B0000002"))[len(ACK) :].hex().startswith("0000ff03fdd54127")
    )  # not chosen yet
    chip.receive(LOOK)
    for data, answer in (
        ("00B0000002", "006985"),
        ("00A4040007D276000085010100", "009000"),
        ("00A4000C02E105", "006A82"),
        ("00A4000C02E103", "009000"),
        ("00A4000C02E104", "009000"),
        ("00B0000002", "00" + f"{len(URL) - 8 + 5:04X}" + "9000"),
    ):
        said = chip.receive(order(data))
        assert bytes.fromhex(answer) in said, data
    chip.receive(order("00B0000202"))
    assert signing.reads == 1


def test_pins_are_set_and_left() -> None:
    chip = awake()
    chip.receive(bytes.fromhex("0000FF04FCD40E00849A00"))
    assert (chip.is_high("p71"), chip.is_high("p72"), chip.is_high("p35")) == (False, True, True)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_raise(chunks: list[bytes]) -> None:
    chip = awake()
    for chunk in chunks:
        chip.receive(chunk)


@pytest.mark.parametrize("manner", list(Manner))
def test_each_manner_does_to_bytes_what_it_says(manner: Manner) -> None:
    line = Line(Chip(), manner, Random(2))
    line.write(WAKE_AND_SAM, 10.0)
    whole = ACK + bytes.fromhex("0000FF02FED5151600")
    pieces = []
    while line.next_s is not None:
        assert line.read(9.9) == b""
        pieces.append(line.read(20.0))
    said = b"".join(pieces)
    match manner:
        case Manner.MUTE:
            assert said == b""
        case Manner.BYTE_BY_BYTE:
            assert (said, len(pieces)) == (whole, len(whole))
        case Manner.GARBAGE:
            assert said.endswith(whole)
            assert len(said) > len(whole)
        case _:
            assert said == whole or manner is Manner.LOSSY


def test_a_line_that_delays_holds_back_for_a_while() -> None:
    line = Line(Chip(), Manner.DELAYED)
    line.write(WAKE_AND_SAM, 10.0)
    assert line.read(10.0) == b""
    assert line.next_s is not None
    assert line.next_s > 10.0


def test_it_is_plugged_into_a_terminal_and_into_a_network() -> None:
    expected = ACK + bytes.fromhex("0000FF02FED5151600")
    with PtyPort(Line(Chip())) as terminal:
        descriptor = os.open(terminal.path, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, WAKE_AND_SAM)
        assert os.read(descriptor, 100) == expected
        os.close(descriptor)
    with TcpPort(Line(Chip())) as network:
        for _ in range(2):  # one host after the other
            with socket.create_connection(("127.0.0.1", network.port), timeout=5) as host:
                host.sendall(WAKE_AND_SAM)
                heard, until_s = b"", time.monotonic() + 5
                while len(heard) < len(expected) and time.monotonic() < until_s:
                    heard += host.recv(100)
                assert heard == expected
