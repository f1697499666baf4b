"""The load arrives as counted, and when each message was sent is known."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from hub.bench.load import Load, run, sent_at_ns, warm_messages
from hub.bench.tap import Tap
from tests.hub.ingest.campus import broker_at, running, wait_until
from tests.real.mosquitto import mosquitto


def test_the_load_arrives_as_counted(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker, running(tmp_path, broker_at(broker.port)) as ingest:
        sent = run(Load(broker.port, "s", 1, 1, 2_000, 0.5), boot=7)
        assert sent.sent == sent.acknowledged > 100
        # The bench's own devices are not in the tests' configuration: each message is met as a stranger's.
        wait_until(lambda: ingest.counts.strangers + ingest.counts.flooded >= sent.sent)


def test_every_message_has_its_moment_in_the_order_of_sending(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker:
        load = Load(broker.port, "s", devices=7, publishers=3, rate_hz=2_000, seconds=0.3)
        before_ns = time.monotonic_ns()
        sent = run(load, boot=7)
        moments = sent_at_ns(load, sent)
    assert len(moments) == sent.sent
    assert {message.device for message in moments} == set(range(7))
    assert all(before_ns < at_ns < time.monotonic_ns() for at_ns in moments.values())
    for device in range(7):
        own = [
            moments[message]
            for message in sorted(moments, key=lambda one: one.seq)
            if message.device == device
        ]
        assert own == sorted(own)


def test_the_tap_knows_each_message_and_its_acknowledgement(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker:
        tap = Tap(broker.port)
        with running(tmp_path, broker_at(tap.port)) as ingest:
            load = Load(broker.port, "s", 5, 2, 1_000, 0.5)
            sent = run(load, boot=7)
            wait_until(lambda: ingest.counts.strangers + ingest.counts.flooded >= sent.sent)
            wait_until(lambda: len(tap.passed()) == sent.sent)
        tap.close()
    passed = tap.passed()
    for message, sent_ns in sent_at_ns(load, sent).items():
        assert sent_ns < passed[message].delivered_ns < passed[message].acknowledged_ns


def test_warm_messages_are_of_different_devices_and_come_after_the_warming_up() -> None:
    load = Load(0, "s", 500, 200, 1_000, 20, warm=80, warms_after_s=1)
    warm = warm_messages(load)
    assert len({message.device for message in warm}) == 80
    assert min(message.seq for message in warm) == 1 + 2  # each device speaks twice a second
    assert max(message.seq for message in warm) <= 40
    assert warm_messages(msgspec.structs.replace(load, warm=0)) == frozenset()
