"""From a topic to the devices that speak there, and from their payload to facts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from devices import native, tasmota, topics, zigbee2mqtt
from devices.facts import Kind
from devices.native_plain import PlainReader, reader
from devices.source import Decoded, Source
from devices.topics import Channel, NativeTopic
from devices.wire import WireError, WireReason, escaped

MAX_UNKNOWN_TOPIC_CHARS: Final = 256

_ZIGBEE2MQTT: Final = "zigbee2mqtt"  # the default base topic
_TELE: Final = "tele"  # Tasmota's default prefix of what a device says
_AVAILABILITY: Final = "availability"
_TASMOTA_CHANNELS: Final = {"SENSOR": Channel.READING, "LWT": Channel.STATUS}
_SPOKEN: Final = (Channel.READING, Channel.TAP, Channel.STATUS)

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_NOT_IN_ID: Final = re.compile(r"[^a-z0-9]+")
_TRAVERSAL: Final = frozenset({".", ".."})


class Format(Enum):
    """Whose payloads a device speaks."""

    NATIVE = "native"
    ZIGBEE2MQTT = "zigbee2mqtt"
    TASMOTA = "tasmota"


class Binding(msgspec.Struct, frozen=True):
    """One configured device. `topic`: a maker's base topic (Tasmota: `%topic%`); unused for native ones."""

    device: str
    kind: Kind
    format: Format
    topic: str = ""
    sensor: str = ""


class Route(msgspec.Struct, frozen=True):
    """One device that a message is for, and how to read its payload."""

    device: str
    kind: Kind
    format: Format
    sensor: str
    channel: Channel

    def source(self, received_at_ms: int, zone: tzinfo, after_ms: int | None = None) -> Source:
        """What the decoder needs to know; `zone` is the site's, `after_ms` as in `Source`."""
        return Source(self.device, self.kind, self.sensor, received_at_ms, zone, after_ms)


class Unknown(msgspec.Struct, frozen=True):
    """A device that nobody configured. `topic` is what its configuration would say; empty for native ones."""

    suggested_id: str
    format: Format
    kind: Kind | None
    topic: str


class Ignored(msgspec.Struct, frozen=True):
    """Nothing is wrong, and nothing there is for us."""

    why: str


class Refused(msgspec.Struct, frozen=True):
    """A topic that no well-behaved device uses: a matter for the dead letters."""

    reason: WireReason
    detail: str


Routing: TypeAlias = tuple[Route, ...] | Unknown | Ignored | Refused

_DECODERS: Final[dict[tuple[Format, Channel], Callable[[bytes, Source], Decoded]]] = {
    (Format.NATIVE, Channel.READING): native.decode_reading,
    (Format.NATIVE, Channel.TAP): native.decode_tap,
    (Format.NATIVE, Channel.STATUS): native.decode_status,
    (Format.ZIGBEE2MQTT, Channel.READING): zigbee2mqtt.decode_reading,
    (Format.ZIGBEE2MQTT, Channel.STATUS): zigbee2mqtt.decode_status,
    (Format.TASMOTA, Channel.READING): tasmota.decode_reading,
    (Format.TASMOTA, Channel.STATUS): tasmota.decode_status,
}


