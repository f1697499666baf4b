"""Signed-in MQTT clients for the brokers' tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.hub.ingest.campus import wait_until

PASSWORD = "a-test-password"


class Client:
    """One signed-in client that remembers what it is told; `session`: keeps it at the broker."""

    def __init__(
        self, port: int, user: str | None, session: str = "", will: str = "", password: str = PASSWORD
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.refused: str | None = None
        self.granted: list[ReasonCode] = []
        self._connected = False
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=session,
            clean_session=not session,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if user is not None:
            self.client.username_pw_set(user, password)
        if will:
            self.client.will_set(will, b'{"online":false}', qos=1)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self.granted.extend(codes)
        self.client.on_message = lambda _c, _u, message: self.heard.append(
            (message.topic, bytes(message.payload))
        )
        self._port = port

    def connect(self, tls: Path | None = None) -> Client:
        if tls is not None:
            self.client.tls_set(str(tls))
        self.client.connect("127.0.0.1" if tls is None else "localhost", self._port)
        self.client.loop_start()
        wait_until(lambda: self._connected or self.refused is not None)
        return self

    def subscribe(self, *filters: str) -> None:
        self.granted = []
        self.client.subscribe([(filter_, 1) for filter_ in filters])
        wait_until(lambda: len(self.granted) == len(filters))

    def say(self, topic: str, payload: str = "{}") -> None:
        self.client.publish(topic, payload.encode(), qos=1).wait_for_publish(10)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self) -> None:
        """As a device does whose plug is pulled."""
        connection = self.client.socket()
        self.client.loop_stop()
        assert connection is not None
        connection.close()

    def _on_connect(self, _c: object, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        if code.is_failure:
            self.refused = str(code)
            self.client.disconnect()
        self._connected = not code.is_failure


@contextmanager
def client(port: int, user: str | None, session: str = "") -> Iterator[Client]:
    connected = Client(port, user, session).connect()
    yield connected
    connected.leave()
