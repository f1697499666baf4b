"""A load generator: many publishers of small native readings, and a count of what the broker acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from devices.facts import Kind
from devices.topics import Channel
from firmware_sim.device import Device
from firmware_sim.dialects import Measured, Message, native
from firmware_sim.dice import dice
from firmware_sim.link import Identity, MqttNetwork, Network
from firmware_sim.outbox import Outbox
from firmware_sim.plan import BrokerAddress

PAYLOAD_BYTES: Final = 120
_CAPACITY: Final = 100_000
_WINDOW: Final = 500
_PUMP_S: Final = 0.01
_DRAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """`made` readings fell due, `acknowledged` of them are the broker's; `seconds` include the draining."""

    publishers: int
    made: int
    acknowledged: int
    dropped: int
    reconnects: int
    seconds: float


def generate(
    broker: BrokerAddress,
    site: str,
    *,
    publishers: int,
    rate_hz: float,
    seconds: float,
    clock: Callable[[], float],
    stop: threading.Event,
) -> LoadSummary:
    """`publishers` devices send `rate_hz` readings a second each; returns when all are acknowledged."""
    network = MqttNetwork(broker)
    try:
        return generate_on(
            network, site, publishers=publishers, rate_hz=rate_hz, seconds=seconds, clock=clock, stop=stop
        )
    finally:
        network.close()


def generate_on(
    network: Network,
    site: str,
    *,
    publishers: int,
    rate_hz: float,
    seconds: float,
    clock: Callable[[], float],
    stop: threading.Event,
) -> LoadSummary:
    """The same on any network; `network.pump` is where real time passes."""
    boot = int(clock())
    sensors = [_Sensor(site, f"load-{number}", boot) for number in range(publishers)]
    devices = [Device(sensor, network, dice(0, sensor.name), _WINDOW) for sensor in sensors]
    while not all(device.up for device in devices) and not stop.is_set():
        _tend(devices, network, clock())
    began_s = clock()
    made = 0
    while not stop.is_set() and made < int(rate_hz * seconds):
        now_s = clock()
        due = int(rate_hz * min(seconds, now_s - began_s))
        for sensor, device in zip(sensors, devices, strict=True):
            device.send(sensor.reading(now_s) for _ in range(due - made))
        made = due
        _tend(devices, network, now_s)
    deadline_s = clock() + _DRAIN_S
    while any(device.outbox.queued for device in devices) and clock() < deadline_s and not stop.is_set():
        _tend(devices, network, clock())
    summary = _summary(devices, clock() - began_s)
    for device in devices:
        device.leave()
    return summary


class _Sensor:
    """The least firmware that a native reading needs; every reading is `PAYLOAD_BYTES` long."""

    def __init__(self, site: str, name: str, boot: int) -> None:
        self.name = name
        self._boot = boot
        self._seq = 0
        self._status = native.topic_of(site, Kind.FRIDGE, name, Channel.STATUS)
        self._reading = str(native.topic_of(site, Kind.FRIDGE, name, Channel.READING))
        self.identity = Identity(f"sim-{site}-{name}", native.last_will(self._status))

    def outbox(self) -> Outbox:
        return Outbox(_CAPACITY, 1)

    def reboot(self) -> None:
        self._boot += 1

    def hello(self, at_s: float) -> Message:
        self._seq += 1
        return native.online(self._status, native.Head(at_s, None, self._boot, self._seq))

    def goodbye(self) -> Message:
        return native.last_will(self._status)

    def report(self, at_s: float, measured: Sequence[Measured]) -> tuple[Message, ...]:
        del measured
        return (self.reading(at_s),)

    def heartbeat(self, at_s: float) -> Message | None:
        del at_s
        return None

    def reading(self, at_s: float) -> Message:
        self._seq += 1
        celsius = 2 + self._seq % 64 / 16
        body = f'{{"at":{at_s:.3f},"boot":{self._boot},"seq":{self._seq},"temperature_c":{celsius}'
        return Message(self._reading, body.ljust(PAYLOAD_BYTES - 1) + "}")


def _tend(devices: Sequence[Device], network: Network, now_s: float) -> None:
    for device in devices:
        device.tend(now_s, now_s)
    network.pump(_PUMP_S)


def _summary(devices: Sequence[Device], seconds: float) -> LoadSummary:
    return LoadSummary(
        publishers=len(devices),
        made=sum(device.outbox.made for device in devices),
        acknowledged=sum(device.outbox.acknowledged for device in devices),
        dropped=sum(device.outbox.dropped for device in devices),
        reconnects=sum(device.reconnects for device in devices),
        seconds=seconds,
    )
