from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter

from hub.web.app import create_app
from hub.web.rights import RIGHTS, Access, Place, RightsError
from rules.model import Role
from tests.hub.web.world import World, pages

_STREAMS = {"/events", "/api/v1/events"}  # endless: test_events.py listens to them


def _really_call(world: World, who: Role | None, place: Place) -> httpx.Response:
    method, template = place
    path = template.replace("{id}", "1").replace("{number}", "1").replace("{person}", "canteen")
    browser = world.browser(who.value if who else None)
    if method == "MOUNT":
        return browser.get(f"{path}/nothing.css")
    if method == "POST":
        return browser.post(path, json={})
    if method == "PUT":
        return browser.call("PUT", path, headers={"x-csrf-token": browser.csrf} if who else {})
    return browser.get(path)


@pytest.mark.parametrize("who", [*Role, None], ids=lambda who: who.value if who else "nobody")
def test_every_route_answers_every_role_as_the_table_says(world: World, who: Role | None) -> None:
    for place, access in RIGHTS.items():
        if place[1] in _STREAMS:
            continue
        status = _really_call(world, who, place).status_code
        if access.public or (who is not None and who in access.roles):
            assert status not in {401, 403} or place == ("POST", "/login"), place
        elif who is None:
            assert status in {401, 303}, place
        else:
            assert status == 403, place


def test_the_event_streams_are_for_whoever_is_signed_in(world: World) -> None:
    for path in _STREAMS:
        assert world.browser().get(path).status_code == 401


def test_somebody_signed_out_is_led_to_the_form_and_back(world: World) -> None:
    answer = world.browser().get("/alerts/7?tab=log")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/alerts/7%3Ftab%3Dlog"


def test_a_route_without_an_entry_stops_the_start(world: World) -> None:
    stray = APIRouter()
    stray.add_api_route("/stray", lambda: "hello")

    with pytest.raises(RightsError, match=r"GET /stray has no entry in hub/web/rights\.py"):
        create_app(world.deps, [pages(world.render), stray], world.render)


def test_an_entry_without_a_route_stops_the_start(world: World) -> None:
    table = {**RIGHTS, ("GET", "/ghost"): Access(public=True)}

    with pytest.raises(RightsError, match="an entry for GET /ghost, but no router serves that"):
        create_app(world.deps, [pages(world.render)], world.render, table)


def test_a_route_served_twice_stops_the_start(world: World) -> None:
    with pytest.raises(RightsError, match="GET / is served twice"):
        create_app(world.deps, [pages(world.render), pages(world.render)], world.render)


def test_a_router_inside_a_router_stops_the_start(world: World) -> None:
    outer = APIRouter()
    outer.include_router(pages(world.render))

    with pytest.raises(RightsError):
        create_app(world.deps, [outer], world.render)


def test_the_documents_pages_that_load_foreign_scripts_are_off(world: World) -> None:
    browser = world.browser("admin")

    assert [browser.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_an_unknown_path_is_not_found_for_nobody_too(world: World) -> None:
    answer = world.browser().get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert world.browser().call("DELETE", "/api/v1/devices").status_code == 405
