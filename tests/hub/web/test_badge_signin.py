"""Signing in with a badge: it stands for a name, and for a PIN only where the phone knows that person."""

from __future__ import annotations

from dataclasses import replace

import httpx

from hub.web import accounts, cookies, trusts
from hub.web.doorman import BADGES
from tests.hub.patrol.posting import URL, id_of, tap
from tests.hub.patrol.test_trusted_phones import signed_in
from tests.hub.web.world import SECRET, Browser, World, code_of, said

BADGE = "/api/v1/sign-in/badge"
GUARD = "04A1B2C3D4E5F6"
OTHER = "04B8:3A1C-5E7280"


def show(browser: Browser, badge: str = GUARD) -> httpx.Response:
    return browser.post(BADGE, csrf=False, json={"badge": badge})


def second_guard(world: World) -> None:
    """Maintenance has a badge as well, and walks rounds."""
    person = replace(world.campus.people["maintenance"], badge="04B83A1C5E7280")
    object.__setattr__(world.campus, "people", {**world.campus.people, person.id: person})


def test_a_badge_alone_signs_nobody_in_on_a_phone_that_is_not_known(world: World) -> None:
    world.browser("guard")
    for browser in (world.browser(), signed_in(world, trust="")):
        answer = show(browser)
        assert (answer.status_code, code_of(answer)) == (403, "unknown_phone")
    stranger = world.browser()
    stranger.cookies.set(cookies.PHONE, "made up", domain="hub.test")
    assert show(stranger).status_code == 403


def test_on_a_phone_that_is_trusted_to_the_person_it_signs_in(world: World) -> None:
    phone = signed_in(world)
    phone.post("/logout")
    assert phone.get("/api/v1/me").status_code == 401

    answer = show(phone, "04:a1:b2:c3:d4:e5:f6")

    assert answer.json() == {"person": "guard", "signed_in": True}
    me = phone.get("/api/v1/me").json()
    assert me["person"] == "guard"
    phone.csrf = me["csrf"]
    assert phone.post(URL, json={"phone": id_of(7), "taps": [tap()]}).status_code == 200


def test_of_somebody_whom_the_phone_does_not_know_the_pin_is_asked_once(world: World) -> None:
    second_guard(world)
    phone = signed_in(world)
    world.browser("maintenance")

    assert show(phone, OTHER).json() == {"person": "maintenance", "signed_in": False}
    assert phone.get("/api/v1/me").json()["person"] == "guard"
    form = said(phone.get("/login?next=/guard&person=maintenance"))
    assert form["person"] == "maintenance"
    answered = {
        "person": "maintenance",
        "secret": SECRET,
        "csrf": form["csrf"],
        "next": "/guard",
        "trust": "1",
    }
    assert phone.post("/login", csrf=False, data=answered).status_code == 303

    assert show(phone).json() == {"person": "guard", "signed_in": True}
    assert show(phone, OTHER).json() == {"person": "maintenance", "signed_in": True}


def test_nobodys_badge_and_what_is_none(world: World) -> None:
    phone = signed_in(world)
    for badge in ("04000000000001", "no uid", ""):
        assert code_of(show(phone, badge)) == "unknown_badge"


def test_numbers_are_not_tried_out(world: World) -> None:
    phone = signed_in(world)
    codes = [code_of(show(phone, f"040000000000{number:02}")) for number in range(BADGES + 1)]
    assert codes == ["unknown_badge"] * BADGES + ["too_often"]
    assert code_of(show(phone)) == "too_often"
    world.now_ms += 60_000
    assert show(phone).status_code == 200


def test_the_pin_is_asked_for_again_once_it_is_another_or_after_three_months(world: World) -> None:
    phone = signed_in(world)
    world.now_ms += 1
    accounts.make_one_time(world.book, "guard", world.now_ms)
    assert code_of(show(phone)) == "unknown_phone"

    assert accounts.set_secret(world.book, "guard", SECRET, one_time=False, now_ms=world.now_ms) is None
    phone = signed_in(world)
    world.now_ms += trusts.LASTS_MS + 1
    assert code_of(show(phone)) == "unknown_phone"


def test_somebody_who_is_locked_out_does_not_come_in_by_badge(world: World) -> None:
    phone = signed_in(world)
    for _ in range(accounts.FREE_FAILURES):
        world.browser().sign_in("guard", "a wrong one")
    assert code_of(show(phone)) == "unknown_phone"


def test_a_lost_phone_is_trusted_to_nobody_and_signs_everybody_out(world: World) -> None:
    second_guard(world)
    phone = signed_in(world)
    assert show(phone, OTHER).json()["signed_in"] is False
    (session,) = world.parts.sessions.phones()

    assert world.browser("head").post(f"/people/phones/{session.id}/end").status_code == 303

    assert phone.get("/api/v1/me").status_code == 401
    assert code_of(show(phone)) == "unknown_phone"


def test_the_list_of_phones_says_when_each_was_last_used(world: World) -> None:
    phone = signed_in(world)
    world.now_ms += 3 * 24 * 3_600_000
    assert phone.get("/api/v1/me").status_code == 200
    used_at_ms = world.now_ms
    world.now_ms += 24 * 3_600_000

    assert f"seen_ms={used_at_ms})" in said(world.browser("head").get("/people"))["phones"]


def test_a_page_of_another_site_cannot_sign_anybody_in(world: World) -> None:
    phone = signed_in(world)
    headers = {"sec-fetch-site": "cross-site"}
    answer = phone.post(BADGE, csrf=False, json={"badge": GUARD}, headers=headers)
    assert (answer.status_code, code_of(answer)) == (403, "csrf")


def test_the_phones_cookie_is_for_the_hub_only(world: World) -> None:
    world.browser("guard")
    browser = world.browser()
    form = {"person": "guard", "secret": SECRET, "csrf": said(browser.get("/login"))["csrf"], "trust": "1"}
    answer = browser.post("/login", csrf=False, data=form)
    (made,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(cookies.PHONE)]
    assert "HttpOnly" in made
    assert "SameSite=strict" in made
    assert made.split("=")[1].split(";")[0] not in str(world.parts.sessions.phones())
