"""What `campushub check` prints: what was understood, or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import assert_never

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Cell

from hub.config.binding import watches_of, watches_of_devices
from hub.config.calendar import summary
from hub.config.faults import ConfigurationError, Fault
from hub.config.model import Campus, Device, HistoryKind, Language, Round, Tls, Web
from hub.config.rounds_words import condition_of_taps, rule_of_rounds, whose
from hub.config.telling_report import telling
from hub.config.values import WEEKDAYS
from rules.bind import MAIN_QUANTITY
from rules.calendar import DayKind
from rules.model import (
    ClockWrong,
    Condition,
    Count,
    Direction,
    Forecast,
    Held,
    OddTaps,
    Outside,
    Overdue,
    Rate,
    Role,
    RoundFlaw,
    RoundIncomplete,
    SensorFault,
    Silent,
    Spread,
    Stuck,
    Subject,
    Text,
    Threshold,
    TooFewPatrols,
    Total,
    Watch,
)
from rules.shifts import Shift

_MINUTE_MS = 60_000


def explain(error: ConfigurationError) -> str:
    """Every fault on a line of its own, by file and line, and how many they are."""
    count = len(error.faults)
    return "\n".join(
        [*lines_of(error.faults), f"{count} fault{'s' if count != 1 else ''}; nothing was started."]
    )


def lines_of(faults: Iterable[Fault]) -> list[str]:
    """`file:line: key: problem — remedy` each."""
    return [str(fault) for fault in faults]


def understood(campus: Campus) -> RenderableType:
    """The campus as the hub understood it, for people to compare with what they meant. No secrets."""
    parts: list[RenderableType] = [_overview(campus), _devices(campus), _rules(campus)]
    parts += [_rounds(campus), _people(campus)]
    parts += [_shifts(campus)] if campus.shifts else []
    parts += telling(campus)
    if campus.rules_off:
        parts.append(Cell("Rules switched off: " + ", ".join(campus.rules_off)))
    parts += [Cell(f"warning: {line}") for line in lines_of(campus.warnings)]
    return Group(*parts)


def _overview(campus: Campus) -> Table:
    table = Table("", "", show_header=False, box=None)
    counts = f"{_count(campus.areas, 'area')}, {_count(campus.checkpoints, 'checkpoint')}, "
    counts += f"{_count(campus.devices, 'device')}, {_count(campus.rounds, 'round')}, "
    counts += f"{_count(campus.people, 'person', 'people')}, {_count(campus.rules, 'rule')} in force"
    rows = (
        ("site", f"{_say(campus, campus.site.name)} ({campus.site.id}), {campus.site.zone}"),
        ("calendar", summary(campus.calendar)),
        ("broker", _broker(campus)),
        ("storage", f"{campus.storage.folder}, log kept {campus.storage.log_days} days"),
        ("history", _history(campus)),
        ("pages", _pages(campus.web)),
        ("tags", _tags(campus)),
        ("plan", _plan(campus)),
        ("campus", counts),
    )
    for name, value in rows:
        table.add_row(Cell(name), Cell(value))
    return table


def _broker(campus: Campus) -> str:
    broker = campus.broker
    what = "embedded" if broker.embedded else "external"
    extras = [f"as {broker.username}"] if broker.username else []
    extras += ["with TLS"] if broker.tls else []
    if broker.embedded:
        extras.append(f"for {_count(broker.users, 'user')}" if broker.users else "for anybody who reaches it")
    return " ".join((f"{what}, {broker.host}:{broker.port}, MQTT {broker.protocol}", *extras))


def _pages(web: Web) -> str:
    place = f"{web.host}:{web.port}"
    if web.tls is Tls.OFF:
        return f"https by a proxy, http: {place}" if web.secure_cookies else f"http: {place}"
    whose = "the hub's own certificate" if web.tls is Tls.OWN else f"the certificate {web.certificate_file}"
    plain = f"; how to trust it: http: {web.host}:{web.http_port}/trust" if web.http_port else ""
    return f"https: {place}, {whose}{plain}"


def _tags(campus: Campus) -> str:
    enrolled = f"{len(campus.tags.enrolled)} of {_count(campus.checkpoints, 'checkpoint')} prove their reads"
    if campus.tags.keys is not None:
        return f"{enrolled} (SUN)"
    return "no master key: taps prove no more than a UID, which anybody can copy"


def _plan(campus: Campus) -> str:
    if campus.plan is None:
        return "no picture: the page of rounds lists the checkpoints by area"
    placed = sum(place.spot is not None for place in campus.checkpoints.values())
    return f"{campus.plan.media_type}, {placed} of {_count(campus.checkpoints, 'checkpoint')} placed"


def _history(campus: Campus) -> str:
    history = campus.storage.history
    if history.kind is HistoryKind.DUCKDB:
        return "embedded (DuckDB)"
    return f"{history.kind.value} at {history.url}, {history.database}"


def _devices(campus: Campus) -> Table:
    table = Table(title="Devices", title_justify="left")
    for heading in ("device", "id", "kind", "limits", "area", "owner", "speaks"):
        table.add_column(heading, overflow="fold")
    for device in campus.devices.values():
        row = (
            _say(campus, device.name),
            device.id,
            f"{device.kind.value} ({device.storing.value})" if device.storing else device.kind.value,
            _limits(watches_of(campus, device), MAIN_QUANTITY.get(device.kind)),
            _say(campus, campus.areas[device.area].name),
            campus.people[device.owner].name,
            _speech(device),
        )
        table.add_row(*(Cell(value) for value in row))
    return table


def _limits(watches: Iterable[Watch], quantity: str | None) -> str:
    """What the rules allow of a device's main quantity; empty where it has none."""
    conditions = [watch.condition for watch in watches]
    limits = {c.direction: c.limit for c in conditions if isinstance(c, Threshold) and c.quantity == quantity}
    low, high = limits.get(Direction.BELOW), limits.get(Direction.ABOVE)
    if low is not None and high is not None:
        return f"{low:g} to {high:g} °C"
    if high is not None:
        return f"at most {high:g} °C"
    return f"at least {low:g} °C" if low is not None else ""


