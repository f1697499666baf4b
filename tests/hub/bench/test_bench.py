"""The measuring measures: its load arrives as counted, its floors count what they get, results compare."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
from rich.console import Console
from typer.testing import CliRunner

from hub.bench import report
from hub.bench.ingest import Flow
from hub.bench.load import Load, run
from hub.bench.machine import machine, used_by
from hub.cli.app import app
from tests.hub.ingest.campus import broker_at, running, wait_until
from tests.real.mosquitto import mosquitto


def test_the_load_arrives_as_counted(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "m") as broker, running(tmp_path, broker_at(broker.port)) as ingest:
        sent = run(Load(broker.port, "s", 1, 1, 2_000, 0.5), boot=7)
        assert sent.sent == sent.acknowledged > 100
        # The bench's own devices are not in the tests' configuration: each message is met as a stranger's.
        wait_until(lambda: ingest.counts.strangers + ingest.counts.flooded >= sent.sent)


def test_the_command_measures_floors_and_hub_in_one_run() -> None:
    arguments = ["bench", "ingest", "--seconds", "2", "--runs", "1", "--devices", "20", "--publishers", "4"]
    said = CliRunner().invoke(app, [*arguments, "--rate", "500", "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    flows = {flow["name"]: flow for flow in result["flows"]}
    assert list(flows) == ["C subscriber", "bare paho", "campushub"]
    assert all(flow["received_hz"] > 100 for flow in flows.values())
    assert flows["campushub"]["cpu_us"] > 0


def test_a_result_is_shown_beside_an_earlier_one(tmp_path: Path) -> None:
    def result(hub_hz: float) -> report.Result:
        flows = (Flow("C subscriber", 40_000, 40_000, 8, 4), Flow("campushub", 40_000, hub_hz, 30, 200))
        return report.Result(machine(), 500, 200, 0, 5, 3, flows)

    path = tmp_path / "before.json"
    path.write_bytes(msgspec.json.encode(result(10_000)))
    console = Console(width=160, record=True)
    console.print(report.table(result(20_000), report.load(path)))
    text = console.export_text()
    assert "50%" in text
    assert "10,000" in text
    assert machine().processor in text


def test_what_a_process_has_used_only_grows() -> None:
    before = used_by(os.getpid())
    sum(range(2_000_000))
    after = used_by(os.getpid())
    assert after.cpu_s >= before.cpu_s
    assert after.resident_bytes > 1_000_000
