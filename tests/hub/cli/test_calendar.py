"""`campushub calendar` as it is typed, and what `campushub check` says of the calendar."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.exits import Exit
from tests.hub.cli.test_commands import EXAMPLE, call

EXCEPTION = """
[[calendar.exception]]
date = 2026-10-30
kind = "event"
name = { zh = "运动会", en = "Sports day" }
reason = { zh = "校长办公会决定", en = "Decided by the head's office" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "campus.toml"
    path.write_text(EXAMPLE + EXCEPTION, encoding="utf-8")
    return path


def _lines(config: Path, *arguments: str) -> list[str]:
    said = call("calendar", "--config", config, "--month", "2026-10", *arguments, COLUMNS="160")
    assert said.exit_code == Exit.OK
    return said.stdout.splitlines()


def test_a_month_is_printed_in_the_site_s_language_or_another(config: Path) -> None:
    (chinese,) = [line for line in _lines(config) if "2026-10-30" in line]
    assert all(word in chinese for word in ("活动日", "运动会", "07:00-18:00", "日期例外：校长办公会决定"))
    (english,) = [line for line in _lines(config, "--language", "en") if "2026-10-30" in line]
    assert "exception for the date: Decided by the head's office" in english
    assert len([line for line in _lines(config) if line.strip().startswith("2026-10-")]) == 31


def test_without_a_month_it_is_this_one(config: Path) -> None:
    said = call("calendar", "--config", config, COLUMNS="160")
    assert said.exit_code == Exit.OK
    assert said.stdout.count("-01  ") == 1


@pytest.mark.parametrize(
    "arguments",
    [("--month", "2026-13"), ("--month", "October"), ("--month", "0001-01"), ("--language", "fr")],
)
def test_what_makes_no_sense_is_refused_with_advice(config: Path, arguments: tuple[str, str]) -> None:
    said = call("calendar", "--config", config, *arguments)
    assert said.exit_code == Exit.USAGE
    assert "write" in said.stderr


def test_check_reminds_of_the_next_term(config: Path) -> None:
    term = '\n[[calendar.term]]\nname = "Long ago"\nfirst = 2024-09-01\nlast = 2025-01-17\n'
    config.write_text(EXAMPLE + term, encoding="utf-8")
    said = call("check", "--config", config, COLUMNS="250")
    assert said.exit_code == Exit.OK
    assert "no term is known after 2025-01-17" in said.stdout
    assert "no term is known after 2025-01-17" in said.stderr
