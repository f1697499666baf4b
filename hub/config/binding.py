"""What the rules watch on this campus."""

from __future__ import annotations

from hub.config.model import Campus, Device
from rules.bind import DeviceTarget, bind
from rules.model import Rule, Silent, Subject, Watch


def target_of(device: Device) -> DeviceTarget:
    """One device as rules see it."""
    storing = device.storing.value if device.storing else ""
    return DeviceTarget(device.id, device.kind, storing, device.interval_ms, device.low, device.high)


def watches_of(campus: Campus, device: Device) -> tuple[Watch, ...]:
    """Everything that is watched on one device, in the catalogue's order."""
    target = target_of(device)
    bound = (bind(rule, target) for rule in campus.rules.values() if rule.select.subject is Subject.DEVICE)
    return tuple(watch for watch in bound if watch is not None and not _never_due(watch, device))


def watches_of_devices(campus: Campus) -> tuple[Watch, ...]:
    """Everything that is watched on devices: one watch for each rule and device that it selects."""
    return tuple(watch for device in campus.devices.values() for watch in watches_of(campus, device))


def idle_rules(campus: Campus) -> tuple[Rule, ...]:
    """The rules in force that select nothing on this campus."""
    busy = {watch.rule for watch in watches_of_devices(campus)}
    return tuple(
        rule
        for rule in campus.rules.values()
        if rule.id not in busy and not (rule.select.subject is Subject.ROUND and campus.rounds)
    )


def _never_due(watch: Watch, device: Device) -> bool:
    """A device that is not expected to speak at intervals (a reader) is never silent."""
    return isinstance(watch.condition, Silent) and device.interval_ms == 0
