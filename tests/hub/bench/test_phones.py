"""Phones that come back all at once, with the hub killed meanwhile: the command's own check, small."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typer.testing import CliRunner

from hub.bench.report import Result
from hub.cli.app import app


def test_no_tap_of_phones_that_come_back_is_lost_or_double(tmp_path: Path) -> None:
    command = ["bench", "phones", "--phones", "12", "--taps", "200", "--kills", "1", "--json"]
    said = CliRunner().invoke(app, [*command, "--folder", str(tmp_path)])

    assert said.exit_code == 0, said.output
    rows = {row.name: row.value for row in msgspec.json.decode(said.stdout, type=Result).rows}
    assert rows["taps accepted"] == 2_400
    assert (rows["lost"], rows["double"], rows["not proved"]) == (0, 0, 0)
    assert rows["posts again, without an answer"] > 0
