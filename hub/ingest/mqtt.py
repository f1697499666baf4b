"""The shell around paho-mqtt: one persistent session, acknowledged by hand, never without the log's word."""

from __future__ import annotations

import logging
import random
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.clock import NowMs
from hub.config.model import Broker
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder, Message
from hub.ingest.inbox import Inbox, Parcel
from hub.ingest.listening import Listening
from hub.log.model import Fate

_LOG: Final = logging.getLogger("campushub.mqtt")
_KEEPALIVE_S: Final = 30
_LONGEST_BACKOFF_S: Final = 30.0
_SESSION_EXPIRY_S: Final = 0xFFFFFFFF  # MQTT 5: the session never expires
_MAX_PACKET_BYTES: Final = 1_048_576  # MQTT 5 only: a broker must not send more
# Without a word from the broker for this long after the marker was due, its backlog counts as in.
_MARKER_PATIENCE_S: Final = 10.0


class MqttIngest:
    """Receives for the hub. `turn` runs one connection, from connecting to losing it."""

    def __init__(
        self,
        broker: Broker,
        site: str,
        decoder: Decoder,
        inbox: Inbox,
        listening: Listening,
        counts: Counts,
        now: NowMs,
        stopping: Callable[[], bool],
    ) -> None:
        self._broker = broker
        self._decoder = decoder
        self._inbox = inbox
        self._listening = listening
        self._counts = counts
        self._now = now
        self._stopping = stopping
        # Published to ourselves after subscribing: when it comes back, what was queued before it is in.
        self._marker = f"campus/{site}/hub/marker"
        self._generation = 0
        self._failures = 0
        self._marker_due_ms = 0
        self._client = self._make_client()
        self.connected = False
        self.problem = "not connected yet"

    def turn(self) -> float:
        """One connection's whole life; returns how long to rest before the next, with full jitter."""
        try:
            self._connect()
            while not self._stopping() and self._client.loop(timeout=0.2) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._give_up_on_marker()
        except (OSError, ValueError, ssl.SSLError) as error:
            self._went_wrong(f"cannot reach {self._broker.host}:{self._broker.port}: {error}")
        self._ended()
        if self._stopping():
            return 0.0
        self._failures += 1
        return random.uniform(0.05, min(_LONGEST_BACKOFF_S, 0.25 * 2 ** min(self._failures, 10)))  # noqa: S311

    def close(self) -> None:
        """Says goodbye; the broker keeps the session and what comes for it."""
        self._client.disconnect()

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends at QoS 1; lost if there is no connection. Any thread."""
        self._client.publish(topic, payload, qos=1)

    # --- connecting ---

    def _make_client(self) -> paho.Client:
        version5 = self._broker.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            clean_session=None if version5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if version5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _connect(self) -> None:
        self._generation += 1
        arguments: dict[str, Any] = {}
        if self._broker.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's gap
            properties.SessionExpiryInterval = _SESSION_EXPIRY_S
            properties.MaximumPacketSize = _MAX_PACKET_BYTES
            arguments = {"clean_start": False, "properties": properties}
        self._client.connect(self._broker.host, self._broker.port, keepalive=_KEEPALIVE_S, **arguments)
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(
        self, client: paho.Client, _: object, flags: paho.ConnectFlags, code: ReasonCode, __: object
    ) -> None:
        if code.is_failure:
            self._went_wrong(f"the broker refuses the hub: {code}")
            client.disconnect()
            return
        if self.problem:
            _LOG.info("connected to the broker at %s:%d", self._broker.host, self._broker.port)
        self.connected, self.problem, self._failures = True, "", 0
        self._counts.connections += 1
        self._marker_due_ms = self._now()
        # Subscribing again to what a kept session has makes brokers repeat retained messages: harmless,
        # and it heals a session that an older configuration made.
        client.subscribe([(topic, 1) for topic in self._decoder.subscriptions()])
        if not flags.session_present:
            _LOG.info("the broker has no session of the hub: what was sent while it was away is not there")

    def _on_subscribe(
        self, client: paho.Client, _: object, __: int, codes: list[ReasonCode], ___: object
    ) -> None:
        refused = [
            topic
            for topic, code in zip(self._decoder.subscriptions(), codes, strict=False)
            if code.is_failure
        ]
        if refused:
            self._went_wrong(f"the broker refuses the subscription to {', '.join(refused)}: check its rights")
            client.disconnect()
            return
        client.publish(self._marker, b"", qos=1)

    def _give_up_on_marker(self) -> None:
        waited_ms = self._now() - self._marker_due_ms
        if self.connected and self._inbox.waiting == 0 and waited_ms > _MARKER_PATIENCE_S * 1000:
            self._listening.caught_up(self._now())

    # --- a message ---

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        try:
            self._take(client, message)
        except Exception:  # noqa: BLE001 - an error here would end the connection; the message stays unacknowledged
            self._counts.refused += 1
            _LOG.exception("a message could not be taken in")

    def _take(self, client: paho.Client, message: paho.MQTTMessage) -> None:
        self._counts.messages += 1
        packet_id, qos, generation = message.mid, message.qos, self._generation
        topic = _topic_of(message)
        if topic == self._marker:
            client.ack(packet_id, qos)
            self._listening.caught_up(self._now())
            return
        taken = self._decoder.take(
            Message(topic, bytes(message.payload), packet_id, message.dup, message.retain, self._now())
        )
        self._count(
            taken.ignored, len(taken.entry.meetings), [letter.reason for letter in taken.entry.letters]
        )
        if taken.ignored:
            client.ack(packet_id, qos)
            return

        def acknowledge(_: tuple[Fate, ...]) -> None:
            # After a reconnect the broker sends again what it has no acknowledgement for, and packet ids
            # may mean other messages: only the connection that brought a message may acknowledge it.
            if generation == self._generation:
                client.ack(packet_id, qos)

        self._inbox.put(Parcel(taken.entry, acknowledge))

    def _count(self, ignored: str, meetings: int, letters: list[str]) -> None:
        if ignored:
            self._counts.ignored[ignored] += 1
        self._counts.strangers += meetings
        self._counts.letters.update(letters)

    # --- losing it ---

    def _on_disconnect(
        self, _: paho.Client, __: object, ___: paho.DisconnectFlags, code: ReasonCode, ____: object
    ) -> None:
        if self.connected and not self._stopping():
            self._went_wrong(f"the broker closed the connection: {code}")

    def _ended(self) -> None:
        if self.connected:
            self._counts.disconnections += 1
        self.connected = False
        self._listening.lost()

    def _went_wrong(self, problem: str) -> None:
        """Logged once when it begins, not at every attempt."""
        if problem != self.problem:
            _LOG.warning("%s", problem)
        self.problem = problem


def _topic_of(message: paho.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return repr(message._topic)  # noqa: SLF001 - paho keeps the raw bytes nowhere else
