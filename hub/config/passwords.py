"""Secrets come from the environment or from files, never from `campus.toml`, and are never printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.config.document import Document, Entry
from hub.config.faults import Fault

_MAX_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Secrets:
    """What was found; None where the file names no place for it."""

    broker_password: str | None = field(default=None, repr=False)
    history_token: str | None = field(default=None, repr=False)
    history_password: str | None = field(default=None, repr=False)
    book_url: str | None = field(default=None, repr=False)
    channel_urls: Mapping[str, str] = field(default_factory=dict, repr=False)  # by the channel's id


def find(document: Document, environment: Mapping[str, str]) -> tuple[Secrets, list[Fault]]:
    """Every secret that the file names a place for, and a fault for each that is not there."""
    broker = document.section("broker")
    storage = document.section("storage")
    history = document.section("storage", "history")
    faults: list[Fault] = []
    found = Secrets(
        broker_password=secret_of(broker, "password", environment, faults),
        history_token=secret_of(history, "token", environment, faults),
        history_password=secret_of(history, "password", environment, faults),
        book_url=secret_of(storage, "book_url", environment, faults),
        channel_urls={
            id_: url
            for channel in document.entries("channel")
            if (url := secret_of(channel, "url", environment, faults)) and (id_ := channel.text("id"))
        },
    )
    return found, faults


def secret_of(entry: Entry, name: str, environment: Mapping[str, str], faults: list[Fault]) -> str | None:
    """What `<name>_env` or `<name>_file` of a table leads to; a fault is added where it leads nowhere."""
    places = [key for key in (name, f"{name}_env", f"{name}_file") if key in entry.table]
    if len(places) > 1:
        faults.append(entry.fault(places[1], f"{places[0]} is there as well", "keep only one of them"))
        return None
    variable, file = entry.text(f"{name}_env"), entry.text(f"{name}_file")
    if variable is not None:
        value = environment.get(variable, "")
        if not value:
            remedy = "set it where the hub is started, for example in the service's environment file"
            faults.append(entry.fault(places[0], "the environment variable that it names is not set", remedy))
        return value
    if file is not None:
        try:
            return _content(entry.document.file.parent / file)
        except (OSError, ValueError) as error:
            problem = (
                error.strerror if isinstance(error, OSError) and error.strerror else "it is no usable text"
            )
            remedy = "write the secret into that file, in UTF-8, readable by the hub only"
            faults.append(entry.fault(places[0], f"the file that it names cannot be used: {problem}", remedy))
    return None


def _content(file: Path) -> str:
    """The file's only line. Raises OSError, or ValueError (UnicodeDecodeError is one)."""
    with file.open("rb") as stream:
        text = stream.read(_MAX_BYTES).decode("utf-8-sig").rstrip("\r\n")
    if not text or not text.isprintable():
        raise ValueError("empty, or not one line")
    return text
