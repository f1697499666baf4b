"""Each measurement, small, with the real parts: its figures are there, plausible, and come back from JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from hub.bench import history, stages, storage
from hub.bench.catalogue_load import campus_of, facts_of
from hub.bench.plain import DAY_MS, Plain
from hub.bench.report import Result, Row, load
from hub.bench.rules import backtest_of
from hub.cli.app import app
from hub.config.binding import watches_of_devices
from hub.config.load import load as load_campus
from hub.history.duck import DuckHistory
from rules.model import (
    Count,
    Forecast,
    Held,
    Outside,
    Rate,
    SensorFault,
    Silent,
    Spread,
    Stuck,
    Threshold,
)
from tests.real import require


def nobody(_doing: str, _done: float) -> None:
    """Nobody looks at the progress."""


def measured(kind: str, *arguments: str, folder: Path) -> dict[str, Row]:
    """By the command that people use; its JSON must be what the next one can be compared with."""
    command = ["bench", kind, *arguments, "--folder", str(folder)]
    said = CliRunner().invoke(app, [*command, "--json"])
    assert said.exit_code == 0, said.output
    path = folder / "result.json"
    path.write_text(said.stdout, encoding="utf-8")
    assert msgspec.json.decode(said.stdout, type=Result) == load(path, kind)
    rows = load(path, kind).rows
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.value >= 0 for row in rows)
    return {row.name: row for row in rows}


@pytest.mark.real("mosquitto")
def test_ingest_measures_floors_and_hub_in_one_run(tmp_path: Path) -> None:
    require("mosquitto")
    small = ("--seconds", "1", "--runs", "1", "--devices", "20", "--publishers", "4", "--rate", "500")
    rows = measured("ingest", *small, folder=tmp_path)
    for name in ("C subscriber", "bare paho", "campushub"):
        assert rows[f"{name}: received"].value > 0
        assert rows[f"{name}: memory"].value > 1
    assert rows["campushub: received"].floor == rows["C subscriber: received"].value
    assert rows["campushub: CPU of a message"].value > 0


def test_rules_measure_the_catalogue_and_a_backtest(tmp_path: Path) -> None:
    small = ("--series", "100", "--turns", "1", "--devices", "20", "--days", "0.05")
    rows = measured("rules", *small, folder=tmp_path)
    assert rows["judged, 100 series"].value > 0
    assert rows["100 times the series cost"].at_most == 1.2
    assert rows["backtest: 30 days of 500 devices, one a minute"].at_most == 3.0
    assert rows["backtest: processes"].value == 1, "so little is not worth a second one"
    assert list(tmp_path.iterdir()) == [tmp_path / "result.json"]


def test_the_campus_of_the_measurement_keeps_every_kind_of_rule_about_readings_busy(tmp_path: Path) -> None:
    config = tmp_path / "campus.toml"
    config.write_text(campus_of(40), encoding="utf-8")
    kinds = {type(watch.condition) for watch in watches_of_devices(load_campus(config, {}))}
    assert kinds >= {Threshold, Outside, Rate, Forecast, SensorFault, Stuck, Held, Count, Spread, Silent}
    trial = backtest_of(tmp_path, 40)
    for facts in facts_of(40, 720, 0):
        trial.take(facts)
    raised = {one.rule for one in trial.raisings(0, 1 << 62)}
    assert raised, "something is wrong now and then"
    assert len(trial.raisings(0, 1 << 62)) < 100, "and most of it is calm"


@pytest.mark.real("mosquitto")
def test_latency_measures_acknowledgements_and_alerts(tmp_path: Path) -> None:
    require("mosquitto")
    small = ("--seconds", "1", "--runs", "1", "--devices", "20", "--rate", "400")
    rows = measured("latency", *small, folder=tmp_path)
    of_messages = (
        f"published to {name}" for name in ("acknowledged", "delivered", "alert on the event stream")
    )
    for name in (*of_messages, "tap to reply"):
        times = [rows[f"{name}, {part}"].value for part in ("p50", "p95", "p99", "longest")]
        assert times == sorted(times)
        assert times[0] > 0
    assert rows["published to acknowledged, p50"].value > rows["published to delivered, p50"].value
    assert (rows["published to acknowledged, p50"].floor or 0) > 0
    assert rows["messages never acknowledged"].value == 0
    assert rows["alerts that never came"].value == 0
    assert rows["taps without a reply"].value == 0
    assert rows["tap to reply, p99"].at_most == 300


def test_history_measures_its_size_and_its_answers(tmp_path: Path) -> None:
    rows = measured("history", "--points", "50000", "--series", "10", folder=tmp_path)
    assert rows["days held"].value == pytest.approx(50_000 / 10 / 1_440)
    assert 0 < rows["in the file"].value < 1_000
    targets = {name for name, row in rows.items() if row.at_most is not None}
    assert targets == {
        "a day of one series by 5 minutes, median",
        "latest of all series, median",
        "a month of all meters' energy by day, median",
    }
    assert all(rows[name].value > 0 and (rows[name].floor or 0) > 0 for name in targets)


def test_the_history_and_its_floor_give_the_same_answers(tmp_path: Path) -> None:
    plain = Plain(tmp_path / "plain.duckdb", series=5, minutes=2_000)
    plain.make(nobody)
    history.fill(plain, tmp_path / "history.duckdb", nobody)
    filled = DuckHistory(tmp_path / "history.duckdb")
    filled.open()
    start_ms = plain.start_ms + 7 * history.STEP_MS
    answer = history.day(plain, 3, start_ms, filled)
    floor = plain.day(3, start_ms, history.STEP_MS)
    assert [sample.at_ms for sample in answer] == [at_ms for at_ms, _ in floor]
    assert [sample.value for sample in answer] == pytest.approx([value for _, value in floor])
    assert len(answer) == DAY_MS // history.STEP_MS
    newest = {(one.at_ms, one.value) for one in history.latest(filled)}
    assert newest == {(at_ms, value) for _, at_ms, value in plain.latest()}
    used = history.energy(plain, plain.start_ms, plain.end_ms, filled)
    # Bare SQL leaves out what was used between the last reading of a day and the first of the next.
    assert [one.energy_kwh for one in used] == pytest.approx(
        [kwh for _, _, kwh in plain.energy(plain.start_ms, plain.end_ms)], abs=0.2
    )
    filled.close()
    plain.close()


def test_stages_measure_the_whole_path_and_its_parts(tmp_path: Path) -> None:
    small = ("--messages", "3000", "--devices", "5", "--runs", "1", "--rate", "5000")
    rows = measured("stages", *small, folder=tmp_path)
    parts = ("read", "take apart", "log", "judge", "show", "history")
    assert all(rows[part].value > 0 for part in parts)
    assert rows["all stages"].value == pytest.approx(sum(rows[part].value for part in parts))
    many = sum(rows[f"{part}, {stages.MANY} times the devices"].value for part in parts)
    ratio = rows[f"{stages.MANY} times the devices cost"]
    assert ratio.value == pytest.approx(many / rows["all stages"].value)


def test_storage_measures_appending_reading_and_verifying(tmp_path: Path) -> None:
    rows = measured("storage", "--facts", "12000", "--devices", "20", folder=tmp_path)
    assert rows["in the file"].value > (rows["in the file"].floor or 0) > 0
    assert rows["commit of 500 facts, p50"].value <= rows["commit of 500 facts, p99"].value
    ratio = rows[f"{storage.MANY} times the devices cost"]
    many, few = rows[f"CPU of a fact, {storage.MANY} times the devices"], rows["CPU of a fact"]
    assert ratio.value == pytest.approx(many.value / few.value)
    assert ratio.at_most == storage.RATIO_AT_MOST


def test_a_measurement_stands_beside_an_earlier_one(tmp_path: Path) -> None:
    small = ("--facts", "2000", "--devices", "5")
    measured("storage", *small, folder=tmp_path)
    again = ["bench", "storage", *small, "--folder", str(tmp_path)]
    said = CliRunner().invoke(app, [*again, "--compare", str(tmp_path / "result.json")])
    assert said.exit_code == 0, said.output
    assert "before" in said.stdout
    assert "settings" not in said.stdout
