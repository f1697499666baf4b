"""The shape of `campus.toml`: which keys there are, and of what type.

A field's description is the remedy that people read when the key is missing or wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from devices.facts import Kind
from hub.config import values
from hub.config.calendar_schema import CalendarTable, ShiftHours
from hub.config.maintenance_schema import MaintenanceTable
from hub.config.model import Format, HistoryKind, Language, Storing, Tls
from hub.config.patrol_schema import MOST_CHECKS, ChecklistTable, RoundTable, RouteTable
from hub.config.table import Table, Text
from hub.config.telling_schema import ChannelTable, PolicyTable
from rules.calendar import DayKind
from rules.model import Role

_Language = Annotated[Language, Field(strict=False)]

_ID = 'choose an id of lower-case letters, digits and "-", at most 48 long, as in "cold-1"'
_NAME = 'write a name, as in "厨房" or { zh = "厨房", en = "Kitchen" }'
_AREA = "write the id of an [[area]]"
_LANGUAGE = 'write "zh-CN" or "en"'
_OWNER = "write the id of the [[person]] who answers for it"
_ENV = "write the name of an environment variable that holds the secret"
_FILE = "write the name of a file that holds the secret"
_PORT = "write a port number between 1 and 65535"
_PLACE = "write it as { x = 23.5, y = 40 }: percent of the picture, from its left upper corner"
_SWITCH = "write true or false, without quotes"


class SiteTable(Table):
    """[site]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    zone: values.Zone = Field(description='write the time zone, as in "Asia/Shanghai"')
    language: _Language = Field(default=Language.ZH, description=_LANGUAGE)


class BrokerUserTable(Table):
    """[[broker.user]]"""

    name: values.UserName = Field(
        description='write up to 64 letters, digits, "-" and "_"; best a device\'s id, as in "cold-1"'
    )
    password_hash: values.PasswordHash = Field(
        description='write what `campushub broker user` prints, as in "$2b$06$…"'
    )
    devices: list[values.Id] = Field(
        default_factory=list, description='write the ids of the devices that it speaks for, as in ["cold-1"]'
    )
    topics: list[values.Topic] = Field(
        default_factory=list, description='write base topics of a gateway, as in ["zigbee2mqtt"]'
    )


class BrokerTable(Table):
    """[broker]"""

    embedded: bool = Field(default=True, description=_SWITCH)
    host: values.Host = Field(default="127.0.0.1", description="write a host name or an IP address")
    port: values.Port = Field(default=1883, description=_PORT)
    client_id: values.ClientId = Field(
        default="campushub", description='write up to 64 letters, digits, "-" and "_"'
    )
    protocol: Literal["3.1.1", "5"] = Field(default="3.1.1", description='write "3.1.1" or "5", with quotes')
    username: values.Label | None = Field(
        default=None, description="write the user name that the broker knows"
    )
    password_env: values.EnvironmentName | None = Field(default=None, description=_ENV)
    password_file: values.FileName | None = Field(default=None, description=_FILE)
    tls: bool = Field(default=False, description=_SWITCH)
    anonymous: bool = Field(default=False, description=_SWITCH)
    user: list[BrokerUserTable] = Field(default_factory=list, description="write each as [[broker.user]]")


class HistoryTable(Table):
    """[storage.history]"""

    kind: Annotated[HistoryKind, Field(strict=False)] = Field(
        default=HistoryKind.DUCKDB, description='write "duckdb", "influxdb1" or "influxdb2"'
    )
    url: values.HttpUrl | None = Field(default=None, description='write it as in "http://127.0.0.1:8086"')
    database: values.Label = Field(default="campushub", description="write the database's or bucket's name")
    organisation: values.Label | None = Field(default=None, description="write the organisation's name")
    token_env: values.EnvironmentName | None = Field(default=None, description=_ENV)
    token_file: values.FileName | None = Field(default=None, description=_FILE)
    username: values.Label | None = Field(default=None, description="write the user name that InfluxDB knows")
    password_env: values.EnvironmentName | None = Field(default=None, description=_ENV)
    password_file: values.FileName | None = Field(default=None, description=_FILE)