def _speech(device: Device) -> str:
    source = " ".join(part for part in (device.format.value, device.topic, device.sensor) if part)
    return f"{source}, every {_duration(device.interval_ms)}" if device.interval_ms else source


def _rules(campus: Campus) -> Table:
    table = Table(title="Rules in force", title_justify="left")
    for heading in ("rule", "severity", "an alert when", "watched on"):
        table.add_column(heading, overflow="fold")
    watches = watches_of_devices(campus)
    for rule in campus.rules.values():
        watched: dict[str, list[str]] = {}
        for watch in watches:
            if watch.rule == rule.id:
                watched.setdefault(_condition(watch.condition), []).append(watch.subject)
        if rule.select.subject in (Subject.ROUND, Subject.DAY):
            watched[rule_of_rounds(rule)] = list(campus.rounds)
        for wording, subjects in watched.items() or [("", [])]:
            row = (rule.id, rule.severity.value, wording, ", ".join(subjects) or "nothing here")
            table.add_row(*(Cell(value) for value in row))
    return table


def _condition(condition: Condition) -> str:
    match condition:
        case Threshold():
            grave = "" if condition.grave is None else f", critical at {condition.grave:g}"
            beyond = f"{condition.quantity} {condition.direction.value} {condition.limit:g}"
            return f"{beyond}{_for(condition.for_ms)}{grave}"
        case Silent():
            return f"silent for {_duration(condition.after_ms)}"
        case SensorFault():
            return f"{condition.quantity} not within {condition.low:g} to {condition.high:g}"
        case Outside():
            band = f"{condition.low:g} to {condition.high:g}"
            return f"{condition.quantity} outside {band}{_for(condition.for_ms)}"
        case Overdue():
            return f"nothing said{_for(condition.for_ms)} after the time that {condition.quantity} gave"
        case ClockWrong():
            return f"its clock is unset or ahead{_for(condition.for_ms)}"
        case RoundIncomplete() | RoundFlaw() | TooFewPatrols() | OddTaps():
            return condition_of_taps(condition)
        case _:
            return _course_or_state(condition)


