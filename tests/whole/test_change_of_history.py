"""From the embedded history to InfluxDB: the hub fills in what its log holds, and tells of the rest."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.history.duck import DuckHistory
from hub.history.port import Cursors, Point
from tests.hub.ingest.publisher import publish_all
from tests.real.influxd import InfluxdHandle, influxd
from tests.whole.hub_process import CAMPUSHUB, configure, hub, wait_until
from tests.whole.test_one_warm_fridge import rows_in

_TOPIC = "campus/shiyan/fridge/cold-1/reading"
_SUMMER_MS = 1_790_000_000_000


def kept(influx: InfluxdHandle) -> int:
    rows = rows_in(influx, "SELECT count(temperature_c) FROM fridge WHERE device = 'cold-1'")
    return int(rows[0][1]) if rows else 0


def test_a_new_store_is_filled_from_the_log_and_the_rest_by_one_command(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd") as influx:
        config = configure(tmp_path, broker_port=None)
        began = datetime.now(UTC) - timedelta(minutes=50)
        readings = [
            {"at": (began + timedelta(minutes=n)).isoformat(), "boot": "b", "seq": n, "temperature_c": 4}
            for n in range(40)
        ]
        with hub(config) as running:
            publish_all(running.broker_port, [(_TOPIC, json.dumps(reading)) for reading in readings])
            client = running.signed_in("liu-yang")
            wait_until(lambda: client.get("/api/v1/devices/cold-1").json()["quantities"])
            assert "is filled with what the log holds" not in running.output()

        older = DuckHistory(tmp_path / "data" / "history.duckdb")
        summer = Point("fridge", "shiyan", "cold-room", "cold-1", _SUMMER_MS, (("temperature_c", 5.0),))
        older.write([summer], older.cursors() or Cursors())
        older.close()
        text = config.read_text(encoding="utf-8")
        store = f'kind = "influxdb1"\nurl = "{influx.url}"'
        config.write_text(text.replace('kind = "duckdb"', store), encoding="utf-8")

        with hub(config) as running:
            wait_until(lambda: kept(influx) == 40, otherwise=running.output)
            assert "campushub history backfill" in " ".join(running.output().split())
            command = [str(CAMPUSHUB), "history", "backfill", "--config", str(config)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            assert kept(influx) == 41
