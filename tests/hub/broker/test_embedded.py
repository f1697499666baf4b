"""The embedded broker starts, keeps what it was given over kill -9, and replaces an orphan of its own."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from hub.broker.embedded import BrokerFaultError, EmbeddedBroker
from tests.hub.ingest.campus import broker_at, running, wait_until
from tests.hub.ingest.publisher import publish_all
from tests.real import free_port


def pid_of(folder: Path) -> int:
    return int((folder / "nats.pid").read_text())


def test_queued_messages_survive_kill_9_of_the_broker(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port)
    broker.start()
    try:
        with running(tmp_path, broker_at(port)):
            pass  # the session exists now, and its owner is away
        sent = {
            f"campus/s/fridge/cold-1/reading#{seq}": f'{{"boot":"b","seq":{seq},"temperature_c":4}}'
            for seq in range(200)
        }
        publish_all(port, [(topic.partition("#")[0], payload) for topic, payload in sent.items()])
        os.kill(pid_of(tmp_path / "broker"), signal.SIGKILL)
        wait_until(lambda: broker.turn() > 0 and broker.restarts == 1)
        with running(tmp_path, broker_at(port)) as ingest:
            wait_until(lambda: len(ingest.facts()) == 200, within_s=30)
    finally:
        broker.stop()


def test_the_subscriptions_of_every_format_are_granted_at_once(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port)
    broker.start()
    try:
        with running(tmp_path, broker_at(port)) as ingest:
            assert ingest.mqtt.problem == ""
            publish_all(
                port,
                [
                    ("zigbee2mqtt/cold-4", '{"temperature":4}'),
                    ("tele/canteen-probes/SENSOR", '{"DS18B20":{"Id":"00000566CC39","Temperature":3}}'),
                    ("campus/s/fridge/cold-1/reading", '{"temperature_c":4}'),
                ],
            )
            wait_until(lambda: len(ingest.facts()) == 3)
    finally:
        broker.stop()


def test_the_broker_of_a_killed_hub_makes_way_for_the_next(tmp_path: Path) -> None:
    port = free_port()
    orphan = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port)
    orphan.start()
    heir = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port)
    heir.start()
    try:
        assert orphan._process is not None
        wait_until(lambda: orphan._process is not None and orphan._process.poll() is not None)
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            pass
    finally:
        heir.stop()


def test_a_port_that_somebody_else_has_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BrokerFaultError, match=f"port {port} .* is taken"):
            EmbeddedBroker(tmp_path, "127.0.0.1", port).start()
