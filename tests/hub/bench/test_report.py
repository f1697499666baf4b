"""Results come back as they were written, and stand beside their floors, targets and earlier selves."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from hub.bench import report
from hub.bench.machine import machine, used_by
from hub.bench.report import OtherKindError, Result, Row, Setting, of_runs
from hub.cli.app import app


def result(value: float, devices: int = 500, kind: str = "latency") -> Result:
    rows = (
        of_runs("p99", "ms", (value - 1, value, value + 7), floor=5, at_most=40),
        Row("missing", 0, ""),
    )
    return Result(kind, machine(), (Setting("devices", devices),), rows)


def shown(now: Result, earlier: Result | None) -> str:
    console = Console(width=160, record=True, file=StringIO())
    console.print(report.table(now, earlier))
    return console.export_text()


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_bytes(msgspec.json.encode(result(20)))
    assert report.load(path, "latency") == result(20)


def test_a_result_is_compared_with_one_of_its_own_kind_only(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_bytes(msgspec.json.encode(result(20, kind="storage")))
    with pytest.raises(OtherKindError, match="bench storage"):
        report.load(path, "latency")
    said = CliRunner().invoke(app, ["bench", "latency", "--compare", str(path)])
    assert said.exit_code == 3
    assert "bench storage" in said.stderr


def test_a_figure_stands_beside_its_floor_its_target_and_itself_earlier() -> None:
    text = shown(result(20), result(80))
    assert "4.00 ×" in text  # of the floor
    assert "≤ 40, met" in text
    assert "0.25 ×" in text  # of before
    assert machine().processor in text
    assert "other settings" not in text


def test_a_missed_target_and_other_settings_are_said_in_words() -> None:
    text = shown(result(41), result(80, devices=20))
    assert "≤ 40, missed" in text
    assert "before, with other settings: devices 20" in text


def test_the_median_of_the_runs_is_the_figure_and_all_of_them_are_kept() -> None:
    row = of_runs("p99", "ms", (9, 1, 2))
    assert (row.value, row.runs) == (2, (9, 1, 2))


def test_what_a_process_has_used_only_grows() -> None:
    before = used_by(os.getpid())
    sum(range(2_000_000))
    after = used_by(os.getpid())
    assert after.cpu_s >= before.cpu_s
    assert after.resident_bytes > 1_000_000
