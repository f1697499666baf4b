"""The commands as they are typed: what they print, and what their exit codes mean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from hub.book.store import Book
from hub.cli.app import app
from hub.cli.exits import Exit
from hub.web.accounts import Verdict, check
from tests.dashboards.grafana_stub import TOKEN, stub_grafana
from tests.real.mosquitto import mosquitto

PASSED_BY_NOBODY = '\n[[checkpoint]]\nid = "attic"\nname = "Attic"\narea = "canteen"\n'
EXAMPLE = files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "campus.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def call(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={**os.environ, **environment}
    )


def test_check_says_what_it_understood(config: Path) -> None:
    said = call("check", "--config", config, COLUMNS="200")
    assert said.exit_code == Exit.OK
    for words in ("实验小学", "cold-1", "cold.chilled.warm", "embedded"):
        assert words in said.stdout


def test_check_names_every_fault_at_once_with_line_key_and_remedy(config: Path) -> None:
    text = EXAMPLE.replace('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"').replace(
        'storing = "frozen"', 'storing = "frosty"', 1
    )
    config.write_text(text, encoding="utf-8")
    said = call("check", "--config", config)
    assert said.exit_code == Exit.CONFIGURATION
    lines = [line for line in said.stderr.splitlines() if line.startswith(str(config))]
    assert [re.sub(r"^.*?:(\d+): (\S+):.*", r"\2", line) for line in lines] == [
        "site.zone",
        "device.cold-3.storing",
    ]
    assert all(" — " in line for line in lines)
    assert said.stdout == ""


def test_nothing_starts_on_a_faulty_configuration(config: Path) -> None:
    config.write_text(EXAMPLE + "\n[web2]\n", encoding="utf-8")
    assert call("run", "--config", config).exit_code == Exit.CONFIGURATION
    assert not (config.parent / "demo-data").exists()


def test_a_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    said = call("check", "--config", tmp_path / "none.toml")
    assert said.exit_code == Exit.CONFIGURATION
    assert "campushub example" in said.stderr


def test_example_prints_what_check_accepts(tmp_path: Path) -> None:
    path = tmp_path / "campus.toml"
    path.write_text(call("example").stdout, encoding="utf-8")
    assert call("check", "--config", path).exit_code == Exit.OK


def test_version_names_what_it_stands_on() -> None:
    said = call("version")
    assert re.search(r"^campushub \d+\.\d+\.\d+$", said.stdout, re.MULTILINE)
    assert "paho-mqtt" in said.stdout


def test_every_command_teaches() -> None:
    for command in ("run", "demo", "check", "example", "simulate", "version"):
        said = call(command, "--help")
        assert said.exit_code == Exit.OK
        assert len(said.stdout) > 200


def helps(group: TyperGroup, *path: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The help of every command and of its options as it was written, with the words that call it."""
    for name, command in group.commands.items():
        options = (getattr(option, "help", None) or "" for option in command.params)
        yield (*path, name), [command.help or "", *options]
        if isinstance(command, TyperGroup):
            yield from helps(command, *path, name)


