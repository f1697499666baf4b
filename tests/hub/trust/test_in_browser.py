"""Chromium with the authority in its trust store, as a phone has it: what works, and what it refuses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from hub.tls.files import Files
from tests.hub.tls.making import NAME, by, given, own, served
from tests.hub.web_pages.school import School
from tests.real import require
from tests.whole.test_browser import ARGUMENTS

_BANK = "bank.example"
_EVERYTHING_IS_HERE = [*ARGUMENTS, "--host-resolver-rules=MAP *.example 127.0.0.1"]


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.close()


@contextmanager
def browser(home: Path, authority: Path | None = None) -> Iterator[Browser]:
    """A Chromium whose user trusts an authority, or none."""
    program = require("chromium")
    certutil = require("certutil")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    database = ["-d", f"sql:{store}"]
    subprocess.run([certutil, "-N", "--empty-password", *database], check=True)
    if authority is not None:
        subprocess.run([certutil, "-A", "-t", "C,,", "-n", "hub", "-i", authority, *database], check=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=_EVERYTHING_IS_HERE, env={**os.environ, "HOME": str(home)}
        )
        yield chromium
        chromium.close()


def test_a_phone_that_trusts_the_authority_has_a_secure_context_and_is_told_so(
    school: School, tmp_path: Path
) -> None:
    with served(school, own(plain=True)) as site:
        trusted = Files(site.campus.storage.folder).folder / "campushub-ca.crt"
        with browser(tmp_path / "home", trusted) as chromium:
            page = chromium.new_page()
            page.goto(f"http://{NAME}:{site.web.http_port}/trust?lang=en")
            assert page.evaluate("window.isSecureContext") is False
            page.get_by_role("link", name="Check now").click()
            expect(page.locator("html")).to_have_attribute("data-trust", "trusted", timeout=10_000)
            assert page.url.startswith(f"https://{NAME}:{site.web.port}/trust/check")
            assert page.evaluate("window.isSecureContext") is True
            expect(page.get_by_text("working without a signal is possible")).to_be_visible()


def test_a_phone_without_trust_is_told_before_it_meets_the_browser_s_warning(
    school: School, tmp_path: Path
) -> None:
    with served(school, own(plain=True)) as site, browser(tmp_path / "home") as chromium:
        page = chromium.new_page()
        page.goto(f"http://{NAME}:{site.web.http_port}/trust?lang=en")
        page.get_by_role("link", name="Check now").click()
        expect(page.get_by_role("alert")).to_contain_text("Not yet")
        assert page.url.startswith("http://")
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(f"https://{NAME}:{site.web.port}/trust/check")


def test_a_warning_that_was_clicked_away_is_no_trust_and_the_page_says_so(
    school: School, tmp_path: Path
) -> None:
    with served(school, own()) as site, browser(tmp_path / "home") as chromium:
        page = chromium.new_context(ignore_https_errors=True).new_page()
        page.goto(f"https://{NAME}:{site.web.port}/trust/check?lang=en")
        expect(page.locator("html")).to_have_attribute("data-trust", "untrusted", timeout=10_000)
        expect(page.get_by_text("a warning was clicked away")).to_be_visible()


def test_the_browser_refuses_the_authority_beyond_the_campus(school: School, tmp_path: Path) -> None:
    with served(school, own()) as site:
        files = Files(site.campus.storage.folder)
        signer = files.authority()
        assert signer is not None
        forged = given(tmp_path, by(signer, [_BANK]))
        with (
            served(school, forged),
            browser(tmp_path / "home", files.folder / "campushub-ca.crt") as chromium,
        ):
            page = chromium.new_page()
            page.goto(f"https://{NAME}:{site.web.port}/trust/check")
            with pytest.raises(Error, match="ERR_CERT"):
                page.goto(f"https://{_BANK}:{forged.port}/trust/check")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_fits_a_phone(school: School, tmp_path: Path, language: str) -> None:
    with served(school, own(plain=True)) as site, browser(tmp_path / "home") as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"http://{NAME}:{site.web.http_port}/trust?lang={language}")
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
        box = page.locator(".qr svg").bounding_box()
        assert box is not None
        assert box["width"] >= 200
