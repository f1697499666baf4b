"""The shape of `gateway.toml`. A field's description is the remedy that people read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from devices.gateway.model import Language, Role
from devices.pn532_lamp import Pin
from hub.config import values
from hub.config.table import Table

_SWITCH = "write true or false, without quotes"
_PIN = "write one of: " + ", ".join(pin.value for pin in Pin)
_PORT = 'write it as in "/dev/ttyUSB0", "COM3" or "socket://192.168.1.30:4001"'
_PortUrl = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]+$", max_length=200)]
_Pin = Annotated[Pin, Field(strict=False)]


class SiteTable(Table):
    """[site]"""

    id: values.Id = Field(description="write the id under [site] in the hub's campus.toml")
    language: Annotated[Language, Field(strict=False)] = Field(
        default=Language.ZH, description='write "zh-CN" or "en"'
    )
    zone: values.Zone | None = Field(default=None, description='write it as in "Asia/Shanghai"')


class TerminalTable(Table):
    """[terminal]"""

    bell: bool = Field(default=True, description=_SWITCH)


class BrokerTable(Table):
    """[broker]"""

    host: values.Host = Field(description="write the broker's host name or IP address")
    port: values.Port = Field(default=1883, description="write a port number between 1 and 65535")
    username: values.Label | None = Field(
        default=None, description="write the user name that the broker knows: best the reader's id"
    )
    password_env: values.EnvironmentName | None = Field(
        default=None, description="write the name of an environment variable that holds the password"
    )
    password_file: values.FileName | None = Field(
        default=None, description="write the name of a file that holds the password"
    )
    tls: bool = Field(default=False, description=_SWITCH)
    ca_file: values.FileName | None = Field(
        default=None, description="write the name of a PEM file with the authority's certificate"
    )


class OutboxTable(Table):
    """[outbox]"""

    file: values.FileName = Field(
        default="gateway-outbox.sqlite", description="write a file, relative to this one or absolute"
    )
    limit: Annotated[int, Field(ge=100, le=1_000_000)] = Field(
        default=100_000, description="write how many taps it may hold, 100 to 1000000"
    )


class GuardTable(Table):
    """[[guard]]"""

    name: values.Label = Field(description="write the guard's name")
    badge: values.Uid = Field(description="write the UID of the guard's card in hex, as in campus.toml")


class LampTable(Table):
    """`lamp` of a [[reader]]"""

    green: _Pin = Field(description=_PIN)
    red: _Pin = Field(description=_PIN)
    low: bool = Field(default=True, description=_SWITCH)


class ReaderTable(Table):
    """[[reader]]"""

    id: values.Id = Field(description="write the id of the [[device]] in the hub's campus.toml")
    port: _PortUrl = Field(description=_PORT)
    role: Annotated[Role, Field(strict=False)] = Field(
        description='write "fixed" (at a checkpoint, for badges) or "handheld" (carried, for tags)'
    )
    tag_uid: values.Uid | None = Field(
        default=None, description="write the tag_uid of its [[checkpoint]] in campus.toml"
    )
    guard: values.Label | None = Field(default=None, description="write the name of a [[guard]]")
    lamp: LampTable | None = Field(
        default=None, description='write the pins, as in { green = "p72", red = "p71" }'
    )


class File(Table):
    """The whole file."""

    site: SiteTable = Field(description="begin with [site]: the id of the hub's site")
    broker: BrokerTable = Field(description="write it as [broker]: where the hub's broker is")
    terminal: TerminalTable = Field(default_factory=TerminalTable, description="write it as [terminal]")
    outbox: OutboxTable = Field(default_factory=OutboxTable, description="write it as [outbox]")
    guard: list[GuardTable] = Field(default_factory=list, description="write each as [[guard]]")
    reader: Annotated[list[ReaderTable], Field(min_length=1)] = Field(description="write each as [[reader]]")
