"""One simulated device on the network: it connects, reconnects with full jitter, and hands over its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from firmware_sim.dialects import Message
from firmware_sim.firmware import Firmware
from firmware_sim.link import Link, Network
from firmware_sim.outbox import joined

_WINDOW: Final = 32  # messages sent and not yet acknowledged
_BACKOFF_LEAST_S: Final = 0.25  # the broker speaks the last will before the device says hello again
_BACKOFF_FIRST_S: Final = 1.0
_BACKOFF_LIMIT_S: Final = 30.0
_CONNACK_LIMIT_S: Final = 10.0


class Device:
    """The shell around one board's firmware. It reads no clock: `tend` is told the time."""

    def __init__(self, firmware: Firmware, network: Network, random: Random, window: int = _WINDOW) -> None:
        self.outbox = firmware.outbox()
        self.published = 0
        self.replies = 0
        self.reconnects = 0
        self.trouble = ""
        self.on_reply: Callable[[bytes], None] = _ignored
        self._firmware = firmware
        self._network = network
        self._random = random
        self._window = window
        self._link: Link | None = None
        self._up = False
        self._reachable = True
        self._powered = True
        self._was_up = False
        self._failures = 0
        self._retry_at_s = 0.0
        self._asked_at_s = 0.0
        self._now_s = 0.0
        self._stamp_s = 0.0

    @property
    def up(self) -> bool:
        """Whether the broker has accepted its connection."""
        return self._up

    @property
    def powered(self) -> bool:
        """Whether it runs at all."""
        return self._powered

    @property
    def wants_to_connect(self) -> bool:
        """Whether `tend` would try to connect now or later."""
        return self._powered and self._reachable and self._link is None

    def tend(self, now_s: float, stamp_s: float) -> bool:
        """Connects when it is time to; returns whether it tried. `stamp_s` is what its clock shows."""
        self._now_s, self._stamp_s = now_s, stamp_s
        if self._link is not None and not self._up and now_s - self._asked_at_s > _CONNACK_LIMIT_S:
            self._link.kill()
            self.on_down("no answer")
        if not self.wants_to_connect or now_s < self._retry_at_s:
            return False
        self._asked_at_s = now_s
        try:
            self._link = self._network.connect(self._firmware.identity, self)
        except OSError as error:
            self.on_down(error.strerror or str(error))
        return True

    def send(self, facts: Iterable[Message]) -> None:
        """Hands facts over, now or when there is a connection again."""
        self.outbox.put(facts)
        self._push()

    def say(self, message: Message) -> None:
        """Says something that is only true now: without a connection it is left unsaid."""
        if self._link is not None and self._up:
            self.outbox.sent(self._link.publish(message), ())

    def cut(self) -> None:
        """Its network is gone; it goes on measuring."""
        self._reachable = False
        self._hang_up()

    def restore(self) -> None:
        """Its network is back."""
        self._reachable = True
        self._retry_at_s = self._now_s

    def power_off(self) -> None:
        """It loses its electricity, and with it what it had not handed over."""
        self._powered = False
        self._hang_up()
        self.outbox.power_lost()

    def power_on(self) -> None:
        """It starts anew."""
        if not self._powered:
            self._powered = True
            self._firmware.reboot()
            self._retry_at_s = self._now_s

    def leave(self) -> None:
        """Says goodbye and disconnects in good order."""
        if self._link is None:
            return
        self.say(self._firmware.goodbye())
        self._link.close()
        self._link, self._up, self._reachable = None, False, False

    def on_up(self) -> None:
        """The broker accepted the connection: says hello and sends the backlog."""
        self._up = True
        self.outbox.connection_made()
        self._failures = 0
        self.trouble = ""
        self.reconnects += self._was_up
        self._was_up = True
        self.say(self._firmware.hello(self._stamp_s))
        self._push()

    def on_down(self, why: str) -> None:
        """The connection is lost: the next try comes after a random part of a growing delay."""
        self._link, self._up = None, False
        self.trouble = why
        self.outbox.connection_lost()
        limit_s = min(_BACKOFF_LIMIT_S, _BACKOFF_FIRST_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._retry_at_s = self._now_s + max(_BACKOFF_LEAST_S, self._random.uniform(0, limit_s))

    def on_acknowledged(self, message: int) -> None:
        """The broker has one more message: there is room for the next."""
        self.outbox.acknowledge(message)
        self._push()

    def on_message(self, topic: str, payload: bytes) -> None:  # noqa: ARG002  it listens to one topic
        """The hub answered a tap."""
        self.replies += 1
        self.on_reply(payload)

    def _push(self) -> None:
        while self._link is not None and self._up and self.outbox.under_way < self._window:
            facts = self.outbox.take()
            if not facts:
                return
            self.published += len(facts)
            self.outbox.sent(self._link.publish(joined(facts)), facts)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.kill()
            self.on_down("")


def _ignored(_: bytes) -> None:
    """Nobody looks at the lamp."""
