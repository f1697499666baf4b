"""Who may sign in at the embedded broker, and what each may say and read there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from devices.facts import Kind
from devices.topics import ROOT
from hub.broker.rights import HUB_USER, Filters, User, base_filters, device_filters, is_loopback, subject_of
from hub.config import schema
from hub.config.document import Document, Entry
from hub.config.faults import Fault, shown, suggestion
from hub.config.model import Broker, Campus, Device

_USERS: Final = ("broker", "user")
_MAKE_ONE: Final = "`campushub broker user` prints one"


def check_users(document: Document) -> Iterator[Fault]:
    """What is wrong between users, devices, and where the broker listens."""
    broker = document.section("broker")
    users = list(document.entries(*_USERS))
    if broker.table.get("embedded", True) is not True:
        yield from _not_here(broker, users)
        return
    yield from _openness(broker, has_users=bool(users))
    first: dict[str, Entry] = {}
    for user in users:
        name = user.text("name")
        if name == HUB_USER:
            yield user.fault("name", f"{HUB_USER} is the hub's own account", "choose another name")
        elif name is not None and name in first:
            line = first[name].fault("name", "", "").line
            yield user.fault("name", f"the user in line {line} has the same name", "choose another name")
        elif name is not None:
            first[name] = user
        yield from _devices_of(document, user, name)
        yield from _topics_of(user)


def users_of(file: schema.File) -> tuple[User, ...]:
    """The users that a file without faults names, with their rights."""
    devices = {device.id: device for device in file.device}
    return tuple(
        _user(table, [devices[id_] for id_ in _speaks_for(table)], file.site.id) for table in file.broker.user
    )


def doubts(document: Document, campus: Campus) -> Iterator[Fault]:
    """What is allowed, and probably not meant: a broker open to a network, devices that are refused."""
    broker = campus.broker
    if broker.embedded and not broker.users and not is_loopback(broker.host):
        where = f"anybody who reaches {broker.host}:{broker.port} may speak as any device"
        remedy = f"give each device a [[broker.user]] ({_MAKE_ONE}) and take `anonymous` out"
        yield document.section("broker").fault("anonymous", where, remedy)
    if not broker.users:
        return
    for entry in document.entries("device"):
        device = campus.devices[str(entry.text("id"))]
        if device.kind is not Kind.HUB and not _is_spoken_for(broker, campus.site.id, device):
            remedy = f"add a [[broker.user]] of its name ({_MAKE_ONE}), or add it to the `devices` of one"
            yield entry.fault("id", "no [[broker.user]] may speak for it: the broker refuses it", remedy)


def _not_here(broker: Entry, users: list[Entry]) -> Iterator[Fault]:
    if users:
        remedy = "give mosquitto its users with mosquitto_passwd, and take these out"
        yield users[0].fault((), "users stand here for the embedded broker only", remedy)
    if "anonymous" in broker.table:
        yield broker.fault("anonymous", "is for the embedded broker only", "leave it out")


def _openness(broker: Entry, *, has_users: bool) -> Iterator[Fault]:
    is_open = broker.table.get("anonymous") is True
    host = broker.text("host")
    if has_users:
        if is_open:
            yield broker.fault("anonymous", "there are users as well", "leave it out, or take the users out")
        for key in ("username", "password_env", "password_file"):
            if key in broker.table:
                problem = "is not used: the hub makes an account of its own where there are users"
                yield broker.fault(key, problem, "leave it out")
    elif host is not None and not is_loopback(host) and not is_open:
        remedy = (
            f"give each device a [[broker.user]] ({_MAKE_ONE}); or write anonymous = true if everybody "
            'on that network may speak as any device; or host = "127.0.0.1"'
        )
        yield broker.fault("host", f"{shown(host)} lets a network in, and there are no users", remedy)


def _devices_of(document: Document, user: Entry, name: str | None) -> Iterator[Fault]:
    known = {id_: device for device in document.entries("device") if (id_ := device.text("id")) is not None}
    named = user.texts("devices")
    for index, id_ in named:
        if id_ not in known:
            problem = f"there is no [[device]] {shown(id_)}"
            yield user.fault(("devices", index), problem, suggestion(id_, known))
        else:
            yield from _carried(user, ("devices", index), known[id_])
    if named or user.table.get("devices") or user.table.get("topics") or name in (None, HUB_USER):
        return
    if name not in known:
        remedy = "name it after a device, or say with `devices` or `topics` what it speaks for"
        yield user.fault("name", f"there is no [[device]] {shown(name)}", remedy)
    else:
        yield from _carried(user, ("name",), known[name])


def _carried(user: Entry, key: tuple[str | int, ...], device: Entry) -> Iterator[Fault]:
    """Spaces are a fault of the device already; other characters only where rights depend on them."""
    topic = device.text("topic")
    if topic is not None and " " not in topic and not _is_holdable(topic):
        problem = f"the embedded broker cannot hold rights for the topic {shown(topic)}"
        yield user.fault(key, problem, "rename the device at its maker's side: letters, digits, - and _")


def _topics_of(user: Entry) -> Iterator[Fault]:
    for index, topic in user.texts("topics"):
        if topic.split("/", maxsplit=1)[0] == ROOT:
            problem = f"{ROOT}/… is for native devices"
            yield user.fault(("topics", index), problem, "name the devices themselves under `devices`")
        elif not _is_holdable(topic) and not _is_no_topic(topic):
            problem = f"the embedded broker cannot hold rights for the topic {shown(topic)}"
            yield user.fault(("topics", index), problem, 'use letters, digits, "-" and "_" between slashes')


def _is_no_topic(topic: str) -> bool:
    """What the schema refuses already."""
    return not all(topic.split("/")) or not topic.isprintable() or not {"+", "#"}.isdisjoint(topic)


def _is_holdable(topic: str) -> bool:
    try:
        subject_of(topic)
    except ValueError:
        return False
    return True


def _speaks_for(table: schema.BrokerUserTable) -> list[str]:
    return table.devices or ([] if table.topics else [table.name])


def _user(table: schema.BrokerUserTable, devices: list[schema.DeviceTable], site: str) -> User:
    filters = Filters()
    for device in devices:
        filters += device_filters(device.format, device.id, device.topic or "", site)
    for base in table.topics:
        filters += base_filters(base)
    return User(table.name, table.password_hash, filters.publishes, filters.reads)


def _is_spoken_for(broker: Broker, site: str, device: Device) -> bool:
    """Whether some user may publish what the hub listens to of this device."""
    wanted = device_filters(device.format, device.id, device.topic, site).publishes[0]
    return any(_holds(filter_, wanted) for user in broker.users for filter_ in user.publishes or ())


def _holds(filter_: str, wanted: str) -> bool:
    return filter_ == wanted or (filter_.endswith("/#") and wanted.startswith(filter_[:-1]))
