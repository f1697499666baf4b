"""What a gateway is told: the readers on its ports, whose badges are whose, and where the broker is."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from devices.pn532_lamp import Lamp


class Language(Enum):
    """What the lines on the terminal are written in."""

    ZH = "zh-CN"
    EN = "en"


class Role(Enum):
    """What a reader is for."""

    FIXED = "fixed"  # it stands at a checkpoint, and reads the badges of those who come by
    HANDHELD = "handheld"  # somebody carries it, and reads the tags of checkpoints


class Guard(msgspec.Struct, frozen=True):
    """Somebody with a badge; its UID in upper-case hex."""

    name: str
    badge: str


class ReaderPlan(msgspec.Struct, frozen=True):
    """One PN532. `id`: the device's, in the hub's configuration; `port`: what pyserial opens.

    `tag_uid`: of a fixed reader, the tag of its checkpoint. `guard`: of a handheld one, who carries it; None:
    whoever laid a badge on it last."""

    id: str
    port: str
    role: Role
    tag_uid: str = ""
    guard: Guard | None = None
    lamp: Lamp | None = None


class BrokerPlan(msgspec.Struct, frozen=True):
    """Where MQTT is. `ca_file`: who vouches for the broker's certificate; None: whom the system trusts."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    ca_file: Path | None

    def __repr__(self) -> str:
        return f"BrokerPlan({self.host}:{self.port})"


class GatewayPlan(msgspec.Struct, frozen=True):
    """The whole gateway. `outbox`: the file of what was not handed over yet; `limit`: taps in it.

    `zone`: of the times on the terminal; None: the computer's."""

    site: str
    language: Language
    bell: bool
    broker: BrokerPlan
    outbox: Path
    limit: int
    guards: tuple[Guard, ...]
    readers: tuple[ReaderPlan, ...]
    zone: ZoneInfo | None = None
