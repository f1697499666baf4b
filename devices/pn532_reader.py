"""The conversation with a PN532: it is woken, set up, asked for tags on and on, and lights a lamp; no IO.

Whoever owns the line calls `begin` once it is open, then `receive` with what comes and `tick` when
`deadline_s` is over, and writes what `output` gives after each of these. Times are seconds of a clock that
never jumps. Sources: NXP UM0701-02, PN532 user manual, 7.2 and 7.3, and AN10609.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from devices.pn532 import (
    ACK,
    NACK,
    WAKE,
    Ack,
    Command,
    Damaged,
    Decoder,
    Frame,
    Response,
    SyntaxFault,
    command_frame,
)
from devices.pn532_lamp import Colour, Lamp, pins_of
from devices.pn532_tags import Reading, Target, reading_of, target_in, url_in

ACK_WITHIN_S: Final = 0.25  # the chip needs 15 ms; USB adapters and networks hold bytes back
ANSWER_WITHIN_S: Final = 1.0
TRIES: Final = 3
POLL_REST_S: Final = 0.05
RETRY_S: Final = 0.5
LAMP_S: Final = 2.0
GONE_S: Final = 0.5  # so long nothing is seen once a tag was taken away: less is a hand that trembles
GONE_AFTER: Final = 2  # looks in a row, at least
UNSEEN_S: Final = 5.0  # what was not seen for longer was laid on anew, also where another tag or no chip was
_READ_TRIES: Final = 2

_NORMAL_MODE: Final = b"\x01"  # of the SAM that nobody has connected
_RETRIES: Final = bytes.fromhex("05FF0102")  # item MaxRetries: a tag is looked for three times
_FIELD_OFF: Final = bytes.fromhex("0102")  # item RF field; the next look switches it on
_ONE_TYPE_A: Final = bytes.fromhex("0100")
_FIRST_TARGET: Final = b"\x01"
_STATUS: Final = 0x3F
_MORE: Final = 0x40


class Ready(msgspec.Struct, frozen=True):
    """The chip answers, for the first time or again. `firmware`: such as `1.6`."""

    firmware: str


class Lost(msgspec.Struct, frozen=True):
    """The chip does not answer any more; it is asked on and on. Said once."""


class Touched(msgspec.Struct, frozen=True):
    """A tag was laid on. `uid`: upper-case hex; `url`: what it carries, or None."""

    uid: str
    url: str | None


Event: TypeAlias = Ready | Lost | Touched


class _Ask(msgspec.Struct, frozen=True):
    """A command that is answered with data, or None where the chip does not know it."""

    command: Command
    data: bytes = b""
    first: bytes = b""  # what goes before the frame


class _Rest(msgspec.Struct, frozen=True):
    """Nothing is to be done for a while."""

    seconds: float


_Talk: TypeAlias = Generator[_Ask | _Rest, bytes | None, None]


class _Waiting(Enum):
    """What the next byte or the deadline decides."""

    NOTHING = "nothing"  # the line is closed
    ACK = "ack"
    ANSWER = "answer"
    REST = "rest"


class Pn532Reader:
    """One reader on one line."""

    def __init__(self, lamp: Lamp | None = None) -> None:
        self.deadline_s: float | None = None
        self._lamp = lamp
        self._decoder = Decoder()
        self._out = bytearray()
        self._events: list[Event] = []
        self._now_s = 0.0
        self._waiting = _Waiting.NOTHING
        self._talk: _Talk = self._life(0.0)
        self._asked = _Ask(Command.GET_FIRMWARE_VERSION)
        self._tries = 0
        self._repeated = False
        self._is_lost = False
        self._seen: dict[bytes, float] = {}  # tags that lie there, and when each was seen last
        self._misses = 0
        self._colour: Colour | None = None
        self._shown: Colour | None = None
        self._lamp_until_s = 0.0

    @property
    def skipped(self) -> int:
        """Bytes that made no sense, so far."""
        return self._decoder.skipped

    def begin(self, now_s: float) -> tuple[Event, ...]:
        """The line is open."""
        self._decoder.reset()
        self._out.clear()
        self._seen, self._is_lost = {}, False
        self._now_s = now_s
        self._start_over(0.0)
        return self._said()

    def end(self) -> None:
        """The line is closed, or gone."""
        self._talk.close()
        self._out.clear()
        self._waiting, self.deadline_s = _Waiting.NOTHING, None

    def receive(self, data: bytes, now_s: float) -> tuple[Event, ...]:
        """What came from the chip."""
        self._now_s = now_s
        if self._waiting is _Waiting.NOTHING:
            return ()
        for frame in self._decoder.feed(data):
            self._heard(frame)
        return self._said()

    def tick(self, now_s: float) -> tuple[Event, ...]:
        """Time has passed: perhaps up to the deadline."""
        self._now_s = now_s
        if self.deadline_s is None or now_s < self.deadline_s:
            return ()
        if self._waiting is _Waiting.REST:
            self._go_on(None)
        else:
            self._decoder.reset()
            self._ask_again()
        return self._said()

    def show(self, colour: Colour, now_s: float) -> None:
        """Lights the lamp for a moment, if there is one."""
        if self._lamp is None:
            return
        self._colour = colour
        self._lamp_until_s = now_s + LAMP_S
        if self._waiting is _Waiting.REST and not self._is_lost:
            self.deadline_s = now_s

    def output(self) -> bytes:
        """What is to be written now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    # --- one command ---

    def _heard(self, frame: Frame) -> None:
        match self._waiting, frame:
            case _Waiting.ACK, Ack():
                self._waiting = _Waiting.ANSWER
                self.deadline_s = self._now_s + ANSWER_WITHIN_S
            case _Waiting.ANSWER, Response(command, data) if command == self._asked.command:
                self._go_on(data)
            case _Waiting.ANSWER, SyntaxFault():
                self._go_on(None)
            case _Waiting.ANSWER, Damaged() if not self._repeated:
                # Once: if it was not the answer that was damaged, the repetition is another's.
                self._repeated = True
                self._out += NACK
            case _:
                pass  # late, or not meant for us

    def _ask(self, asked: _Ask) -> None:
        self._asked, self._tries = asked, 1
        self._out += asked.first
        self._send()

    def _ask_again(self) -> None:
        if self._tries >= TRIES:
            self._no_answer()
            return
        self._tries += 1
        self._out += ACK  # the chip drops what it was at
        self._send()

    def _send(self) -> None:
        self._out += command_frame(self._asked.command, self._asked.data)
        self._waiting, self._repeated = _Waiting.ACK, False
        self.deadline_s = self._now_s + ACK_WITHIN_S

    def _no_answer(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._events.append(Lost())
        self._start_over(RETRY_S)

    # --- what is done one after the other ---

    def _start_over(self, after_s: float) -> None:
        self._talk.close()
        self._talk = self._life(after_s)
        self._do(next(self._talk))

    def _go_on(self, answer: bytes | None) -> None:
        try:
            step = self._talk.send(answer)
        except StopIteration:
            self._no_answer()
            return
        self._do(step)

    def _do(self, step: _Ask | _Rest) -> None:
        if isinstance(step, _Ask):
            self._ask(step)
        else:
            self._waiting, self.deadline_s = _Waiting.REST, self._now_s + step.seconds

    def _said(self) -> tuple[Event, ...]:
        events = tuple(self._events)
        self._events.clear()
        return events

    def _life(self, after_s: float) -> _Talk:
        """All that is said to a chip; it ends only where something else than a PN532 answers."""
        if after_s:
            yield _Rest(after_s)
        yield _Ask(Command.SAM_CONFIGURATION, _NORMAL_MODE, WAKE)
        firmware = _firmware((yield _Ask(Command.GET_FIRMWARE_VERSION)))
        if firmware is None:
            return
        yield _Ask(Command.RF_CONFIGURATION, _RETRIES)
        self._is_lost = False
        self._events.append(Ready(firmware))
        self._colour = self._shown = None
        if self._lamp is not None:
            yield _Ask(Command.WRITE_GPIO, pins_of(self._lamp, None))
        while True:
            yield from self._light()
            yield from self._look()
            yield _Rest(self._until_next())

    def _look(self) -> _Talk:
        """Whether a tag lies there: it is read once, until it has gone."""
        found = target_in((yield _Ask(Command.IN_LIST_PASSIVE_TARGET, _ONE_TYPE_A)) or b"")
        if found is None:
            # Asked twice, a tag that had heard the first question is silent at the second.
            self._misses += self._tries == 1 and not self._repeated
            last_s = max(self._seen.values(), default=0.0)
            if self._misses >= GONE_AFTER and self._now_s - last_s >= GONE_S:
                self._seen.clear()
        else:
            yield from self._found(found)
        # A tag that was spoken to hears no further question until it has lost its power.
        yield _Ask(Command.RF_CONFIGURATION, _FIELD_OFF)

    def _found(self, found: Target) -> _Talk:
        self._misses = 0
        self._seen = {tag: at_s for tag, at_s in self._seen.items() if self._now_s - at_s <= UNSEEN_S}
        if _key(found) in self._seen:
            self._seen[_key(found)] = self._now_s
        else:
            url = yield from self._read(found)
            # A lost byte that was zero changes no sum: another UID now means that one of both is wrong.
            again = yield from self._look_anew()
            if again is None or _is_same(found, again):
                self._seen[_key(found)] = self._now_s
                self._events.append(Touched(found.uid.hex().upper(), url))

    def _read(self, target: Target) -> Generator[_Ask | _Rest, bytes | None, str | None]:
        """The tag's URL; None: it has none, or was taken away before it was told."""
        for _ in range(_READ_TRIES):
            reading = reading_of(target)
            if reading is None:
                return None
            message = yield from self._exchanged(reading)
            if message is not None:
                return url_in(message)
            again = yield from self._look_anew()
            if again is None or not _is_same(target, again):
                return None
        return None

    def _look_anew(self) -> Generator[_Ask | _Rest, bytes | None, Target | None]:
        yield _Ask(Command.RF_CONFIGURATION, _FIELD_OFF)
        return target_in((yield _Ask(Command.IN_LIST_PASSIVE_TARGET, _ONE_TYPE_A)) or b"")

    def _exchanged(self, reading: Reading) -> Generator[_Ask | _Rest, bytes | None, bytes | None]:
        order = next(reading)
        while True:
            answer = yield _Ask(Command.IN_DATA_EXCHANGE, _FIRST_TARGET + order)
            try:
                order = reading.send(_of_tag(answer))
            except StopIteration as ended:
                message: bytes | None = ended.value
                return message

    def _light(self) -> _Talk:
        if self._lamp is None:
            return
        if self._colour is not None and self._now_s >= self._lamp_until_s:
            self._colour = None
        if self._colour is not self._shown:
            self._shown = self._colour
            yield _Ask(Command.WRITE_GPIO, pins_of(self._lamp, self._colour))

    def _until_next(self) -> float:
        return 0.0 if self._colour is not self._shown else POLL_REST_S


def _key(target: Target) -> bytes:
    """What tells it from other tags; a UID that is drawn anew each time tells nothing."""
    return b"" if target.is_random else target.uid


def _is_same(one: Target, other: Target) -> bool:
    return _key(one) == _key(other)


def _firmware(data: bytes | None) -> str | None:
    """IC, version, revision, what it supports."""
    return f"{data[1]}.{data[2]}" if data is not None and len(data) == 4 else None


def _of_tag(answer: bytes | None) -> bytes | None:
    """What the tag answered; None: the status says that it did not, or not all of it."""
    if not answer or answer[0] & (_STATUS | _MORE):
        return None
    return answer[1:]
