"""A client of the hub's kind at work in its own thread, for tests against real brokers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.enums import MQTTErrorCode

from hub.ingest.fast_client import StockClient, make_client
from hub.ingest.publishes import Publish
from tests.hub.ingest.campus import wait_until
from tests.hub.ingest.streams import V5, V311


class Listener:
    """Subscribes to everything below `t/` and acknowledges what comes. `reads`: how many came at once."""

    def __init__(
        self, protocol: str, *, qos: int = 1, transport: str = "tcp", certificate: str = "", version: str = ""
    ) -> None:
        self.found: list[Publish] = []
        self.reads: list[int] = []
        self.subscribed = threading.Event()
        self.disconnections = 0
        self._qos = qos
        self._ending = False
        options = {"version": version} if version else {}
        self.client: StockClient = make_client(
            self._on_publishes,
            lambda: False,
            client_id="listener",
            protocol=V5 if protocol == "5" else V311,
            transport=transport,
            **options,
        )
        if certificate:
            self.client.tls_set(ca_certs=certificate)
        self.client.on_connect = lambda *_: self.client.subscribe("t/#", self._qos) and None
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_disconnect = lambda *_: self._count_disconnection()
        self._thread = threading.Thread(target=self._run)

    def start(self, port: int, keepalive: int = 60) -> None:
        """Returns once it is subscribed."""
        self.client.connect("127.0.0.1", port, keepalive=keepalive)
        self._thread.start()
        assert self.subscribed.wait(10)

    def stop(self) -> None:
        """Says goodbye."""
        self._ending = True
        self._thread.join(5)
        self.client.disconnect()
        self.client.loop_write()

    def _run(self) -> None:
        while not self._ending and self.client.loop(0.1) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            pass

    def _on_publishes(self, publishes: list[Publish]) -> None:
        self.reads.append(len(publishes))
        self.found.extend(publishes)
        self.client.ack_many([message.packet_id for message in publishes if message.qos == 1])
        for message in publishes:
            self.client.ack(message.packet_id, message.qos if message.qos == 2 else 0)

    def _count_disconnection(self) -> None:
        self.disconnections += 1


@contextmanager
def listening(listener: Listener, port: int, keepalive: int = 60) -> Iterator[Listener]:
    """The listener at work."""
    listener.start(port, keepalive)
    try:
        yield listener
    finally:
        listener.stop()


def payloads(listener: Listener, count: int) -> list[bytes]:
    """What came, once so many have."""
    wait_until(lambda: len(listener.found) >= count)
    return [message.payload for message in listener.found]
