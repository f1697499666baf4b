"""`gateway.toml`, read whole: a plan, or every fault of the file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.gateway.model import BrokerPlan, GatewayPlan, Guard, ReaderPlan, Role
from devices.pn532_lamp import Lamp
from hub.cli.gateway_schema import File, GuardTable, ReaderTable
from hub.config.document import Document, Entry, read
from hub.config.faults import ConfigurationError, Fault
from hub.config.passwords import secret_of
from hub.config.shape import validate_as
from hub.config.values import parse_uid


def load_gateway(path: Path, environment: Mapping[str, str]) -> GatewayPlan:
    """What the file at `path` says. Raises ConfigurationError with every fault."""
    if not path.exists():
        remedy = "`campushub gateway --example` prints one; save that as this file and adapt it"
        raise ConfigurationError([Fault(path, None, "", "there is no such file", remedy)])
    document = read(path)
    file, faults = validate_as(File, document)
    faults += _faults(document)
    password = secret_of(document.section("broker"), "password", environment, faults)
    if file is None or faults:
        raise ConfigurationError(faults)
    folder = path.parent.absolute()
    broker = file.broker
    guards = {guard.name: _guard(guard) for guard in file.guard}
    return GatewayPlan(
        site=file.site.id,
        language=file.site.language,
        bell=file.terminal.bell,
        broker=BrokerPlan(
            broker.host,
            broker.port,
            broker.username,
            password,
            broker.tls,
            folder / broker.ca_file if broker.ca_file is not None else None,
        ),
        outbox=folder / file.outbox.file,
        limit=file.outbox.limit,
        guards=tuple(guards.values()),
        readers=tuple(_reader(reader, guards) for reader in file.reader),
        zone=ZoneInfo(file.site.zone) if file.site.zone is not None else None,
    )


def _guard(table: GuardTable) -> Guard:
    return Guard(table.name, table.badge)


def _reader(table: ReaderTable, guards: Mapping[str, Guard]) -> ReaderPlan:
    lamp = table.lamp
    return ReaderPlan(
        id=table.id,
        port=table.port,
        role=table.role,
        tag_uid=table.tag_uid or "",
        guard=guards[table.guard] if table.guard is not None else None,
        lamp=Lamp(lamp.green, lamp.red, lamp.low) if lamp is not None else None,
    )


def _faults(document: Document) -> list[Fault]:
    return [*_broker_faults(document), *_guard_faults(document), *_reader_faults(document)]


def _broker_faults(document: Document) -> Iterator[Fault]:
    broker = document.section("broker")
    for key in ("password_env", "password_file"):
        if broker.text(key) is not None and broker.text("username") is None:
            yield broker.fault(key, "is there without a username", 'add it, as in username = "gate-1"')
    ca_file = broker.text("ca_file")
    if ca_file is None:
        return
    if broker.table.get("tls") is not True:
        yield broker.fault("ca_file", "is there without tls", "add tls = true, or take it out")
    if not (document.file.parent / ca_file).is_file():
        yield broker.fault("ca_file", "names a file that is not there", "copy the authority's PEM file there")


def _guard_faults(document: Document) -> Iterator[Fault]:
    yield from _twice(document, "guard", "name", "is another guard's name as well", "write another name")
    yield from _twice(document, "guard", "badge", "is another guard's badge as well", "write another UID")


def _reader_faults(document: Document) -> Iterator[Fault]:
    yield from _twice(document, "reader", "id", "is another reader's id as well", "write another id")
    yield from _twice(document, "reader", "port", "is another reader's port as well", "one reader for a port")
    guards = {entry.text("name") for entry in document.entries("guard")}
    badges = {_uid(entry, "badge") for entry in document.entries("guard")} - {None}
    for entry in document.entries("reader"):
        fixed, handheld = entry.text("role") == Role.FIXED.value, entry.text("role") == Role.HANDHELD.value
        has_tag, guard = "tag_uid" in entry.table, entry.text("guard")
        if fixed and not has_tag:
            remedy = "write the tag_uid of its [[checkpoint]] in campus.toml: that is where its taps are"
            yield entry.fault("tag_uid", "is missing: a fixed reader stands at a checkpoint", remedy)
        if handheld and has_tag:
            yield entry.fault("tag_uid", "is a fixed reader's: a handheld one reads it", "take it out")
        if fixed and guard is not None:
            yield entry.fault("guard", "is a handheld reader's: a fixed one reads badges", "take it out")
        elif guard is not None and guard not in guards:
            yield entry.fault("guard", "is the name of no [[guard]]", "write the name as it stands there")
        if has_tag and _uid(entry, "tag_uid") in badges:
            yield entry.fault("tag_uid", "is a guard's badge", "write the UID of the checkpoint's tag")
        lamp = entry.table.get("lamp")
        if isinstance(lamp, dict) and lamp.get("green") is not None and lamp.get("green") == lamp.get("red"):
            yield entry.fault(("lamp", "red"), "is the pin of green as well", "write another one")


def _twice(document: Document, table: str, key: str, problem: str, remedy: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for entry in document.entries(table):
        value = (_uid(entry, key) if key == "badge" else None) or entry.text(key)
        if value is None:
            continue
        if value in seen:
            yield entry.fault(key, problem, remedy)
        seen.add(value)


def _uid(entry: Entry, key: str) -> str | None:
    text = entry.text(key)
    return parse_uid(text) if text is not None else None
