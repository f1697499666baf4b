"""The campus as configured: one frozen object, checked whole before anything starts.

Everything in it is resolved: defaults filled in, names looked up, rules bound to limits. Times of day are
local to `site.zone`; durations are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.facts import Kind
from devices.formats import Format as Format  # noqa: PLC0414 - readers import it from here
from devices.tag_keys import SiteKeys
from hub.broker.rights import User
from hub.config.faults import Fault
from rules.calendar import Calendar, DayKind
from rules.model import Role, Rule, Severity, Text
from rules.route import DUPLICATE_MS, Sequence, Stop
from rules.shifts import Shift
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


class Tls(Enum):
    """Whose certificate the hub serves its pages with."""

    OFF = "off"  # plain HTTP: on this computer only, or behind a proxy that does HTTPS
    OWN = "own"  # from the hub's own authority, which phones have to trust once
    GIVEN = "given"  # from somebody else, in two files


@dataclass(frozen=True, slots=True)
class Web:
    """Where the pages are served. `secure_cookies`: set when people reach the hub over HTTPS.

    With TLS `port` speaks HTTPS only; `http_port`: the trust page for phones that do not trust it yet.
    `names`: by which people reach the hub, and which the certificate has to hold."""

    host: str
    port: int
    secure_cookies: bool
    public_url: str = ""  # where people reach them, for links in messages; without a slash at its end
    tls: Tls = Tls.OFF
    certificate_file: Path | None = None
    key_file: Path | None = None
    names: tuple[str, ...] = ()
    http_port: int | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A named place on the site. `owner`: the person who answers for it, or empty."""

    id: str
    name: Text
    owner: str = ""


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
    `labels`: words that rules select it by. `checkpoint`: where a reader is fixed, or empty.
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
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class CampusPlan:
    """The picture of the campus, as it was when the hub started. `media_type`: of an SVG, a PNG or a JPEG."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is on the picture: percent of it, from its left upper corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at in a place: in order or not, or with a `unit` (it may be empty) a number to read
    off, which is in order from `low` to `high`; None: without such a limit."""

    id: str
    name: Text
    unit: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What a place looks like: a picture's file, and the SHA-256 of what was in it at the start, in hex."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place that rounds pass, with the UID of the tag fixed there. `key`: a key location (重点部位).

    `has_tag` False: only a printed code is there, and `tag_uid` stands for a tag that does not exist.
    `checks`: what is looked at there; `floor`: on which it is, where somebody might look for it elsewhere.
    `spot`: where it is on the plan of the campus."""

    id: str
    name: Text
    area: str
    tag_uid: str
    key: bool = False
    has_tag: bool = True
    checks: tuple[Check, ...] = ()
    floor: Text | None = None
    view: PlaceView | None = None
    spot: Spot | None = None
    owner: str = ""  # the person who answers for it, or empty: whoever answers for its area


@dataclass(frozen=True, slots=True)
class Recurring:
    """Days by a recurrence of RFC 5545, from `first` on."""

    rule: str
    first: date


@dataclass(frozen=True, slots=True)
class Round:
    """A planned walk, every day of `weekdays` (Monday is 0), or of `recurring`, that is of a kind in `on`.

    `ends` before `starts` means the next day. Exactly one of `guard` (a person), `role` and `shift` says
    whose it is. `route`: its id, or empty where the round names its checkpoints itself; `stops`: as the route
    has them. `least_ms`, `most_ms`: how long the whole of it takes. `not_started_after_ms` None: as the rule
    says. `alone_ms`: how often whoever walks it alone says that all is well; None: as that guard chooses."""

    id: str
    name: Text
    starts: time
    ends: time
    grace_ms: int
    checkpoints: tuple[str, ...]
    guard: str
    weekdays: tuple[int, ...]
    on: tuple[DayKind, ...] = tuple(DayKind)
    role: Role | None = None
    shift: str = ""
    route: str = ""
    sequence: Sequence = Sequence.FREE
    stops: tuple[Stop, ...] = ()
    recurring: Recurring | None = None
    least_ms: int | None = None
    most_ms: int | None = None
    not_started_after_ms: int | None = None
    duplicate_ms: int = DUPLICATE_MS
    alone_ms: int | None = None


@dataclass(frozen=True, slots=True)
class EnrolledTag:
    """A checkpoint's tag that proves its reads (SUN). `from_count`: its count when it was put up; what it
    says of that read and of those before is void."""

    uid: str
    key_version: int
    from_count: int

    @property
    def chip(self) -> str:
        """Whose counts are counted together: the tag, since it was last written anew."""
        return chip_of(self.uid, self.key_version)


def chip_of(uid: str, key_version: int) -> str:
    """As `EnrolledTag.chip`, of a tag that need not be enrolled."""
    return f"{uid}/{key_version}"


@dataclass(frozen=True, slots=True)
class Tags:
    """How taps prove themselves. `keys` None: nothing can be verified. `enrolled`: by UID."""

    keys: SiteKeys | None = None
    enrolled: Mapping[str, EnrolledTag] = field(default_factory=dict)


ALL_ROUNDS = "patrols"  # a day of rounds is named so: `patrols@<local date>`
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
    """Whom to tell: exactly one of the first three, or whoever is on duty, of that role if there is one."""

    role: Role | None = None
    person: str = ""
    answerable: Answerable | None = None
    on_duty: bool = False


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
    shifts: tuple[Shift, ...] = ()
    tags: Tags = field(default_factory=Tags)
    plan: CampusPlan | None = None
