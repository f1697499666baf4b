from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli.app import app
from hub.cli.exits import Exit
from hub.clock import system_now_ms
from tests.hub.config.writing import VALID
from tests.hub.tls.making import DAY_MS, authority, by, written

OWN = 'tls = "own"\nnames = ["hub.school.example", "192.168.77.20"]'
GIVEN = 'tls = "given"\ncertificate_file = "hub.crt"\nkey_file = "hub.key"'


def called(folder: Path, web: str, *words: str) -> Result:
    file = folder / "campus.toml"
    file.write_text(f"{VALID}\n[web]\n{web}\n", encoding="utf-8")
    return CliRunner().invoke(app, [*words, "--config", str(file)])


def fingerprints(shown: Result) -> list[str]:
    return [line.split()[1] for line in shown.stdout.splitlines() if "SHA-256" in line]


def test_what_was_made_is_shown_and_stays(tmp_path: Path) -> None:
    made = called(tmp_path, OWN, "tls", "make")
    assert made.exit_code == 0
    assert "/trust" in made.stderr
    shown = called(tmp_path, OWN, "tls", "show")
    assert "hub.school.example" in shown.stdout
    assert len(fingerprints(shown)) == 2
    again = called(tmp_path, OWN, "tls", "make")
    assert "Nothing to do" in again.stderr
    assert fingerprints(again) == fingerprints(made) == fingerprints(shown)


def test_renewing_keeps_the_authority_that_phones_trust(tmp_path: Path) -> None:
    made = fingerprints(called(tmp_path, OWN, "tls", "make"))
    renewed = fingerprints(called(tmp_path, OWN, "tls", "renew"))
    assert renewed[0] != made[0]
    assert renewed[1] == made[1]
    anew = fingerprints(called(tmp_path, OWN, "tls", "make", "--new-authority"))
    assert anew[1] != made[1]


def test_a_name_beyond_the_authority_is_refused_by_all(tmp_path: Path) -> None:
    called(tmp_path, OWN, "tls", "make")
    other = OWN.replace("hub.school", "hub.other")
    for words in (("tls", "make"), ("tls", "renew"), ("check",)):
        answer = called(tmp_path, other, *words)
        assert answer.exit_code in {Exit.UNAVAILABLE, Exit.CONFIGURATION}
        assert "--new-authority" in answer.stderr


def test_check_says_until_when_the_certificate_is_good(tmp_path: Path) -> None:
    assert "made when the hub first starts" in called(tmp_path, OWN, "check").stdout
    called(tmp_path, OWN, "tls", "make")
    answer = called(tmp_path, OWN, "check")
    assert answer.exit_code == 0
    assert "certificate: good until" in answer.stdout
    assert "certificate: " not in called(tmp_path, "port = 8360", "check").stdout


def test_check_refuses_a_given_certificate_that_has_expired(tmp_path: Path) -> None:
    written(tmp_path, by(authority(), now_ms=system_now_ms() - 400 * DAY_MS))
    answer = called(tmp_path, GIVEN, "check")
    assert answer.exit_code == Exit.CONFIGURATION
    assert "expired on" in answer.stderr
    assert "put a new one in its place" in answer.stderr


@pytest.mark.parametrize("command", ["make", "renew"])
def test_the_hub_makes_no_certificate_that_it_would_not_serve(command: str, tmp_path: Path) -> None:
    written(tmp_path, by(authority()))
    for web in (GIVEN, "port = 8360"):
        answer = called(tmp_path, web, "tls", command)
        assert answer.exit_code == Exit.CONFIGURATION
        assert 'tls = "own"' in answer.stderr
    assert called(tmp_path, GIVEN, "tls", "show").exit_code == 0
    assert called(tmp_path, "port = 8360", "tls", "show").exit_code == Exit.CONFIGURATION
