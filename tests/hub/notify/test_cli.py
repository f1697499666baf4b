"""`campushub notify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.app import app
from hub.cli.exits import Exit
from tests.hub.notify.bureau import DEMO, MINUTE, POLICIES, Bureau
from tests.hub.notify.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def _run(folder: Path, receiver: Receiver, *arguments: str) -> tuple[int, str]:
    config = folder / "campus.toml"
    text = DEMO.replace('folder = "demo-data"', 'folder = "data"') + POLICIES
    config.write_text(text.replace("127.0.0.1:9/", f"127.0.0.1:{receiver.port}/"), encoding="utf-8")
    result = CliRunner().invoke(app, ["notify", *arguments, "--config", str(config)])
    return result.exit_code, result.output


def test_a_channel_that_works_is_proved(tmp_path: Path, receiver: Receiver) -> None:
    code, said = _run(tmp_path, receiver, "test", "group")
    assert code == Exit.OK, said
    assert "group (json) took the message" in said
    ((_, message),) = receiver.got
    assert message["title"] == "[Test] Experimental Primary School"


@pytest.mark.parametrize(("status", "expected"), [(500, Exit.UNAVAILABLE), (403, Exit.REFUSED)])
def test_a_channel_that_does_not_work_says_why(
    tmp_path: Path, receiver: Receiver, status: int, expected: Exit
) -> None:
    receiver.status = status
    code, said = _run(tmp_path, receiver, "test", "group")
    assert code == expected
    assert f"error={status}" in said


def test_a_channel_that_is_not_there_is_a_wrong_command(tmp_path: Path, receiver: Receiver) -> None:
    code, said = _run(tmp_path, receiver, "test", "groop")
    assert code == Exit.USAGE
    assert "group, chief" in said
    assert _run(tmp_path, receiver, "test", "pages")[0] == Exit.OK


def test_the_ledger_is_printed(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "data").mkdir()
    bureau = Bureau(tmp_path / "data")
    alert = bureau.raises()
    bureau.raises("cold-2")
    bureau.passes(16 * MINUTE)
    bureau.takes_on(alert)
    bureau.passes(MINUTE)
    bureau.book.close()
    code, said = _run(tmp_path, receiver, "ledger")
    assert code == Exit.OK, said
    assert said.count("escalated") == 4
    code, said = _run(tmp_path, receiver, "ledger", "--alert", str(alert))
    assert said.count("escalated") == 2
    for piece in ("raised", "role:head", "chief", "pages", "sent", "wang-fang", "2026-11-22 12:01:00"):
        assert piece in said
