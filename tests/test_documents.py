"""What the documents say is so: examples load, commands exist, links lead somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from devices.facts import Kind
from devices.native import decode_reading
from devices.source import Source
from hub.cli.app import app
from hub.config.load import load
from tests.hub.replies.reading import Readers

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
EXAMPLE = files("hub.demo").joinpath("campus.toml").read_text(encoding="utf-8")


def blocks(document: Path, language: str) -> list[str]:
    """The fenced examples of a language, without the indentation of the list they stand in."""
    text = document.read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def devices_in(documents: list[Path]) -> list[str]:
    return [text for document in documents for text in blocks(document, "toml") if "[[device]]" in text]


@pytest.mark.parametrize("text", devices_in(DOCUMENTS))
def test_every_documented_device_is_accepted_beside_the_examples(text: str, tmp_path: Path) -> None:
    (device,) = tomllib.loads(text)["device"]
    campus = re.sub(rf'\[\[device\]\]\nid = "{device["id"]}"\n(?:.+\n)+', "", EXAMPLE)
    path = tmp_path / "campus.toml"
    path.write_text(campus + "\n" + text, encoding="utf-8")
    loaded = load(path, {}).devices[device["id"]]
    assert loaded.format.value == device["format"]


@pytest.mark.parametrize("payload", [text for d in DOCUMENTS for text in blocks(d, "json")])
def test_every_documented_payload_is_understood(payload: str) -> None:
    source = Source("cold-1", Kind.FRIDGE, "", 1_795_303_900_000, ZoneInfo("Asia/Shanghai"))
    assert len(decode_reading(payload.encode(), source).facts) == 1


def test_the_documented_reply_is_what_a_reader_hears(tmp_path: Path) -> None:
    (documented,) = blocks(ROOT / "docs" / "devices.md", "json reply")
    readers = Readers(tmp_path)
    readers.receives(readers.tap(tap_id="1b4e28ba-2fa1-4d2c-883f-0016d3cca427"))
    readers.close()
    assert [reply for _, reply in readers.heard] == [json.loads(documented)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for words in re.findall(r"campushub ((?:[a-z]+ ?)+)", text.replace("`", "\n")):
        first, *rest = words.split()
        commands = [command.callback for command in app.registered_commands]
        names = {command.__name__ for command in commands if command is not None}
        groups = {group.name for group in app.registered_groups}
        assert first in names | groups or first in ("is", "as", "knows"), words
        if first in groups and rest:
            help_ = CliRunner().invoke(app, [first, rest[0], "--help"])
            assert help_.exit_code == 0, words


def test_every_target_of_make_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(
        re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert named
    assert named <= targets


def test_every_folder_of_the_hub_is_on_the_map() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in (ROOT / "hub").iterdir():
        if (folder / "__init__.py").exists() and folder.name != "demo":
            assert f"{folder.name}/`" in readme, folder.name


def test_the_lock_files_name_no_place_and_pin_everything() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        packages = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert packages
        assert all("==" in line for line in packages)
        assert text.count("--hash=sha256:") >= len(packages)


def test_the_number_of_rules_that_is_documented_is_that_of_the_catalogue() -> None:
    catalogue = tomllib.loads(files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    (said,) = re.findall(r"ships (\d+) of them", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))
    assert int(said) == len(catalogue["rules"])


@pytest.mark.parametrize(
    "text", [text for d in DOCUMENTS for text in blocks(d, "toml") if "[[shift]]" in text]
)
def test_every_documented_shift_is_accepted_beside_the_examples(text: str, tmp_path: Path) -> None:
    path = tmp_path / "campus.toml"
    path.write_text(f"{EXAMPLE}\n{text}", encoding="utf-8")
    assert {shift["id"] for shift in tomllib.loads(text)["shift"]} <= {
        one.id for one in load(path, {}).shifts
    }