def test_no_help_loses_a_word_in_brackets() -> None:
    """A pair of brackets would be a style if it were not escaped, and the word in it would be gone."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    found = set()
    for path, texts in helps(root):
        words = {word for text in texts for word in re.findall(r"\[[^\s\[\]]+\]+", text.replace("\\[", "["))}
        printed = call(*path, "--help", COLUMNS="200").stdout
        assert [word for word in words if word not in printed] == [], path
        found |= words
    assert "[tags]" in found


def test_warnings_are_said_by_check_and_not_by_every_command(config: Path) -> None:
    config.write_text(EXAMPLE + PASSED_BY_NOBODY, encoding="utf-8")
    said = call("check", "--config", config, COLUMNS="200")
    assert said.exit_code == Exit.OK, said.output
    assert "no round passes it" in said.stderr
    for quiet in (("people", "pin", "wang-fang"), ("rules", "list"), ("calendar",)):
        other = call(*quiet, "--config", config)
        assert (other.exit_code, other.stderr) == (Exit.OK, ""), quiet


def test_simulate_sends_and_counts(config: Path, tmp_path: Path) -> None:
    with mosquitto(tmp_path / "mosquitto") as broker:
        said = call(
            *("simulate", "--config", config, "--broker", f"{broker.host}:{broker.port}"),
            *("--scenario", "fridge-fails", "--speed", 600, "--minutes", 10, "--seed", 3),
        )
    assert said.exit_code == Exit.OK, said.output
    counted = re.search(r"(\d+) facts made, (\d+) acknowledged, 0 waiting", said.stdout)
    assert counted is not None, said.stdout
    assert int(counted[1]) == int(counted[2]) > 100


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--broker", "nowhere"), Exit.USAGE),
        (("--broker", "127.0.0.1:99999"), Exit.USAGE),
        (("--scenario", "holiday", "--minutes", 1), Exit.CONFIGURATION),
    ],
)
def test_simulate_refuses_nonsense(config: Path, arguments: tuple[object, ...], code: Exit) -> None:
    assert call("simulate", "--config", config, *arguments).exit_code == code


def test_a_new_pin_is_printed_once_and_works(config: Path) -> None:
    said = call("people", "pin", "wang-fang", "--config", config)
    assert said.exit_code == Exit.OK
    pin = said.stdout.rpartition(" ")[2].strip()
    book = Book(f"sqlite:///{config.parent / 'demo-data' / 'book.sqlite'}")
    assert check(book, "wang-fang", pin, now_ms=0) is Verdict.RIGHT
    book.close()


def test_a_pin_for_nobody_is_refused_and_everybody_named(config: Path) -> None:
    said = call("people", "pin", "nobody", "--config", config)
    assert (said.exit_code, said.stderr.strip()) == (
        Exit.USAGE,
        "没有人员 nobody：现有 admin、chen-jie、li-qiang、liu-yang、wall、wang-fang、zhang-wei",
    )


def test_badges_are_printed_for_all_who_have_one(config: Path, tmp_path: Path) -> None:
    made = tmp_path / "badges.pdf"
    assert call("people", "badges", "--config", config, "--output", made).exit_code == Exit.OK
    assert made.read_bytes().startswith(b"%PDF")
    again = call("people", "badges", "--config", config, "--output", made)
    assert again.exit_code == Exit.USAGE
    assert again.stderr == f"{made} 已经存在，没有改动：请用 --output 换一个文件名，或先把它移走\n"


def test_who_has_no_badge_hears_how_to_get_one(config: Path, tmp_path: Path) -> None:
    made = tmp_path / "badges.pdf"
    said = call("people", "badges", "wang-fang", "--config", config, "--output", made)
    assert said.exit_code == Exit.CONFIGURATION
    number = re.search(r"[0-9A-F]{14}", said.stderr)
    assert number is not None
    text = config.read_text(encoding="utf-8").replace(
        'id = "wang-fang"', f'id = "wang-fang"\nbadge = "{number[0]}"'
    )
    config.write_text(text, encoding="utf-8")
    assert call("people", "badges", "wang-fang", "--config", config, "--output", made).exit_code == Exit.OK


def test_publishing_twice_changes_nothing_the_second_time(config: Path) -> None:
    with stub_grafana() as grafana:
        arguments = ("dashboards", "publish", "--url", grafana.url, "--config", config)
        first = call(*arguments, CAMPUSHUB_GRAFANA_TOKEN=TOKEN)
        second = call(*arguments, CAMPUSHUB_GRAFANA_TOKEN=TOKEN)
        assert first.exit_code == second.exit_code == Exit.OK, first.output
        assert "created" in first.stdout
        assert set(re.findall(r": (\w+)$", second.stdout, re.MULTILINE)) == {"unchanged"}
        wrong = call(*arguments, CAMPUSHUB_GRAFANA_TOKEN="glsa_wrong")
        assert wrong.exit_code == Exit.REFUSED
        assert "glsa_wrong" not in wrong.output
    assert call(*arguments, CAMPUSHUB_GRAFANA_TOKEN="x").exit_code == Exit.UNAVAILABLE
    assert call(*arguments).exit_code == Exit.USAGE