class Router:
    """Knows every configured device's topics. Any topic whatever gets an answer; none raises."""

    def __init__(self, site: str, bindings: Iterable[Binding]) -> None:
        self._site = site
        self._by_id = {binding.device: binding for binding in bindings}
        routes: dict[str, tuple[Route, ...]] = {}
        for binding in self._by_id.values():
            for topic, channel in _spoken(site, binding):
                route = Route(binding.device, binding.kind, binding.format, binding.sensor, channel)
                routes[topic] = (*routes.get(topic, ()), route)
        self._routes = routes
        configured = self._by_id.values()
        zigbee = {b.topic for b in configured if b.format is Format.ZIGBEE2MQTT}
        self._zigbee_topics = frozenset(zigbee)
        self._zigbee_bases = tuple(sorted({_base(topic) for topic in zigbee} or {_ZIGBEE2MQTT}))
        self._has = frozenset(binding.format for binding in configured)

    def subscriptions(self) -> tuple[str, ...]:
        """The MQTT filters that cover every configured device, as few as possible, none within another."""
        wanted = {topics.subscription(self._site)}
        if Format.ZIGBEE2MQTT in self._has:
            wanted.update(f"{base}/#" for base in self._zigbee_bases)
        if Format.TASMOTA in self._has:
            wanted.add(f"{_TELE}/#")
        kept: list[str] = []
        for wide in sorted(wanted, key=len):
            if not any(wide.startswith(other.removesuffix("#")) for other in kept):
                kept.append(wide)
        return tuple(sorted(kept))

    def plain_readers(self) -> dict[str, PlainReader]:
        """For topics that carry one native device's readings: the quick way to read the plain ones."""
        found = {}
        for topic, routes in self._routes.items():
            route = routes[0]
            if len(routes) == 1 and (route.format, route.channel) == (Format.NATIVE, Channel.READING):
                read = reader(route.device, route.kind)
                if read is not None:
                    found[topic] = read
        return found

    def route(self, topic: str) -> Routing:
        """Whom a message on this topic is for, or why it is for nobody."""
        return self._routes.get(topic) or self._unconfigured(topic)

    def decode(self, route: Route, payload: bytes, source: Source) -> Decoded:
        """What the payload says for this route's device; raises only WireError."""
        decoder = _DECODERS.get((route.format, route.channel))
        if decoder is None:
            detail = f"{route.format.value} has no {route.channel.value}"
            raise WireError(WireReason.UNSUPPORTED, detail)
        return decoder(payload, source)

    def _unconfigured(self, topic: str) -> Routing:
        if len(topic) > MAX_UNKNOWN_TOPIC_CHARS or not topic.isprintable():
            return _bad(f"{len(topic)} characters: {topic[:MAX_UNKNOWN_TOPIC_CHARS]}")
        levels = topic.split("/")
        if not all(levels) or not _TRAVERSAL.isdisjoint(levels):
            return _bad(topic)
        if levels[0] == topics.ROOT:
            return self._native(topic)
        if levels[0] == _TELE:
            return self._tasmota(levels)
        for base in self._zigbee_bases:
            if topic.startswith(f"{base}/"):
                return self._zigbee(topic, topic[len(base) + 1 :].split("/"))
        return _bad(f"no format has such a topic: {topic}")

    def _native(self, topic: str) -> Routing:
        said = topics.parse(topic)
        if said is None:
            return _bad(f"not campus/<site>/<kind>/<device>/<channel>: {topic}")
        if said.site != self._site:
            return _bad(f"another site: {topic}")
        if said.channel is Channel.REPLY:
            return Ignored("a reply of the hub")
        if (binding := self._by_id.get(said.device)) is not None:
            return _bad(f"{said.device} is a {binding.format.value} {binding.kind.value}: {topic}")
        if _ID.fullmatch(said.device) is None:
            return _bad(f"not a device's id: {topic}")
        return Unknown(said.device, Format.NATIVE, said.kind, "")

    def _tasmota(self, levels: list[str]) -> Routing:
        if len(levels) < 3:
            return _bad("/".join(levels))
        if levels[-1] not in _TASMOTA_CHANNELS:
            return Ignored("not a Tasmota reading or last will")
        name = "/".join(levels[1:-1])
        return Unknown(self._new_id(name), Format.TASMOTA, None, name)

    def _zigbee(self, topic: str, name: list[str]) -> Routing:
        if name[0] == "bridge":
            return Ignored("Zigbee2MQTT's bridge")
        if not {"set", "get"}.isdisjoint(name[1:]):
            return Ignored("a request to a device")
        parents = (topic[:at] for at, character in enumerate(topic) if character == "/")
        if any(parent in self._zigbee_topics for parent in parents):
            return Ignored("one property of a configured device")
        if len(name) > 1 and name[-1] == _AVAILABILITY:
            topic, name = topic.removesuffix(f"/{_AVAILABILITY}"), name[:-1]
        return Unknown(self._new_id("-".join(name)), Format.ZIGBEE2MQTT, None, topic)

    def _new_id(self, name: str) -> str:
        """An id that the configuration accepts and no device has."""
        plain = _NOT_IN_ID.sub("-", name.lower()).strip("-")
        if plain and plain == plain[:48] and name.isascii() and plain not in self._by_id:
            return plain
        mark = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=4).hexdigest()
        return f"{plain[:39].strip('-') or 'device'}-{mark}"


def _spoken(site: str, binding: Binding) -> Iterator[tuple[str, Channel]]:
    """The topics on which a configured device speaks."""
    match binding.format:
        case Format.NATIVE:
            for channel in _SPOKEN:
                yield str(NativeTopic(site, binding.kind, binding.device, channel)), channel
        case Format.ZIGBEE2MQTT:
            yield binding.topic, Channel.READING
            yield f"{binding.topic}/{_AVAILABILITY}", Channel.STATUS
        case Format.TASMOTA:
            for suffix, channel in _TASMOTA_CHANNELS.items():
                yield f"{_TELE}/{binding.topic}/{suffix}", channel


def _base(topic: str) -> str:
    """Zigbee2MQTT's base topic: up to the level with its name, or else the first level."""
    levels = topic.split("/")
    deepest = levels.index(_ZIGBEE2MQTT) if _ZIGBEE2MQTT in levels else 0
    return "/".join(levels[: deepest + 1])


def _bad(detail: str) -> Refused:
    return Refused(WireReason.BAD_TOPIC, escaped(detail))
