"""The embedded broker with users from campus.toml: the hub has an account of its own, devices have theirs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.hub.broker.people import Client
from tests.hub.ingest.publisher import publish_all
from tests.whole.hub_process import CAMPUSHUB, HubProcess, configure, hub, wait_until


def add_user(config: Path, *arguments: str) -> str:
    """Adds an account as people do, its lines appended to the file; returns its password."""
    command = [str(CAMPUSHUB), "broker", "user", *arguments]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"with the password (\S+)", made.stderr)
    assert found is not None
    assert found[1] not in made.stdout
    with config.open("a", encoding="utf-8") as file:
        file.write(made.stdout)
    return found[1]


def temperature(running: HubProcess, device: str) -> float | None:
    quantities = running.signed_in("liu-yang").get(f"/api/v1/devices/{device}").json()["quantities"]
    return next((found["value"] for found in quantities if found["name"] == "temperature_c"), None)


def test_users_take_effect_at_the_next_start_and_devices_speak_as_themselves_only(tmp_path: Path) -> None:
    config = configure(tmp_path, broker_port=None)
    with hub(config) as running:  # anybody on this computer may speak
        publish_all(running.broker_port, [("campus/shiyan/fridge/cold-3/reading", '{"temperature_c":-20}')])
        wait_until(lambda: temperature(running, "cold-3") == -20)

    password = add_user(config, "cold-1")
    gateway = add_user(config, "zigbee2mqtt", "--topic", "zigbee2mqtt")
    with hub(config) as running:
        port = running.broker_port
        for name, secret in ((None, ""), ("cold-1", "guessed"), ("cold-1", gateway), ("campushub", password)):
            stranger = Client(port, name, password=secret).connect()
            assert stranger.refused is not None, name
            stranger.leave()
        device = Client(port, "cold-1", password=password).connect()
        device.subscribe("campus/shiyan/fridge/cold-1/reply")
        assert not any(code.is_failure for code in device.granted)
        device.subscribe("#", "campus/shiyan/checkpoint/reader-1/reply")
        assert all(code.is_failure for code in device.granted)
        device.say("campus/shiyan/fridge/cold-2/reading", '{"temperature_c":99}')
        device.say("campus/shiyan/fridge/cold-1/reading", '{"temperature_c":4}')
        wait_until(lambda: temperature(running, "cold-1") == 4)
        assert temperature(running, "cold-2") is None
        zigbee = Client(port, "zigbee2mqtt", password=gateway).connect()
        zigbee.say("zigbee2mqtt/cold-4", '{"temperature":5}')
        wait_until(lambda: temperature(running, "cold-4") == 5)
        device.leave()
        zigbee.leave()
        secrets = tmp_path / "data" / "broker" / "nats.conf"
        assert secrets.stat().st_mode & 0o777 == 0o600
        first = secrets.read_text(encoding="utf-8")
        assert password not in first
        output = " ".join(running.output().split())
        assert "device.cold-2.id: no [[broker.user]] may speak for it" in output

    with hub(config) as running:
        assert secrets.read_text(encoding="utf-8") != first, "the hub's own secret lasts until its end"
        assert running.signed_in("liu-yang").get("/api/v1/health").json()["broker_connected"]
