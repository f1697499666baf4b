"""The network as a device sees it (`Network`), and the one place where it is a real MQTT client."""

from __future__ import annotations

import secrets
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from firmware_sim.dialects import Message
from firmware_sim.plan import BrokerAddress

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

_KEEPALIVE_S: Final = 20
_CONNECT_LIMIT_S: Final = 2.0
_UPKEEP_S: Final = 1.0
_LEAVE_LIMIT_S: Final = 2.0
_READ: Final = selectors.EVENT_READ
_READ_WRITE: Final = selectors.EVENT_READ | selectors.EVENT_WRITE


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a device connects, what the broker says when it is lost, and what it listens to."""

    client_id: str
    will: Message
    listens_to: tuple[str, ...] = ()


class LinkEvents(Protocol):
    """What a connection tells its device; never called again once it was killed or said to be down."""

    def on_up(self) -> None:
        """The broker accepted the connection."""

    def on_down(self, why: str) -> None:
        """The connection is lost or was refused."""

    def on_acknowledged(self, message: int) -> None:
        """The broker took responsibility for the message with this number."""

    def on_message(self, topic: str, payload: bytes) -> None:
        """Something arrived on a topic that the device listens to."""


class Link(Protocol):
    """One connection of one device."""

    def publish(self, message: Message) -> int:
        """Sends with QoS 1; the number comes back in `on_acknowledged`."""

    def close(self) -> None:
        """Takes leave: no last will."""

    def kill(self) -> None:
        """Goes without a word, as in a power cut: the broker speaks the last will."""


class Network(Protocol):
    """Makes connections and moves their bytes, all in the caller's thread."""

    def connect(self, identity: Identity, events: LinkEvents) -> Link:
        """Begins a connection; raises OSError where nobody answers."""

    def pump(self, timeout_s: float) -> None:
        """Moves what there is to move, waiting for it up to `timeout_s`."""

    def close(self) -> None:
        """Ends every connection that still stands."""


class MqttNetwork:
    """The real network: one paho client for each connection, one selector for all of them."""

    def __init__(self, broker: BrokerAddress) -> None:
        self._broker = broker
        self._selector = selectors.DefaultSelector()
        self._links: set[MqttLink] = set()
        self._upkeep_at = 0.0
        # Two simulations of one campus at one broker must not take each other's connections over.
        self._run = secrets.token_hex(3)

    def connect(self, identity: Identity, events: LinkEvents) -> Link:
        """Begins a connection; raises OSError where nobody answers."""
        own = replace(identity, client_id=f"{identity.client_id}-{self._run}")
        link = MqttLink(self._selector, own, events)
        link.open(self._broker)
        self._links.add(link)
        return link

    def pump(self, timeout_s: float) -> None:
        """Moves what there is to move, waiting for it up to `timeout_s`."""
        for key, ready in self._selector.select(timeout_s):
            link: MqttLink = key.data
            link.move(ready)
        if time.monotonic() >= self._upkeep_at:
            self._upkeep_at = time.monotonic() + _UPKEEP_S
            for link in tuple(self._links):
                link.client.loop_misc()
        self._links = {link for link in self._links if link.stands}

    def close(self) -> None:
        """Lets those that take leave do so, and ends what still stands after that."""
        deadline = time.monotonic() + _LEAVE_LIMIT_S
        while any(link.leaving for link in self._links) and time.monotonic() < deadline:
            self.pump(_LEAVE_LIMIT_S / 10)
        for link in tuple(self._links):
            link.kill()
            link.bury()
        self._links.clear()
        self._selector.close()


class MqttLink:
    """One paho client for one connection; a lost one is thrown away, so no state outlives it unseen."""

    def __init__(self, selector: selectors.BaseSelector, identity: Identity, events: LinkEvents) -> None:
        self._selector = selector
        self._identity = identity
        self._events: LinkEvents | None = events
        self.leaving = False
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=identity.client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self.client.max_inflight_messages_set(0)  # the device limits itself
        self.client.connect_timeout = _CONNECT_LIMIT_S
        self.client.will_set(identity.will.topic, identity.will.body, qos=1, retain=identity.will.retain)
        self._listen()

    @property
    def stands(self) -> bool:
        """Whether there still is a socket."""
        return self.client.socket() is not None

    def open(self, broker: BrokerAddress) -> None:
        """Connects; raises OSError where nobody answers."""
        if broker.username is not None:
            self.client.username_pw_set(broker.username, broker.password)
        self.client.connect(broker.host, broker.port, _KEEPALIVE_S)

    def publish(self, message: Message) -> int:
        """Sends with QoS 1; returns the packet's number."""
        return self.client.publish(message.topic, message.body, qos=1, retain=message.retain).mid

    def close(self) -> None:
        """Takes leave: no last will."""
        self._events = None
        self.leaving = self.stands
        self.client.disconnect()

    def kill(self) -> None:
        """Goes without a word: the broker speaks the last will."""
        self._events = None
        sock = self.client.socket()
        if isinstance(sock, socket.socket):
            # At the end of the stream paho closes it, without a DISCONNECT packet.
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def bury(self) -> None:
        """Reads what is left of a killed connection up to its end, so that its socket is closed."""
        while self.stands:
            self.client.loop_read()

    def move(self, ready: int) -> None:
        """Reads and writes what the selector found ready."""
        if ready & selectors.EVENT_READ:
            self.client.loop_read()
        if ready & selectors.EVENT_WRITE:
            self.client.loop_write()

    def _listen(self) -> None:
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish
        self.client.on_message = self._on_message
        self.client.on_socket_open = lambda _client, _data, sock: self._watch_open(sock)
        self.client.on_socket_close = lambda _client, _data, sock: self._unwatch(sock)
        self.client.on_socket_register_write = lambda _client, _data, sock: self._watch(sock, _READ_WRITE)
        self.client.on_socket_unregister_write = lambda _client, _data, sock: self._watch(sock, _READ)

    def _watch_open(self, sock: SocketLike) -> None:
        self._selector.register(sock, _READ, self)

    def _unwatch(self, sock: SocketLike) -> None:
        self._selector.unregister(sock)

    def _watch(self, sock: SocketLike, events: int) -> None:
        self._selector.modify(sock, events, self)

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if self._events is None:
            return
        if reason.is_failure:
            self._down(str(reason))
            return
        for topic in self._identity.listens_to:
            client.subscribe(topic, qos=1)
        self._events.on_up()

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self._down(str(reason))

    def _on_publish(
        self, _client: Client, _data: object, mid: int, _reason: ReasonCode, _more: Properties
    ) -> None:
        if self._events is not None:
            self._events.on_acknowledged(mid)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if self._events is not None:
            self._events.on_message(message.topic, bytes(message.payload))

    def _down(self, why: str) -> None:
        events, self._events = self._events, None
        if events is not None:
            events.on_down(why)