def _course_or_state(condition: Rate | Forecast | Stuck | Held | Count | Spread | Total) -> str:
    match condition:
        case Rate():
            moves = "rises" if condition.direction is Direction.ABOVE else "falls"
            within = _duration(condition.within_ms)
            return f"{condition.quantity} {moves} by over {condition.limit:g} within {within}"
        case Forecast():
            beyond = f"{condition.direction.value} {condition.limit:g}"
            return f"{condition.quantity} will be {beyond} within {_duration(condition.ahead_ms)}"
        case Stuck():
            return f"{condition.quantity} the very same for {_duration(condition.after_ms)}"
        case Held():
            return f"{condition.quantity} {_flag(condition.wanted)}{_for(condition.for_ms)}"
        case Count():
            within = _duration(condition.within_ms)
            return f"{condition.quantity} begins {condition.times} times within {within}"
        case Spread():
            off = f"over {condition.limit:g} % off their mean"
            return f"one of {', '.join(condition.quantities)} {off}{_for(condition.for_ms)}"
        case Total():
            off = f"over {condition.limit:g} % off the sum of {', '.join(condition.parts)}"
            return f"{condition.quantity} {off}{_for(condition.for_ms)}"
        case _:
            assert_never(condition)


def _for(ms: int) -> str:
    return f" for {_duration(ms)}" if ms else ""


def _flag(wanted: bool) -> str:
    return "yes" if wanted else "no"


def _rounds(campus: Campus) -> Table:
    table = Table(title=f"Rounds (times in {campus.site.zone})", title_justify="left")
    for heading in ("round", "window", "days", "guard", "checkpoints"):
        table.add_column(heading, overflow="fold")
    for walk in sorted(campus.rounds.values(), key=lambda one: (one.starts, one.id)):
        places = ", ".join(_say(campus, campus.checkpoints[place].name) for place in walk.checkpoints)
        row = (_say(campus, walk.name), _window(walk), _days(walk), whose(campus, walk), places)
        table.add_row(*(Cell(value) for value in row))
    return table


def _window(walk: Round) -> str:
    next_day = " next day" if walk.ends < walk.starts else ""
    return f"{walk.starts:%H:%M} to {walk.ends:%H:%M}{next_day}, grace {_duration(walk.grace_ms)}"


def _days(planned: Round | Shift) -> str:
    if isinstance(planned, Round) and planned.recurring is not None:
        return planned.recurring.rule
    is_daily = len(planned.weekdays) == len(WEEKDAYS)
    days = "daily" if is_daily else ", ".join(WEEKDAYS[day] for day in planned.weekdays)
    if len(planned.on) == len(DayKind):
        return days
    return f"{days} on: {', '.join(kind.value for kind in planned.on)}"


def _shifts(campus: Campus) -> Table:
    table = Table(title=f"Shifts (times in {campus.site.zone})", title_justify="left")
    for heading in ("shift", "hours", "days", "who"):
        table.add_column(heading, overflow="fold")
    for shift in campus.shifts:
        names = ", ".join(campus.people[id_].name for id_ in shift.people)
        who = f"{shift.role.value}: {names}" if shift.role else names
        row = (_say(campus, shift.name), str(shift.hours), _days(shift), who)
        table.add_row(*(Cell(value) for value in row))
    return table


def _people(campus: Campus) -> Table:
    table = Table(title="People", title_justify="left")
    table.add_column("role")
    table.add_column("people")
    for role in Role:
        names = [
            f"{person.name}{' (badge)' if person.badge else ''}"
            for person in campus.people.values()
            if person.role is role
        ]
        table.add_row(Cell(role.value), Cell(", ".join(names) or "nobody"))
    return table


def _say(campus: Campus, text: Text) -> str:
    return text.zh if campus.site.language is Language.ZH else text.en


def _count(items: Sized, one: str, many: str = "") -> str:
    number = len(items)
    return f"{number} {one if number == 1 else many or one + 's'}"


def _duration(ms: int) -> str:
    if ms % _MINUTE_MS:
        return f"{ms / 1000:g} s"
    minutes = ms // _MINUTE_MS
    return f"{minutes} min" if minutes < 120 or minutes % 60 else f"{minutes // 60} h"
