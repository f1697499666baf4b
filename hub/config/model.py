"""The campus as configured: one frozen object, checked whole before anything starts.

Everything in it is resolved: defaults filled in, names looked up, rules bound to limits. Times of day are
local to `site.zone`; durations are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.facts import Kind
from devices.formats import Format as Format  # noqa: PLC0414 - readers import it from here
from hub.broker.rights import User
from hub.config.faults import Fault
from rules.calendar import Calendar, DayKind
from rules.model import Role, Rule, Severity, Text
from rules.windows import Plan


class Language(Enum):
    """The languages of every text for people."""

    ZH = "zh-CN"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Site:
    """`id` is a level of native topics and a tag of every series."""

    id: str
    name: Text
    zone: ZoneInfo
    language: Language


@dataclass(frozen=True, slots=True)
class Broker:
    """Where MQTT is. `embedded`: the hub starts and supervises one itself, on `host`:`port`.

    `users`: who may sign in at the embedded one, besides the hub; none: anybody who reaches it."""

    embedded: bool
    host: str
    port: int
    client_id: str
    username: str | None
    password: str | None = field(repr=False)
    tls: bool
    protocol: str  # "3.1.1" or "5"
    users: tuple[User, ...] = ()


class HistoryKind(Enum):
    """Which store keeps the time series."""

    DUCKDB = "duckdb"
    INFLUXDB1 = "influxdb1"
    INFLUXDB2 = "influxdb2"


@dataclass(frozen=True, slots=True)
class History:
    """`database` is InfluxDB's database (1.x) or bucket (2.x); DuckDB keeps its file in the data folder."""

    kind: HistoryKind
    url: str
    database: str
    organisation: str
    token: str | None = field(repr=False)
    username: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Storage:
    """`folder` holds the log, the book, the embedded history and broker. `book_url` is SQLAlchemy's."""

    folder: Path
    book_url: str = field(repr=False)  # may hold a password
    log_days: int
    history: History


@dataclass(frozen=True, slots=True)
class Web:
    """Where the pages are served. `secure_cookies`: set when people reach the hub over HTTPS."""

    host: str
    port: int
    secure_cookies: bool
    public_url: str = ""  # where people reach them, for links in messages; without a slash at its end


@dataclass(frozen=True, slots=True)
class Area:
    """A named place on the site."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class Person:
    """`badge` is the UID of the person's NFC card, upper-case hex, or empty."""

    id: str
    name: str
    role: Role
    badge: str
    language: Language


class Storing(Enum):
    """What a cold unit is for; selects its rules."""

    CHILLED = "chilled"
    FROZEN = "frozen"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Device:
    """`interval_ms`: how often it is expected to speak; 0: whenever somebody uses it (a reader).

    `topic`: a maker's base topic (`zigbee2mqtt/cold-1`, Tasmota's `%topic%`), empty for native devices.

    `sensor`: which of several sensors on one maker's device (Tasmota: the DS18B20's Id), or empty.
    `low`, `high`: the device's own limits on its main quantity, over the rules' defaults.
    `via`: the gateway that carries its messages; `fed_by`: the meter of the circuit that feeds it; or empty.
    `labels`: words that rules select it by.
    """

    id: str
    name: Text
    kind: Kind
    area: str
    owner: str
    format: Format
    topic: str
    sensor: str
    interval_ms: int
    storing: Storing | None
    low: float | None
    high: float | None
    via: str = ""
    fed_by: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place that rounds pass, with the UID of the tag fixed there."""

    id: str
    name: Text
    area: str
    tag_uid: str


@dataclass(frozen=True, slots=True)
class Round:
    """A planned walk, every day of `weekdays` (Monday is 0) that is of a kind in `on`.

    `ends` before `starts` means the next day."""

    id: str
    name: Text
    starts: time
    ends: time
    grace_ms: int
    checkpoints: tuple[str, ...]
    guard: str
    weekdays: tuple[int, ...]
    on: tuple[DayKind, ...] = tuple(DayKind)


PAGES = "pages"  # the channel that is always there: the hub's own pages


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to tell people. `url` is apprise's, or a robot's own; it holds the secret.

    `per_minute`: how many messages it may carry."""

    id: str
    url: str = field(repr=False)
    language: Language
    per_minute: int = 20


@dataclass(frozen=True, slots=True)
class Hours:
    """Local times of day, from `starts` to before `ends`; `ends` before `starts` means the next day."""

    starts: time
    ends: time


class Answerable(Enum):
    """Whoever answers for what an alert is about."""

    PERSON = "owner"  # the device's owner, or the round's guard
    ROLE = "owner-role"  # whose business the rule is


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom to tell: exactly one of the three."""

    role: Role | None = None
    person: str = ""
    answerable: Answerable | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Told once nobody has taken an alert on for `after_ms`; within `hours`, or when they begin."""

    after_ms: int
    to: tuple[Audience, ...]
    via: tuple[str, ...]
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How alerts are told. `rules`: patterns of ids; empty `areas`: all, and alerts without one.

    `steps` in the order of `after_ms`; then again every `repeat_ms`. `quiet`: CRITICAL is told all the same.
    `wait_ms`: an alert over within that time is not told."""

    name: str
    severities: tuple[Severity, ...]
    rules: tuple[str, ...]
    areas: tuple[str, ...]
    steps: tuple[Step, ...]
    repeat_ms: int | None
    quiet: Hours | None
    wait_ms: int


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When work is expected on `devices` and in `areas`, as far as `rules` (patterns of ids; none: all) go.

    Neither devices nor areas: wherever these rules apply. `owner`: a person's id."""

    id: str
    devices: tuple[str, ...]
    areas: tuple[str, ...]
    rules: tuple[str, ...]
    plan: Plan
    reason: Text
    owner: str


@dataclass(frozen=True, slots=True)
class Campus:
    """The whole configuration. `rules`: the catalogue's with this campus's overrides, disabled ones left out.

    `rules_off`: the ids of the disabled ones. `warnings`: what is allowed, and probably not meant.
    """

    source: Path
    site: Site
    calendar: Calendar
    broker: Broker
    storage: Storage
    web: Web
    areas: Mapping[str, Area]
    people: Mapping[str, Person]
    devices: Mapping[str, Device]
    checkpoints: Mapping[str, Checkpoint]
    rounds: Mapping[str, Round]
    rules: Mapping[str, Rule]
    rules_off: tuple[str, ...] = ()
    warnings: tuple[Fault, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()  # the first that fits an alert is the one
    maintenance: tuple[MaintenanceWindow, ...] = ()
