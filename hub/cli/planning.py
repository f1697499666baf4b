"""From the configuration to what the simulator needs: the one place that knows both."""

from __future__ import annotations

from typing import Final

from devices.facts import Kind
from firmware_sim.plan import (
    BrokerAddress,
    Dialect,
    SimCheckpoint,
    SimDevice,
    SimPlan,
    SimRound,
    SimSigning,
)
from hub.config.model import Broker, Campus, Device
from hub.config.walkers import walkers_of

_A_READERS_INTERVAL_S: Final = 60.0


def plan_of(campus: Campus) -> SimPlan:
    """The configured campus as the simulator sees it."""
    readers = [device.id for device in campus.devices.values() if device.kind is Kind.CHECKPOINT]
    return SimPlan(
        site=campus.site.id,
        zone=campus.site.zone,
        devices=tuple(_device(device) for device in campus.devices.values() if device.kind is not Kind.HUB),
        checkpoints=tuple(
            SimCheckpoint(place.id, place.tag_uid, _signing(campus, place.tag_uid))
            for place in campus.checkpoints.values()
        ),
        rounds=tuple(
            SimRound(
                walk.id,
                walk.starts,
                walk.ends,
                walk.checkpoints,
                next((person.badge for person in walkers_of(campus, walk) if person.badge), ""),
                walk.weekdays,
            )
            for walk in campus.rounds.values()
        ),
        reader=readers[0] if readers else "",
    )


def broker_address(broker: Broker) -> BrokerAddress:
    """Where the simulated devices connect; a broker that listens everywhere is reached on this computer."""
    host = "127.0.0.1" if broker.host in ("0.0.0.0", "::") else broker.host  # noqa: S104 - compared, not bound
    return BrokerAddress(host, broker.port, broker.username, broker.password)


def _signing(campus: Campus, uid: str) -> SimSigning | None:
    """The keys of an enrolled tag: the simulator signs as the real one would."""
    enrolled, keys = campus.tags.enrolled.get(uid), campus.tags.keys
    if enrolled is None or keys is None:
        return None
    return SimSigning(keys.meta_read_key(), keys.file_read_key(bytes.fromhex(uid)), enrolled.from_count)


def _device(device: Device) -> SimDevice:
    return SimDevice(
        id=device.id,
        kind=device.kind,
        dialect=Dialect(device.format.value),
        topic=device.topic,
        sensor=device.sensor,
        interval_s=device.interval_ms / 1000 or _A_READERS_INTERVAL_S,
        storing=device.storing.value if device.storing else "",
    )
