"""The fast client and its fallback with a real mosquitto: every transport, version and quality of service."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.ingest.fast_client import FastClient, StockClient, make_client, missing_seams, supported
from tests.hub.ingest.campus import wait_until
from tests.hub.ingest.listener_thread import Listener, listening, payloads
from tests.hub.ingest.listeners import certificate, mosquitto_with
from tests.hub.ingest.streams import V311
from tests.real.mosquitto import mosquitto

KINDS = {"fast": "", "stock": "1.0.0"}


def send(port: int, messages: list[tuple[str, bytes, int]], *, retain: bool = False) -> None:
    """Publishes (topic, payload, QoS) and returns once the broker has them."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages = 1_000
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish(topic, payload, qos, retain) for topic, payload, qos in messages]
    for message in sent:
        message.wait_for_publish(20)
        assert message.is_published()
    client.disconnect()
    client.loop_stop()


def test_the_version_in_use_is_supported_and_has_what_is_needed() -> None:
    client = make_client(lambda _: None, lambda: False, client_id="x", protocol=V311)
    assert type(client) is FastClient
    assert missing_seams(client) == ()


def test_another_version_falls_back_to_stock_paho_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert not supported("2.3.0")
    client = make_client(lambda _: None, lambda: False, client_id="x", protocol=V311, version="2.3.0")
    assert type(client) is StockClient
    assert "2.3.0" in caplog.text


def test_a_private_part_that_is_gone_is_found() -> None:
    assert "_packet_read" in missing_seams(object())


def test_a_missing_private_part_falls_back_to_stock_paho(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(paho.Client, "_packet_read")
    client = make_client(lambda _: None, lambda: False, client_id="x", protocol=V311)
    assert type(client) is StockClient
    assert "_packet_read" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_every_quality_of_service_arrives_once_and_in_order(tmp_path: Path, protocol: str, kind: str) -> None:
    with mosquitto(tmp_path) as broker:
        listener = Listener(protocol, qos=2, version=KINDS[kind])
        with listening(listener, broker.port):
            for qos in (0, 1, 2):
                send(broker.port, [("t/a", b"%d-%d" % (qos, number), qos) for number in range(50)])
            wait_until(lambda: b"2-49" in [bytes(message.payload) for message in listener.found])
            sent = {qos: [b"%d-%d" % (qos, number) for number in range(50)] for qos in (0, 1, 2)}
            found = {qos: [bytes(m.payload) for m in listener.found if m.qos == qos] for qos in (0, 1, 2)}
            assert found[1] == sent[1]
            assert found[2] == sent[2]
            # At QoS 0 a busy broker may drop; what comes is in order and there once.
            assert found[0]
            assert found[0] == [payload for payload in sent[0] if payload in found[0]]
            # Nothing is left with the broker: all of it is acknowledged.
            listener.stop()
        again = Listener(protocol, qos=2)
        with listening(again, broker.port):
            send(broker.port, [("t/a", b"last", 1)])
            assert payloads(again, 1) == [b"last"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_retained_and_large_messages_arrive(tmp_path: Path, protocol: str, kind: str) -> None:
    large = bytes(range(256)) * 4_096
    with mosquitto(tmp_path) as broker:
        send(broker.port, [("t/kept", b"kept", 1)], retain=True)
        listener = Listener(protocol, version=KINDS[kind])
        with listening(listener, broker.port):
            payloads(listener, 1)
            send(broker.port, [("t/a", large, 1), ("t/a", b"small", 1), ("t/b", large, 1)])
            assert payloads(listener, 4) == [b"kept", large, b"small", large]
            assert [message.retained for message in listener.found] == [True, False, False, False]


def test_tls_brings_the_same(tmp_path: Path) -> None:
    made, key = certificate(tmp_path)
    with mosquitto_with(tmp_path / "m", f"certfile {made}", f"keyfile {key}") as (broker, port):
        listener = Listener("3.1.1", certificate=str(made))
        with listening(listener, port):
            large = bytes(range(256)) * 4_096
            many = [("t/a", b"%d" % number, 1) for number in range(3_000)]
            send(broker.port, [*many, ("t/a", large, 1), ("t/a", b"end", 1)])
            found = payloads(listener, 3_002)
            assert found == [*(b"%d" % number for number in range(3_000)), large, b"end"]
            assert max(listener.reads) > 1


def test_websockets_are_read_as_stock_paho_does(tmp_path: Path) -> None:
    with mosquitto_with(tmp_path / "m", "protocol websockets") as (broker, port):
        listener = Listener("3.1.1", transport="websockets")
        assert not listener.client.reads_many
        with listening(listener, port):
            send(broker.port, [("t/a", b"%d" % number, 1) for number in range(100)])
            assert payloads(listener, 100) == [b"%d" % number for number in range(100)]
            assert set(listener.reads) == {1}


@pytest.mark.parametrize("kind", KINDS)
def test_an_idle_connection_is_kept_alive(tmp_path: Path, kind: str) -> None:
    with mosquitto(tmp_path) as broker:
        listener = Listener("3.1.1", version=KINDS[kind])
        with listening(listener, broker.port, keepalive=1):
            time.sleep(3.5)  # the broker's clock: it drops who is silent for one and a half keep-alives
            assert listener.disconnections == 0
            send(broker.port, [("t/a", b"still here", 1)])
            assert payloads(listener, 1) == [b"still here"]


def test_a_broker_that_falls_silent_is_noticed(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        listener = Listener("3.1.1")
        with listening(listener, broker.port, keepalive=1):
            broker.kill()
            wait_until(lambda: listener.disconnections == 1)


def test_what_is_held_back_stays_with_the_network_and_the_connection_lives(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        listener = Listener("3.1.1")
        with listening(listener, broker.port, keepalive=1):
            listener.client.held_back = lambda: True
            send(broker.port, [("t/a", b"later", 1)])
            time.sleep(2.5)  # two keep-alives, of whose answers nothing is read
            assert listener.found == []
            listener.client.held_back = lambda: False
            assert payloads(listener, 1) == [b"later"]
            assert listener.disconnections == 0
