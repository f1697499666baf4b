"""What is simulated: the campus as its caller describes it, resolved and frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time, tzinfo
from enum import Enum

from devices.facts import Kind


class Dialect(Enum):
    """Whose payloads a simulated device speaks."""

    NATIVE = "native"
    ZIGBEE2MQTT = "zigbee2mqtt"
    TASMOTA = "tasmota"


class SimulationError(Exception):
    """A plan or a scenario that cannot be simulated, with every fault that was found."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Words:
    """One text for people, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the simulated devices connect, and as whom."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class SimDevice:
    """One device. `topic`: a maker's base topic (Tasmota: its %topic%); `sensor`: a Tasmota DS18B20's Id.

    `storing` is `chilled`, `frozen`, `sample` or empty. Its clock is `clock_error_s` ahead at the start of a
    run and gains `clock_ppm` millionths.
    """

    id: str
    kind: Kind
    dialect: Dialect
    topic: str
    sensor: str
    interval_s: float
    storing: str
    clock_error_s: float = 0.0
    clock_ppm: float = 0.0


@dataclass(frozen=True, slots=True)
class SimSigning:
    """What makes a tag sign its reads: two keys of 16 bytes, and the count of its last read, at least."""

    meta_read_key: bytes = field(repr=False)
    file_read_key: bytes = field(repr=False)
    count: int = 0


@dataclass(frozen=True, slots=True)
class SimCheckpoint:
    """A place with a tag; `tag_uid` is upper-case hex. `signing` None: it has a UID and nothing else."""

    id: str
    tag_uid: str
    signing: SimSigning | None = None


@dataclass(frozen=True, slots=True)
class SimRound:
    """A walk on every day of `weekdays` (Monday is 0). `ends` before `starts` means the next day."""

    id: str
    starts: time
    ends: time
    checkpoints: tuple[str, ...]
    badge: str
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True)
class SimPlan:
    """The simulated campus. `reader`: the checkpoint device that guards carry; empty: nobody walks."""

    site: str
    zone: tzinfo
    devices: tuple[SimDevice, ...]
    checkpoints: tuple[SimCheckpoint, ...]
    rounds: tuple[SimRound, ...]
    reader: str


def check(plan: SimPlan) -> None:
    """Raises SimulationError with every fault of the plan."""
    faults = (*_device_faults(plan), *_round_faults(plan))
    if faults:
        raise SimulationError(faults)


def _device_faults(plan: SimPlan) -> Iterator[str]:
    for name, count in Counter(device.id for device in plan.devices).items():
        if count > 1:
            yield f"device {name!r} is planned {count} times"
    for device in plan.devices:
        native = device.dialect is Dialect.NATIVE
        if not native and device.kind not in (Kind.FRIDGE, Kind.METER):
            yield f"device {device.id!r}: a {device.kind.value} speaks the native dialect only"
        if not native and not device.topic:
            yield f"device {device.id!r}: a {device.dialect.value} device needs a topic"
        if device.interval_s <= 0:
            yield f"device {device.id!r}: its interval is not positive"
        if device.storing not in ("", "chilled", "frozen", "sample"):
            yield f"device {device.id!r}: nothing is stored {device.storing!r}"


def _round_faults(plan: SimPlan) -> Iterator[str]:
    readers = {device.id for device in plan.devices if device.kind is Kind.CHECKPOINT}
    if plan.reader and plan.reader not in readers:
        yield f"the reader {plan.reader!r} is not a planned device of kind checkpoint"
    known = {checkpoint.id for checkpoint in plan.checkpoints}
    for planned in plan.rounds:
        for checkpoint in planned.checkpoints:
            if checkpoint not in known:
                yield f"round {planned.id!r}: checkpoint {checkpoint!r} is not planned"
        if not set(planned.weekdays) <= set(range(7)):
            yield f"round {planned.id!r}: weekdays are 0 (Monday) to 6"
