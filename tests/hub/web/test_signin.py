from __future__ import annotations

import time

import pytest

from hub.web import accounts, cookies
from tests.hub.web.world import NOW_MS, SECRET, World, code_of, said

_HOUR_MS = 3_600_000


def test_the_right_secret_opens_the_page_that_was_asked_for(world: World) -> None:
    world.browser("head")
    browser = world.browser()

    answer = browser.sign_in("head", SECRET, "/alerts/7")

    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts/7")
    assert said(browser.get("/"))["viewer"] == "The head"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    world.browser("head")
    plain = world.browser().sign_in("head", SECRET).headers["set-cookie"]

    assert plain.startswith("campushub=")
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Max-Age=43200" in plain
    assert "Secure" not in plain


def test_over_https_every_cookie_is_secure(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("https"), secure_cookies=True)

    form = world.browser().get("/login?lang=en")

    assert form.headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in form.headers.get_list("set-cookie"))
    world.close()


def test_only_a_hash_of_the_cookie_is_kept(world: World) -> None:
    browser = world.browser("head")
    token = browser.cookies[cookies.SESSION]

    for file in world.folder.glob("book.sqlite*"):
        assert token.encode() not in file.read_bytes()


def test_signing_in_again_ends_the_session_before(world: World) -> None:
    browser = world.browser("head")
    before = browser.cookies[cookies.SESSION]

    browser.sign_in("head", SECRET)

    assert browser.cookies[cookies.SESSION] != before
    assert world.parts.sessions.find(before) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nset-cookie: a=b",
        "///evil.example",
        "",
        "/" + "x" * 3_000,
    ],
)
def test_nobody_is_sent_to_another_site(world: World, target: str) -> None:
    world.browser("head")

    answer = world.browser().sign_in("head", SECRET, target)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_form_that_this_browser_was_not_shown_is_refused(world: World) -> None:
    world.browser("head")
    form = {"person": "head", "secret": SECRET, "csrf": "made up", "next": "/"}

    answer = world.browser().post("/login", data=form)

    assert answer.status_code == 403
    assert said(answer)["error"] == "expired"
    assert cookies.SESSION not in answer.cookies


def test_a_password_of_a_megabyte_costs_nothing(world: World) -> None:
    world.browser("head")
    browser = world.browser()
    token = said(browser.get("/login"))["csrf"]
    began_s = time.perf_counter()

    huge = browser.post("/login", data={"person": "head", "secret": "x" * 1_000_000, "csrf": token})
    long = browser.post("/login", data={"person": "head", "secret": "x" * 10_000, "csrf": token})

    assert (huge.status_code, long.status_code) == (413, 401)
    assert time.perf_counter() - began_s < 1.0


def test_many_sign_ins_from_one_address_are_slowed_down(world: World) -> None:
    world.browser("head")
    browser = world.browser()
    statuses = [browser.sign_in(f"nobody-{number}", "x").status_code for number in range(22)]

    assert statuses[-2:] == [429, 429]
    assert world.browser(address="198.51.100.1").sign_in("head", SECRET).status_code == 303


def test_a_wrong_name_and_a_wrong_secret_look_alike(world: World) -> None:
    world.browser("head")

    name = said(world.browser().sign_in("hea", "wrong wrong"))
    secret = said(world.browser().sign_in("head", "wrong wrong"))

    assert {key for key in name if name[key] != secret[key]} == {"person", "csrf"}


def test_signing_out_ends_the_session(world: World) -> None:
    browser = world.browser("head")
    token = browser.cookies[cookies.SESSION]

    assert browser.post("/logout").headers["location"] == "/login"
    assert world.parts.sessions.find(token) is None
    assert browser.get("/").status_code == 303


def test_a_session_lasts_twelve_hours_after_its_last_use(world: World) -> None:
    browser = world.browser("head")
    for _ in range(3):
        world.now_ms += 11 * _HOUR_MS
        assert browser.get("/").status_code == 200

    world.now_ms += 12 * _HOUR_MS

    assert browser.get("/").status_code == 303


def test_a_wall_stays_signed_in_for_thirty_days(world: World) -> None:
    wall = world.browser("wall")
    world.now_ms += 29 * 24 * _HOUR_MS
    assert wall.get("/wall").status_code == 200

    world.now_ms += 30 * 24 * _HOUR_MS
    assert wall.get("/wall").status_code == 303


