from __future__ import annotations

import pytest

from hub.web import accounts, doorman
from hub.web.accounts import Verdict, Weakness
from hub.web.doorman import Answer, Buckets
from tests.hub.web.world import NOW_MS, SECRET, World

_MINUTE_MS = 60_000


def _fail(world: World, times: int) -> None:
    for _ in range(times):
        assert accounts.check(world.book, "guard", "not it at all", world.now_ms) is Verdict.WRONG


def test_a_secret_is_right_only_for_its_person(world: World) -> None:
    world.browser("guard")
    world.browser("head")
    accounts.set_secret(world.book, "head", "another secret", one_time=False, now_ms=NOW_MS)

    assert accounts.check(world.book, "guard", SECRET, NOW_MS) is Verdict.RIGHT
    assert accounts.check(world.book, "head", SECRET, NOW_MS) is Verdict.WRONG
    assert accounts.check(world.book, "nobody", SECRET, NOW_MS) is Verdict.WRONG


def test_after_five_failures_even_the_right_secret_waits_a_minute(world: World) -> None:
    world.browser("guard")
    _fail(world, 5)

    assert accounts.check(world.book, "guard", SECRET, NOW_MS) is Verdict.LOCKED
    assert accounts.check(world.book, "guard", SECRET, NOW_MS + _MINUTE_MS) is Verdict.RIGHT


def test_each_failure_after_that_doubles_the_wait_up_to_an_hour() -> None:
    waits = [accounts.lock_ms(failures) // _MINUTE_MS for failures in range(4, 13)]

    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert accounts.lock_ms(10**6) == 60 * _MINUTE_MS


def test_a_success_forgets_the_failures(world: World) -> None:
    world.browser("guard")
    _fail(world, 4)
    accounts.check(world.book, "guard", SECRET, NOW_MS)
    _fail(world, 4)

    assert accounts.check(world.book, "guard", SECRET, NOW_MS) is Verdict.RIGHT


def test_full_width_digits_are_the_same_pin(world: World) -> None:
    accounts.set_secret(world.book, "guard", "４８２９１６", one_time=False, now_ms=NOW_MS)

    assert accounts.check(world.book, "guard", "482916", NOW_MS) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("48291", Weakness.TOO_SHORT),
        ("482916", None),
        ("kitchen", Weakness.TOO_SHORT),
        ("kitchens", None),
        ("", Weakness.TOO_SHORT),
        ("111111", Weakness.TOO_SIMPLE),
        ("123456", Weakness.TOO_SIMPLE),
        ("987654", Weakness.TOO_SIMPLE),
        ("\ud800" * 9, Weakness.TOO_SIMPLE),
        ("x" * 129, Weakness.TOO_LONG),
        ("x" * 1_000_000, Weakness.TOO_LONG),
    ],
)
def test_a_new_secret_is_a_pin_of_six_digits_or_eight_characters(
    secret: str, expected: Weakness | None
) -> None:
    assert accounts.weakness(secret) is expected


def test_the_first_start_makes_one_secret_that_must_be_changed(world: World) -> None:
    secret = accounts.first_start(world.book, world.campus, NOW_MS)

    assert secret is not None
    assert len(secret) == 10
    assert accounts.states(world.book)["admin"].one_time
    assert accounts.check(world.book, "admin", secret, NOW_MS) is Verdict.RIGHT
    assert accounts.first_start(world.book, world.campus, NOW_MS) is None


def test_an_address_may_try_a_few_times_and_then_slowly() -> None:
    buckets = Buckets(burst=3, per_minute=6)

    assert [buckets.take("a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert buckets.take("b", 0)
    assert buckets.take("a", 10_000)
    assert not buckets.take("a", 10_000)
    assert not buckets.take("a", 5_000)  # the clock stepped back: nothing is gained


def test_ten_thousand_addresses_are_not_all_remembered() -> None:
    buckets = Buckets(burst=3, per_minute=6, remembered=100)

    for number in range(10_000):
        buckets.take(str(number), 0)

    assert len(buckets) == 100


def test_a_name_that_does_not_exist_is_locked_like_one_that_does(world: World) -> None:
    world.browser("guard")
    real = [world.browser().sign_in("guard", "wrong wrong").status_code for _ in range(6)]
    other = [
        world.browser(address="192.0.2.8").sign_in("nobody", "wrong wrong").status_code for _ in range(6)
    ]

    assert real == other == [401] * 5 + [429]


def test_too_many_at_once_are_turned_away_unhashed(world: World) -> None:
    world.parts.doorman._waiting = doorman.MAX_WAITING
    world.browser("guard")

    answer = world.browser().sign_in("guard", SECRET)

    assert answer.status_code == 429
    assert f"error={Answer.BUSY.value}" in answer.text
