"""A network and a clock that live in memory: `pump` is where time passes and acknowledgements arrive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo

from devices.facts import Kind
from firmware_sim.dialects import Message
from firmware_sim.link import Identity, Link, LinkEvents
from firmware_sim.plan import Dialect, SimCheckpoint, SimDevice, SimPlan, SimRound

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON_S = 1_790_568_000.0  # Monday 2026-09-28 12:00 in Shanghai


class SteppedClock:
    """A clock that moves when it is told to."""

    def __init__(self, now_s: float = NOON_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@dataclass(eq=False)
class FakeLink:
    """One connection; what was published waits for the next pump to be acknowledged."""

    network: FakeNetwork
    identity: Identity
    events: LinkEvents
    up: bool = False
    unacknowledged: list[int] = field(default_factory=list)
    numbers: int = 0

    def publish(self, message: Message) -> int:
        self.numbers += 1
        self.unacknowledged.append(self.numbers)
        self.network.published.append(message)
        return self.numbers

    def close(self) -> None:
        self.network.links.discard(self)

    def kill(self) -> None:
        if self in self.network.links:
            self.network.links.discard(self)
            self.network.published.append(self.identity.will)


class FakeNetwork:
    """A broker that can be away, and whose every pump takes `step_s` on the clock."""

    def __init__(self, clock: SteppedClock, step_s: float = 0.5) -> None:
        self.published: list[Message] = []
        self.links: set[FakeLink] = set()
        self.attempts: list[float] = []
        self.away = False
        self.acknowledges = True
        self._clock = clock
        self._step_s = step_s

    def connect(self, identity: Identity, events: LinkEvents) -> Link:
        self.attempts.append(self._clock())
        if self.away:
            raise ConnectionRefusedError(111, "Connection refused")
        link = FakeLink(self, identity, events)
        self.links.add(link)
        return link

    def pump(self, timeout_s: float) -> None:
        del timeout_s
        self._clock.now_s += self._step_s
        for link in sorted(self.links, key=lambda one: one.identity.client_id):
            if not link.up:
                link.up = True
                link.events.on_up()
            elif self.acknowledges:
                numbers, link.unacknowledged = link.unacknowledged, []
                for number in numbers:
                    link.events.on_acknowledged(number)

    def close(self) -> None:
        self.links.clear()

    def lose(self) -> None:
        """The broker goes away, and every connection with it."""
        self.away = True
        for link in tuple(self.links):
            self.links.discard(link)
            link.events.on_down("lost")

    def on(self, topic: str) -> list[str]:
        """What was published on one topic."""
        return [message.body for message in self.published if message.topic == topic]


def device(name: str, kind: Kind = Kind.FRIDGE, storing: str = "", interval_s: float = 10.0) -> SimDevice:
    """A native device."""
    return SimDevice(name, kind, Dialect.NATIVE, "", "", interval_s, storing)


def small_campus() -> SimPlan:
    """One device of each sort, two checkpoints, a round at noon and one at night."""
    return SimPlan(
        site="school",
        zone=SHANGHAI,
        devices=(
            device("cold-1", storing="chilled"),
            SimDevice("cold-2", Kind.FRIDGE, Dialect.ZIGBEE2MQTT, "zigbee2mqtt/cold-2", "", 10, "frozen"),
            SimDevice("cold-3", Kind.FRIDGE, Dialect.TASMOTA, "canteen", "00000566CC39", 10, "sample"),
            device("main", Kind.METER),
            SimDevice("boiler", Kind.METER, Dialect.TASMOTA, "meter-boiler", "", 10, ""),
            device("reader-1", Kind.CHECKPOINT),
        ),
        checkpoints=(SimCheckpoint("gate", "04A1B2C3D4E580"), SimCheckpoint("pump-room", "04C3D4E5F60718")),
        rounds=(
            SimRound("noon", time(11, 30), time(13), ("gate", "pump-room"), "9F3A5C21"),
            SimRound("night", time(23), time(1), ("pump-room", "gate"), "9F3A5C21"),
        ),
        reader="reader-1",
    )
