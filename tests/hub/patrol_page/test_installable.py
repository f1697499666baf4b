"""It is an app: a valid manifest, icons, a worker that controls the page, and a start without signal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from hub.config.model import Language
from hub.patrol.page import shell_of
from hub.words import texts
from tests.hub.patrol_page.phone import Phone
from tests.hub.web_pages.school import School
from tests.whole.hub_process import HubProcess

MakePhone = Callable[..., Phone]


def test_chromium_finds_nothing_that_keeps_it_from_being_installed(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    assert phone.context is not None
    devtools = phone.context.new_cdp_session(phone.page)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    problems = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A browser that a test controls has no ordinary profile, and says so; nothing else may be amiss.
    assert [found for found in problems if found["errorId"] != "in-incognito"] == []

    phone.offline()
    phone.open("/guard")
    expect(phone.page.locator(".next-name")).to_be_visible()


def test_the_manifest_names_icons_of_the_sizes_that_they_have(running: HubProcess) -> None:
    manifest = httpx.get(f"{running.address}/guard/manifest.webmanifest").json()
    assert (manifest["start_url"], manifest["display"]) == ("/guard", "standalone")
    pictures = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert {icon["sizes"] for icon in pictures} == {"192x192", "512x512"}
    for icon in pictures:
        found = Image.open(io.BytesIO(httpx.get(f"{running.address}{icon['src']}").content))
        assert f"{found.width}x{found.height}" == icon["sizes"]


def test_every_part_is_served_strictly_and_known_to_the_worker(running: HubProcess) -> None:
    worker = httpx.get(f"{running.address}/guard/sw.js")
    assert worker.headers["service-worker-allowed"] == "/"
    known = set(re.findall(r'"(/[^"]+)"', worker.text.partition("const SHELL = ")[2].partition(";")[0]))
    assert {"/guard", "/guard/main.js", "/guard/guard.css", "/static/campushub.css"} <= known
    for path in known:
        answer = httpx.get(f"{running.address}{path}")
        assert answer.status_code == 200, path
        assert "script-src" not in answer.headers["content-security-policy"], path
        assert "unsafe" not in answer.headers["content-security-policy"], path
        imported = re.findall(r'from "\./([a-z]+\.js)"', answer.text) if path.endswith(".js") else []
        assert {f"/guard/{name}" for name in imported} <= known, path
        again = httpx.get(f"{running.address}{path}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304, path


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.close()


def test_the_worker_changes_exactly_when_a_part_does(school: School) -> None:
    first = shell_of(school.campus, school.pages)
    school.now_ms += 86_400_000
    assert shell_of(school.campus, school.pages) == first
    assert b'version: ""' not in first["/guard/sw.js"].content


def test_the_page_says_all_its_words_and_no_others() -> None:
    said = texts.load(("hub.patrol",))[Language.EN].under("guard")
    folder = files("hub.patrol")
    sources = "\n".join(
        file.read_text("utf-8") for file in folder.joinpath("app").iterdir() if ".js" in file.name
    )
    sources += folder.joinpath("templates", "patrol", "guard.html").read_text("utf-8")
    named = {name.removeprefix("guard.") for name in re.findall(r'"([a-z_]+(?:\.[a-z_]+)?)"', sources)}
    built = set(re.findall(r"`([a-z_]+)\.\$\{", sources))
    unused = {key for key in said if key not in named and key.partition(".")[0] not in built}
    assert unused == set()
    asked = set(re.findall(r'\bt\("([a-z_.]+)"', sources)) | set(re.findall(r'data-t="([a-z_]+)"', sources))
    assert {key.removeprefix("guard.") for key in asked} - set(said) == set()
