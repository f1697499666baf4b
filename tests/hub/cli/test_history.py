"""`campushub history backfill` into a real InfluxDB: whole, again, refused, interrupted, held by a hub."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from devices.facts import Clock, Reading
from hub.cli.app import app
from hub.cli.exits import Exit
from hub.config.model import History as HistoryConfig
from hub.config.model import HistoryKind
from hub.history.choose import left_behind
from hub.history.duck import DuckHistory
from hub.history.influx import InfluxHistory
from hub.history.port import Aggregate, Cursors, Point
from hub.log.model import Entry
from hub.log.writer import LogWriter
from tests.hub.config.writing import VALID
from tests.hub.history.samples import MINUTE, NOON
from tests.hub.history.stub_influx import StubInflux, stub_influx
from tests.real.influxd import InfluxdHandle, influxd

HOUR = 60 * MINUTE
FILE = "history.duckdb"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxdHandle]:
    with influxd(tmp_path_factory.mktemp("influxd")) as handle:
        yield handle


@pytest.fixture
def database() -> str:
    return f"school-{uuid.uuid4().hex}"


@pytest.fixture
def influx(server: InfluxdHandle, database: str) -> Iterator[InfluxHistory]:
    history = InfluxHistory(HistoryConfig(HistoryKind.INFLUXDB1, server.url, database, "", None, None, None))
    history.open()
    yield history
    history.close()


@pytest.fixture
def config(tmp_path: Path, server: InfluxdHandle, database: str) -> Path:
    return configured(tmp_path, server.url, database)


def configured(folder: Path, url: str, database: str) -> Path:
    """A campus that was switched to InfluxDB, with three hours of a fridge in the history of before."""
    path = folder / "campus.toml"
    store = f'\n[storage.history]\nkind = "influxdb1"\nurl = "{url}"\ndatabase = "{database}"\n'
    path.write_text(VALID + store, encoding="utf-8")
    history = DuckHistory(folder / "data" / FILE)
    points = [
        Point("fridge", "school", "canteen", "cold-1", NOON + n * MINUTE, (("temperature_c", n / 4),))
        for n in range(180)
    ]
    history.write(points, Cursors(180))
    history.close()
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(
        app, ["history", "backfill", *map(str, arguments)], env={**os.environ, "COLUMNS": "200"}
    )


def count(history: InfluxHistory) -> float:
    samples = history.range(
        "fridge", "temperature_c", "cold-1", NOON, NOON + 24 * HOUR, 24 * HOUR, Aggregate.COUNT
    )
    return sum(sample.value for sample in samples)


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_everything_is_copied_and_again_changes_nothing(config: Path, influx: InfluxHistory) -> None:
    for _ in range(2):
        said = call("--config", config)
        assert (said.exit_code, said.stdout) == (Exit.OK, "180 values copied, 0 refused\n"), said.stderr
        assert count(influx) == 180


def test_only_the_time_that_is_asked_for(config: Path, influx: InfluxHistory) -> None:
    said = call("--config", config, "--from", iso(NOON + 30 * MINUTE), "--to", iso(NOON + 90 * MINUTE))
    assert said.exit_code == Exit.OK, said.output
    assert count(influx) == 60


def test_what_the_log_holds_is_left_to_the_hub(config: Path, influx: InfluxHistory) -> None:
    begins = NOON + 100 * MINUTE
    log = LogWriter(config.parent / "data" / "log.sqlite")
    fact = Reading("k", "cold-1", begins, begins, Clock.DEVICE, (("temperature_c", 4.0),))
    log.append([Entry(facts=(fact,))], begins)
    log.close()
    lost = [
        Point(measurement, "school", "canteen", "cold-of-old", NOON + 170 * MINUTE, (field,))
        for measurement, field in (("fridge", ("temperature_c", 4.0)), ("alert", ("open", 1)))
    ]
    old = DuckHistory(config.parent / "data" / FILE)
    old.write(lost, Cursors(181))
    old.close()
    said = call("--config", config)
    assert said.exit_code == Exit.OK, said.output
    assert count(influx) == 105, "a device's clock may be five minutes ahead of the hub's"
    assert [newest.device for newest in influx.latest("fridge", "temperature_c")] == ["cold-1", "cold-of-old"]
    assert influx.latest("alert", "open") == (), "the hub fills in alerts from its book"


def test_refused_points_are_counted_with_their_reason_and_are_no_success(
    config: Path, influx: InfluxHistory
) -> None:
    old = DuckHistory(config.parent / "data" / FILE)
    old.write([Point("odd", "school", "", "cold-1", NOON, (("value", 1.0),))], Cursors(181))
    old.close()
    influx.write([Point("odd", "school", "", "cold-2", NOON, (("value", "a text"),))], Cursors())
    said = call("--config", config)
    assert said.exit_code == Exit.REFUSED
    assert said.stdout == "180 values copied, 1 refused\n"
    assert "refused: 1 of odd: " in said.stderr
    assert "field type conflict" in said.stderr
    assert count(influx) == 180


@pytest.fixture
def stub() -> Iterator[StubInflux]:
    with stub_influx() as running:
        yield running


def test_an_influxdb_that_goes_away_in_the_middle_says_how_to_go_on(
    tmp_path: Path,
    server: InfluxdHandle,
    database: str,
    influx: InfluxHistory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = configured(tmp_path, server.url, database)
    taken = InfluxHistory.write
    calls: list[int] = []

    def write_then_fail(self: InfluxHistory, points: list[Point], cursors: Cursors) -> object:
        calls.append(len(points))
        if len(calls) == 3:
            server.kill()
        return taken(self, points, cursors)

    monkeypatch.setattr(InfluxHistory, "write", write_then_fail)
    said = call("--config", config)
    monkeypatch.undo()
    server.start()
    assert said.exit_code == Exit.UNAVAILABLE, said.output
    go_on = f"--from {iso(NOON + 2 * HOUR)}"
    assert (
        f"120 values were copied, everything before {iso(NOON + 2 * HOUR)}: go on with {go_on}" in said.stderr
    )
    assert call("--config", config, *go_on.split()).stdout == "60 values copied, 0 refused\n"
    assert count(influx) == 180


def test_ctrl_c_says_how_to_go_on(
    config: Path, influx: InfluxHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = InfluxHistory.write
    calls: list[int] = []

    def write_then_stop(self: InfluxHistory, points: list[Point], cursors: Cursors) -> object:
        calls.append(len(points))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return taken(self, points, cursors)

    monkeypatch.setattr(InfluxHistory, "write", write_then_stop)
    said = call("--config", config)
    assert said.exit_code == Exit.FAILED
    assert f"60 values were copied, everything before {iso(NOON + HOUR)}: go on with --from" in said.stderr
    assert count(influx) == 60


def test_a_file_that_a_running_hub_has_is_named_with_its_holder(config: Path) -> None:
    path = config.parent / "data" / FILE
    hold = (
        f"import duckdb,sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    said = call("--config", config)
    holder.communicate("")
    assert said.exit_code == Exit.UNAVAILABLE
    assert f"{FILE} is in use by process {holder.pid}" in said.stderr
    assert "stop it" in said.stderr


def test_what_makes_no_sense_is_refused_before_anything_is_touched(config: Path) -> None:
    assert call("--config", config, "--from", "yesterday").exit_code == Exit.USAGE
    assert call("--config", config, "--file", config.parent / "none.duckdb").exit_code == Exit.USAGE
    assert not (config.parent / "none.duckdb").exists()
    config.write_text(VALID, encoding="utf-8")
    said = call("--config", config)
    assert said.exit_code == Exit.CONFIGURATION
    assert "influxdb1" in said.stderr


def test_an_influxdb_that_refuses_the_account_needs_a_person(tmp_path: Path, stub: StubInflux) -> None:
    stub.always(401, b'{"error": "unable to parse authentication credentials"}')
    said = call("--config", configured(tmp_path, stub.url, "school"))
    assert said.exit_code == Exit.REFUSED
    assert "answered 401" in said.stderr


def test_a_history_left_behind_is_known_only_after_a_change_of_store(tmp_path: Path) -> None:
    before = HistoryConfig(HistoryKind.DUCKDB, "", "", "", None, None, None)
    after = HistoryConfig(HistoryKind.INFLUXDB1, "http://db:8086", "school", "", None, None, None)
    assert left_behind(after, tmp_path) is None
    (tmp_path / FILE).touch()
    assert left_behind(after, tmp_path) == tmp_path / FILE
    assert left_behind(before, tmp_path) is None
