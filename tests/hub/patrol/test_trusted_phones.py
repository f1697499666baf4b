"""Phones that stay signed in: whose, for how long, on one phone only, until the head of logistics ends it."""

from __future__ import annotations

from hub.web import cookies
from hub.web.sessions import PERSON_MS, TRUSTED_MS
from tests.hub.patrol.posting import URL, id_of, tap
from tests.hub.web.world import SECRET, Browser, World, code_of, said

DAY_MS = 86_400_000


def signed_in(world: World, person: str = "guard", *, trust: str = "1") -> Browser:
    world.browser(person)  # has a secret by then
    browser = world.browser()
    form = {
        "person": person,
        "secret": SECRET,
        "csrf": said(browser.get("/login?next=/guard"))["csrf"],
        "next": "/guard",
        "trust": trust,
    }
    assert browser.post("/login", csrf=False, data=form).status_code == 303
    browser.csrf = browser.get("/api/v1/me").json()["csrf"]
    return browser


def posted(browser: Browser, phone: int = 7) -> int:
    return browser.post(URL, json={"phone": id_of(phone), "taps": [tap()]}).status_code


def test_the_form_offers_it_to_phones_only(world: World) -> None:
    browser = world.browser()
    offers = {
        path: said(browser.get(f"/login?next={path}"))["may_trust"] for path in ("/", "/guard", "/t/gate")
    }
    assert offers == {"/": "False", "/guard": "True", "/t/gate": "True"}


def test_a_trusted_phone_stays_signed_in_for_months_and_others_for_a_shift(world: World) -> None:
    trusted, plain, canteen = signed_in(world), signed_in(world, trust=""), signed_in(world, "canteen")

    world.now_ms += PERSON_MS + 1
    assert [one.get("/api/v1/me").status_code for one in (trusted, plain, canteen)] == [200, 401, 401]
    world.now_ms += TRUSTED_MS - DAY_MS
    assert posted(trusted) == 200
    world.now_ms += TRUSTED_MS + 1
    assert posted(trusted) == 401


def test_its_session_is_good_on_that_phone_only(world: World) -> None:
    phone, thief = signed_in(world), world.browser()
    assert posted(phone, 7) == 200
    thief.cookies.set(cookies.SESSION, phone.cookies[cookies.SESSION], domain="hub.test")
    thief.csrf = phone.csrf

    assert posted(thief, 8) == 401
    assert posted(phone, 7) == 401  # nobody can tell which of the two is the guard's


def test_the_head_ends_it(world: World) -> None:
    phone, head = signed_in(world), world.browser("head")
    assert posted(phone) == 200
    (session,) = world.parts.sessions.phones()
    assert (session.person, session.since_ms) == ("guard", world.now_ms)
    assert head.get("/people").status_code == 200

    assert world.browser("guard").post(f"/people/phones/{session.id}/end").status_code == 403
    assert head.post(f"/people/phones/{session.id}/end").status_code == 303

    assert posted(phone) == 401
    assert world.parts.sessions.phones() == ()
    again = head.post(f"/people/phones/{session.id}/end")
    assert (again.status_code, code_of(head.get("/api/v1/nothing"))) == (404, "not_found")


def test_a_session_that_is_no_phones_cannot_be_ended_so(world: World) -> None:
    head = world.browser("head")
    assert head.post("/people/phones/" + "0" * 64 + "/end").status_code == 404


def test_a_first_password_of_ones_own_keeps_the_phone_trusted(world: World) -> None:
    phone = signed_in(world)
    form = {"current": SECRET, "new": "another secret", "again": "another secret", "next": "/guard"}

    assert phone.post("/account/secret", data=form).status_code == 303

    (session,) = world.parts.sessions.phones()
    assert session.person == "guard"
