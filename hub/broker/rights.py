"""Who may publish and read what at the embedded broker, in MQTT's words and in the server's own."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from devices.topics import ROOT, Channel

HUB_USER: Final = "campushub"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# In the server's subjects a dot separates levels, “*” and “>” are wildcards: none may come from a name.
_LEVEL: Final = re.compile(r"[^\s.*>$+#/\"\\]+")
_SPOKEN: Final = (Channel.READING, Channel.TAP, Channel.STATUS)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. `publishes`, `reads`: MQTT topic filters; None: everything."""

    name: str
    password: str = field(repr=False)
    publishes: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None


def hub_user(password: str) -> User:
    """The hub itself: it reads everything, answers taps and marks its backlog's end."""
    return User(HUB_USER, password)


def device_user(device: str, password: str, site: str) -> User:
    """A native device: it speaks as itself only, and reads its own replies."""
    own = f"{ROOT}/{site}/+/{device}"
    publishes = tuple(f"{own}/{channel.value}" for channel in _SPOKEN)
    return User(device, password, publishes, (f"{own}/{Channel.REPLY.value}",))


def gateway_user(name: str, password: str, bases: Iterable[str]) -> User:
    """A gateway that speaks for others, below base topics of its own (such as `zigbee2mqtt`)."""
    filters = tuple(f"{base}/#" for base in bases)
    return User(name, password, filters, filters)


def kept_password(path: Path) -> str:
    """The password kept in a file that only its owner can read; made at the first call."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        password = secrets.token_urlsafe(24)
        write_privately(path, password + "\n")
        return password


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
    return "authorization {\n  users = [\n" + "".join(entries) + "  ]\n}\n"


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
