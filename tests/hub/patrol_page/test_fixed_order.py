"""A route of fixed order: who goes wrong is led back, and the hub agrees at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]


def run_of(office: httpx.Client, guard: str) -> dict[str, Any]:
    runs = office.get("/api/v1/rounds").json()
    id_ = next(run["id"] for run in runs if run["round"] == f"in-order-{guard}")
    run: dict[str, Any] = office.get(f"/api/v1/rounds/{id_}").json()
    return run


def alerts_of(office: httpx.Client, run: dict[str, Any]) -> list[str]:
    """The rules whose alerts about a run stand."""
    found = [office.get(f"/api/v1/alerts/{number}").json()["alert"] for number in run["alerts"]]
    return [one["rule"] for one in found if one["active"]]


def test_who_follows_the_phone_has_walked_in_order_however_soon(
    make_phone: MakePhone, office: httpx.Client, strict_guard: str
) -> None:
    phone = make_phone()
    phone.sign_in(strict_guard)
    page = phone.page
    phone.listen()

    phone.touch(TAGS["building-a"])
    expect(phone.verdict).to_contain_text("Out of order")
    expect(phone.verdict).to_contain_text("go to “School gate” first, then come back and tap here again")
    expect(page.locator(".stop", has_text="Teaching building A")).to_contain_text("tap again")
    assert_usable(page, "too early")
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("Tapped")
    expect(page.locator(".next-name")).to_have_text("Teaching building A, hall")
    expect(phone.counts).to_contain_text("2 sent")
    wait_until(lambda: "patrol.out-of-order" in alerts_of(office, run_of(office, strict_guard)))
    assert [
        stop["checkpoint"]
        for stop in run_of(office, strict_guard)["course"]
        if "out_of_order" in stop["marks"]
    ] == ["building-a"]

    phone.touch(TAGS["building-a"])
    expect(phone.verdict).to_contain_text("Tapped")
    expect(page.locator(".next-name")).to_have_text("Library entrance")
    phone.touch(TAGS["library"])
    expect(phone.verdict).to_contain_text("Round complete")
    expect(phone.counts).to_contain_text("4 sent")
    wait_until(lambda: run_of(office, strict_guard)["state"] == "completed")
    wait_until(lambda: "patrol.out-of-order" not in alerts_of(office, run_of(office, strict_guard)))
    assert not any("out_of_order" in stop["marks"] for stop in run_of(office, strict_guard)["course"])


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "请先到“校门岗”，之后再来这里打一次卡"), ("en", "then come back and tap here")],
)
def test_a_tap_that_came_too_early_is_said_again_and_not_kept_again(
    make_phone: MakePhone, strict_guard: str, language: str, words: str
) -> None:
    phone = make_phone()
    phone.sign_in(strict_guard, f"/guard?lang={language}")
    phone.listen()
    phone.touch(TAGS["library"], "https://elsewhere.example/one")
    expect(phone.verdict).to_contain_text(words)
    phone.touch(TAGS["library"], "https://elsewhere.example/two")
    expect(phone.verdict).to_contain_text(words)
    assert [item["place"] for item in phone.kept() if item["kind"] == "tap"] == ["library"]
