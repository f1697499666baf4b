"""`[web]` with TLS: what contradicts itself or cannot be served is said before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli.planning import plan_of
from hub.clock import system_now_ms
from hub.config.model import Tls
from tests.hub.config.writing import VALID, faults_in, line_of, loaded
from tests.hub.tls.making import DAY_MS, authority, by, written

HUB = '\n[[device]]\nid = "hub"\nname = "Hub"\nkind = "hub"\narea = "canteen"\nowner = "boss"\n'
GIVEN = 'tls = "given"\ncertificate_file = "hub.crt"\nkey_file = "hub.key"'


def web(lines: str) -> str:
    return f"{VALID}\n[web]\n{lines}\n"


def test_the_hub_s_own_certificate_needs_names_only(tmp_path: Path) -> None:
    made = loaded(tmp_path, web('tls = "own"\nnames = ["Hub.Example", "192.168.1.20"]\nhttp_port = 8361')).web
    assert made.tls is Tls.OWN
    assert made.names == ("hub.example", "192.168.1.20")
    assert made.secure_cookies


def test_where_people_reach_the_pages_is_a_name_as_well(tmp_path: Path) -> None:
    made = loaded(tmp_path, web('tls = "own"\npublic_url = "https://hub.example:8443"')).web
    assert made.names == ("hub.example",)


def test_a_given_certificate_is_found_beside_the_file(tmp_path: Path) -> None:
    written(tmp_path, by(authority()))
    campus = loaded(tmp_path, web(GIVEN + '\nnames = ["192.168.77.20"]') + HUB)
    assert campus.web.certificate_file == tmp_path / "hub.crt"
    assert campus.warnings == ()


def test_an_expired_one_does_not_keep_the_hub_from_starting(tmp_path: Path) -> None:
    written(tmp_path, by(authority(), now_ms=system_now_ms() - 400 * DAY_MS))
    assert loaded(tmp_path, web(GIVEN)).web.tls is Tls.GIVEN


def test_a_given_certificate_whose_end_nobody_is_told_of_is_a_warning(tmp_path: Path) -> None:
    written(tmp_path, by(authority()))
    (warning,) = loaded(tmp_path, web(GIVEN)).warnings
    assert warning.key == "web.tls"
    assert 'kind = "hub"' in warning.remedy


@pytest.mark.parametrize(
    ("lines", "key", "words"),
    [
        ('tls = "yes"', "web.tls", ("own", "given")),
        ('tls = "own"', "web.names", ("fit no address",)),
        ('tls = "own"\nnames = ["https://hub"]', "web.names.#1", ("neither a host name nor an address",)),
        ('tls = "own"\nnames = ["hub"]\nsecure_cookies = false', "web.secure_cookies", ("leave it out",)),
        ('tls = "own"\nnames = ["hub"]\npublic_url = "http://hub"', "web.public_url", ("https://",)),
        ('tls = "own"\nnames = ["hub"]\nhttp_port = 8360', "web.http_port", ("HTTPS",)),
        ('tls = "own"\nnames = ["hub"]\nhttp_port = 1883', "web.http_port", ("broker",)),
        ('tls = "own"\nnames = ["hub"]\nkey_file = "hub.key"', "web.key_file", ("given",)),
        ('names = ["hub"]', "web.names", ("with TLS only",)),
        ("http_port = 80", "web.http_port", ("with TLS only",)),
        ('tls = "given"\nkey_file = "hub.key"', "web.certificate_file", ("missing", "PEM")),
        (
            'tls = "given"\ncertificate_file = "no"\nkey_file = "hub.key"',
            "web.certificate_file",
            ("No such",),
        ),
        ('tls = "given"\ncertificate_file = "hub.crt"\nkey_file = "b.key"', "web.key_file", ("not belong",)),
        (
            'tls = "given"\ncertificate_file = "hub.key"\nkey_file = "hub.key"',
            "web.certificate_file",
            ("no cert",),
        ),
        (f'{GIVEN}\nnames = ["hub.other"]', "web.certificate_file", ("“hub.other”", "hub.school.example")),
    ],
)
def test_a_fault_is_said_with_its_line_and_what_to_do(
    lines: str, key: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    written(tmp_path, by(authority()))
    written(tmp_path, by(authority()), "b")
    text = web(lines)
    (fault,) = faults_in(tmp_path, text)
    assert fault.key == key
    assert fault.line is not None
    assert fault.line >= line_of(text, "[web]")
    for word in words:
        assert word in str(fault)


def test_nobody_needs_an_account_for_the_hub_and_nothing_simulates_it(tmp_path: Path) -> None:
    user = '\n[[broker.user]]\nname = "cold-1"\npassword_hash = "$2b$04$' + "a" * 53 + '"\n'
    campus = loaded(tmp_path, VALID + HUB + user)
    assert campus.warnings == ()
    assert [device.id for device in plan_of(campus).devices] == ["cold-1"]


def test_there_is_one_hub_and_it_speaks_by_itself(tmp_path: Path) -> None:
    twice = HUB.replace('"hub"\nname', '"hub-2"\nname')
    faults = faults_in(tmp_path, VALID + HUB + twice + 'interval = "1h"\n')
    assert [fault.key for fault in faults] == ["device.hub-2.kind", "device.hub-2.interval"]
