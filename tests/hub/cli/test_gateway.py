"""`campushub gateway` as it is typed: the example, the check, faults, and an outbox that is in use."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from devices.gateway.model import Guard, Language, ReaderPlan, Role
from devices.gateway.outbox import Outbox
from devices.gateway.running import texts_of
from devices.gateway.taps import BADGE_HOLDS_S
from devices.pn532_lamp import Lamp, Pin
from hub.cli.app import app
from hub.cli.exits import Exit
from hub.cli.gateway_file import load_gateway
from hub.cli.gateway_schema import File, OutboxTable
from hub.config.faults import ConfigurationError

SMALL = """\
[site]
id = "school"
language = "en"
[broker]
host = "127.0.0.1"
"""
READER = '[[reader]]\nid = "walk-1"\nport = "socket://127.0.0.1:1"\nrole = "handheld"\n'
FIXED = '[[reader]]\nid = "gate-1"\nport = "/dev/ttyUSB0"\nrole = "fixed"\ntag_uid = "04a1b2c3d4e580"\n'
UNPLACED = FIXED.replace('tag_uid = "04a1b2c3d4e580"\n', "")
GUARD = '[[guard]]\nname = "Zhang"\nbadge = "04:B8:3A:1C"\n'
SAME_UID = GUARD.replace("04:B8:3A:1C", "04-A1-B2-C3-D4-E5-80")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["gateway", *(str(one) for one in arguments)], env={**os.environ})


def faults_of(folder: Path, text: str, **environment: str) -> list[str]:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load_gateway(path, environment)
    except ConfigurationError as error:
        return [f"{fault.line}: {fault.key}: {fault.problem}" for fault in error.faults]
    return []


def test_the_example_is_accepted_and_says_every_setting(tmp_path: Path) -> None:
    printed = call("--example")
    assert printed.exit_code == Exit.OK
    path = tmp_path / "gateway.toml"
    path.write_text(printed.stdout, encoding="utf-8")
    plan = load_gateway(path, {})
    assert (plan.site, plan.language, plan.bell) == ("shiyan", Language.ZH, True)
    assert plan.outbox == tmp_path / "gateway-outbox.sqlite"
    assert plan.readers == (
        ReaderPlan("gate-1", "/dev/ttyUSB0", Role.FIXED, "04A1B2C3D4E580", None, Lamp(Pin.P72, Pin.P71)),
        ReaderPlan("reader-1", "/dev/ttyUSB1", Role.HANDHELD),
    )
    for name, field in File.model_fields.items():
        table = field.annotation
        for candidate in (table, *getattr(table, "__args__", ())):
            for key in getattr(candidate, "model_fields", {}):
                assert re.search(rf"^#?{key} = ", printed.stdout, re.MULTILINE), f"{name}.{key}"


def test_what_stands_behind_a_hash_in_the_example_is_accepted_too(tmp_path: Path) -> None:
    text = call("--example").stdout
    (tmp_path / "hub-ca.pem").touch()
    (tmp_path / "gateway-password").write_text("secret\n", encoding="ascii")
    every = re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE).replace("password_env", "#password_env")
    path = tmp_path / "gateway.toml"
    path.write_text(every, encoding="utf-8")
    plan = load_gateway(path, {})
    assert plan.broker.password == "secret"
    assert plan.zone == ZoneInfo("Asia/Shanghai")
    assert plan.broker.ca_file == tmp_path / "hub-ca.pem"
    assert plan.readers[1].guard == Guard("张伟", "04B83A1C5E7280")
    assert "secret" not in repr(plan)


def test_check_says_what_was_understood_and_lists_ports(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SMALL + READER + FIXED, encoding="utf-8")
    said = call("--check", "--config", path)
    assert said.exit_code == Exit.OK
    for words in ("school", "walk-1 on socket://127.0.0.1:1", "fixed at tag 04A1B2C3D4E580", "erial port"):
        assert words in said.stdout
    assert sorted(tmp_path.iterdir()) == [path]


def test_every_fault_is_said_at_once_and_nothing_starts(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SMALL.replace("school", "a b") + "password = 'x'\n" + READER + READER, encoding="utf-8")
    for arguments in (("--check",), ()):
        said = call(*arguments, "--config", path)
        assert said.exit_code == Exit.CONFIGURATION
        lines = [line for line in said.stderr.splitlines() if line.startswith(str(path))]
        assert [line.removeprefix(f"{path}:").split(": ")[:2] for line in lines] == [
            ["2", "site.id"],
            ["6", "broker.password"],
            ["12", "reader.walk-1.id"],
            ["13", "reader.walk-1.port"],
        ]
        assert all(" — " in line for line in lines)
        assert "'x'" not in said.output


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (SMALL, "None: reader: is missing"),
        (SMALL + "reader = []", "6: broker.reader: is not a known setting"),
        (SMALL + UNPLACED, "6: reader.gate-1.tag_uid: is missing: a fixed"),
        (SMALL + READER + 'tag_uid = "04a1b2c3d4e580"', "10: reader.walk-1.tag_uid: is a fixed reader's"),
        (SMALL + READER + 'guard = "Li"', "10: reader.walk-1.guard: is the name of no [[guard]]"),
        (SMALL + FIXED + 'guard = "Zhang"\n' + GUARD, "11: reader.gate-1.guard: is a handheld reader's"),
        (SMALL + SAME_UID + FIXED, "reader.gate-1.tag_uid: is a guard's badge"),
        (SMALL + GUARD + GUARD + READER, "guard.#2.badge: is another guard's badge as well"),
        (SMALL + READER + 'lamp = { green = "p71", red = "p71" }', "lamp.red: is the pin of green"),
        (SMALL + READER + 'lamp = { green = "p32", red = "p71" }', "lamp.green: “p32” is not known here"),
        (SMALL + 'password_env = "P"\n' + READER, "6: broker.password_env: is there without a username"),
        (SMALL + 'username = "u"\npassword_env = "P"\n' + READER, "7: broker.password_env: the env"),
        (SMALL + 'ca_file = "none.pem"\n' + READER, "6: broker.ca_file: is there without tls"),
        (SMALL + 'tls = true\nca_file = "none.pem"\n' + READER, "7: broker.ca_file: names a file"),
        (SMALL + "[outbox]\nlimit = 5\n" + READER, "7: outbox.limit: “5” is out of range"),
        (SMALL + READER.replace("socket://", "two words"), "8: reader.walk-1.port: “two w"),
        (SMALL + READER.replace("handheld", "hand"), "9: reader.walk-1.role: “hand” is not known here"),
        (SMALL.replace("[broker]", 'zone = "Shanghai"\n[broker]') + READER, "4: site.zone: “Shanghai” is no"),
        (SMALL + "[[reader]", "6: : is not valid TOML"),
    ],
)  # fmt: skip
def test_each_fault_is_found_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in said for said in faults_of(tmp_path, text)), faults_of(tmp_path, text)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    said = call("--config", tmp_path / "none.toml")
    assert said.exit_code == Exit.CONFIGURATION
    assert "campushub gateway --example" in said.stderr


def test_an_outbox_that_another_gateway_uses_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(SMALL + READER, encoding="utf-8")
    outbox = Outbox(load_gateway(path, {}).outbox, 10)
    said = call("--config", path)
    outbox.close()
    assert said.exit_code == Exit.UNAVAILABLE
    assert "does another gateway use it?" in said.stderr


def test_every_ready_line_of_the_example_is_toml() -> None:
    assert set(tomllib.loads(call("--example").stdout)) <= set(File.model_fields)


def test_the_document_has_a_configuration_that_is_accepted_and_lines_that_are_said(tmp_path: Path) -> None:
    document = (Path(__file__).parents[3] / "docs" / "readers.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```toml gateway\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert faults_of(tmp_path, text, CAMPUSHUB_GATEWAY_PASSWORD="x") == []
    texts = texts_of(Language.ZH)
    refused = texts("reply.refused", why=texts.reason("unknown_tag"))
    then = texts("reply.next", name="教学楼A大厅")
    accepted = texts("reply.accepted", checkpoint="gatehouse", then=then)
    assert re.findall(r"^\d\d:\d\d:\d\d  gate-1  (.*)$", document, re.MULTILINE) == [accepted, refused]
    for number in (f"{BADGE_HOLDS_S / 3600:.0f} hours", f"At most {OutboxTable().limit:,} taps wait"):
        assert number in re.sub(r"\s+", " ", document)


def test_a_simulated_reader_knows_the_configurations_tags_and_badges(tmp_path: Path) -> None:
    path = tmp_path / "campus.toml"
    path.write_text(files("hub.demo").joinpath("campus.toml").read_text("utf-8"), encoding="utf-8")
    typed = "gatehouse\nzhang-wei\n04A1B2C3D4E581 https://hub.example/t/gate\nnobody\n"
    said = CliRunner().invoke(app, ["simulate-reader", "--config", str(path), "--port", "0"], input=typed)
    assert said.exit_code == Exit.OK, said.output
    assert re.fullmatch(r'port = "socket://127\.0\.0\.1:\d+"\n', said.stdout)
    for line in ("[[reader]]", "04A1B2C3D4E580 lay there", "04B83A1C5E7280 lay there", "04A1B2C3D4E581 lay"):
        assert line in said.stderr
    assert "a UID has 8, 14 or 20 hex digits" in said.stderr
