"""What the schema cannot see: ids that clash, names that lead nowhere, settings that contradict each other.

Checks look at raw entries, so that they find their faults beside those of the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from devices.facts import Kind
from devices.topics import ROOT
from hub.config.broker_users import check_users
from hub.config.calendar_checks import check_calendar
from hub.config.checklists import check_checklists
from hub.config.document import Document, Entry
from hub.config.faults import Fault, escaped, shown, suggestion
from hub.config.maintenance import check_maintenance
from hub.config.model import Format, HistoryKind
from hub.config.rounds import check_rounds
from hub.config.shifts import check_shifts
from hub.config.tags import check_tags
from hub.config.telling import check_telling
from hub.config.topology import check_topology
from hub.config.values import has_password, parse_uid
from hub.config.views import check_views
from hub.config.web import check_hub_device, check_web
from rules.bind import MAIN_QUANTITY
from rules.model import Role

_SECTIONS: Final = (
    *("area", "person", "checkpoint", "checklist", "device", "route", "round", "shift"),
    *("channel", "maintenance"),
)
_SPEAKS_AT_INTERVALS: Final = (Kind.FRIDGE.value, Kind.METER.value)
_NATIVE_ONLY: Final = (Kind.CHECKPOINT.value, Kind.GATEWAY.value, Kind.HUB.value)
_WITHOUT_OWN_LIMITS: Final = tuple(kind.value for kind in Kind if kind not in MAIN_QUANTITY)


def check(document: Document) -> list[Fault]:
    """Every fault that lies between keys rather than in one."""
    checks: tuple[Callable[[Document], Iterable[Fault]], ...] = (
        _duplicate_ids,
        _references,
        _administrator,
        _uids,
        _topics,
        _devices,
        check_calendar,
        check_rounds,
        check_checklists,
        check_views,
        check_tags,
        check_shifts,
        _broker,
        check_users,
        check_telling,
        check_maintenance,
        check_topology,
        check_web,
        check_hub_device,
        _history,
        _book,
    )
    return [fault for one in checks for fault in one(document)]


def _duplicate_ids(document: Document) -> Iterator[Fault]:
    for section in _SECTIONS:
        first: dict[str, Entry] = {}
        for entry in document.entries(section):
            own_id = entry.text("id")
            if own_id is not None and own_id in first:
                yield entry.fault(
                    "id", f"{_also_at(first[own_id], 'id')} has the same id", "choose another id"
                )
            elif own_id is not None:
                first[own_id] = entry


def _references(document: Document) -> Iterator[Fault]:
    areas = _ids(document, "area")
    people = _ids(document, "person")
    for section in ("checkpoint", "device"):
        for entry in document.entries(section):
            yield from _unknown(entry, "area", "area", areas)
    for section in ("area", "checkpoint", "device"):
        for entry in document.entries(section):
            yield from _unknown(entry, "owner", "person", people)
    for device in document.entries("device"):
        yield from _unknown(device, "checkpoint", "checkpoint", _ids(document, "checkpoint"))


def _administrator(document: Document) -> Iterator[Fault]:
    if all(person.text("role") != Role.ADMIN.value for person in document.entries("person")):
        remedy = 'give one [[person]] role = "admin": the first start prints that person\'s one-time password'
        yield document.fault(
            ("person",), "nobody is an administrator, so that nobody could ever sign in", remedy
        )


def _unknown(entry: Entry, key: str, section: str, known: frozenset[str]) -> Iterator[Fault]:
    name = entry.text(key)
    if name is not None and name not in known:
        yield entry.fault(key, f"there is no [[{section}]] {shown(name)}", suggestion(name, known))


def _uids(document: Document) -> Iterator[Fault]:
    """Each card and tag belongs to one person or one place, or taps would mean two things."""
    first: dict[str, tuple[Entry, str]] = {}
    for section, key in (("checkpoint", "tag_uid"), ("person", "badge")):
        for entry in document.entries(section):
            uid = parse_uid(entry.text(key) or "")
            if uid is not None and uid in first:
                problem = f"{_also_at(*first[uid])} has the same UID"
                yield entry.fault(key, problem, "read the tag or card again, and write its own UID")
            elif uid is not None:
                first[uid] = (entry, key)


def _topics(document: Document) -> Iterator[Fault]:
    embedded = document.section("broker").table.get("embedded", True) is True
    first: dict[tuple[str | None, ...], Entry] = {}
    for device in document.entries("device"):
        topic = device.text("topic")
        if topic is None:
            continue
        # A meter and a fridge's probe may well share one device.
        place = (topic, *(device.text(key) for key in ("format", "kind", "sensor")))
        if place in first:
            problem = f"{_also_at(first[place], 'topic')} has the same topic and sensor"
            yield device.fault("topic", problem, "give each its own topic, or tell them apart by `sensor`")
        first.setdefault(place, device)
        yield from _topic(device, topic, embedded=embedded)


def _topic(device: Entry, topic: str, *, embedded: bool) -> Iterator[Fault]:
    if embedded and " " in topic:
        remedy = "rename the device at its maker's side, or use mosquitto: [broker] embedded = false"
        yield device.fault("topic", "the embedded broker cannot carry topics with spaces", remedy)
    if device.text("format") == Format.ZIGBEE2MQTT.value and "/" not in topic:
        remedy = f'write the base topic as well, as in "zigbee2mqtt/{escaped(topic)}"'
        yield device.fault("topic", "lacks Zigbee2MQTT's base topic", remedy)
    if topic.split("/", maxsplit=1)[0] == ROOT:
        yield device.fault("topic", f"{ROOT}/… is for native devices", "write the topic that the device uses")


def _devices(document: Document) -> Iterator[Fault]:
    for device in document.entries("device"):
        kind = device.text("kind")
        yield from _format_of(device, kind)
        yield from _limits_of(device, kind)
        if kind == Kind.FRIDGE.value and "storing" not in device.table:
            yield device.fault(
                "storing", "is missing", 'write what it keeps: "chilled", "frozen" or "sample"'
            )
        if kind is not None and kind != Kind.CHECKPOINT.value and "checkpoint" in device.table:
            yield device.fault("checkpoint", "is for readers of tags only", "leave it out")
        if kind is not None and kind != Kind.FRIDGE.value and "storing" in device.table:
            yield device.fault("storing", "is for fridges only", "leave it out")
        if kind in _SPEAKS_AT_INTERVALS and "interval" not in device.table:
            remedy = 'write how often it is expected to speak, as in "1m"'
            yield device.fault("interval", "is missing", remedy)


def _format_of(device: Entry, kind: str | None) -> Iterator[Fault]:
    native = device.table.get("format", Format.NATIVE.value) == Format.NATIVE.value
    if not native and kind in _NATIVE_ONLY:
        yield device.fault("format", f"no maker's format serves a {kind}", 'write "native", or leave it out')
    if native:
        for key in ("topic", "sensor"):
            if key in device.table:
                yield device.fault(key, "is for makers' formats only", "leave it out, or name the format")
    elif "topic" not in device.table and device.text("format") is not None:
        yield device.fault(
            "topic", "is missing", 'write the device\'s base topic, as in "zigbee2mqtt/cold-4"'
        )


def _limits_of(device: Entry, kind: str | None) -> Iterator[Fault]:
    low, high = device.number("low"), device.number("high")
    if low is not None and high is not None and low >= high:
        yield device.fault("low", f"{low:g} is not below high = {high:g}", "swap or correct the two")
    if kind in _WITHOUT_OWN_LIMITS:
        for key in ("low", "high"):
            if key in device.table:
                yield device.fault(
                    key, f"a {kind} has no limits of its own", "leave it out, or change a rule"
                )


def _broker(document: Document) -> Iterator[Fault]:
    broker = document.section("broker")
    web = document.section("web")
    external = "leave it out, or use mosquitto: embedded = false"
    if broker.table.get("embedded", True) is True:
        if broker.table.get("tls") is True:
            yield broker.fault("tls", "the embedded broker has no TLS", external)
        if broker.table.get("protocol") == "5":
            yield broker.fault("protocol", "the embedded broker speaks MQTT 3.1.1 only", external)
        port = broker.number("port")
        if port is not None and port == web.number("port"):
            yield web.fault(
                "port", "is the embedded broker's port too", "choose another port for one of them"
            )
    if "username" not in broker.table:
        for key in ("password_env", "password_file"):
            if key in broker.table:
                yield broker.fault(key, "there is a password and no username", "write `username` as well")


def _history(document: Document) -> Iterator[Fault]:
    history = document.section("storage", "history")
    kind = history.table.get("kind", HistoryKind.DUCKDB.value)
    account = ("username", "password_env", "password_file")
    bucket = ("organisation", "token_env", "token_file")
    unused: dict[object, tuple[str, ...]] = {
        HistoryKind.DUCKDB.value: ("url", "database", *account, *bucket),
        HistoryKind.INFLUXDB1.value: bucket,
        HistoryKind.INFLUXDB2.value: account,
    }
    for key in unused.get(kind, ()) if isinstance(kind, str) else ():
        if key in history.table:
            yield history.fault(
                key, f"is not used with kind = {shown(kind)}", "leave it out, or choose the kind"
            )
    if kind in (HistoryKind.INFLUXDB1.value, HistoryKind.INFLUXDB2.value) and "url" not in history.table:
        yield history.fault("url", "is missing", 'write it as in "http://127.0.0.1:8086"')
    if kind == HistoryKind.INFLUXDB2.value:
        if "organisation" not in history.table:
            yield history.fault("organisation", "is missing", "write the organisation that owns the bucket")
        if not {"token_env", "token_file"} & history.table.keys():
            yield history.fault("token_env", "is missing", "name the variable or file that holds the token")


def _book(document: Document) -> Iterator[Fault]:
    storage = document.section("storage")
    url = storage.text("book_url")
    if url is not None and not has_password(url) and "://" not in url:
        yield storage.fault("book_url", "is not an SQLAlchemy URL", 'write it as in "postgresql+psycopg://…"')


def _ids(document: Document, section: str) -> frozenset[str]:
    return frozenset(
        own_id for entry in document.entries(section) if (own_id := entry.text("id")) is not None
    )


def _also_at(entry: Entry, key: str) -> str:
    """Where the other one of two that clash stands, in words."""
    other = entry.fault(key, "", "")
    place = f" in line {other.line}" if other.line is not None else ""
    return f"{other.key.removesuffix(f'.{key}')}{place}"
