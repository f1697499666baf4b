"""What the trust page gives to a phone that has not signed in and trusts nothing."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from hub.config.model import Tls, Web
from hub.faces import make_pages, make_routers
from hub.tls.certificate import facts_of
from hub.tls.files import Files
from hub.tls.keeper import wanted_of
from hub.tls.own import prepare
from hub.trust.profile import mobileconfig
from hub.web.app import create_app
from tests.hub.tls.making import NAME, authority, deps_with, own
from tests.hub.web.world import Browser
from tests.hub.web_pages.school import School


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.close()


class Phone(Browser):
    """A browser that asks for the hub by its name."""

    def get(self, path: str, **options: Any) -> httpx.Response:
        return super().get(path, headers={"host": f"{NAME}:8361"}, **options)


def phone(school: School, web: Web) -> Phone:
    deps = deps_with(school, web)
    pages = make_pages(deps)
    app = create_app(deps, make_routers(deps, pages), pages)
    return Phone(app, "192.0.2.7")


def trusting(school: School, web: Web) -> x509.Certificate:
    deps = deps_with(school, web)
    files = Files(deps.campus.storage.folder)
    prepare(files, wanted_of(deps.campus), deps.now())
    pair = files.authority()
    assert pair is not None
    return pair.certificate


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Certificate Trust Settings"), ("zh", "证书信任设置")]
)
def test_the_page_has_steps_a_code_a_fingerprint_and_a_check(
    school: School, language: str, words: str
) -> None:
    web = replace(own(), port=8443, http_port=8361)
    certificate = trusting(school, web)
    answer = phone(school, web).get(f"/trust?lang={language}")
    assert answer.status_code == 200
    assert words in answer.text
    assert facts_of(certificate).sha256 in answer.text
    assert 'class="qrline"' in answer.text
    assert f"http://{NAME}:8361/trust" in answer.text
    assert f'href="https://{NAME}:8443/trust/check?lang=' in answer.text
    assert f"connect-src 'self' https://{NAME}:8443" in answer.headers["content-security-policy"]


def test_android_gets_the_certificate_and_an_iphone_a_profile(school: School) -> None:
    web = own()
    certificate = trusting(school, web)
    browser = phone(school, web)
    file = browser.get("/trust/campushub-ca.crt")
    assert file.headers["content-type"] == "application/x-x509-ca-cert"
    assert "campushub-ca.crt" in file.headers["content-disposition"]
    assert x509.load_der_x509_certificate(file.content) == certificate
    profile = browser.get("/trust/campushub.mobileconfig")
    assert profile.headers["content-type"] == "application/x-apple-aspen-config"
    read = plistlib.loads(profile.content)
    (payload,) = read["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert x509.load_der_x509_certificate(payload["PayloadContent"]) == certificate
    assert b"PRIVATE" not in file.content + profile.content


def test_the_same_authority_gives_the_same_profile_and_another_one_another() -> None:
    one, other = authority().certificate, authority().certificate
    assert mobileconfig(b"x", facts_of(one), "校") == mobileconfig(b"x", facts_of(one), "校")
    assert mobileconfig(b"x", facts_of(one), "校") != mobileconfig(b"x", facts_of(other), "校")


def test_with_a_certificate_from_elsewhere_there_is_nothing_to_install(school: School) -> None:
    browser = phone(school, replace(own(), tls=Tls.GIVEN))
    page = browser.get("/trust?lang=en").text
    assert "nothing to install" in page
    assert "campushub-ca.crt" not in page
    for path in ("/trust/campushub-ca.crt", "/trust/campushub.mobileconfig"):
        assert browser.get(path).status_code == 404


def test_without_https_the_page_says_what_will_not_work(school: School) -> None:
    page = phone(school, school.campus.web).get("/trust?lang=en").text
    assert "without HTTPS" in page
    assert "/trust/check" not in page


def test_the_check_and_its_worker_are_for_anybody(school: School) -> None:
    browser = phone(school, own())
    assert browser.get("/trust/check").status_code == 200
    assert browser.get("/trust/worker.js").headers["content-type"].startswith("text/javascript")
