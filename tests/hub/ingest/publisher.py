"""Publishes at QoS 1 and returns once everything is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


def publish_all(port: int, messages: Iterable[tuple[str, str]]) -> None:
    """Sends (topic, payload) pairs to a broker on this computer."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    waiting = [client.publish(topic, payload, qos=1) for topic, payload in messages]
    for message in waiting:
        message.wait_for_publish(10)
        assert message.is_published()
    client.disconnect()
    client.loop_stop()
