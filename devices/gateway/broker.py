"""One connection to the broker for each reader, which so has a last will of its own;
alone uses paho."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Final, Protocol

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.gateway.model import BrokerPlan
from devices.gateway.troubles import Trouble, of_network

_KEEPALIVE_S: Final = 15
_CONNECT_WITHIN_S: Final = 5.0
_LEAVE_WITHIN_S: Final = 2.0


class Identity(msgspec.Struct, frozen=True):
    """As whom a connection is made, what the broker says once it is lost (retained), what it listens to."""

    client_id: str
    will_topic: str
    will: bytes
    listens_to: str


class LinkEvents(Protocol):
    """What a connection tells, from threads of its own: be quick, and raise nothing."""

    def on_up(self) -> None:
        """The broker accepted it."""

    def on_down(self, why: Trouble | str, refused: bool) -> None:
        """It is lost, or could not be made; said once, and nothing after it. `refused`: by the broker."""

    def on_acknowledged(self, message: int) -> None:
        """The broker took responsibility for the message with this number."""

    def on_message(self, payload: bytes) -> None:
        """Something came on what it listens to."""


class Link:
    """One connection; a lost one is thrown away, so that no state outlives it unseen."""

    def __init__(self, broker: BrokerPlan, identity: Identity, events: LinkEvents) -> None:
        self._broker = broker
        self._identity = identity
        self._events = events
        self._over = threading.Lock()  # taken for good by whoever first says that it is over
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=identity.client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.max_inflight_messages_set(0)  # whoever sends limits itself
        self._client.connect_timeout = _CONNECT_WITHIN_S
        self._client.will_set(identity.will_topic, identity.will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Begins to connect; returns at once."""
        threading.Thread(target=self._connect, name="connecting", daemon=True).start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Sends with QoS 1; the number comes back in `on_acknowledged`."""
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def close(self) -> None:
        """Takes leave, without a last will, and waits a moment for it."""
        self._over.acquire(blocking=False)
        self._client.disconnect()
        # A network that has gone silent must not hold up the end of the program.
        leaving = threading.Thread(target=self._client.loop_stop, name="leaving", daemon=True)
        leaving.start()
        leaving.join(_LEAVE_WITHIN_S)

    def drop(self) -> None:
        """Ends what is left of a connection that is over."""
        self._over.acquire(blocking=False)
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> None:
        try:
            if self._broker.username is not None:
                self._client.username_pw_set(self._broker.username, self._broker.password)
            if self._broker.tls:
                self._client.tls_set(
                    ca_certs=None if self._broker.ca_file is None else str(self._broker.ca_file)
                )
            self._client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
            connection = self._client.socket()
            if isinstance(connection, socket.socket):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.loop_start()
        except socket.gaierror:
            self._ended(Trouble.NO_SUCH_HOST)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; ValueError: no usable name
            self._ended(of_network(error), refused=isinstance(error, ssl.SSLCertVerificationError))

    def _ended(self, why: Trouble | str, *, refused: bool = False) -> None:
        if self._over.acquire(blocking=False):
            self._events.on_down(why, refused)

    def _on_connect(
        self, client: Client, _: object, __: ConnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if code.is_failure:
            self._ended(str(code), refused=True)
            client.disconnect()
            return
        client.subscribe(self._identity.listens_to, qos=1)
        self._events.on_up()

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, code: ReasonCode, ____: Properties | None
    ) -> None:
        del code  # of MQTT 3.1.1: it says no more than that
        self._ended(Trouble.BROKEN_OFF)

    def _on_publish(self, _: Client, __: object, mid: int, ___: ReasonCode, ____: Properties) -> None:
        self._events.on_acknowledged(mid)

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        self._events.on_message(bytes(message.payload))
