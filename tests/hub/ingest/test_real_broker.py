"""Ingest against a real mosquitto: acknowledged only once it is in the log, and there only once."""

from __future__ import annotations

import json
import socketserver
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from hub.log.model import LogFaultError
from tests.hub.ingest.campus import Running, broker_at, running, wait_until
from tests.real import require
from tests.real.mosquitto import MosquittoHandle, mosquitto


def publish(broker: MosquittoHandle, topic: str, payload: object, *options: str) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    program = require("mosquitto_pub")
    subprocess.run(
        [program, "-h", broker.host, "-p", str(broker.port), "-q", "1", "-t", topic, "-m", text, *options],
        check=True,
        timeout=10,
    )


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_documented_payloads_of_three_makers_arrive(tmp_path: Path, protocol: str) -> None:
    with mosquitto(tmp_path / "m") as broker, running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": 1, "temperature_c": 4.5})
        publish(broker, "zigbee2mqtt/cold-4", {"temperature": 27.34, "humidity": 44.72, "battery": 100})
        tasmota = {
            "Time": "2026-11-22T09:09:44",
            "DS18B20-1": {"Id": "00000566CC39", "Temperature": 13.3},
            "TempUnit": "C",
        }
        publish(broker, "tele/canteen-probes/SENSOR", tasmota)
        wait_until(lambda: len(ingest.facts()) == 3)
        assert {fact.device for fact in ingest.facts()} == {"cold-1", "cold-4", "cold-6"}


def test_what_was_sent_while_the_hub_was_away_is_there_when_it_is_back(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker:
        with running(tmp_path, broker_at(broker.port)):
            pass
        for seq in range(50):
            publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": seq, "temperature_c": 4})
        with running(tmp_path, broker_at(broker.port)) as ingest:
            wait_until(lambda: len(ingest.facts()) == 50)


def test_a_message_stays_with_the_broker_until_the_log_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mosquitto(tmp_path / "m") as broker:
        with running(tmp_path, broker_at(broker.port)) as ingest:

            def full_disk(*_: object) -> None:
                raise LogFaultError("the disk is full", full=True)

            monkeypatch.setattr(ingest.log, "append", full_disk)
            publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": 1, "temperature_c": 4})
            wait_until(lambda: ingest.inbox.fault is not None)
            assert ingest.inbox.fault is not None
            assert ingest.inbox.fault.full
            monkeypatch.undo()
            ingest.inbox.close()  # the hub dies before it could commit
        with running(tmp_path, broker_at(broker.port)) as ingest:
            wait_until(lambda: len(ingest.facts()) == 1)


def test_time_stands_still_while_the_log_takes_nothing_and_until_what_waited_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mosquitto(tmp_path / "m") as broker, running(tmp_path, broker_at(broker.port)) as ingest:
        wait_until(lambda: ingest.listening.since_ms is not None)
        since_ms = ingest.listening.since_ms
        topic, append = "campus/s/fridge/cold-1/reading", ingest.log.append
        is_full = True

        def disk(*entries: Any) -> Any:
            if is_full:
                raise LogFaultError("the disk is full", full=True)
            return append(*entries)

        monkeypatch.setattr(ingest.log, "append", disk)
        publish(broker, topic, {"boot": "b", "seq": 1, "temperature_c": 4})
        wait_until(lambda: ingest.inbox.fault is not None and ingest.listening.since_ms is None)
        for seq in range(2, 20):
            publish(broker, topic, {"boot": "b", "seq": seq, "temperature_c": 4})

        is_full = False
        wait_until(lambda: ingest.listening.since_ms is not None)

        assert len(ingest.facts()) == 19
        assert since_ms is not None
        assert ingest.listening.since_ms is not None
        assert ingest.listening.since_ms > since_ms  # by as long as it took nothing


def test_a_broker_that_restarts_is_joined_again_and_nothing_is_there_twice(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker, running(tmp_path, broker_at(broker.port)) as ingest:
        for seq in range(5):
            publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": seq, "temperature_c": 4})
        wait_until(lambda: len(ingest.facts()) == 5)
        broker.stop()
        wait_until(lambda: not ingest.mqtt.connected)
        assert ingest.listening.since_ms is None
        broker.start()
        wait_until(lambda: ingest.listening.since_ms is not None)
        for seq in range(3, 8):
            publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": seq, "temperature_c": 4})
        wait_until(lambda: len(ingest.facts()) == 8)
        assert ingest.counts.connections == 2


def test_retained_readings_are_ignored_and_bad_ones_are_dead_letters(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker:
        publish(broker, "campus/s/fridge/cold-1/reading", {"temperature_c": 30}, "-r")
        with running(tmp_path, broker_at(broker.port)) as ingest:
            wait_until(lambda: ingest.counts.ignored.total() == 1)
            publish(broker, "campus/s/fridge/cold-1/reading", "not json at all")
            publish(broker, "campus/s/fridge/nobody/reading", {"temperature_c": 4})
            publish(broker, "zigbee2mqtt/bridge/state", {"state": "online"})
            publish(broker, "campus/s/fridge/cold-1/reading", {"boot": "b", "seq": 9, "temperature_c": 4})
            wait_until(lambda: len(ingest.facts()) == 1)
            assert ingest.counts.letters == {"not_json": 1, "unknown_device": 1}


def test_a_broker_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker:
        broker.stop()
        ingest = Running(tmp_path, broker_at(broker.port))
        ingest.inbox_loop.start()
        ingest.mqtt_loop.start()
        try:
            wait_until(lambda: "cannot reach" in ingest.mqtt.problem)
            broker.start()
            wait_until(lambda: ingest.listening.since_ms is not None)
        finally:
            ingest.stop()


class Hollow(socketserver.StreamRequestHandler):
    """A broker that lets everybody in, grants everything, and closes before a message has passed."""

    def handle(self) -> None:
        self.request.recv(4_096)
        self.request.sendall(b"\x20\x02\x00\x00")
        packet = self.request.recv(4_096)
        self.request.sendall(b"\x90\x06" + packet[2:4] + b"\x01\x01\x01\x01")


def test_a_broker_that_lets_in_and_passes_nothing_on_is_found_out(tmp_path: Path) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hollow) as hollow:
        threading.Thread(target=hollow.serve_forever, daemon=True).start()
        ingest = Running(tmp_path, broker_at(hollow.server_address[1]))
        ingest.mqtt_loop.start()
        try:
            wait_until(lambda: ingest.mqtt.unanswered >= 1)
            assert ingest.listening.since_ms is None
        finally:
            ingest.stop()
            hollow.shutdown()
