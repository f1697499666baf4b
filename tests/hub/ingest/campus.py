"""A small running ingest for tests: a real broker, a real log, the loops that the hub runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.facts import Fact, Kind, Tick
from devices.formats import Binding, Format, Router
from hub.clock import system_now_ms
from hub.config.model import Broker
from hub.ingest.counts import Counts
from hub.ingest.decode import Decoder
from hub.ingest.inbox import Inbox
from hub.ingest.listening import Listening
from hub.ingest.mqtt import MqttIngest
from hub.log.reader import LogReader
from hub.log.writer import LogWriter
from hub.loop import Loop

BINDINGS = (
    Binding("cold-1", Kind.FRIDGE, Format.NATIVE),
    Binding("cold-4", Kind.FRIDGE, Format.ZIGBEE2MQTT, "zigbee2mqtt/cold-4"),
    Binding("cold-6", Kind.FRIDGE, Format.TASMOTA, "canteen-probes", "00000566CC39"),
)


class Running:
    """An ingest at work."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.path = folder / "log.sqlite"
        self.counts = Counts()
        self.listening = Listening()
        self.log = LogWriter(self.path)
        self.inbox = Inbox(self.log, system_now_ms, self.counts, lambda: None)
        self._stopping = False
        decoder = Decoder(Router("s", BINDINGS), ZoneInfo("Asia/Shanghai"))
        self.mqtt = MqttIngest(
            broker,
            "s",
            decoder,
            self.inbox,
            self.listening,
            self.counts,
            system_now_ms,
            lambda: self._stopping,
        )
        self.inbox_loop = Loop("inbox", self.inbox.turn)
        self.mqtt_loop = Loop("mqtt", self.mqtt.turn)

    def facts(self) -> list[Fact]:
        """What the log holds, without ticks."""
        reader = LogReader(self.path)
        found: list[Fact] = [
            logged.fact for logged in reader.after(0, 10**6) if not isinstance(logged.fact, Tick)
        ]
        reader.close()
        return found

    def stop(self) -> None:
        """Ends in order."""
        self._stopping = True
        self.inbox.close()
        self.mqtt_loop.stop()
        self.mqtt.close()
        self.inbox_loop.stop()
        self.log.close()


def broker_at(port: int, protocol: str = "3.1.1") -> Broker:
    """A broker on this computer, as the configuration would have it."""
    return Broker(
        embedded=False,
        host="127.0.0.1",
        port=port,
        client_id="hub-under-test",
        username=None,
        password=None,
        tls=False,
        protocol=protocol,
    )


@contextmanager
def running(folder: Path, broker: Broker) -> Iterator[Running]:
    """An ingest that is connected and has its backlog, ended afterwards."""
    ingest = Running(folder, broker)
    ingest.inbox_loop.start()
    ingest.mqtt_loop.start()
    try:
        wait_until(lambda: ingest.listening.since_ms is not None)
        yield ingest
    finally:
        ingest.stop()


def wait_until(condition: Callable[[], bool], within_s: float = 15.0) -> None:
    """Returns once the condition holds; fails the test if it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
