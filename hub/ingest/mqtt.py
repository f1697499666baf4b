"""The shell around the MQTT client: one persistent session, acknowledged by hand once the log says so."""

from __future__ import annotations

import logging
import random
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.clock import NowMs
from hub.config.model import Broker
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder
from hub.ingest.fast_client import StockClient, make_client
from hub.ingest.flood import Flood
from hub.ingest.heard import HeardTap, heard_taps
from hub.ingest.inbox import BATCH, CROWDED, Inbox
from hub.ingest.intake import Batch, Intake
from hub.ingest.listening import Listening
from hub.ingest.own_clock import OwnClock
from hub.ingest.publishes import Publish
from hub.ingest.remembered import Remembered, RememberedHere
from hub.ingest.subscriptions import note, plan
from hub.log.model import Kept

_LOG: Final = logging.getLogger("campushub.mqtt")
_KEEPALIVE_S: Final = 30
_LONGEST_BACKOFF_S: Final = 30.0
_SESSION_EXPIRY_S: Final = 0xFFFFFFFF  # MQTT 5: the session never expires
# MQTT 5: so many may be unacknowledged. The linger of 10 ms and a commit let 500,000 a second pass. A largest
# packet is not stated: brokers drop larger ones without a word, here they become dead letters.
_WINDOW: Final = 10_000
# After a read that brought less than plenty, wait a little before the next: it brings more at the same cost.
_BREATH_S: Final = 0.003
_PLENTY: Final = 500
# A longer one while much comes.
_MUCH: Final = 20
_DEEP_BREATH_S: Final = 0.008
_REST_WHEN_HELD_BACK_S: Final = 0.02
_REST_WHEN_ENDING_S: Final = 0.2
_REST_WITH_EMBEDDED_S: Final = 2.5
# Without a word from the broker for this long while the marker is due, its backlog counts as in ...
_MARKER_PATIENCE_S: Final = 10.0
# ... and where devices never pause, after this long.
_MARKER_LIMIT_S: Final = 300.0
# So often the broker is asked whether messages still pass through it, and so long may the answer take.
_ASK_EVERY_S: Final = 15.0
_ANSWER_WITHIN_S: Final = 20.0
# A broker that cannot write may also close each connection after a while: so many in a row mean the same.
_FRUITLESS: Final = 3

OnTaps: TypeAlias = Callable[[tuple[HeardTap, ...]], None]


