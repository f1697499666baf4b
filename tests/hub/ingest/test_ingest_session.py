"""The session with a real broker: asked only when needed, markers, thousands once, and over either client."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.facts import Reading
from hub.ingest import fast_client, mqtt
from hub.ingest.fast_client import FastClient, StockClient
from hub.ingest.flood import Flood
from hub.ingest.intake import Batch
from hub.ingest.remembered import RememberedHere
from hub.log.model import LogFaultError
from tests.hub.ingest.campus import broker_at, running, wait_until
from tests.hub.ingest.publisher import publish_all
from tests.real.mosquitto import MosquittoHandle, mosquitto

COLD_1 = "campus/s/fridge/cold-1/reading"


@pytest.fixture(params=["3.1.1", "5"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def readings(first: int, last: int) -> Iterator[tuple[str, str]]:
    return ((COLD_1, json.dumps({"boot": "b", "seq": seq, "temperature_c": 4})) for seq in range(first, last))


def subscribed(broker: MosquittoHandle) -> int:
    """How often the hub has asked for its topics."""
    return broker.log.read_text().count("Received SUBSCRIBE from hub-under-test")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoHandle]:
    with mosquitto(tmp_path / "m") as made:
        made.stop()
        config = made.config.read_text(encoding="utf-8")
        # What it writes to stdout may come late.
        made.config.write_text(config.replace("stdout", "stderr") + "log_type all\n", encoding="utf-8")
        made.start()
        yield made


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> RememberedHere:
    """A memory that outlives the ingests of one test."""
    kept = RememberedHere()
    monkeypatch.setattr(mqtt, "RememberedHere", lambda: kept)
    return kept


def test_a_session_that_is_there_is_not_subscribed_again(
    tmp_path: Path, broker: MosquittoHandle, memory: RememberedHere, protocol: str
) -> None:
    with running(tmp_path, broker_at(broker.port, protocol)):
        assert subscribed(broker) == 1
    publish_all(broker.port, readings(0, 30))
    with running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        assert len(ingest.facts()) == 30  # the marker came after all of them
        publish_all(broker.port, readings(30, 40))
        wait_until(lambda: len(ingest.facts()) == 40)
    assert subscribed(broker) == 1
    assert "campus/s/#" in memory.load()


def test_a_session_that_is_gone_or_has_other_filters_is_subscribed_again(
    tmp_path: Path, broker: MosquittoHandle, memory: RememberedHere
) -> None:
    with running(tmp_path, broker_at(broker.port)):
        pass
    memory.save(memory.load().replace("campus/s/#", "campus/old/#"))
    with running(tmp_path, broker_at(broker.port)) as ingest:
        assert subscribed(broker) == 2
        assert "Received UNSUBSCRIBE from hub-under-test" in broker.log.read_text()
        broker.stop()
        next(broker.log.parent.glob("*.db")).unlink()
        broker.start()
        wait_until(lambda: subscribed(broker) == 3)
        publish_all(broker.port, readings(0, 5))
        wait_until(lambda: len(ingest.facts()) == 5)


@pytest.mark.usefixtures("memory")
def test_a_session_that_lost_its_subscriptions_is_healed(
    tmp_path: Path, broker: MosquittoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, broker_at(broker.port)) as ingest:
        ingest.mqtt._client.unsubscribe(["campus/s/#"])
        wait_until(lambda: "Sending UNSUBACK to hub-under-test" in broker.log.read_text())
    monkeypatch.setattr(mqtt, "_MARKER_PATIENCE_S", 0.3)
    with running(tmp_path, broker_at(broker.port)) as ingest:
        assert subscribed(broker) == 2
        publish_all(broker.port, readings(0, 5))
        wait_until(lambda: len(ingest.facts()) == 5)


def test_twenty_thousand_messages_arrive_exactly_once(
    tmp_path: Path, broker: MosquittoHandle, protocol: str
) -> None:
    numbers = list(range(20_000))
    random.Random(1).shuffle(numbers)
    with running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        # The limit of one sender is not what is tested here.
        ingest.mqtt._intake._flood = Flood(messages_per_s=1_000_000, burst=1_000_000)
        publish_all(
            broker.port,
            ((COLD_1, json.dumps({"boot": "b", "seq": seq, "temperature_c": 4})) for seq in numbers),
        )
        wait_until(lambda: ingest.counts.facts.total() >= 20_000, within_s=60)
        keys = [fact.key for fact in ingest.facts() if isinstance(fact, Reading)]
        assert len(keys) == len(set(keys)) == 20_000
        assert isinstance(ingest.mqtt._client, FastClient)
        assert ingest.counts.connections == 1
    with running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        assert ingest.counts.facts.total() == 0  # everything was acknowledged: nothing comes again


def test_the_ingest_works_over_stock_paho(
    tmp_path: Path, broker: MosquittoHandle, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_client, "TESTED_VERSIONS", frozenset[str]())
    with running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        assert type(ingest.mqtt._client) is StockClient
        publish_all(broker.port, readings(0, 2_000))
        wait_until(lambda: len(ingest.facts()) == 2_000)
    with running(tmp_path, broker_at(broker.port, protocol)) as ingest:
        assert ingest.counts.facts.total() == 0


def test_a_device_that_floods_is_cut_and_its_neighbour_is_heard(
    tmp_path: Path, broker: MosquittoHandle
) -> None:
    with running(tmp_path, broker_at(broker.port)) as ingest:
        ingest.mqtt._intake._flood = Flood(messages_per_s=1, burst=100)
        publish_all(broker.port, readings(0, 1_000))
        publish_all(broker.port, [("zigbee2mqtt/cold-4", '{"temperature":4}')])
        wait_until(lambda: "cold-4" in {fact.device for fact in ingest.facts()})
        wait_until(lambda: ingest.counts.messages >= 1_002)
        assert 880 <= ingest.counts.flooded <= 900
        assert ingest.counts.letters["flood"] >= 1


def test_what_piled_up_while_the_log_was_broken_is_not_a_flood(
    tmp_path: Path, broker: MosquittoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LogFaultError("the disk is full", full=True)

    with running(tmp_path, broker_at(broker.port)) as ingest:
        ingest.mqtt._intake._flood = Flood(messages_per_s=1, burst=100)
        monkeypatch.setattr(ingest.log, "append", broken)
        publish_all(broker.port, readings(0, 1))
        wait_until(lambda: ingest.mqtt._is_held_up)
        publish_all(broker.port, readings(1, 1_000))
        monkeypatch.undo()
        wait_until(lambda: len(ingest.facts()) == 1_000)
        assert ingest.counts.flooded == 0
        wait_until(lambda: ingest.mqtt._intake.judges_floods)


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent_on_the_next(
    tmp_path: Path, broker: MosquittoHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, broker_at(broker.port)) as ingest:
        before = ingest.mqtt._generation
        broker.stop()
        broker.start()
        wait_until(lambda: ingest.listening.since_ms is not None and ingest.counts.connections == 2)
        sent: list[object] = []
        monkeypatch.setattr(ingest.mqtt._client, "ack_many", sent.append)
        batch = Batch([], [1, 2], [], has_marker=False)
        ingest.mqtt._durable(batch, before)
        assert sent == []
        ingest.mqtt._durable(batch, ingest.mqtt._generation)
        assert sent == [[1, 2]]
