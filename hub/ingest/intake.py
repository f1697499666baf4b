"""From a batch of messages as received to what the inbox takes and the broker may forget; does no IO."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from devices.facts import Clock, Tap
from devices.native_plain import PlainReader
from devices.wire import WireReason, escaped
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder, Message, delivery_of
from hub.ingest.flood import Bucket, Flood
from hub.ingest.own_clock import OwnClock
from hub.ingest.proof import Doubt
from hub.ingest.publishes import Publish
from hub.log.model import Entry, Letter

_LOG: Final = logging.getLogger("campushub.mqtt")
_TOPIC_CHARS_KEPT: Final = 256
FLOOD: Final = "flood"
HUB_FAULT: Final = "hub_fault"
_DEVICE: Final = Clock.DEVICE  # in Python 3.11 looking up an Enum's member takes long
_STRANGERS: Final = b"every unknown device together"


class Asking(msgspec.Struct, frozen=True):
    """How taps came that a reader may want to hear about. `is_live`: not with the broker's backlog."""

    is_live: bool
    doubts: Mapping[str, Doubt]


class Batch(msgspec.Struct, frozen=True):
    """What one read brought: the entries, and what to acknowledge once they are durable, in the order of
    arrival. `has_marker`: the marker that was waited for is among them. `asking`: of the entries with taps,
    by their places."""

    entries: list[Entry]
    of_qos_1: list[int]
    of_qos_2: list[int]
    has_marker: bool
    asking: Mapping[int, Asking] = {}


class Intake:
    """Takes messages apart. Whatever they are, each is acknowledged: as a fact, a dead letter, or ignored."""

    def __init__(
        self, decoder: Decoder, counts: Counts, flood: Flood, own_clock: OwnClock, marker_topic: str
    ) -> None:
        self._decoder = decoder
        self._counts = counts
        self._flood = flood
        self._own_clock = own_clock
        self._marker_topic = marker_topic.encode()
        # One look-up gives what nearly every message needs.
        self._known: dict[bytes, tuple[PlainReader, Bucket]] = {
            topic: (read, Bucket())
            for topic, read in decoder.plain_readers().items()
            if topic != self._marker_topic
        }
        # The payload of the marker that is waited for; others are of earlier connections.
        self.marker = b""
        # While a backlog comes in, the pace is the broker's and says nothing about the senders.
        self.judges_floods = False
        self._doubts: Mapping[str, Doubt] = {}  # of the message that was decoded last

    def take(self, publishes: Sequence[Publish]) -> Batch:
        """Never raises for what a message holds."""
        now_ms, clock_set = self._own_clock.read()
        entries = [] if clock_set is None else [Entry((clock_set,))]
        of_qos_1: list[int] = []
        of_qos_2: list[int] = []
        asking: dict[int, Asking] = {}
        has_marker, senders = False, self._known
        for publish in publishes:
            if publish.qos == 1:
                of_qos_1.append(publish.packet_id)
            elif publish.qos:
                of_qos_2.append(publish.packet_id)
            known = senders.get(publish.topic)
            try:
                if known is not None:
                    entry = self._of_known(publish, known[0], known[1], now_ms)
                else:
                    has_marker = has_marker or self._is_marker(publish)
                    entry = self._of_other(publish, now_ms)
                    if entry is not None and any(isinstance(fact, Tap) for fact in entry.facts):
                        asking[len(entries)] = Asking(self.judges_floods, self._doubts)
            except Exception as error:  # noqa: BLE001 - it would end the connection, come again and end it again
                _LOG.exception("a message could not be taken in")
                entry = self._letter(publish, now_ms, HUB_FAULT, f"{type(error).__name__}: {error}")
            if entry is not None:
                entries.append(entry)
        self._counts.messages += len(publishes)
        return Batch(entries, of_qos_1, of_qos_2, has_marker, asking)

    def _of_known(self, publish: Publish, read: PlainReader, bucket: Bucket, now_ms: int) -> Entry | None:
        """On a topic of one native device's readings."""
        if self.judges_floods and not self._flood.takes_from(bucket, now_ms):
            return self._excess(publish, publish.topic, now_ms)
        payload = publish.payload
        if publish.retained or publish.missing or (reading := read(payload, now_ms)) is None:
            return self._decoded(publish, now_ms)
        if reading.clock is _DEVICE:
            return Entry((reading,))
        delivery = delivery_of(publish.topic, payload, publish.packet_id, again=publish.again)
        return Entry((reading,), delivery=delivery)

    def _of_other(self, publish: Publish, now_ms: int) -> Entry | None:
        if self.judges_floods and not self._flood.takes(publish.topic, now_ms):
            return self._excess(publish, publish.topic, now_ms)
        if publish.topic == self._marker_topic:
            return None
        return self._decoded(publish, now_ms)

    def _decoded(self, publish: Publish, now_ms: int) -> Entry | None:
        if publish.missing:
            size = len(publish.payload) + publish.missing
            return self._letter(publish, now_ms, WireReason.TOO_LARGE.value, f"{size} bytes")
        taken = self._decoder.carefully(
            Message(
                _text(publish.topic),
                publish.payload,
                publish.packet_id,
                publish.again,
                publish.retained,
                now_ms,
            )
        )
        self._doubts = taken.doubts
        if taken.ignored:
            self._counts.ignored[taken.ignored] += 1
            return None
        entry = taken.entry
        if entry.meetings:
            if self.judges_floods and not self._flood.takes(_STRANGERS, now_ms):
                return self._excess(publish, _STRANGERS, now_ms)
            self._counts.strangers += len(entry.meetings)
        if entry.letters:
            self._counts.died(letter.reason for letter in entry.letters)
        return entry

    def _excess(self, publish: Publish, sender: bytes, now_ms: int) -> Entry | None:
        """All of it is counted; a dead letter now and then says how much, and shows one."""
        self._counts.flooded += 1
        stands_for = self._flood.sample(sender, now_ms)
        if not stands_for:
            return None
        return self._letter(
            publish, now_ms, FLOOD, f"{stands_for} messages beyond the limit since the last such letter"
        )

    def _letter(self, publish: Publish, now_ms: int, reason: str, detail: str) -> Entry:
        self._counts.died((reason,))
        topic = escaped(_text(publish.topic), _TOPIC_CHARS_KEPT)
        return Entry(letters=(Letter(now_ms, topic, publish.payload, reason, escaped(detail, 400)),))

    def _is_marker(self, publish: Publish) -> bool:
        return publish.topic == self._marker_topic and publish.payload == self.marker


def _text(topic: bytes) -> str:
    try:
        return topic.decode()
    except UnicodeDecodeError:
        return repr(topic)
