"""Topics of native devices: `campus/<site>/<kind>/<device>/<channel>`."""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from devices.facts import Kind

ROOT: Final = "campus"


class Channel(Enum):
    """The last level of a native topic. STATUS is retained; REPLY goes from the hub to the device."""

    READING = "reading"
    TAP = "tap"
    STATUS = "status"
    REPLY = "reply"


class NativeTopic(msgspec.Struct, frozen=True):
    """A native topic, taken apart."""

    site: str
    kind: Kind
    device: str
    channel: Channel

    def __str__(self) -> str:
        return f"{ROOT}/{self.site}/{self.kind.value}/{self.device}/{self.channel.value}"


def parse(topic: str) -> NativeTopic | None:
    """The parts of a native topic, or None for any other topic."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[0] != ROOT or not parts[1] or not parts[3]:
        return None
    try:
        kind, channel = Kind(parts[2]), Channel(parts[4])
    except ValueError:
        return None
    return None if kind is Kind.HUB else NativeTopic(parts[1], kind, parts[3], channel)


def subscription(site: str) -> str:
    """The one MQTT filter that covers every native device of a site."""
    return f"{ROOT}/{site}/#"
