"""One reader at work: what comes from its port and its connection is decided elsewhere and done here.

Everything is called from one thread. Whoever owns it hands in clocks, the outbox, and how lines are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, assert_never

import msgspec

from devices.facts import Kind
from devices.gateway.broker import Identity, LinkEvents
from devices.gateway.model import BrokerPlan, GatewayPlan, ReaderPlan
from devices.gateway.outbox import Outbox, OutboxError
from devices.gateway.replies import Reply, reply_in
from devices.gateway.saying import LATER_S, Texts, reply_line, time_of_day
from devices.gateway.sending import (
    Answered,
    CaughtUp,
    Courier,
    Deed,
    Kept,
    Publish,
    TakeOut,
    Unanswered,
    Waiting,
    backoff_s,
)
from devices.gateway.taps import Holder, TakenUp, Tap, instant, payload_of, tag_uid_in
from devices.gateway.troubles import Trouble
from devices.pn532_lamp import Colour
from devices.pn532_reader import Event, Lost, Pn532Reader, Ready, Touched
from devices.topics import Channel, NativeTopic

OFFLINE: Final = b'{"online":false}'
_OUTBOX_RETRY_S: Final = 5.0
# A connection that is lost sooner was none: two gateways with one name throw each other out.
_HELD_S: Final = 30.0


class SendsBytes(Protocol):
    """A serial port."""

    def start(self) -> None: ...
    def write(self, data: bytes) -> None: ...
    def stop(self) -> None: ...


class SendsMessages(Protocol):
    """One connection to the broker."""

    def open(self) -> None: ...
    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int: ...
    def close(self) -> None: ...
    def drop(self) -> None: ...


class Around(msgspec.Struct, frozen=True):
    """What stations share. `now`: Unix seconds; `steady`: seconds that never jump; `draw`: 0 to 1."""

    texts: Texts
    outbox: Outbox
    now: Callable[[], float]
    steady: Callable[[], float]
    draw: Callable[[], float]
    new_id: Callable[[], str]
    show: Callable[[str, str, int], None]  # of which reader, the line, how often the bell rings
    connect: Callable[[BrokerPlan, Identity, LinkEvents], SendsMessages]
    hear: Callable[[LinkEvents], LinkEvents]  # the same events, in the thread of the stations


class Station:
    """A PN532, its taps, and its connection to the broker."""

    def __init__(self, plan: GatewayPlan, reader: ReaderPlan, around: Around) -> None:
        self.reader = reader
        self._plan = plan
        self._around = around
        self._chip = Pn532Reader(reader.lamp)
        self._holder = Holder(reader, plan.guards)
        self._courier = Courier()
        self._port: SendsBytes | None = None
        self._link: SendsMessages | None = None
        self._connect_at_s = 0.0
        self._failures = 0
        self._up_s: float | None = None  # since when there is a connection
        self._broker_trouble: bool | None = None  # as it was last said: None: none; whether it was refused
        self._port_trouble = False
        self._chip_trouble = False
        self._is_ready = False
        self._sent: dict[int, str] = {}  # the tap of each message that is not acknowledged
        self._done: list[int] = []  # what the outbox need not keep any longer
        self._outbox_at_s = 0.0

    @property
    def deadline_s(self) -> float:
        """When `turn` has something to do, if nothing happens before."""
        dues = [self._chip.deadline_s, self._courier.deadline_s]
        if self._link is None:
            dues.append(self._connect_at_s)
        if self._done:
            dues.append(self._outbox_at_s)
        return min((due for due in dues if due is not None), default=self._around.steady() + 1.0)

    def begin(self, port: SendsBytes) -> None:
        """Opens the port, and says what waits from before."""
        self._port = port
        if waiting := self._around.outbox.count(self.reader.id):
            self._say("gateway.waiting", taps=waiting)
        port.start()

    def turn(self) -> None:
        """Does what is due."""
        now_s = self._around.steady()
        self._react(self._chip.tick(now_s))
        self._do(self._courier.passes(now_s))
        if self._link is None and now_s >= self._connect_at_s:
            self._connect()
        self._offer()
        self._write()
        if self._done and now_s >= self._outbox_at_s:
            self._take_out(now_s)

    def end(self) -> None:
        """Takes leave of the broker, and closes the port."""
        if self._link is not None:
            if self._courier.connected:
                self._publish_presence(online=False)
            self._link.close()
        if self._port is not None:
            self._port.stop()
        if self._done:
            self._take_out(self._around.steady())

    # --- the port ---

    def port_opened(self) -> None:
        """The line is there."""
        if self._port_trouble:
            self._port_trouble = False
            self._say("reader.port_open", port=self.reader.port)
        self._react(self._chip.begin(self._around.steady()))
        self._write()

    def port_spoke(self, data: bytes) -> None:
        """Bytes from the chip."""
        self._react(self._chip.receive(data, self._around.steady()))
        self._write()

    def port_gone(self, why: Trouble | str, was_open: bool) -> None:
        """The line is not there, or not any more; it is tried again."""
        self._chip.end()
        self._ready(is_ready=False)
        if not self._port_trouble:
            self._port_trouble = True
            name = "reader.port_lost" if was_open else "reader.port_closed"
            self._say(name, port=self.reader.port, why=self._around.texts.trouble(why))

    def _write(self) -> None:
        if (data := self._chip.output()) and self._port is not None:
            self._port.write(data)

    def _react(self, events: tuple[Event, ...]) -> None:
        for event in events:
            match event:
                case Ready(firmware):
                    self._say("reader.back" if self._chip_trouble else "reader.ready", firmware=firmware)
                    self._chip_trouble = False
                    self._ready(is_ready=True)
                case Lost():
                    self._chip_trouble = True
                    self._say("reader.lost")
                    self._ready(is_ready=False)
                case Touched():
                    self._touched(event)
                case _:
                    assert_never(event)

    def _touched(self, touch: Touched) -> None:
        meaning = self._holder.meaning(touch, self._around.steady())
        match meaning:
            case Tap():
                self._tapped(meaning)
            case TakenUp(guard):
                own = self.reader.guard
                if own is None or own == guard:
                    self._say("badge.taken_up", Colour.GREEN, name=guard.name)
                else:
                    self._say("badge.kept_by", Colour.RED, name=guard.name, by=own.name)
            case _:
                assert_never(meaning)

    def _tapped(self, tap: Tap) -> None:
        tap_id = self._around.new_id()
        texts = self._around.texts
        try:
            payload = payload_of(tap, tap_id, self._around.now())
            waiting = self._around.outbox.put(self.reader.id, tap_id, payload)
        except OutboxError as error:
            self._say("tap.not_kept", Colour.RED, why=error.problem)
            return
        if waiting is None:
            self._say("tap.not_kept", Colour.RED, why=texts("tap.full", limit=self._plan.limit))
            return
        self._do(self._courier.tapped(waiting, self._around.steady()))
        self._offer()

    # --- the broker ---

    def on_up(self) -> None:
        """The broker accepted the connection: it hears how we are, then what waits."""
        if self._broker_trouble is not None or not self._failures:
            self._say("broker.up", broker=self._broker_name())
        self._broker_trouble, self._up_s = None, self._around.steady()
        self._sent.clear()
        self._courier.connects()
        self._publish_presence(online=self._is_ready)
        self._offer()

    def on_down(self, why: Trouble | str, refused: bool) -> None:
        """The connection is lost, or was not made: another one, after a while."""
        if self._link is not None:
            self._link.drop()
        self._link = None
        if self._broker_trouble is not refused:
            self._broker_trouble = refused
            name = "broker.refused" if refused else "broker.down"
            self._say(name, broker=self._broker_name(), why=self._around.texts.trouble(why))
        if self._up_s is not None and self._around.steady() - self._up_s >= _HELD_S:
            self._failures = 0
        self._failures, self._up_s = self._failures + 1, None
        self._connect_at_s = self._around.steady() + backoff_s(self._failures, self._around.draw())
        self._sent.clear()
        self._do(self._courier.disconnects())

    def on_acknowledged(self, message: int) -> None:
        """The broker has it."""
        tap_id = self._sent.pop(message, None)
        if tap_id is not None:
            left = self._around.outbox.count(self.reader.id) - len(self._done) - 1
            self._do(self._courier.acknowledged(tap_id, left))
            self._offer()

    def on_message(self, payload: bytes) -> None:
        """The hub answers."""
        reply = reply_in(payload)
        if reply is not None:
            self._do(self._courier.heard(reply))

    def _connect(self) -> None:
        identity = Identity(
            f"campushub-{self.reader.id}", self._topic(Channel.STATUS), OFFLINE, self._topic(Channel.REPLY)
        )
        self._link = self._around.connect(self._plan.broker, identity, self._around.hear(self))
        self._link.open()

    def _ready(self, *, is_ready: bool) -> None:
        changed, self._is_ready = self._is_ready is not is_ready, is_ready
        if changed and self._courier.connected:
            self._publish_presence(online=is_ready)

    def _publish_presence(self, *, online: bool) -> None:
        if self._link is not None:
            told = msgspec.json.encode({"online": online, "at": instant(self._around.now())})
            self._link.publish(self._topic(Channel.STATUS), told, retain=True)

    def _topic(self, channel: Channel) -> str:
        return str(NativeTopic(self._plan.site, Kind.CHECKPOINT, self.reader.id, channel))

    def _broker_name(self) -> str:
        return f"{self._plan.broker.host}:{self._plan.broker.port}"

    # --- taps ---

    def _offer(self) -> None:
        room = self._courier.room
        if not room or not self._around.outbox.count(self.reader.id):
            return
        try:
            waiting = self._around.outbox.after(self.reader.id, self._courier.offered_to, room)
        except OutboxError:
            return  # what is in it stays in it
        self._do(self._courier.offered(waiting, self._around.steady()))

    def _take_out(self, now_s: float) -> None:
        try:
            self._around.outbox.take_out(self.reader.id, self._done)
        except OutboxError:
            self._outbox_at_s = now_s + _OUTBOX_RETRY_S
            return
        self._done.clear()

    def _do(self, deeds: tuple[Deed, ...]) -> None:
        for deed in deeds:
            match deed:
                case Publish(tap):
                    self._send(tap)
                case TakeOut(seq):
                    self._done.append(seq)
                case Kept():
                    self._say("tap.kept", Colour.YELLOW)
                case Unanswered(_, ever_heard):
                    if ever_heard:
                        self._say("tap.unanswered", Colour.YELLOW)
                    else:
                        self._say("tap.never_answered", Colour.RED, id=self.reader.id)
                case Answered(reply, tap, tapped_s):
                    self._answered(reply, tap, tapped_s)
                case CaughtUp(taps):
                    self._say("tap.caught_up", taps=taps)
                case _:
                    assert_never(deed)

    def _send(self, tap: Waiting) -> None:
        if self._link is not None:
            self._sent[self._link.publish(self._topic(Channel.TAP), tap.payload.encode())] = tap.tap_id

    def _answered(self, reply: Reply, tap: Waiting, tapped_s: float) -> None:
        ago_s = self._around.steady() - tapped_s
        at = time_of_day(self._around.now() - ago_s, self._plan.zone) if ago_s > LATER_S else None
        unknown = self._holder.answered(reply, tag_uid_in(tap.payload), tapped_s)
        colour = Colour.GREEN if reply.accepted else Colour.RED
        self._show(reply_line(reply, self._around.texts, at, unknown), colour)

    # --- saying ---

    def _say(self, name: str, colour: Colour | None = None, /, **values: object) -> None:
        self._show(self._around.texts(name, **values), colour)

    def _show(self, line: str, colour: Colour | None) -> None:
        if colour is not None:
            self._chip.show(colour, self._around.steady())
            self._write()
        self._around.show(self.reader.id, line, _RINGS[colour])


_RINGS: Final = {None: 0, Colour.GREEN: 1, Colour.YELLOW: 1, Colour.RED: 2}
