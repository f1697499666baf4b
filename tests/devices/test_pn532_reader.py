"""The conversation with a PN532, by a stepped clock, over lines that behave and lines that do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.pn532 import ACK, NACK, WAKE, Command, command_frame
from devices.pn532_lamp import Colour, Lamp, Pin
from devices.pn532_reader import (
    ACK_WITHIN_S,
    GONE_S,
    LAMP_S,
    POLL_REST_S,
    TRIES,
    UNSEEN_S,
    Event,
    Lost,
    Pn532Reader,
    Ready,
    Touched,
)
from firmware_sim.pn532_chip import Chip, Ntag21x, Ntag424, PlainCard, _framed
from firmware_sim.pn532_port import Line, Manner

URL = "https://hub.example/t/gate?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
UID = "04A1B2C3D4E580"
BADGE = PlainCard(bytes.fromhex("04B83A1C5E7280"))
READY = Ready("1.6")
BEHAVED = [Manner.PERFECT, Manner.BYTE_BY_BYTE, Manner.DELAYED, Manner.GARBAGE]


@dataclass
class Desk:
    """A reader, its line, and the time."""

    line: Line = field(default_factory=lambda: Line(Chip()))
    lamp: Lamp | None = None
    now_s: float = 100.0
    events: list[Event] = field(default_factory=list)
    written: bytes = b""

    def __post_init__(self) -> None:
        self.reader = Pn532Reader(self.lamp)
        self.events += self.reader.begin(self.now_s)
        self._write()

    @property
    def chip(self) -> Chip:
        return self.line.chip

    def passes(self, seconds: float) -> list[Event]:
        """Time passes; what was said meanwhile."""
        before, ends_s = len(self.events), self.now_s + seconds
        while True:
            arrives_s, due_s = self.line.next_s, self.reader.deadline_s
            assert due_s is not None
            at_s = min(due_s, due_s if arrives_s is None else arrives_s)
            if at_s > ends_s:
                self.now_s = ends_s
                return self.events[before:]
            self.now_s = max(self.now_s, at_s)
            if piece := self.line.read(self.now_s):
                self.events += self.reader.receive(piece, self.now_s)
            else:
                self.events += self.reader.tick(self.now_s)
            self._write()
            self.now_s += 0.0001  # nothing takes no time

    def _write(self) -> None:
        if out := self.reader.output():
            self.written += out
            self.line.write(out, self.now_s)


def desk(manner: Manner = Manner.PERFECT, seed: int = 1, lamp: Lamp | None = None) -> Desk:
    return Desk(Line(Chip(), manner, Random(seed)), lamp)


def sun_tag(uid: str = UID) -> Ntag424:
    return Ntag424(bytes.fromhex(uid), lambda: URL)


def test_a_chip_is_woken_set_up_and_asked_for_tags_as_the_manual_says() -> None:
    at = desk()
    assert at.passes(1.0) == [READY]
    assert at.written.startswith(
        WAKE + bytes.fromhex("0000FF03FDD414011700") + bytes.fromhex("0000FF02FED4022A00")
    )
    assert bytes.fromhex("0000FF06FAD43205FF0102F300") in at.written
    look, field_off = bytes.fromhex("0000FF04FCD44A0100E100"), bytes.fromhex("0000FF04FCD4320102F700")
    assert look + field_off + look + field_off in at.written
    assert at.chip.commands[Command.IN_LIST_PASSIVE_TARGET] > 0.8 / POLL_REST_S


@pytest.mark.parametrize("manner", BEHAVED)
def test_each_touch_is_one_event_with_what_the_tag_carries(manner: Manner) -> None:
    at = desk(manner)
    assert at.passes(2.0) == [READY]
    signing = sun_tag()
    for tag, url in (
        (BADGE, None),
        (Ntag21x(bytes.fromhex(UID), URL), URL),
        (signing, URL),
        (Ntag21x(bytes.fromhex(UID), None), None),
    ):
        at.chip.lay_on(tag)
        assert at.passes(5.0) == [Touched(tag.uid.hex().upper(), url)]
        at.chip.take_away()
        assert at.passes(2.0) == []
    assert signing.reads == 1


def test_a_tag_that_stays_is_one_read_and_one_that_comes_back_another() -> None:
    at = desk()
    at.passes(1.0)
    tag = sun_tag()
    at.chip.lay_on(tag)
    assert len(at.passes(60.0)) == 1
    at.chip.take_away()
    at.passes(1.0)
    at.chip.lay_on(tag)
    assert len(at.passes(5.0)) == 1
    assert tag.reads == 2


def test_one_tag_after_the_other_without_a_pause_is_two_reads() -> None:
    at = desk()
    at.passes(1.0)
    at.chip.lay_on(BADGE)
    at.passes(0.5)
    at.chip.lay_on(sun_tag())
    assert at.passes(0.5) == [Touched(UID, URL)]


def test_a_hand_that_trembles_is_no_second_touch() -> None:
    at = desk()
    at.passes(1.0)
    at.chip.lay_on(BADGE)
    assert len(at.passes(0.5)) == 1
    for _ in range(20):
        at.chip.take_away()
        assert at.passes(GONE_S - 2 * POLL_REST_S) == []
        at.chip.lay_on(BADGE)
        assert at.passes(POLL_REST_S * 3) == []


def test_two_tags_that_lie_there_and_answer_in_turn_are_one_touch_each() -> None:
    at = desk()
    at.passes(1.0)
    for _ in range(30):
        at.chip.lay_on(BADGE)
        at.passes(POLL_REST_S)
        at.chip.lay_on(sun_tag())
        at.passes(POLL_REST_S)
    assert [event.uid for event in at.events if isinstance(event, Touched)] == ["04B83A1C5E7280", UID]


def test_a_tag_whose_uid_is_drawn_anew_each_time_is_one_touch() -> None:
    at = desk()
    at.passes(1.0)
    at.chip.lay_on(PlainCard(bytes.fromhex("08112233")))
    assert len(at.passes(0.5)) == 1
    at.chip.lay_on(PlainCard(bytes.fromhex("08445566")))
    assert at.passes(0.5) == []


def test_a_tag_taken_away_too_soon_is_its_bare_uid() -> None:
    class Hasty(Ntag424):
        def ask(self, order: bytes) -> bytes | None:
            at.chip.take_away()
            del order
            return None

    at = desk()
    at.passes(1.0)
    at.chip.lay_on(Hasty(bytes.fromhex(UID), lambda: URL))
    assert at.passes(1.0) == [Touched(UID, None)]


@pytest.mark.parametrize("seed", range(6))
def test_over_a_line_that_loses_bytes_every_touch_comes_once(seed: int) -> None:
    at = desk(Manner.LOSSY, seed)
    at.passes(5.0)
    for number in range(10):
        uid = f"04A1B2C3D4E5{number:02X}"
        at.chip.lay_on(sun_tag(uid))
        at.passes(6.0)
        at.chip.take_away()
        at.passes(3.0)
        touches = [event for event in at.events if isinstance(event, Touched)]
        assert [touch.uid for touch in touches] == [f"04A1B2C3D4E5{one:02X}" for one in range(number + 1)]
    assert sum(touch.url == URL for touch in touches) >= 8  # a reading that is broken off may leave the UID


def test_a_damaged_answer_is_asked_for_once_more() -> None:
    at = desk()
    at.passes(1.0)
    looks = at.chip.commands[Command.IN_LIST_PASSIVE_TARGET]
    at.chip.lay_on(BADGE)
    answered = at.line.write

    def spoil(data: bytes, now_s: float) -> None:
        answered(data, now_s)
        if data == command_frame(Command.IN_LIST_PASSIVE_TARGET, b"\x01\x00"):
            at.line.write = answered  # type: ignore[method-assign] # once only
            arrives_s, answer = at.line._coming.pop()
            at.line._coming.append((arrives_s, answer[:-4] + b"\x99" + answer[-3:]))

    at.line.write = spoil  # type: ignore[method-assign] # a line that spoils one answer
    assert at.passes(ACK_WITHIN_S / 2) == [Touched("04B83A1C5E7280", None)]
    assert at.written.count(NACK) == 1
    assert at.chip.commands[Command.IN_LIST_PASSIVE_TARGET] >= looks + 1


def test_silence_is_said_once_and_so_is_the_return() -> None:
    at = desk()
    assert at.passes(1.0) == [READY]
    at.line.manner = Manner.MUTE
    assert at.passes(3 * TRIES * ACK_WITHIN_S) == [Lost()]
    assert at.written.count(ACK) >= TRIES - 1
    assert at.passes(600.0) == []
    at.chip.lose_power()
    at.line.manner = Manner.PERFECT
    assert at.passes(3.0) == [READY]
    at.chip.lay_on(BADGE)
    assert at.passes(1.0) == [Touched("04B83A1C5E7280", None)]


def test_a_chip_that_was_unplugged_for_a_moment_is_set_up_again() -> None:
    at = desk()
    at.passes(1.0)
    at.chip.lose_power()
    assert at.passes(5.0) == [Lost(), READY]
    at.chip.lay_on(BADGE)
    assert at.passes(1.0) == [Touched("04B83A1C5E7280", None)]


def test_a_tag_that_lies_there_after_the_chip_was_lost_is_read_again_if_that_was_long() -> None:
    at = desk()
    at.chip.lay_on(BADGE)
    assert len(at.passes(1.0)) == 2
    at.chip.lose_power()
    assert at.passes(5.0) == [Lost(), READY]
    at.line.manner = Manner.MUTE
    assert at.passes(2 * UNSEEN_S) == [Lost()]
    at.line.manner = Manner.PERFECT
    assert at.passes(5.0) == [READY, Touched("04B83A1C5E7280", None)]


def test_what_is_no_pn532_is_never_ready() -> None:
    class Other(Chip):
        def _answer(self, command: int, data: bytes) -> bytes | None:
            return b"" if command == 0x02 else super()._answer(command, data)

    at = Desk(Line(Other()))
    assert at.passes(60.0) == [Lost()]


def test_the_lamp_shows_the_colour_for_a_moment_and_leaves_other_pins_alone() -> None:
    at = desk(lamp=Lamp(Pin.P72, Pin.P71, low=False))
    at.passes(1.0)
    assert (at.chip.is_high("p71"), at.chip.is_high("p72")) == (False, False)
    at.reader.show(Colour.GREEN, at.now_s)
    at.passes(0.01)
    assert (at.chip.is_high("p71"), at.chip.is_high("p72")) == (False, True)
    at.reader.show(Colour.RED, at.now_s)
    at.passes(LAMP_S - 0.1)
    assert (at.chip.is_high("p71"), at.chip.is_high("p72")) == (True, False)
    at.passes(0.3)
    assert (at.chip.is_high("p71"), at.chip.is_high("p72")) == (False, False)
    assert at.chip.ports[3] == 0x3F


def test_a_lamp_on_two_ports_that_lights_when_low() -> None:
    at = desk(lamp=Lamp(Pin.P35, Pin.P71))
    at.passes(1.0)
    assert (at.chip.ports[3], at.chip.ports[7]) == (0x3F, 0x06)
    at.reader.show(Colour.GREEN, at.now_s)
    at.passes(0.5)
    assert (at.chip.ports[3], at.chip.ports[7]) == (0x1F, 0x06)
    at.reader.show(Colour.RED, at.now_s)
    at.passes(0.5)
    assert (at.chip.ports[3], at.chip.ports[7]) == (0x3F, 0x04)


def test_a_chip_without_pins_reads_all_the_same() -> None:
    at = desk(lamp=Lamp(Pin.P72, Pin.P71))
    at.chip.knows_pins = False
    at.passes(1.0)
    at.reader.show(Colour.RED, at.now_s)
    at.chip.lay_on(BADGE)
    assert at.passes(5.0) == [Touched("04B83A1C5E7280", None)]


def test_a_closed_line_asks_for_nothing() -> None:
    at = desk()
    at.passes(1.0)
    at.reader.end()
    assert at.reader.deadline_s is None
    assert at.reader.receive(ACK, at.now_s) == ()
    assert at.reader.tick(at.now_s + 100) == ()
    assert at.reader.output() == b""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.just(ACK)
        | st.sampled_from(
            [
                _framed(b"\xd5\x15"),
                _framed(b"\xd5\x03\x32\x01\x06\x07"),
                _framed(b"\xd5\x33"),
                _framed(b"\xd5\x4b\x01\x01\x00\x44\x00\x07\x04\xa1\xb2\xc3\xd4\xe5\x80"),
                _framed(b"\xd5\x41\x00"),
                _framed(b"\xd5\x4b\x00"),
                _framed(b"\xd5\x41\x00\xe1\x10"),
                _framed(b"\xd5\x4b"),
                _framed(b"\xd5\x41"),
            ]
        ),
        max_size=60,
    )
)
def test_no_bytes_and_no_order_of_answers_raise(chunks: list[bytes]) -> None:
    reader, now_s = Pn532Reader(Lamp(Pin.P72, Pin.P71)), 0.0
    reader.begin(now_s)
    for chunk in chunks:
        now_s += 0.01
        reader.receive(chunk, now_s)
        reader.output()
        assert reader.deadline_s is not None
        if len(chunk) % 7 == 0:
            now_s = max(now_s, reader.deadline_s)
            reader.tick(now_s)
