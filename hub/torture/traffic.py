"""What the tortured hub is told: messages that can be found again in log and history; pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from devices.facts import Kind, Reading
from devices.topics import Channel, NativeTopic

SITE: Final = "torture"
BOOT: Final = 1
STEP_MS: Final = 20_000  # between two readings of one fridge, by its own clock
_NUMBERED: Final = "cold-"
_CLOCKLESS: Final = "meter-"
_ONE_IN: Final = 5  # every so many devices one has neither a clock nor numbers


@dataclass(frozen=True, slots=True)
class Traffic:
    """Message `i` is from device `i % devices`. The same arguments give the same messages."""

    messages: int
    devices: int
    seed: int
    first_ms: int

    def device(self, index: int) -> str:
        """Who sends message `index`."""
        number = index % self.devices
        return f"{_CLOCKLESS if is_clockless(number) else _NUMBERED}{number}"

    def kind(self, index: int) -> Kind:
        """What its sender is."""
        return Kind.METER if is_clockless(index % self.devices) else Kind.FRIDGE

    def topic(self, index: int) -> str:
        """Where message `index` is published."""
        return str(NativeTopic(SITE, self.kind(index), self.device(index), Channel.READING))

    def measured_at_ms(self, index: int) -> int:
        """What a fridge's clock says in message `index`."""
        return self.first_ms + index // self.devices * STEP_MS

    def texts(self) -> Iterator[str]:
        """The payloads, in order."""
        stories = [story(f"{self.seed}/{number}") for number in range(self.devices)]
        for index in range(self.messages):
            if is_clockless(index % self.devices):
                yield f'{{"energy_kwh":{index}}}'
                continue
            celsius = next(stories[index % self.devices])
            head = f'"at":{self.measured_at_ms(index) / 1000},"boot":{BOOT},"seq":{index // self.devices}'
            yield f'{{{head},"temperature_c":{celsius}}}'

    def index_of(self, fact: Reading) -> int | None:
        """Which message a fact of the log came from; None: from none of these."""
        kind, _, number = fact.device.rpartition("-")
        if not number.isdigit() or kind + "-" not in (_NUMBERED, _CLOCKLESS):
            return None
        if kind + "-" == _CLOCKLESS:
            return int(dict(fact.values)["energy_kwh"])
        return int(fact.key.rpartition(":")[2]) * self.devices + int(number)


def is_clockless(number: int) -> bool:
    """Whether the device of this number sends neither its time nor a sequence number."""
    return number % _ONE_IN == _ONE_IN - 1


def story(seed: str) -> Iterator[float]:
    """A fridge's temperatures for ever: mostly well, at times warm or frozen for long enough, or faulty."""
    dice = random.Random(seed)  # noqa: S311 - a simulated fridge
    while True:
        for low, high, shortest, longest in ((2.0, 6.0, 8, 60), _trouble(dice)):
            for _ in range(dice.randint(shortest, longest)):
                yield round(dice.uniform(low, high), 1)


def _trouble(dice: random.Random) -> tuple[float, float, int, int]:
    """Between which temperatures, and for how many readings."""
    return dice.choice(
        (
            (9.0, 14.0, 20, 70),  # the rule waits for thirty
            (-4.0, -1.0, 20, 70),
            (-127.0, -127.0, 1, 3),  # a probe that came off
            (7.2, 7.8, 5, 20),  # between clear and limit
        )
    )
