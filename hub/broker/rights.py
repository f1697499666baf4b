"""Who may publish and read what at the embedded broker, in MQTT's words and in the server's own."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from devices.formats import Format
from devices.topics import ROOT, Channel

HUB_USER: Final = "campushub"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# In the server's subjects a dot separates levels, “*” and “>” are wildcards: none may come from a name.
_LEVEL: Final = re.compile(r"[^\s.*>$+#/\"\\]+")
# After a restart every device signs in at once, and each hash takes its time on a small computer.
_SIGN_IN_WITHIN_S: Final = 30
_SPOKEN: Final = (Channel.READING, Channel.TAP, Channel.STATUS)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. `publishes`, `reads`: MQTT topic filters; None: everything.

    `password` is a bcrypt hash, or the password itself."""

    name: str
    password: str = field(repr=False)
    publishes: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody may publish and read, as MQTT topic filters."""

    publishes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    def __add__(self, other: Filters) -> Filters:
        """Either's, each once."""
        return Filters(
            tuple(dict.fromkeys((*self.publishes, *other.publishes))),
            tuple(dict.fromkeys((*self.reads, *other.reads))),
        )


def hub_user(password: str) -> User:
    """The hub itself: it reads everything, answers taps and marks its backlog's end."""
    return User(HUB_USER, password)


def device_filters(format_: Format, device: str, topic: str, site: str) -> Filters:
    """A device speaks as itself only, and reads what is meant for it. `topic`: a maker's base topic."""
    match format_:
        case Format.NATIVE:
            own = f"{ROOT}/{site}/+/{device}"
            spoken = tuple(f"{own}/{channel.value}" for channel in _SPOKEN)
            return Filters(spoken, (f"{own}/{Channel.REPLY.value}",))
        case Format.TASMOTA:
            said = (f"tele/{topic}/#", f"stat/{topic}/#")
            return Filters(said, base_filters(f"cmnd/{topic}").reads)
        case Format.ZIGBEE2MQTT:
            return base_filters(topic)


def base_filters(base: str) -> Filters:
    """A base topic and everything below it: a gateway that speaks for others (such as `zigbee2mqtt`)."""
    whole = (base, f"{base}/#")  # the server wants both of whoever subscribes to `base/#`
    return Filters(whole, whole)


def write_privately(path: Path, text: str) -> None:
    """Writes a file that nobody but its owner can read, not even for a moment."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def authorization(users: Iterable[User]) -> str:
    """The server's block of users, empty without any. Raises ValueError for what it cannot hold."""
    entries = [_entry(user) for user in users]
    if not entries:
        return ""
    head = f"authorization {{\n  timeout: {_SIGN_IN_WITHIN_S}\n  users = [\n"
    return head + "".join(entries) + "  ]\n}\n"


def is_loopback(host: str) -> bool:
    """Whether only this computer itself reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def subject_of(filter_: str) -> str:
    """An MQTT topic filter as the server's subject. Raises ValueError where a level has no equal."""
    return ".".join(_level(level) for level in filter_.split("/"))


def quoted(text: str) -> str:
    """A string of the server's configuration."""
    if any(ord(char) < 32 for char in text):
        raise ValueError("control characters cannot be configured")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _entry(user: User) -> str:
    if _NAME.fullmatch(user.name) is None:
        raise ValueError(f"{user.name!r} cannot be a user: write letters, digits, “-” and “_”")
    signs_in = f"user: {quoted(user.name)}, password: {quoted(user.password)}"
    only_mqtt = 'allowed_connection_types: ["MQTT"]'
    return f"    {{ {signs_in}, {only_mqtt}{_permissions(user)} }}\n"


def _permissions(user: User) -> str:
    if user.publishes is None and user.reads is None:
        return ""
    allowed = f"publish: {_allowed(user.publishes)}, subscribe: {_allowed(user.reads)}"
    return f", permissions: {{ {allowed} }}"


def _allowed(filters: tuple[str, ...] | None) -> str:
    if filters is None:
        return '[">"]'
    if not filters:
        return '{ deny: [">"] }'
    return "[" + ", ".join(quoted(subject_of(filter_)) for filter_ in filters) + "]"


def _level(level: str) -> str:
    match level:
        case "+":
            return "*"
        case "#":
            return ">"
        case _ if _LEVEL.fullmatch(level):
            return level
        case _:
            raise ValueError(f"the embedded broker cannot hold the level {level!r} of a topic")
