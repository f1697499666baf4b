"""From one MQTT message to one entry of the log; decides everything, does no IO."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

import msgspec

from devices.facts import OF_THE_HUB, Clock, Fact, Presence, Reading, Tap
from devices.formats import Ignored, Refused, Route, Router, Unknown
from devices.native_plain import PlainReader
from devices.source import Decoded
from devices.topics import Channel
from devices.wire import WireError, escaped
from hub.config.model import Tags
from hub.ingest.proof import Doubt, at_most_qr, proved
from hub.log.model import Claim, Delivery, Entry, Letter, Meeting

_TOPIC_CHARS_KEPT: Final = 256
STRANGER: Final = "unknown_device"


class Message(msgspec.Struct, frozen=True, gc=False):
    """What came over MQTT. `again` is the DUP flag; `packet_id` is 0 for QoS 0."""

    topic: str
    payload: bytes
    packet_id: int
    again: bool
    retained: bool
    received_at_ms: int


class Taken(msgspec.Struct, frozen=True, gc=False):
    """The entry for the log; `ignored` says why there is none, and nothing is wrong.

    `doubts`: by the keys of taps, why what their tags signed is not trusted."""

    entry: Entry
    ignored: str = ""
    doubts: Mapping[str, Doubt] = {}


class Decoder:
    """Knows the campus's devices; any message whatever becomes an entry, and none raises.

    Of devices without an offset it keeps the last time, for the hour that comes twice: messages are to be
    given to it in the order in which they came."""

    def __init__(self, router: Router, zone: tzinfo, tags: Tags | None = None) -> None:
        """`tags`: what taps with SUN messages are verified by; without it, none is."""
        self._router = router
        self._zone = zone
        self._tags = tags or Tags()
        self._plain = router.plain_readers()
        self._local_ms: dict[str, int] = {}  # by device

    def subscriptions(self) -> tuple[str, ...]:
        """The filters to ask the broker for."""
        return self._router.subscriptions()

    def plain_readers(self) -> dict[bytes, PlainReader]:
        """By topic: how to read the plain readings, that `take` would only take the same, slower."""
        return {topic.encode(): read for topic, read in self._plain.items()}

    def take(self, message: Message) -> Taken:
        """Facts for what is understood, dead letters for what is not, a meeting for a stranger."""
        plain = self._plain.get(message.topic)
        if plain is not None and not message.retained:
            reading = plain(message.payload, message.received_at_ms)
            if reading is not None:
                return Taken(Entry((reading,), delivery=_delivery(message, (reading,))))
        return self.carefully(message)

    def carefully(self, message: Message) -> Taken:
        """The same without the quick way, for messages that it has turned down."""
        match self._router.route(message.topic):
            case Ignored(why):
                return Taken(Entry(), ignored=why)
            case Refused(reason, detail):
                return Taken(Entry(letters=(_letter(message, reason.value, detail),)))
            case Unknown() as stranger:
                return self._meet(message, stranger)
            case routes:
                return self._decode(message, routes)

    def _meet(self, message: Message, stranger: Unknown) -> Taken:
        if message.retained:
            return Taken(Entry(), ignored="retained message of an unknown device")
        meeting = Meeting(
            message.received_at_ms,
            escaped(message.topic, _TOPIC_CHARS_KEPT),
            stranger.format.value,
            stranger.suggested_id,
        )
        letter = _letter(message, STRANGER, "not in the configuration: add a [[device]] for it")
        return Taken(Entry(letters=(letter,), meetings=(meeting,)))

    def _decode(self, message: Message, routes: tuple[Route, ...]) -> Taken:
        # The broker repeats retained messages at every subscription: only a state may be learnt that way.
        if message.retained and any(route.channel is not Channel.STATUS for route in routes):
            return Taken(Entry(), ignored="retained reading or tap: not new")
        facts: list[Fact] = []
        letters: list[Letter] = []
        claims: list[Claim] = []
        doubts: dict[str, Doubt] = {}
        for route in routes:
            source = route.source(message.received_at_ms, self._zone, self._local_ms.get(route.device))
            try:
                decoded = self._router.decode(route, message.payload, source)
            except WireError as error:
                letters.append(_letter(message, error.reason.value, f"{route.device}: {error.detail}"))
                continue
            for fact in decoded.facts:
                if isinstance(fact, Reading) and fact.clock is Clock.LOCAL:
                    self._local_ms[fact.device] = fact.measured_at_ms
            said = self._proved(decoded, claims, doubts) if decoded.sun else decoded.facts
            facts.extend(
                at_most_qr(fact) if isinstance(fact, Tap) else fact
                for fact in said
                if not message.retained or _is_lasting(fact)
            )
            letters.extend(
                _letter(message, fault.reason.value, f"{route.device}, element {fault.index}: {fault.detail}")
                for fault in decoded.faults
            )
        delivery = _delivery(message, facts)
        entry = Entry(tuple(facts), tuple(letters), delivery=delivery, claims=tuple(claims))
        return Taken(entry, doubts=doubts)

    def _proved(self, decoded: Decoded, claims: list[Claim], doubts: dict[str, Doubt]) -> tuple[Fact, ...]:
        """The facts, taps as their SUN messages make them; adds to `claims` what these prove, and to `doubts`
        why they prove nothing."""
        messages = {sun.tap: dict(sun.values) for sun in decoded.sun}
        facts: list[Fact] = []
        for fact in decoded.facts:
            if isinstance(fact, Tap) and fact.key in messages:
                tap, found = proved(self._tags, fact, messages[fact.key])
                facts.append(tap)
                if isinstance(found, Claim):
                    claims.append(found)
                else:
                    doubts[fact.key] = found
            else:
                facts.append(fact)
        return tuple(facts)


def delivery_of(topic: bytes, payload: bytes, packet_id: int, *, again: bool) -> Delivery | None:
    """How a message was delivered, for a fact that is known by that alone; None for QoS 0."""
    if not packet_id:
        return None
    digest = hashlib.blake2b(topic, digest_size=16)
    digest.update(payload)
    return Delivery(packet_id, again, digest.digest())


def _is_lasting(fact: Fact) -> bool:
    """Whether a retained message may say this: that a device is gone still holds, that it spoke is over."""
    return isinstance(fact, Presence) and not fact.online


def _delivery(message: Message, facts: Sequence[Fact]) -> Delivery | None:
    """Needed where a fact's key holds the hub's receive time, which differs at a redelivery."""
    if not any(_is_known_by_arrival(fact) for fact in facts):
        return None
    return delivery_of(
        message.topic.encode(errors="replace"), message.payload, message.packet_id, again=message.again
    )


def _is_known_by_arrival(fact: Fact) -> bool:
    return not isinstance(fact, OF_THE_HUB) and fact.clock not in (Clock.DEVICE, Clock.LOCAL)


def _letter(message: Message, reason: str, detail: str) -> Letter:
    return Letter(
        message.received_at_ms,
        escaped(message.topic, _TOPIC_CHARS_KEPT),
        message.payload,
        reason,
        escaped(detail, 400),
    )
