"""`campushub log` as it is typed, on a log that a hub holds open."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import apsw
import pytest
from typer.testing import CliRunner, Result

from hub.cli.app import app
from hub.cli.exits import Exit
from hub.cli.exporting import harmless
from hub.log.model import Entry, Letter
from hub.log.writer import LogWriter
from tests.hub.log.samples import DAY, NOON, entry, reading, tap


def call(*arguments: object) -> Result:
    environment = {**os.environ, "COLUMNS": "200"}
    return CliRunner().invoke(app, ["log", *(str(argument) for argument in arguments)], env=environment)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def live(path: Path) -> Iterator[LogWriter]:
    log = LogWriter(path)
    log.append([entry(*(reading(n) for n in range(20)), tap("a"))], NOON)
    tomorrow = reading(20, at=NOON + DAY, device="=1+1")
    letters = (
        Letter(NOON, "campus/s/\x1b[2J", b"\xff\xfe=cmd()", "not_json", "=HYPERLINK()"),
        Letter(NOON + DAY, "+t", b"@SUM(1)", "too_many", "\tx"),
    )
    log.append([Entry((tomorrow,), letters)], NOON + DAY)
    yield log
    log.close()


@pytest.mark.usefixtures("live")
def test_tail_prints_the_newest_facts_in_order(path: Path) -> None:
    said = call("tail", "-n", 2, "--file", path)
    assert said.exit_code == Exit.OK
    tapped, read = said.stdout.splitlines()
    assert tapped.startswith("21 2026-09-21T14:13:20.000+00:00 tap reader-1 ")
    assert read.startswith("22 2026-09-22T14:13:20.005+00:00 reading =1+1 ")
    assert call("tail", "-n", 0, "--file", path).stdout == ""
    assert len(call("tail", "-n", 10_000, "--file", path).stdout.splitlines()) == 22


def test_tail_keeps_escape_codes_from_the_terminal(path: Path, live: LogWriter) -> None:
    live.append([entry(reading(1, device="\x1b[31mred\u202e"))], NOON + DAY)
    said = call("tail", "-n", 1, "--file", path).stdout
    assert "\\x1b[31mred\\u202e" in said
    assert said.rstrip("\n").isprintable()


def test_tail_follows_until_it_is_told_to_end(path: Path, live: LogWriter) -> None:
    command = [sys.executable, "-c", "from hub.cli import main; main()", "log", "tail", "-f", "-n", "1"]
    process = subprocess.Popen([*command, "--file", str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("22 ")
    live.append([entry(reading(21), reading(22))], NOON + DAY)
    assert process.stdout.readline().startswith("23 ")
    assert process.stdout.readline().startswith("24 ")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == Exit.OK
    process.stdout.close()


@pytest.mark.usefixtures("live")
def test_stats_count_days_kinds_bytes_and_letters(path: Path) -> None:
    said = call("stats", "--file", path)
    assert said.exit_code == Exit.OK
    for words in ("20260921", "20 reading, 1 tap", "2026-09-22 14:13:20", "22 facts", "bytes a fact"):
        assert words in said.stdout
    assert "dead letters: 1 not_json, 1 too_many" in said.stdout


@pytest.mark.usefixtures("live")
def test_export_writes_facts_of_a_time_as_csv(path: Path) -> None:
    said = call("export", "--file", path, "--from", "2026-09-22", "--to", "2026-09-22T15:00+00:00")
    assert said.exit_code == Exit.OK
    (row,) = csv.DictReader(io.StringIO(said.stdout))
    assert (row["seq"], row["kind"], row["device"]) == ("22", "reading", "'=1+1")
    assert json.loads(row["content"]) == {"values": [["temperature_c", 4.0]]}
    assert "1 facts written" in said.stderr


@pytest.mark.usefixtures("live")
def test_export_writes_letters_that_no_spreadsheet_runs(path: Path) -> None:
    said = call("export", "letters", "--file", path)
    for row in csv.DictReader(io.StringIO(said.stdout)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    lines = call("export", "letters", "--format", "jsonl", "--file", path).stdout.splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["payload"], first["detail"], first["size"]) == ("\\xff\\xfe=cmd()", "=HYPERLINK()", 8)
    assert second["topic"] == "+t"


@pytest.mark.usefixtures("live")
def test_export_makes_a_new_file_and_never_overwrites_one(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "facts.jsonl"
    arguments = ("export", "--format", "jsonl", "--file", path, "--output", output)
    assert call(*arguments).exit_code == Exit.OK
    assert len(output.read_text(encoding="utf-8").splitlines()) == 22
    assert call(*arguments).exit_code == Exit.USAGE
    assert len(output.read_text(encoding="utf-8").splitlines()) == 22


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless(f" {cell}") == f" {cell}"


@pytest.mark.usefixtures("live")
def test_a_time_that_is_none_is_refused(path: Path) -> None:
    said = call("export", "--file", path, "--from", "30 February")
    assert said.exit_code == Exit.USAGE
    assert "2026-09-01" in said.stderr


def test_verify_says_sound_or_what_is_damaged(path: Path, live: LogWriter) -> None:
    said = call("verify", "--file", path)
    assert said.exit_code == Exit.OK
    assert "sound: 22 facts of 2 days" in said.stdout
    live.close()
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM facts_20260921 WHERE seq = 7")
    connection.close()
    said = call("verify", "--file", path)
    assert said.exit_code == 3
    assert "fact 8 follows 6" in said.stdout
    assert "restore" in said.stderr


@pytest.mark.parametrize("command", ["tail", "stats", "export", "verify"])
def test_missing_and_foreign_files_are_told_and_left_alone(tmp_path: Path, command: str) -> None:
    missing = tmp_path / "none.sqlite"
    said = call(command, "--file", missing)
    assert said.exit_code == Exit.CONFIGURATION
    assert "not there" in said.stderr
    assert not missing.exists()
    foreign = tmp_path / "notes.txt"
    for content in (b"", b"shopping list", b"SQLite format 3\0" + b"\0" * 5_000):
        foreign.write_bytes(content)
        said = call(command, "--file", foreign)
        assert said.exit_code == Exit.CONFIGURATION, said.output
        assert "Traceback" not in said.output
        assert foreign.read_bytes() == content


def test_without_a_file_the_configurations_log_is_read(tmp_path: Path) -> None:
    config = tmp_path / "campus.toml"
    config.write_text(files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert "demo-data" in call("stats", "--config", config).stderr
    (tmp_path / "demo-data").mkdir()
    LogWriter(tmp_path / "demo-data" / "log.sqlite").close()
    assert "0 facts" in call("stats", "--config", config).stdout
