"""What the rules watch on this campus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from hub.config.model import Campus, Device
from rules.bind import Compile, DeviceTarget, bind
from rules.calendar import Calendar
from rules.model import Applies, Condition, Rule, Silent, Subject, Watch
from rules.windows import Hours, parse_hours


def target_of(device: Device) -> DeviceTarget:
    """One device as rules see it."""
    return DeviceTarget(
        id=device.id,
        kind=device.kind,
        storing=device.storing.value if device.storing else "",
        interval_ms=device.interval_ms,
        low=device.low,
        high=device.high,
        area=device.area,
        labels=device.labels,
        fed_by=device.fed_by,
    )


def watches_of(campus: Campus, device: Device) -> tuple[Watch, ...]:
    """Everything that is watched on one device, in the catalogue's order."""
    others = tuple(target_of(other) for other in campus.devices.values() if other.fed_by == device.id)
    return _watches(campus.rules.values(), device, _compiler(campus.calendar), others)


def condition_of(campus: Campus, rule_id: str, subject: str) -> Condition | None:
    """What a rule watches on a device; None for rounds, and where the configuration has lost either."""
    rule, device = campus.rules.get(rule_id), campus.devices.get(subject)
    if rule is None or device is None:
        return None
    others = (target_of(other) for other in campus.devices.values() if other.fed_by == subject)
    watch = bind(rule, target_of(device), others=others)
    return watch.condition if watch else None


def watches_of_devices(campus: Campus) -> tuple[Watch, ...]:
    """Everything that is watched on devices: one watch for each rule and device that it selects.

    Watches of the same hours share them, and with them the day that these have looked at."""
    hours = _compiler(campus.calendar)
    fed: dict[str, list[DeviceTarget]] = {}
    for device in campus.devices.values():
        fed.setdefault(device.fed_by, []).append(target_of(device))
    return tuple(
        watch
        for device in campus.devices.values()
        for watch in _watches(campus.rules.values(), device, hours, fed.get(device.id, ()))
    )


def idle_rules(campus: Campus) -> tuple[Rule, ...]:
    """The rules in force that select nothing on this campus."""
    busy = {watch.rule for watch in watches_of_devices(campus)}
    return tuple(
        rule
        for rule in campus.rules.values()
        if rule.id not in busy and not (rule.select.subject is Subject.ROUND and campus.rounds)
    )


def _watches(
    rules: Iterable[Rule], device: Device, hours: Compile, others: Iterable[DeviceTarget]
) -> tuple[Watch, ...]:
    target = target_of(device)
    bound = (bind(rule, target, hours, others) for rule in rules if rule.select.subject is Subject.DEVICE)
    return tuple(watch for watch in bound if watch is not None and not _never_due(watch, device))


def _compiler(calendar: Calendar) -> Compile:
    @cache
    def hours(text: str) -> Applies:
        return Hours(parse_hours(text), calendar)

    return hours


def _never_due(watch: Watch, device: Device) -> bool:
    """A device that is not expected to speak at intervals (a reader) is never silent."""
    return isinstance(watch.condition, Silent) and device.interval_ms == 0