class StorageTable(Table):
    """[storage]"""

    folder: values.FileName = Field(
        default="data", description="write a folder, relative to this file or absolute"
    )
    log_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=30, description="write a number of days, 1 to 3660"
    )
    book_url: values.PlainUrl | None = Field(
        default=None, description="write an SQLAlchemy URL without a password"
    )
    book_url_env: values.EnvironmentName | None = Field(default=None, description=_ENV)
    book_url_file: values.FileName | None = Field(default=None, description=_FILE)
    history: HistoryTable = Field(default_factory=HistoryTable, description="write it as [storage.history]")


class WebTable(Table):
    """[web]"""

    host: values.Host = Field(default="127.0.0.1", description="write a host name or an IP address")
    port: values.Port = Field(default=8360, description=_PORT)
    tls: Annotated[Tls, Field(strict=False)] = Field(
        default=Tls.OFF, description="write one of: " + ", ".join(tls.value for tls in Tls)
    )
    names: list[values.ServerName] = Field(
        default_factory=list,
        description='write how phones reach the hub, as in ["hub.school.example", "192.168.1.20"]',
    )
    certificate_file: values.FileName | None = Field(
        default=None, description="write the name of a PEM file with the certificate and those above it"
    )
    key_file: values.FileName | None = Field(
        default=None, description="write the name of a PEM file with the certificate's private key"
    )
    http_port: values.Port | None = Field(default=None, description=_PORT)
    secure_cookies: bool = Field(default=False, description=_SWITCH)
    public_url: values.HttpUrl | None = Field(
        default=None, description='write where people reach the pages, as in "https://hub.school.example"'
    )


class TagsTable(Table):
    """[tags]"""

    master_key_file: values.FileName | None = Field(default=None, description=_FILE)


