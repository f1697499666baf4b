"""Kill -9 in the middle of a stream: what was acknowledged is in the log once, the alert is there once."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.facts import Reading
from hub.log.reader import LogReader
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import HubProcess, configure, wait_until

MESSAGES = 4_000
KILLS = 3


class Stream:
    """A fridge that warms, sending fast: `acknowledged` are the numbers that the broker has taken."""

    def __init__(self, port: int) -> None:
        self.acknowledged: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def finish(self) -> None:
        """Returns once everything is acknowledged."""
        self._thread.join(60)
        wait_until(lambda: len(self.acknowledged) == MESSAGES)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        started = time.time() - 1_200
        for number in range(MESSAGES):
            at = started + number * 1_200 / MESSAGES  # twenty minutes of a fridge, in a few seconds
            payload = {"at": round(at, 3), "boot": 1, "seq": number, "temperature_c": 12.0}
            info = self._client.publish(
                "campus/shiyan/fridge/cold-1/reading", json.dumps(payload).encode(), qos=1
            )
            self._numbers[info.mid] = number
            if number % 10 == 0:
                time.sleep(0.015)

    def _on_publish(self, _client: object, _data: object, mid: int, *_: object) -> None:
        wait_until(lambda: mid in self._numbers)
        self.acknowledged.add(self._numbers.pop(mid))


@pytest.mark.parametrize("embedded", [False, True], ids=["mosquitto", "embedded broker"])
def test_kill_9_loses_nothing_and_doubles_nothing(tmp_path: Path, embedded: bool) -> None:
    with mosquitto(tmp_path / "mosquitto") as broker:
        config = configure(tmp_path, broker_port=None if embedded else broker.port)
        running = HubProcess(config)
        running.start()
        stream = Stream(running.broker_port)
        for _ in range(KILLS):
            time.sleep(1.0)
            running.kill()
            running.start()
        stream.finish()
        client = running.signed_in("liu-yang")
        wait_until(lambda: len(numbers_in(running)) == MESSAGES, within_s=60)
        alerts = wait_until(
            lambda: [a for a in client.get("/api/v1/alerts").json() if a["rule"] == "cold.chilled.warm"]
        )
        running.stop()
        counted = Counter(numbers_in(running))
        assert set(counted) == stream.acknowledged
        assert set(counted.values()) == {1}
        assert len(alerts) == 1


def numbers_in(running: HubProcess) -> list[int]:
    """The sequence numbers of the readings in the log."""
    log = LogReader(running.data / "log.sqlite")
    facts = [logged.fact for logged in log.after(0, 10**6)]
    log.close()
    return [int(fact.key.rpartition(":")[2]) for fact in facts if isinstance(fact, Reading)]
