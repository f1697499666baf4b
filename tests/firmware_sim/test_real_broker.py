"""Simulated devices on a real mosquitto: the last will, and a backlog that survives a lost broker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_sim.device import Device
from firmware_sim.dialects import Message
from firmware_sim.dice import dice
from firmware_sim.firmware import NativeFirmware
from firmware_sim.link import Identity, MqttNetwork
from firmware_sim.load import PAYLOAD_BYTES, generate
from firmware_sim.plan import BrokerAddress
from firmware_sim.run import simulate
from firmware_sim.scenario import load
from tests.firmware_sim.fakes import SHANGHAI, device, small_campus
from tests.real.mosquitto import MosquittoHandle, mosquitto

pytestmark = pytest.mark.real("mosquitto")

READING = "campus/school/fridge/cold-1/reading"
STATUS = "campus/school/fridge/cold-1/status"
PATIENCE_S = 20.0


class Listener:
    """A client that writes down what it hears."""

    def __init__(self, topic: str) -> None:
        self.identity = Identity("listener", Message("listener/gone", ""), (topic, "listener/echo"))
        self.heard: list[tuple[str, str]] = []
        self.up = False

    def on_up(self) -> None:
        self.up = True

    def on_down(self, why: str) -> None:
        raise AssertionError(why)

    def on_acknowledged(self, message: int) -> None:
        pass

    def on_message(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, payload.decode()))


@contextmanager
def network_to(broker: MosquittoHandle) -> Iterator[MqttNetwork]:
    network = MqttNetwork(BrokerAddress(broker.host, broker.port))
    try:
        yield network
    finally:
        network.close()


def pump_until(done: Callable[[], bool], *networks: MqttNetwork, tend: Device | None = None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        if tend is not None:
            tend.tend(time.time(), time.time())
        for network in networks:
            network.pump(0.02)


def fridge(network: MqttNetwork) -> tuple[Device, NativeFirmware]:
    firmware = NativeFirmware("school", SHANGHAI, device("cold-1", storing="chilled"), 100, time.time())
    return Device(firmware, network, dice(1)), firmware


def listening(network: MqttNetwork, topic: str) -> Listener:
    """Somebody whose subscription stands: its own echo came back."""
    listener = Listener(topic)
    link = network.connect(listener.identity, listener)
    pump_until(lambda: listener.up, network)
    link.publish(Message("listener/echo", "1"))
    pump_until(lambda: ("listener/echo", "1") in listener.heard, network)
    listener.heard.clear()
    return listener


def heard_retained(broker: MosquittoHandle, topic: str) -> str:
    """What somebody hears who comes only now."""
    with network_to(broker) as network:
        listener = Listener(topic)
        network.connect(listener.identity, listener)
        pump_until(lambda: bool(listener.heard), network)
        return listener.heard[0][1]


def test_the_last_will_of_a_killed_device_stands_retained(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, network_to(broker) as network:
        cold, _ = fridge(network)
        pump_until(lambda: cold.outbox.under_way == 0 and cold.up, network, tend=cold)
        assert json.loads(heard_retained(broker, STATUS))["online"] is True
        cold.power_off()
        pump_until(lambda: heard_retained(broker, STATUS) == '{"online":false}', network)


def test_a_device_that_lost_its_broker_delivers_its_backlog_after_the_broker_returns(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, network_to(broker) as network, network_to(broker) as ears:
        cold, firmware = fridge(network)
        pump_until(lambda: cold.up, network, tend=cold)
        broker.kill()
        pump_until(lambda: not cold.up, network, tend=cold)
        cold.send(Message(READING, f'{{"seq":{number}}}') for number in range(1, 101))
        assert cold.outbox.queued == 100
        broker.start()
        listener = listening(ears, READING)
        pump_until(lambda: cold.outbox.queued == 0 and bool(listener.heard), network, ears, tend=cold)
        assert [one["seq"] for one in json.loads(listener.heard[0][1])] == list(range(1, 101))
        assert cold.outbox.acknowledged == 100
        assert firmware.identity.client_id == "sim-school-cold-1"


def test_a_whole_campus_runs_against_a_real_broker_and_loses_nothing(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        summary = simulate(
            small_campus(),
            BrokerAddress(broker.host, broker.port),
            load("demo"),
            speed=300,
            seed=1,
            duration_s=600,
            clock=time.time,
            progress=lambda _: None,
            stop=threading.Event(),
        )
        assert summary.completed
        assert summary.counts.acknowledged == summary.counts.made > 500
        assert heard_retained(broker, "tele/canteen/LWT") == "Offline"


def test_the_load_generator_counts_what_the_broker_acknowledged(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, network_to(broker) as ears:
        listener = listening(ears, "campus/load/+/+/reading")
        summary = generate(
            BrokerAddress(broker.host, broker.port),
            "load",
            publishers=5,
            rate_hz=100,
            seconds=0.5,
            clock=time.time,
            stop=threading.Event(),
        )
        assert summary.made == summary.acknowledged == 250
        pump_until(lambda: len(listener.heard) == 250, ears)
        assert {len(body) for _, body in listener.heard} == {PAYLOAD_BYTES}
        assert len({(topic, json.loads(body)["seq"]) for topic, body in listener.heard}) == 250
