"""The program inside a device: what it calls itself, what it says when it comes and goes, how it reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from random import Random
from typing import Final, Protocol

from devices.facts import Kind
from devices.topics import Channel
from firmware_sim.dialects import Measured, Message, native, tasmota, zigbee2mqtt
from firmware_sim.link import Identity
from firmware_sim.outbox import Outbox
from firmware_sim.plan import Dialect, SimDevice
from firmware_sim.sun_tag import Signed

QUEUE_CAPACITY: Final = 500


class Firmware(Protocol):
    """One board with its program. `at_s` is true Unix time; the board's own clock may differ."""

    identity: Identity

    def outbox(self) -> Outbox:
        """An empty outbox of the size that this board has."""

    def reboot(self) -> None:
        """The board starts anew."""

    def hello(self, at_s: float) -> Message:
        """Said after each connection."""

    def goodbye(self) -> Message:
        """Said before an orderly leave."""

    def report(self, at_s: float, measured: Sequence[Measured]) -> tuple[Message, ...]:
        """The facts of one measuring round."""

    def heartbeat(self, at_s: float) -> Message | None:
        """Said instead of a report by a board that measures nothing."""


class NativeFirmware:
    """The campus's own firmware: boot id, sequence numbers and an offline queue that goes out as arrays."""

    def __init__(self, site: str, zone: tzinfo, device: SimDevice, boot: int, started_s: float) -> None:
        self._device = device
        # Meters count Unix seconds; what people look at writes local time with its offset.
        self._zone = None if device.kind is Kind.METER else zone
        self._boot = boot
        self._seq = 0
        self._started_s = started_s
        self._error_s: float | None = device.clock_error_s
        self._site = site
        self._status = native.topic_of(site, device.kind, device.id, Channel.STATUS)
        reply = native.topic_of(site, device.kind, device.id, Channel.REPLY)
        listens_to = (str(reply),) if device.kind is Kind.CHECKPOINT else ()
        self.identity = Identity(f"sim-{site}-{device.id}", native.last_will(self._status), listens_to)

    def outbox(self) -> Outbox:
        """Some minutes to hours of readings, sent as arrays."""
        return Outbox(QUEUE_CAPACITY, native.BATCH_LIMIT)

    def reboot(self) -> None:
        """A new boot id, and sequence numbers from the start."""
        self._boot += 1
        self._seq = 0

    def set_clock(self, error_s: float | None) -> None:
        """From now on its clock is so far ahead; None: it forgot the time and counts from 1970."""
        self._error_s = error_s

    def hello(self, at_s: float) -> Message:
        """`online` on the retained status topic."""
        return native.online(self._status, self._head(at_s))

    def goodbye(self) -> Message:
        """The same words as the last will."""
        return native.last_will(self._status)

    def report(self, at_s: float, measured: Sequence[Measured]) -> tuple[Message, ...]:
        """One reading."""
        topic = native.topic_of(self._site, self._device.kind, self._device.id, Channel.READING)
        return tuple(native.reading(topic, self._head(at_s), one.state) for one in measured)

    def tap(
        self, at_s: float, tap_id: str, tag_uid: str, badge: str, signed: Signed | None = None
    ) -> Message:
        """One tag read."""
        topic = native.topic_of(self._site, self._device.kind, self._device.id, Channel.TAP)
        return native.tap(topic, self._head(at_s), tap_id, tag_uid, badge, signed)

    def heartbeat(self, at_s: float) -> Message | None:
        """Readers and gateways measure nothing: they say from time to time that they are there."""
        return self.hello(at_s) if self._device.kind in (Kind.CHECKPOINT, Kind.GATEWAY) else None

    def _head(self, at_s: float) -> native.Head:
        self._seq += 1
        up_s = at_s - self._started_s
        if self._error_s is None:
            return native.Head(max(0.0, up_s), self._zone, self._boot, self._seq)
        drift_s = up_s * self._device.clock_ppm / 1_000_000
        return native.Head(at_s + self._error_s + drift_s, self._zone, self._boot, self._seq)


class ZigbeeFirmware:
    """A Zigbee device behind Zigbee2MQTT, which keeps nothing while the broker is away."""

    def __init__(self, site: str, device: SimDevice, random: Random) -> None:
        self._topic = device.topic
        self._random = random
        self._linkquality = random.randint(60, 200)
        will = zigbee2mqtt.availability(device.topic, online=False)
        self.identity = Identity(f"sim-{site}-{device.id}", will)

    def outbox(self) -> Outbox:
        """Without a connection it keeps the latest message only."""
        return Outbox(QUEUE_CAPACITY, 1, offline_capacity=1)

    def reboot(self) -> None:
        """Nothing that it says changes."""

    def hello(self, at_s: float) -> Message:  # noqa: ARG002  makers' presence carries no time
        """`{"state":"online"}`, retained."""
        return zigbee2mqtt.availability(self._topic, online=True)

    def goodbye(self) -> Message:
        """`{"state":"offline"}`, retained."""
        return self.identity.will

    def report(self, at_s: float, measured: Sequence[Measured]) -> tuple[Message, ...]:
        """One message for its one sensor."""
        quality = max(1, min(255, self._linkquality + self._random.randint(-8, 8)))
        return tuple(zigbee2mqtt.reading(self._topic, at_s, one.state, quality) for one in measured)

    def heartbeat(self, at_s: float) -> Message | None:  # noqa: ARG002  it always measures something
        """Never."""
        return None


class TasmotaFirmware:
    """A Tasmota board with all that hangs on it; it keeps nothing while the broker is away."""

    def __init__(self, site: str, zone: tzinfo, topic: str) -> None:
        self._topic = topic
        self._zone = zone
        self.identity = Identity(f"sim-{site}-tasmota-{topic}", tasmota.lwt(topic, online=False))

    def outbox(self) -> Outbox:
        """Without a connection it keeps the latest message only."""
        return Outbox(QUEUE_CAPACITY, 1, offline_capacity=1)

    def reboot(self) -> None:
        """Nothing that it says changes."""

    def hello(self, at_s: float) -> Message:  # noqa: ARG002  makers' presence carries no time
        """`Online`, retained."""
        return tasmota.lwt(self._topic, online=True)

    def goodbye(self) -> Message:
        """`Offline`, retained."""
        return self.identity.will

    def report(self, at_s: float, measured: Sequence[Measured]) -> tuple[Message, ...]:
        """One message for all sensors of the board."""
        return (tasmota.sensor(self._topic, at_s, self._zone, measured),)

    def heartbeat(self, at_s: float) -> Message | None:  # noqa: ARG002  it always measures something
        """Never."""
        return None


def boards(devices: Sequence[SimDevice]) -> tuple[tuple[SimDevice, ...], ...]:
    """The devices grouped by the board they live on: Tasmota devices with one topic share one."""
    grouped: dict[tuple[str, str], list[SimDevice]] = {}
    for device in devices:
        shared = device.dialect is Dialect.TASMOTA
        grouped.setdefault(("board", device.topic) if shared else ("device", device.id), []).append(device)
    return tuple(tuple(group) for group in grouped.values())
