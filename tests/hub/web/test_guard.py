from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.hub.web.world import World, code_of, said

_URL = "/api/v1/alerts/1/acknowledge"
_BODY = {"reason": "on my way"}


def test_a_change_without_the_token_is_refused(world: World) -> None:
    world.alert()
    browser = world.browser("guard")

    missing = browser.post(_URL, csrf=False, json=_BODY)
    wrong = browser.post(_URL, json=_BODY, headers={"x-csrf-token": "né".encode()})
    right = browser.post(_URL, json=_BODY)

    assert [code_of(missing), code_of(wrong)] == ["csrf", "csrf"]
    assert (missing.status_code, wrong.status_code, right.status_code) == (403, 403, 200)


def test_the_token_of_another_session_is_refused(world: World) -> None:
    world.alert()
    other = world.browser("guard")

    answer = world.browser("guard").post(_URL, json=_BODY, headers={"x-csrf-token": other.csrf})

    assert code_of(answer) == "csrf"


def test_a_form_carries_the_token_in_a_field(world: World) -> None:
    browser = world.browser("guard")

    assert browser.post("/logout", csrf=False, data={"csrf": "wrong"}).status_code == 403
    assert browser.post("/logout", csrf=False, files={"csrf": ("a.txt", b"x")}).status_code == 403
    assert browser.post("/logout", csrf=False, data={"csrf": browser.csrf}).status_code == 303


def test_a_form_read_by_the_guard_still_reaches_the_route(world: World) -> None:
    browser = world.browser("guard")
    form = {"csrf": browser.csrf, "current": "x", "new": "12", "again": "12"}

    assert "too_short" in said(browser.post("/account/secret", csrf=False, data=form))["errors"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[broken"},
        {"origin": "http://hub.test.evil.example"},
    ],
)
def test_a_change_from_another_site_is_refused_even_with_the_token(
    world: World, headers: dict[str, str]
) -> None:
    world.alert()

    answer = world.browser("guard").post(_URL, json=_BODY, headers=headers)

    assert (answer.status_code, code_of(answer)) == (403, "csrf")


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin", "origin": "https://proxied"}, {"origin": "http://hub.test"}],
)
def test_a_change_from_this_site_is_taken(world: World, headers: dict[str, str]) -> None:
    world.alert()

    assert world.browser("guard").post(_URL, json=_BODY, headers=headers).status_code == 200


def test_a_body_above_a_megabyte_is_refused_whether_it_says_so_or_not(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    browser = world.browser("guard")
    declared = browser.post("/api/v1/patrol/taps", content=b"x" * 1_000_001)
    chunked = browser.post(
        "/api/v1/patrol/taps", content=chunks(), headers={"content-type": "application/json"}
    )
    form = browser.post(
        "/logout", csrf=False, content=chunks(), headers={"content-type": "multipart/form-data"}
    )
    nonsense = browser.post("/api/v1/patrol/taps", content=b"x", headers={"content-length": "-5"})

    assert [answer.status_code for answer in (declared, chunked, form, nonsense)] == [413, 413, 413, 400]
    assert code_of(chunked) == "too_large"


def test_every_answer_tells_browsers_to_be_careful(world: World) -> None:
    browser = world.browser("head")

    for answer in (
        browser.get("/"),
        browser.get("/api/v1/devices"),
        browser.get("/nothing"),
        browser.get("/static/nothing"),
        browser.get("/?crash=1"),
        world.browser().get("/"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_a_crash_says_nothing_of_itself(world: World) -> None:
    answer = world.browser("head").get("/?crash=1")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_markup_in_a_name_stays_text(world: World) -> None:
    guard = world.browser("guard")

    page = guard.get("/alerts/<script>")
    api = guard.get("/api/v1/devices/%3Cscript%3E")
    devices = guard.get("/api/v1/devices")

    assert "<b>" not in page.text
    assert "<script>" not in page.text + api.text
    assert devices.headers["content-type"] == "application/json"
    assert "<script>" in devices.json()[0]["name"]["en"]


def test_a_refused_page_is_a_page(world: World) -> None:
    answer = world.browser("guard").get("/records")

    assert answer.status_code == 403
    assert said(answer)["page"] == "error"
    assert said(answer)["code"] == "forbidden"
    assert said(answer)["status"] == "403"


def test_static_files_do_not_leave_their_folder(world: World) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert world.browser().get(path).status_code == 404