def test_a_person_has_a_bounded_number_of_sessions(world: World) -> None:
    first = world.browser("head")
    for _ in range(20):
        world.now_ms += 1
        world.browser("head")

    assert first.get("/").status_code == 303


def test_changing_the_secret_ends_every_other_session(world: World) -> None:
    browser, other, stranger = world.browser("head"), world.browser("head"), world.browser("guard")
    form = {"current": SECRET, "new": "a fresh secret", "again": "a fresh secret", "next": "/records"}

    answer = browser.post("/account/secret", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/records")
    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 303
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "again", "error"),
    [
        ("not mine at all", "a fresh secret", "a fresh secret", "wrong"),
        (SECRET, "a fresh secret", "another secret", "mismatch"),
        (SECRET, SECRET, SECRET, "same"),
        (SECRET, "123", "123", "too_short"),
        (SECRET, "222222", "222222", "too_simple"),
        (SECRET, "x" * 200, "x" * 200, "too_long"),
    ],
)
def test_a_new_secret_is_refused_with_the_reason(
    world: World, current: str, new: str, again: str, error: str
) -> None:
    browser = world.browser("head")

    answer = browser.post("/account/secret", data={"current": current, "new": new, "again": again})

    assert answer.status_code in {403, 422}
    assert error in said(answer)["errors"]
    assert browser.get("/").status_code == 200


def test_a_one_time_secret_opens_nothing_but_its_own_change(world: World) -> None:
    secret = accounts.make_one_time(world.book, "head", NOW_MS)
    browser = world.browser()
    assert browser.sign_in("head", secret).status_code == 303
    browser.csrf = browser.get("/api/v1/me").json()["csrf"]

    page, api = browser.get("/records"), browser.get("/api/v1/devices")
    assert (page.status_code, page.headers["location"]) == (303, "/account/secret?next=/records")
    assert (api.status_code, code_of(api)) == (403, "change_secret_first")
    assert browser.get("/account/secret").status_code == 200

    form = {"current": secret, "new": "a fresh secret", "again": "a fresh secret"}
    assert browser.post("/account/secret", data=form).status_code == 303
    assert browser.get("/api/v1/devices").status_code == 200


def test_an_administrator_hands_out_a_one_time_secret_once(world: World) -> None:
    guard, admin = world.browser("guard"), world.browser("admin")

    answer = admin.post("/people/guard/one-time")

    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    another_session = world.browser("admin")
    assert said(another_session.get("/people"))["issued"] == "None"
    shown = admin.get("/people")
    secret = said(shown)["issued"].split("secret=&#x27;")[1][:10]
    assert shown.headers["cache-control"] == "no-store"
    assert guard.get("/").status_code == 303
    assert world.browser().sign_in("guard", secret).status_code == 303
    assert said(admin.get("/people"))["issued"] == "None"
    assert admin.post("/people/nobody/one-time").status_code == 404


def test_an_administrator_who_makes_one_for_themselves_sees_it_before_they_are_out(world: World) -> None:
    admin = world.browser("admin")

    answer = admin.post("/people/admin/one-time")

    secret = said(answer)["issued"].split("secret=&#x27;")[1][:10]
    assert admin.get("/people").status_code == 303
    assert world.browser().sign_in("admin", secret).status_code == 303


def test_a_one_time_secret_that_nobody_came_to_see_is_forgotten(world: World) -> None:
    admin = world.browser("admin")

    admin.post("/people/guard/one-time")
    world.now_ms += 120_000

    assert said(admin.get("/people"))["issued"] == "None"


def test_a_person_who_left_the_campus_is_signed_out(world: World) -> None:
    browser = world.browser("head")
    people = world.campus.people
    assert isinstance(people, dict)
    del people["head"]

    assert browser.get("/").status_code == 303


def test_the_language_is_asked_for_then_remembered_then_the_persons_own(world: World) -> None:
    browser = world.browser("guard")

    assert said(browser.get("/"))["language"] == "zh-CN"
    assert said(browser.get("/?lang=en"))["language"] == "en"
    assert said(browser.get("/"))["language"] == "en"
    assert said(browser.get("/?lang=xx"))["language"] == "en"
    assert said(world.browser().get("/login"))["language"] == "zh-CN"
