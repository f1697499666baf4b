"""Where to go next: with its picture, its floor and its area, with signal and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.hub.patrol_page.test_accessible import assert_usable
from tests.whole.hub_process import wait_until

MakePhone = Callable[..., Phone]
_SIZE = "(image) => image.complete ? [image.naturalWidth, image.naturalHeight] : null"
_KEPT = """async () => {
  const cache = await caches.open("campushub-guard-pictures");
  return (await cache.keys()).map((request) => new URL(request.url).pathname);
}"""


@pytest.mark.parametrize(
    ("language", "where", "alt"),
    [
        ("zh-CN", "锅炉房 · 地下一层", "锅炉房门口的照片"),
        ("en", "Boiler room · Basement 1", "Picture of Boiler room door"),
    ],
)
def test_the_next_checkpoint_shows_where_it_is_and_what_it_looks_like_without_signal(
    make_phone: MakePhone, night_guard: str, language: str, where: str, alt: str
) -> None:
    phone = make_phone()
    phone.sign_in(night_guard, f"/guard?lang={language}")
    phone.settle()
    wait_until(lambda: len(phone.page.evaluate(_KEPT)) == 1)
    phone.close()
    phone.start()
    phone.offline()
    phone.open()
    expect(phone.page.locator(".next-where")).to_have_text(where)
    image = phone.page.get_by_role("img", name=alt)
    expect(image).to_be_visible()
    assert wait_until(lambda: image.evaluate(_SIZE)) == [1280, 960]
    assert_usable(phone.page, "a picture")


def test_pictures_that_the_plan_shows_no_more_are_forgotten(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.sign_in(night_guard)
    phone.settle()
    (kept,) = wait_until(lambda: phone.page.evaluate(_KEPT))
    old = kept[:-4] + "0000"
    phone.page.evaluate(
        "async (path) => (await caches.open('campushub-guard-pictures')).put(path, new Response('x'))", old
    )
    phone.page.locator("#counts").click()
    phone.page.get_by_role("button", name="Send now").click()
    wait_until(lambda: phone.page.evaluate(_KEPT) == [kept])


def test_a_picture_that_cannot_be_had_leaves_no_gap(make_phone: MakePhone, night_guard: str) -> None:
    phone = make_phone()
    phone.page.route("**/api/v1/patrol/pictures/*", lambda route: route.abort())
    phone.sign_in(night_guard)
    expect(phone.page.locator(".next-where")).to_have_text("Boiler room · Basement 1")
    expect(phone.page.locator(".next img")).to_be_hidden()
    phone.listen()
    phone.touch(TAGS["boiler-room"])
    expect(phone.verdict).to_contain_text("Tapped")