class AreaTable(Table):
    """[[area]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    owner: values.Id | None = Field(default=None, description=_OWNER)


class PersonTable(Table):
    """[[person]]"""

    id: values.Id = Field(description=_ID)
    name: values.Label = Field(description="write the person's name")
    role: Annotated[Role, Field(strict=False)] = Field(
        description="write one of: " + ", ".join(role.value for role in Role)
    )
    badge: values.Uid | None = Field(default=None, description="write the UID of the person's card in hex")
    language: _Language | None = Field(default=None, description=_LANGUAGE)


class PlaceTable(Table):
    """`place` of a [[checkpoint]]: percent of the picture of [plan], from its left upper corner."""

    x: Annotated[float, Field(ge=0, le=100)] = Field(description="write percent from the left, 0 to 100")
    y: Annotated[float, Field(ge=0, le=100)] = Field(description="write percent from above, 0 to 100")


class PlanTable(Table):
    """[plan]"""

    image: values.FileName = Field(description='write the name of an SVG, PNG or JPEG, as in "plan.svg"')


class CheckpointTable(Table):
    """[[checkpoint]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    area: values.Id = Field(description=_AREA)
    tag_uid: values.Uid | None = Field(
        default=None, description="write the UID of the tag fixed there, in hex"
    )
    owner: values.Id | None = Field(default=None, description=_OWNER)
    key: bool = Field(default=False, description=_SWITCH)
    place: PlaceTable | None = Field(default=None, description=_PLACE)
    floor: Text | None = Field(default=None, description='write the floor, as in "B1"')
    picture: values.FileName | None = Field(
        default=None, description='write the name of a picture beside this file, as in "pictures/boiler.jpg"'
    )
    checklist: values.Id | Annotated[list[values.Id], Field(min_length=1, max_length=MOST_CHECKS)] | None = (
        Field(default=None, description='write the id of a [[checklist]], or points, as in ["door-locked"]')
    )
    tag_count: Annotated[int, Field(ge=0, le=2**24 - 1)] | None = Field(
        default=None, description="write the count that the SUN tag showed when it was put up, 0 to 16777215"
    )
    tag_key_version: Annotated[int, Field(ge=0, le=255)] = Field(
        default=0, description="write how often the SUN tag was written anew, 0 to 255"
    )


class DeviceTable(Table):
    """[[device]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description=_NAME)
    kind: Annotated[Kind, Field(strict=False)] = Field(
        description="write one of: " + ", ".join(kind.value for kind in Kind)
    )
    area: values.Id = Field(description=_AREA)
    owner: values.Id = Field(description="write the id of the [[person]] who answers for it")
    format: Annotated[Format, Field(strict=False)] = Field(
        default=Format.NATIVE, description="write one of: " + ", ".join(form.value for form in Format)
    )
    topic: values.Topic | None = Field(
        default=None, description="write the device's base topic, without its suffix"
    )
    sensor: values.SensorId | None = Field(
        default=None, description="write the sensor's id as the device reports it"
    )
    interval: values.Interval | None = Field(
        default=None,
        description='write how often it is expected to speak, as in "1m", from "1s" to "7d"',
    )
    storing: Annotated[Storing, Field(strict=False)] | None = Field(
        default=None, description="write what it keeps: " + ", ".join(storing.value for storing in Storing)
    )
    low: values.Limit | None = Field(default=None, description="write a number, as in 0 or -18.5")
    high: values.Limit | None = Field(default=None, description="write a number, as in 8 or 8.5")
    via: values.Id | None = Field(
        default=None, description="write the id of the gateway that carries its messages"
    )
    fed_by: values.Id | None = Field(
        default=None, description="write the id of the meter of the circuit that feeds it"
    )
    checkpoint: values.Id | None = Field(
        default=None, description="write the id of the [[checkpoint]] at which this reader is fixed"
    )
    labels: list[values.Id] = Field(
        default_factory=list, description='write words that rules select it by, as in ["off-at-night"]'
    )


class ShiftTable(Table):
    """[[shift]]"""

    id: values.Id = Field(description=_ID)
    name: Text = Field(description='write a name, as in { zh = "白班", en = "Day shift" }')
    hours: ShiftHours = Field(description='write local times, as in "07:00-15:00" or "22:00-06:00"')
    weekdays: Annotated[list[values.Weekday], Field(min_length=1)] = Field(
        default_factory=lambda: list(range(7)),
        description="write some of: " + ", ".join(values.WEEKDAYS),
    )
    on: Annotated[list[Annotated[DayKind, Field(strict=False)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(DayKind),
        description="write some of: " + ", ".join(kind.value for kind in DayKind),
    )
    people: Annotated[list[values.Id], Field(min_length=1)] = Field(
        default_factory=list, description='write the ids of those who work it, as in ["zhang-wei"]'
    )
    role: Annotated[Role, Field(strict=False)] | None = Field(
        default=None, description="write one of: " + ", ".join(role.value for role in Role)
    )


class File(Table):
    """The whole file. What a rule's table may hold is the catalogue's business."""

    site: SiteTable = Field(description="begin with [site]: id, name, zone")
    broker: BrokerTable = Field(default_factory=BrokerTable, description="write it as [broker]")
    storage: StorageTable = Field(default_factory=StorageTable, description="write it as [storage]")
    web: WebTable = Field(default_factory=WebTable, description="write it as [web]")
    tags: TagsTable = Field(default_factory=TagsTable, description="write it as [tags]")
    calendar: CalendarTable = Field(default_factory=CalendarTable, description="write it as [calendar]")
    plan: PlanTable | None = Field(default=None, description="write it as [plan]")
    area: list[AreaTable] = Field(default_factory=list, description="write each as [[area]]")
    person: list[PersonTable] = Field(default_factory=list, description="write each as [[person]]")
    checkpoint: list[CheckpointTable] = Field(
        default_factory=list, description="write each as [[checkpoint]]"
    )
    device: list[DeviceTable] = Field(default_factory=list, description="write each as [[device]]")
    checklist: list[ChecklistTable] = Field(default_factory=list, description="write each as [[checklist]]")
    route: list[RouteTable] = Field(default_factory=list, description="write each as [[route]]")
    round: list[RoundTable] = Field(default_factory=list, description="write each as [[round]]")
    shift: list[ShiftTable] = Field(default_factory=list, description="write each as [[shift]]")
    channel: list[ChannelTable] = Field(default_factory=list, description="write each as [[channel]]")
    policy: list[PolicyTable] = Field(default_factory=list, description="write each as [[policy]]")
    maintenance: list[MaintenanceTable] = Field(
        default_factory=list, description="write each as [[maintenance]]"
    )
    rule: list[dict[str, Any]] = Field(
        default_factory=list, description="write each as [[rule]], of the shape that docs/rules.md shows"
    )
    rules: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description='write each as [rules."the.rule\'s.id"]'
    )
