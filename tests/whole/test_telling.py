"""A warm fridge reaches a person's channel, while another channel hangs; a killed hub tells nobody twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.hub.notify.receiver import Receiver
from tests.whole.hub_process import HubProcess, configure, hub, wait_until

POLICY = """
[[channel]]
id = "group"
url = "json://127.0.0.1:{group}/group"

[[channel]]
id = "hangs"
url = "json://127.0.0.1:{hangs}/hangs?rto=60"

[[policy]]
name = "all"
wait = "0s"
steps = [{{ to = ["role:canteen"], via = ["hangs", "group", "pages"] }}]
"""


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    both = Receiver(), Receiver(delay_s=120)
    yield both
    for receiver in both:
        receiver.close()


def _speaks(running: HubProcess, degrees: float, minutes: range) -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", running.broker_port)
    client.loop_start()
    for ago in minutes:
        at = datetime.now(UTC) - timedelta(minutes=ago)
        said = {"at": at.isoformat(), "boot": "b1", "seq": int(at.timestamp()), "temperature_c": degrees}
        client.publish("campus/shiyan/fridge/cold-1/reading", json.dumps(said), qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def _told(running: HubProcess) -> list[dict[str, Any]]:
    client = running.signed_in("liu-yang")
    alerts = [alert["id"] for alert in client.get("/api/v1/alerts").json() if alert["subject"] == "cold-1"]
    return client.get(f"/api/v1/alerts/{alerts[0]}").json()["told"] if alerts else []


def test_a_warm_fridge_is_told_at_once_and_once(tmp_path: Path, receivers: tuple[Receiver, Receiver]) -> None:
    group, hangs = receivers
    config = configure(tmp_path, broker_port=None)
    with config.open("a", encoding="utf-8") as file:
        file.write(POLICY.format(group=group.port, hangs=hangs.port))
    with hub(config) as running:
        _speaks(running, 11.5, range(14, 0, -2))
        wait_until(lambda: group.got and hangs.got)
        ((_, message),) = group.got
        assert "1号冷藏柜" in message["title"]
        told = wait_until(lambda: found if len(found := _told(running)) == 3 else None)
        states = {line["channel"]: line["state"] for line in told}
        assert states == {"hangs": "queued", "group": "sent", "pages": "sent"}
        running.kill()
    with hub(config) as running:
        wait_until(lambda: len(hangs.got) == 2)  # what had not been taken is told again
        assert [line["id"] for line in _told(running)] == [line["id"] for line in told]
    assert len(group.got) == 1
