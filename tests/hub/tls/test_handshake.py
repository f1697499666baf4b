"""Real handshakes with the running server, by Python's ssl as a phone that trusts the authority."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.clock import system_now_ms
from hub.tls.certificate import facts_of
from hub.tls.own import TlsFaultError
from tests.hub.tls.making import ADDRESS, DAY_MS, NAME, Served, authority, by, given, own, served, written
from tests.hub.web_pages.school import School


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.close()


def shaken(port: int, name: str, context: ssl.SSLContext) -> str:
    """The fingerprint of the certificate that a server shows to whoever asks for `name`. Raises SSLError."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
        assert shown is not None
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}
        return facts_of(x509.load_der_x509_certificate(shown)).sha256


def trusting(*pems: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=b"".join(pems).decode())


def client(site: Served, host: str) -> httpx.Client:
    """A client that reaches the server by a name, wherever that name leads elsewhere."""
    transport = httpx.HTTPTransport(verify=site.trusting())
    address = f"https://127.0.0.1:{site.web.port}"
    return httpx.Client(transport=transport, base_url=address, headers={"host": host})


@pytest.mark.parametrize("name", [NAME, ADDRESS, "fd00:77::20", "localhost", "127.0.0.1"])
def test_whoever_trusts_the_authority_is_served_by_every_name(school: School, name: str) -> None:
    with served(school, own()) as site:
        assert site.keeper is not None
        assert shaken(site.web.port, name, site.trusting())


def test_a_wrong_name_another_authority_and_no_trust_fail(school: School) -> None:
    with served(school, own()) as site:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            shaken(site.web.port, "other.school.example", site.trusting())
        stranger = authority().certificate.public_bytes(Encoding.PEM)
        for context in (trusting(stranger), ssl.create_default_context()):
            with pytest.raises(ssl.SSLCertVerificationError):
                shaken(site.web.port, NAME, context)


def test_a_given_certificate_is_served_and_an_expired_one_too_but_not_trusted(
    school: School, tmp_path: Path
) -> None:
    signer = authority()
    trust = trusting(signer.certificate.public_bytes(Encoding.PEM))
    with served(school, given(tmp_path, by(signer))) as site:
        assert shaken(site.web.port, NAME, trust)
    old = by(signer, now_ms=system_now_ms() - 400 * DAY_MS)
    with served(school, given(tmp_path, old)) as site:
        assert site.keeper is not None
        assert site.keeper.days_left is not None
        assert site.keeper.days_left < 0
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            shaken(site.web.port, NAME, trust)


def test_a_renewed_certificate_is_served_without_dropping_anybody(school: School) -> None:
    now_ms = system_now_ms() - 340 * DAY_MS
    with served(school, own(), lambda: now_ms) as site:
        assert site.keeper is not None
        before = shaken(site.web.port, NAME, site.trusting())
        with client(site, "localhost") as connected:
            assert connected.get("/healthz").status_code == 200
            site.keeper.turn()
            assert shaken(site.web.port, NAME, site.trusting()) == before
            now_ms = system_now_ms()
            assert site.keeper.turn() > 390
            assert _becomes_other(site, before)
            assert connected.get("/healthz").status_code == 200


def test_new_files_of_a_given_certificate_are_taken_in_once_they_belong_together(
    school: School, tmp_path: Path
) -> None:
    signer = authority()
    trust = trusting(signer.certificate.public_bytes(Encoding.PEM))
    with served(school, given(tmp_path, by(signer))) as site:
        assert site.keeper is not None
        before = shaken(site.web.port, NAME, trust)
        certificate, key = written(tmp_path, by(signer), "new")
        certificate.replace(tmp_path / "hub.crt")
        with pytest.raises(TlsFaultError, match="does not belong"):
            site.keeper.turn()
        assert shaken(site.web.port, NAME, trust) == before
        key.replace(tmp_path / "hub.key")
        site.keeper.turn()
        assert _becomes_other(site, before, trust)


def test_the_plain_door_shows_the_trust_page_and_leads_everything_else_to_https(school: School) -> None:
    with served(school, own(plain=True)) as site:
        plain = f"http://127.0.0.1:{site.web.http_port}"
        page = httpx.get(f"{plain}/trust?lang=en", headers={"host": NAME})
        assert page.status_code == 200
        assert f"http://{NAME}:{site.web.http_port}/trust" in page.text
        assert f"https://{NAME}:{site.web.port}/trust/check" in page.text
        assert httpx.get(f"{plain}/static/trust.js").status_code == 200
        led = httpx.get(f"{plain}/alerts/7?tab=%E6%97%A5", headers={"host": NAME})
        assert led.status_code == 307
        assert led.headers["location"] == f"https://{NAME}:{site.web.port}/alerts/7?tab=%E6%97%A5"
        for path in ("/trusted", "/login", "//evil.example/", "/trust/../metrics"):
            answer = httpx.get(f"{plain}{path}", headers={"host": "evil.example"})
            if answer.status_code == 307:
                assert answer.headers["location"].startswith(f"https://{NAME}:{site.web.port}/")
            else:
                assert answer.status_code == 404
        refused = httpx.post(f"{plain}/login", data={"secret": "x"})
        assert refused.status_code == 403


def test_the_hub_says_no_hsts_and_gives_cookies_to_https_only(school: School) -> None:
    with served(school, own()) as site, client(site, NAME) as browser:
        answer = browser.get("/login")
        assert "strict-transport-security" not in answer.headers
        assert "; Secure" in answer.headers["set-cookie"]


def test_a_hub_without_tls_has_no_keeper(school: School) -> None:
    with served(school, replace(school.campus.web, port=own().port)) as site:
        assert site.keeper is None
        assert httpx.get(f"http://127.0.0.1:{site.web.port}/healthz").status_code == 200


def _becomes_other(site: Served, before: str, context: ssl.SSLContext | None = None) -> bool:
    """Whether new connections get another certificate soon: the server takes it in its own thread."""
    deadline = time.monotonic() + 5
    while shaken(site.web.port, NAME, context or site.trusting()) == before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