class MqttIngest:
    """Receives for the hub, and speaks for it. `turn` runs one connection, from connecting to losing it."""

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
        remembered: Remembered | None = None,
        flood: Flood | None = None,
        own_clock: OwnClock | None = None,
        on_taps: OnTaps | None = None,
    ) -> None:
        """`remembered`: what the broker's session is subscribed to; without it a new process asks anew.
        `own_clock`: who notices that `now` was set; without one nobody does. `on_taps`: called with taps once
        they are durable, by the thread that made them so: be quick."""
        self._broker = broker
        self._filters = decoder.subscriptions()
        self._inbox = inbox
        self._listening = listening
        self._counts = counts
        self._now = now
        self._stopping = stopping
        self._remembered: Remembered = remembered or RememberedHere()
        self._on_taps = on_taps
        self._session = f"{broker.client_id}@{broker.host}:{broker.port}"
        # Published to ourselves after subscribing: when it comes back, what was queued before it is in.
        self._marker_topic = f"campus/{site}/hub/marker"
        self._intake = Intake(
            decoder, counts, flood or Flood(), own_clock or OwnClock(now, now), self._marker_topic
        )
        # Guards `_generation`: acknowledgements of one connection must not reach the next.
        self._one_connection = threading.Lock()
        self._generation = 0
        self._failures = 0
        self._closed = False
        self._has_subscribed = False
        self._session_kept = False  # what came while the hub was away was kept for it
        self._is_held_up = False
        self._is_stopped = False  # the log took nothing
        self._marker_due_ms = 0
        self._heard_ms = 0
        self._asked_s: float | None = None  # when a question went out that is not answered yet
        self._answered_s = 0.0
        self._fruitless = 0  # connections in a row that were lost before any message had passed
        self.unanswered = 0  # how often the broker took nothing although it was connected
        self._taken = 0  # messages of the last read
        self._client = self._make_client()
        self.connected = False
        self.problem = "not connected yet"

    def turn(self) -> float:
        """One connection's whole life; returns how long to rest before the next, with full jitter."""
        if self._is_ending():
            return _REST_WHEN_ENDING_S
        try:
            self._connect()
            while not self._is_ending() and self._client.loop(timeout=0.2) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._between_reads()
        except (OSError, ValueError, ssl.SSLError) as error:
            self._went_wrong(f"cannot reach {self._broker.host}:{self._broker.port}: {error}")
        finally:
            self._ended()
        if self._is_ending():
            return _REST_WHEN_ENDING_S
        self._failures += 1
        if self._broker.embedded:
            # It sends again what it has no acknowledgement for after a second, and newer messages before
            # that: a reader that comes back at once would be given them out of order.
            return _REST_WITH_EMBEDDED_S
        return random.uniform(0.05, min(_LONGEST_BACKOFF_S, 0.25 * 2 ** min(self._failures, 10)))  # noqa: S311

    def close(self) -> None:
        """The turn at work says goodbye and ends; the broker keeps the session and what comes for it."""
        self._closed = True

    def publish(self, topic: str, payload: bytes, expires_s: int) -> bool:
        """Hands a message to the broker, at QoS 0 and not to be kept: what it says is good for a moment.

        Where MQTT 5 is spoken it expires. False: there is no connection. Any thread."""
        if not self.connected:
            return False
        properties = None
        if self._broker.protocol == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's gap
            properties.MessageExpiryInterval = expires_s
        sent = self._client.publish(topic, payload, qos=0, properties=properties)
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    # --- connecting ---

    def _make_client(self) -> StockClient:
        client = make_client(
            self._on_publishes,
            lambda: self._inbox.waiting >= CROWDED,
            client_id=self._broker.client_id,
            protocol=MQTTProtocolVersion.MQTTv5
            if self._broker.protocol == "5"
            else MQTTProtocolVersion.MQTTv311,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        return client

    def _connect(self) -> None:
        with self._one_connection:
            self._generation += 1
        arguments: dict[str, Any] = {}
        if self._broker.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's gap
            properties.SessionExpiryInterval = _SESSION_EXPIRY_S
            properties.ReceiveMaximum = _WINDOW
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
        if not flags.session_present:
            _LOG.info("the broker has no session of the hub: what was sent while it was away is not there")
        todo = plan(
            self._filters, self._session, self._remembered.load(), session_present=flags.session_present
        )
        self._has_subscribed = bool(todo.subscribe)
        self._session_kept = flags.session_present
        if todo.unsubscribe:
            client.unsubscribe(list(todo.unsubscribe))
        if todo.subscribe:
            client.subscribe([(topic, 1) for topic in todo.subscribe])
        else:
            self._send_marker()

    def _on_subscribe(
        self, client: paho.Client, _: object, __: int, codes: list[ReasonCode], ___: object
    ) -> None:
        refused = [topic for topic, code in zip(self._filters, codes, strict=False) if code.is_failure]
        if refused:
            self._went_wrong(f"the broker refuses the subscription to {', '.join(refused)}: check its rights")
            client.disconnect()
            return
        self._remembered.save(note(self._filters, self._session))
        self._send_marker()

    # --- the backlog ---

    def _send_marker(self) -> None:
        self._intake.judges_floods = False
        self._intake.marker = secrets.token_hex(8).encode()
        self._marker_due_ms = self._now()
        self._client.publish(self._marker_topic, self._intake.marker, qos=1)

    def _ask(self) -> None:
        """Whether the broker still takes and gives messages: one that cannot write looks connected, and
        silent. It is asked by a marker of our own, and given up on if that does not come back."""
        now_s = time.monotonic()
        if self._asked_s is not None and now_s - self._asked_s > _ANSWER_WITHIN_S:
            self.unanswered += 1
            self._went_wrong(
                "the broker takes no messages, although it is connected: look at its disk and log"
            )
            self._asked_s = None
            self._client.disconnect()
        elif self._asked_s is None and now_s - self._answered_s > _ASK_EVERY_S:
            self._asked_s = now_s
            self._intake.marker = secrets.token_hex(8).encode()
            self._client.publish(self._marker_topic, self._intake.marker, qos=1)

    def _backlog_is_in(self) -> None:
        if self._is_stopped:
            return  # the marker was sent before that: another one follows what has been waiting since
        self._asked_s, self._answered_s = None, time.monotonic()
        self._fruitless = 0
        self._listening.caught_up(self._now(), kept=self._session_kept)
        self._intake.judges_floods = True

    def _give_up_on_marker(self) -> None:
        if not self.connected or self._intake.judges_floods or self._inbox.waiting or self._is_held_up:
            return
        now_ms = self._now()
        quiet_ms = now_ms - max(self._heard_ms, self._marker_due_ms)
        if quiet_ms <= _MARKER_PATIENCE_S * 1000 and now_ms - self._marker_due_ms <= _MARKER_LIMIT_S * 1000:
            return
        self._session_kept = False
        if self._has_subscribed:
            self._backlog_is_in()
            return
        # A session that does not bring the marker has lost its subscriptions: a broker's store can be older.
        self._has_subscribed = True
        self._marker_due_ms = now_ms
        self._client.subscribe([(topic, 1) for topic in self._filters])

    def _between_reads(self) -> None:
        self._give_up_on_marker()
        if self._inbox.fault is not None or self._inbox.waiting >= CROWDED:
            self._is_held_up = True
            self._intake.judges_floods = False
            if self._inbox.fault is not None and not self._is_stopped:
                self._is_stopped = True
                if self._listening.since_ms is not None:
                    # What comes meanwhile stays with the broker, whatever it had kept when we connected.
                    self._session_kept = True
                self._listening.lost(self._now())
            time.sleep(_REST_WHEN_HELD_BACK_S)
        elif self._is_held_up:
            self._is_held_up = self._is_stopped = False
            if self.connected:
                self._send_marker()
        elif self.connected and self._intake.judges_floods:
            self._ask()
        if self._client.reads_many and 0 < self._taken < _PLENTY:
            time.sleep(_DEEP_BREATH_S if self._taken >= _MUCH else _BREATH_S)
        self._taken = 0

    # --- messages ---

    def _on_publishes(self, publishes: list[Publish]) -> None:
        self._taken += len(publishes)
        self._heard_ms = self._now()
        generation = self._generation
        for start in range(0, len(publishes), BATCH):
            self._hand_on(self._intake.take(publishes[start : start + BATCH]), generation)

    def _hand_on(self, batch: Batch, generation: int) -> None:
        taken = self._inbox.put_many(
            batch.entries,
            lambda _: self._durable(batch, generation),
            (lambda kept: self._tell_of_taps(batch, kept)) if batch.asking else None,
        )
        if not taken and not self._is_ending():
            # What was not taken comes again on a new connection, and only there.
            self._went_wrong("the inbox has no room")
            self._client.disconnect()

    def _durable(self, batch: Batch, generation: int) -> None:
        """Called once the batch is in the log."""
        # After a reconnect the broker sends again what it has no acknowledgement for, and packet ids
        # may mean other messages: only the connection that brought a message may acknowledge it.
        with self._one_connection:
            if generation != self._generation:
                return
            self._client.ack_many(batch.of_qos_1)
            for packet_id in batch.of_qos_2:
                self._client.ack(packet_id, 2)
            if batch.has_marker:
                self._backlog_is_in()

    def _tell_of_taps(self, batch: Batch, kept: tuple[Kept, ...]) -> None:
        if self._on_taps is not None:
            self._on_taps(heard_taps(batch, kept))

    # --- losing it ---

    def _on_disconnect(
        self, _: paho.Client, __: object, ___: paho.DisconnectFlags, code: ReasonCode, ____: object
    ) -> None:
        if self.connected and not self._is_ending():
            self._went_wrong(f"the broker closed the connection: {code}")

    def _ended(self) -> None:
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()
        if self.connected:
            self._counts.disconnections += 1
            self._fruitless += 1
        if self._fruitless >= _FRUITLESS:
            self._fruitless = 0
            self.unanswered += 1
        self.connected = False
        self._asked_s = None
        with self._one_connection:
            self._generation += 1
            self._intake.judges_floods = False
            self._listening.lost(self._now())
        if self._is_ending():
            self._client.close()

    def _is_ending(self) -> bool:
        return self._closed or self._stopping()

    def _went_wrong(self, problem: str) -> None:
        """Logged once when it begins, not at every attempt."""
        if problem != self.problem:
            _LOG.warning("%s", problem)
        self.problem = problem
