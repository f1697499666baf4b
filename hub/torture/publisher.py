"""The devices' side: publishes at QoS 1, in order for each device, and notes when the broker took what."""

from __future__ import annotations

import random
import select
import threading
import time
from array import array
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from hub.torture.traffic import SITE, Traffic

_WINDOW: Final = 200
_CONNECTIONS: Final = 4
_REST_S: Final = 0.002


class Publisher:
    """Publishes `traffic` on a thread of its own, as far as `limit` allows."""

    def __init__(self, traffic: Traffic, port: int, rate_hz: float) -> None:
        self.traffic = traffic
        self.limit = 0
        self.published = 0
        self.acknowledged = 0
        # For each message when it was last sent, when it was acknowledged (0: not yet), and whether it was
        # sent more than once.
        self.sent_at = array("d", bytes(8 * traffic.messages))
        self.acknowledged_at = array("d", bytes(8 * traffic.messages))
        self.sent_again = bytearray(traffic.messages)
        self._rate_hz = rate_hz
        self._lines = [_Line(number, port, self._took, self._repeats) for number in range(_CONNECTIONS)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def go_on(self, limit: int) -> None:
        """From now on as far as this."""
        self.limit = limit

    def stop(self) -> None:
        """Ends, whatever is still unacknowledged."""
        self._stopping.set()
        self._thread.join()

    def is_through(self) -> bool:
        """Everything that may be published now is acknowledged."""
        return self.acknowledged >= min(self.limit, self.traffic.messages)

    @property
    def is_done(self) -> bool:
        """Everything is published and acknowledged."""
        return self.acknowledged == self.traffic.messages

    @property
    def failed(self) -> bool:
        """Whether its thread has died before everything was out."""
        return not self._thread.is_alive() and not self.is_done

    def _run(self) -> None:
        texts = self.traffic.texts()
        text = next(texts, None)
        due = 0.0
        while not self._stopping.is_set() and not self.is_done:
            due = min(due, time.monotonic())  # what was held up is made up for, not caught up with at once
            for line in self._lines:
                line.tend()
            while text is not None and self.published < self.limit and time.monotonic() >= due:
                line = self._lines[self.published % self.traffic.devices % _CONNECTIONS]
                if not line.has_room:
                    break
                self.sent_at[self.published] = time.time()
                line.publish(self.published, self.traffic.topic(self.published), text)
                self.published += 1
                due += 1 / self._rate_hz
                text = next(texts, None)
            time.sleep(_REST_S)
        for line in self._lines:
            line.leave()

    def _took(self, index: int) -> None:
        self.acknowledged_at[index] = time.time()
        self.acknowledged += 1

    def _repeats(self, index: int) -> None:
        self.sent_at[index] = time.time()
        self.sent_again[index] = 1


class _Line:
    """One connection, tended by one thread: so no new message can overtake one that is sent again."""

    def __init__(
        self, number: int, port: int, took: Callable[[int], None], repeats: Callable[[int], None]
    ) -> None:
        self._port = port
        self._took = took
        self._repeats = repeats
        self._waiting: dict[int, int] = {}
        self._next_try = 0.0
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"{SITE}-devices-{number}", clean_session=False
        )
        self._client.max_inflight_messages_set(_WINDOW)
        self._client.on_publish = self._on_publish

    @property
    def has_room(self) -> bool:
        return self._client.is_connected() and len(self._waiting) < _WINDOW

    def publish(self, index: int, topic: str, text: str) -> None:
        info = self._client.publish(topic, text.encode(), qos=1)
        self._waiting[info.mid] = index

    def tend(self) -> None:
        if self._client.socket() is None:
            for index in self._waiting.values():
                self._repeats(index)
            self._connect()
            return
        while self._client.loop(timeout=0.0) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            connection: Any = self._client.socket()
            if connection is None or not self._waiting or not _is_readable(connection):
                return

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop(timeout=0.1)

    def _connect(self) -> None:
        if time.monotonic() < self._next_try:
            return
        try:
            self._client.connect("127.0.0.1", self._port, keepalive=30)
        except (OSError, ValueError):
            self._next_try = time.monotonic() + random.uniform(0.05, 0.3)  # noqa: S311 - jitter

    def _on_publish(self, _client: object, _data: object, mid: int, *_: object) -> None:
        index = self._waiting.pop(mid, None)
        if index is not None:
            self._took(index)


def _is_readable(connection: Any) -> bool:
    return bool(select.select([connection], [], [], 0)[0])
