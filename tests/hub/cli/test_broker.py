"""`campushub broker user`: the password for the device, the hash for the file, never the other way round."""

from __future__ import annotations

import re
import tomllib

import bcrypt
import pytest
from typer.testing import CliRunner, Result

from hub.cli.app import app
from hub.cli.exits import Exit
from tests.hub.config.writing import VALID, faults_in


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["broker", "user", *arguments], input=typed, env={"COLUMNS": "200"})


def test_the_lines_load_and_the_password_fits_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    said = call("gateway", "--device", "cold-1", "--topic", "zigbee2mqtt", "--topic", "tele/plug")
    assert said.exit_code == Exit.OK, said.output
    (user,) = tomllib.loads(said.stdout)["broker"]["user"]
    assert (user["devices"], user["topics"]) == (["cold-1"], ["zigbee2mqtt", "tele/plug"])
    password = re.search(r"password (\S+)", said.stderr)
    assert password is not None
    assert password[1] not in said.stdout
    assert bcrypt.checkpw(password[1].encode(), user["password_hash"].encode())
    assert faults_in(tmp_path_factory.mktemp("campus"), VALID + said.stdout) == ()


def test_a_chosen_password_is_asked_for_twice_and_never_shown() -> None:
    said = call("cold-1", "--ask", typed="a chosen one\na chosen one\n")
    assert said.exit_code == Exit.OK, said.output
    (user,) = tomllib.loads(said.stdout)["broker"]["user"]
    assert bcrypt.checkpw(b"a chosen one", user["password_hash"].encode())
    assert user["password_hash"].startswith("$2b$10$")
    assert "chosen" not in said.output


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("cold 1",), ""),
        (('cold"1',), ""),
        (("gateway", "--device", 'a"b'), ""),
        (("gateway", "--topic", "a\nb"), ""),
        (("cold-1", "--ask"), "short\nshort\n"),
        (("cold-1", "--ask"), f"{'x' * 73}\n{'x' * 73}\n"),
    ],
)
def test_what_no_account_can_be_made_of_is_refused(arguments: tuple[str, ...], typed: str) -> None:
    said = call(*arguments, typed=typed)
    assert said.exit_code == Exit.USAGE
    assert "password_hash" not in said.stdout
