"""One warm fridge, from the makers' own messages over a real broker to a person who closes the matter."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.real import require
from tests.real.influxd import InfluxdHandle, influxd
from tests.real.mosquitto import mosquitto
from tests.whole.hub_process import HubProcess, configure, hub, wait_until

SHANGHAI = ZoneInfo("Asia/Shanghai")


def publish(port: int, topic: str, payload: dict[str, Any]) -> None:
    arguments = ["-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-m", json.dumps(payload)]
    subprocess.run([require("mosquitto_pub"), *arguments], check=True, timeout=10)


def speak(hub_: HubProcess, ago: timedelta, degrees: float) -> None:
    """All three makers' devices measure the same, `ago` before now; the native one has a number."""
    at = datetime.now(UTC) - ago
    seq = int(at.timestamp())
    native = {"at": at.isoformat(), "boot": "b1", "seq": seq, "temperature_c": degrees, "door_open": False}
    zigbee = {"temperature": degrees, "humidity": 44.7, "battery": 97, "last_seen": at.isoformat()}
    probe = {"Id": "00000566CC39", "Temperature": degrees}
    local = at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M:%S")
    publish(hub_.broker_port, "campus/shiyan/fridge/cold-1/reading", native)
    publish(hub_.broker_port, "zigbee2mqtt/cold-4", zigbee)
    tasmota = {"Time": local, "DS18B20-1": probe, "TempUnit": "C"}
    publish(hub_.broker_port, "tele/canteen-probes/SENSOR", tasmota)


def warm_alerts(client: httpx.Client) -> dict[str, dict[str, Any]]:
    alerts = client.get("/api/v1/alerts").json()
    return {alert["subject"]: alert for alert in alerts if alert["rule"] == "cold.chilled.warm"}


def history_of(client: httpx.Client, device: str) -> list[float]:
    end_ms = int(time.time() * 1000) + 60_000
    asked: dict[str, str | int] = {
        "device": device,
        "field": "temperature_c",
        "start_ms": end_ms - 3_600_000,
        "end_ms": end_ms,
        "step_ms": 60_000,
        "aggregate": "max",
    }
    answer = client.get("/api/v1/history", params=asked)
    assert answer.status_code == 200, answer.text
    return [sample["value"] for sample in answer.json()["samples"]]


def rows_in(influx: InfluxdHandle, query: str) -> list[list[Any]]:
    answer = httpx.get(f"{influx.url}/query", params={"db": "campushub", "q": query, "epoch": "ms"}).json()
    return [row for series in answer["results"][0].get("series", []) for row in series["values"]]


def follow_the_fridge(running: HubProcess) -> None:
    """The whole story on the API: warm, raised, taken on, cooled, closed, with its record."""
    canteen, head = running.signed_in("wang-fang"), running.signed_in("liu-yang")
    for minutes in range(14, 0, -2):
        speak(running, timedelta(minutes=minutes), 11.5)
    alerts = wait_until(lambda: found if len(found := warm_alerts(canteen)) == 3 else None)
    assert set(alerts) == {"cold-1", "cold-4", "cold-6"}
    assert all(alert["active"] and alert["severity"] == "critical" for alert in alerts.values())

    alert = f"/api/v1/alerts/{alerts['cold-1']['id']}"
    refused = canteen.post(f"{alert}/close", json={"action": "门封条已更换"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "still_active")
    taken = canteen.post(f"{alert}/acknowledge", json={"reason": "正在转移食材"})
    assert taken.status_code == 200, taken.text

    for seconds in (50, 25, 1):  # cool for longer than the rule's keep_for, by the devices' own clocks
        speak(running, timedelta(seconds=seconds), 4.0)
    publish_cold_ahead(running)
    wait_until(lambda: not warm_alerts(head)["cold-1"]["active"])
    closed = head.post(f"{alert}/close", json={"action": "门封条已更换"})
    assert closed.status_code == 200, closed.text
    record = head.get(alert).json()
    assert [entry["change"] for entry in record["journal"]] == ["raised", "acknowledged", "cleared", "closed"]
    assert "cold-1" not in warm_alerts(head)


def publish_cold_ahead(running: HubProcess) -> None:
    """Readings up to four minutes ahead: within what the hub accepts of a clock."""
    for seconds in range(30, 240, 30):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        native = {"at": at.isoformat(), "boot": "b1", "seq": int(at.timestamp()), "temperature_c": 4.0}
        publish(running.broker_port, "campus/shiyan/fridge/cold-1/reading", native)


def test_from_message_to_alert_to_influxdb(tmp_path: Path) -> None:
    with influxd(tmp_path / "influx") as influx, mosquitto(tmp_path / "mosquitto") as broker:
        history = f'kind = "influxdb1"\nurl = "{influx.url}"\ndatabase = "campushub"'
        config = configure(tmp_path, broker_port=broker.port, history=history)
        with hub(config) as running:
            follow_the_fridge(running)
            client = running.signed_in("liu-yang")
            wait_until(lambda: all(11.5 in history_of(client, d) for d in ("cold-1", "cold-4", "cold-6")))
            query = "SELECT count(temperature_c) FROM fridge GROUP BY device"
            counted = wait_until(lambda: rows if len(rows := rows_in(influx, query)) == 3 else None)
            assert sorted(row[1] for row in counted) == [10, 10, 17]
            change = "SELECT change FROM alert WHERE device = 'cold-1' AND rule = 'cold.chilled.warm'"
            changes = wait_until(lambda: rows if len(rows := rows_in(influx, change)) == 4 else None)
            assert [row[1] for row in changes] == ["raised", "acknowledged", "cleared", "closed"]


def test_from_message_to_alert_to_the_embedded_history(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "mosquitto") as broker:
        config = configure(tmp_path, broker_port=broker.port)
        with hub(config) as running:
            follow_the_fridge(running)
            client = running.signed_in("liu-yang")
            wait_until(lambda: history_of(client, "cold-4").count(11.5) >= 6)


def test_an_influxdb_that_is_away_holds_up_nothing_and_is_filled_when_it_is_back(tmp_path: Path) -> None:
    with influxd(tmp_path / "influx") as influx, mosquitto(tmp_path / "mosquitto") as broker:
        history = f'kind = "influxdb1"\nurl = "{influx.url}"\ndatabase = "campushub"'
        config = configure(tmp_path, broker_port=broker.port, history=history)
        with hub(config) as running:
            influx.kill()
            for minutes in range(14, 0, -2):
                speak(running, timedelta(minutes=minutes), 11.5)
            client = running.signed_in("liu-yang")
            wait_until(lambda: "cold-1" in warm_alerts(client))
            wait_until(lambda: client.get("/api/v1/health").json()["history_state"] == "unreachable")
            influx.start()
            query = "SELECT count(temperature_c) FROM fridge WHERE device = 'cold-1'"
            wait_until(lambda: rows_in(influx, query) and rows_in(influx, query)[0][1] == 7, within_s=60)
