"""What the rules watch on this campus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from msgspec.structs import replace

from devices.facts import Kind
from devices.identity import phone_of
from hub.config.model import Campus, Device
from rules.bind import CheckpointTarget, Compile, DeviceTarget, Target, bind
from rules.calendar import Calendar
from rules.model import Applies, Condition, Role, Rule, RuleKind, Silent, Subject, Watch
from rules.windows import Hours, parse_hours

_OF_ROUNDS: Final = (Subject.ROUND, Subject.DAY)
_CALLS: Final = ("sos", "alone_min")
_CALLED_FOR_MS: Final = 12 * 3_600_000
_OF_PHONES: Final = (RuleKind.TAG_UNKNOWN, RuleKind.CLOCK)


def target_of(device: Device, campus: Campus | None = None) -> DeviceTarget:
    """One device as rules see it; `campus`: for what reads tags to know them."""
    reads = campus is not None and device.kind is Kind.CHECKPOINT
    own = campus.checkpoints.get(device.checkpoint) if campus is not None else None
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
        tag=own.tag_uid if own is not None else "",
        tags=_tags(campus) if campus is not None and reads else (),
    )


def watches_of(campus: Campus, device: Device) -> tuple[Watch, ...]:
    """Everything that is watched on one device, in the catalogue's order."""
    others = tuple(target_of(other) for other in campus.devices.values() if other.fed_by == device.id)
    return _watches(campus, device, _compiler(campus.calendar), others)


def condition_of(campus: Campus, rule_id: str, subject: str) -> Condition | None:
    """What a rule watches on a device; None for rounds, and where the configuration has lost either."""
    rule, device = campus.rules.get(rule_id), campus.devices.get(subject)
    if rule is not None and device is None:
        watches = (*_watches_of_taps(campus), *_watches_of_calls(campus))
        same = (one for one in watches if (one.rule, one.subject) == (rule_id, subject))
        return next((one.condition for one in same), None)
    if rule is None or device is None:
        return None
    others = (target_of(other) for other in campus.devices.values() if other.fed_by == subject)
    watch = bind(rule, target_of(device, campus), others=others)
    return watch.condition if watch else None


def watches_of_devices(campus: Campus) -> tuple[Watch, ...]:
    """Everything that is watched whatever is planned: one watch for each rule and device that it selects; of
    rules about taps, also one for each phone and each checkpoint's tag.

    Watches of the same hours share them, and with them the day that these have looked at; those that look for
    the same share that: devices are many, and what is looked for is not."""
    hours = _compiler(campus.calendar)
    known: dict[Condition, Condition] = {}
    fed: dict[str, list[DeviceTarget]] = {}
    for device in campus.devices.values():
        fed.setdefault(device.fed_by, []).append(target_of(device))
    of_devices = tuple(
        replace(watch, condition=known.setdefault(watch.condition, watch.condition))
        for device in campus.devices.values()
        for watch in _watches(campus, device, hours, fed.get(device.id, ()))
    )
    return (*of_devices, *_watches_of_taps(campus), *_watches_of_calls(campus))


def idle_rules(campus: Campus) -> tuple[Rule, ...]:
    """The rules in force that select nothing on this campus."""
    busy = {watch.rule for watch in watches_of_devices(campus)}
    return tuple(
        rule
        for rule in campus.rules.values()
        if rule.id not in busy and not (rule.select.subject in _OF_ROUNDS and campus.rounds)
    )


def _watches(
    campus: Campus, device: Device, hours: Compile, others: Iterable[DeviceTarget]
) -> tuple[Watch, ...]:
    target, rules = target_of(device, campus), campus.rules.values()
    bound = (bind(rule, target, hours, others) for rule in rules if rule.select.subject is Subject.DEVICE)
    return tuple(watch for watch in bound if watch is not None and not _never_due(watch, device))


def _watches_of_taps(campus: Campus) -> tuple[Watch, ...]:
    """Those of phones, which no [[device]] names, and of the checkpoints' tags."""
    tags = _tags(campus)
    phones = (
        DeviceTarget(phone_of(person.id), Kind.CHECKPOINT, "", 0, tags=tags)
        for person in campus.people.values()
        if person.role is not Role.WALL
    )
    places = (CheckpointTarget(place.id, place.tag_uid, place.area) for place in campus.checkpoints.values())
    targets: tuple[Target, ...] = (*phones, *places) if tags else ()
    rules = [
        rule
        for rule in campus.rules.values()
        if rule.select.subject is Subject.CHECKPOINT or rule.kind in _OF_PHONES
    ]
    bound = (bind(rule, target) for target in targets for rule in rules)
    return tuple(watch for watch in bound if watch is not None)


def _watches_of_calls(campus: Campus) -> tuple[Watch, ...]:
    """Those of what a phone says of the person who has it, wherever there are tags or not."""
    rules = [rule for rule in campus.rules.values() if rule.parameters.quantity in _CALLS]
    phones = (
        # Whoever calls for help may not be heard of for long.
        DeviceTarget(phone_of(person.id), Kind.CHECKPOINT, "", _CALLED_FOR_MS)
        for person in campus.people.values()
        if person.role is not Role.WALL
    )
    bound = (bind(rule, phone) for phone in phones for rule in rules)
    return tuple(watch for watch in bound if watch is not None)


def _tags(campus: Campus) -> tuple[str, ...]:
    return tuple(place.tag_uid for place in campus.checkpoints.values())


def _compiler(calendar: Calendar) -> Compile:
    @cache
    def hours(text: str) -> Applies:
        return Hours(parse_hours(text), calendar)

    return hours


def _never_due(watch: Watch, device: Device) -> bool:
    """A device that is not expected to speak at intervals (a reader) is never silent."""
    return isinstance(watch.condition, Silent) and device.interval_ms == 0
