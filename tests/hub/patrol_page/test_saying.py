"""What the phone says at once, from the plan that it has: pure, so each case is one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.hub.patrol_page.campus import TAGS
from tests.hub.patrol_page.phone import Phone
from tests.rules.ordered_walks import CASES as ORDERED
from tests.rules.ordered_walks import ROUTE, taps_of

MINUTE = 60_000
START = 1_780_000_000_000
END = START + 60 * MINUTE
MakePhone = Callable[..., Phone]


def stop(name: str, **more: Any) -> dict[str, Any]:
    place = {"id": name, "name": {"en": name}, "area": None, "tags": [f"hash-{name}"], "checklist": []}
    return place | {"visitedMs": None, "earliestMs": None, "latestMs": None} | more


def plan(*stops: dict[str, Any], fixed: bool = False) -> dict[str, Any]:
    walk = {"id": "walk", "name": {"en": "Walk"}, "startsMs": START, "endsMs": END, "state": "planned"}
    walk |= {"deadlineMs": END + 15 * MINUTE, "isFixed": fixed, "stops": list(stops)}
    return {
        "person": {"id": "me"},
        "rounds": [walk],
        "places": [*stops, stop("elsewhere")],
        "badges": ["hash-badge"],
    }


def read(name: str, source: str = "nfc") -> dict[str, Any]:
    return {"tag": name, "tagHash": f"hash-{name}", "checkpoint": None, "sun": None, "source": source}


def tapped(name: str, at_ms: int, source: str = "nfc", fate: str = "kept") -> dict[str, Any]:
    item = {"id": f"{name}{at_ms}", "kind": "tap", "person": "me", "place": name, "atMs": at_ms}
    return item | {"fate": fate, "body": {"tag": name, "sun": None, "checkpoint": None, "source": source}}


@pytest.fixture(scope="module")
def page(playwright: Any, running: Any) -> Iterator[Page]:
    from tests.real import require

    browser = playwright.chromium.launch(executable_path=require("chromium"), args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(f"{running.address}/guard")
    yield page
    browser.close()


A, B = stop("a"), stop("b")
CASES = [
    ("ok", plan(A, B), [], read("a"), START + MINUTE),
    ("ok", plan(A, B), [], read("b"), START + MINUTE),
    ("order", plan(A, B, fixed=True), [], read("b"), START + MINUTE),
    ("done", plan(A, B), [tapped("a", START)], read("b"), START + MINUTE),
    ("done", plan(stop("a", visitedMs=START), B), [], read("b"), START + MINUTE),
    ("ok", plan(A, B), [tapped("a", START, fate="refused")], read("b"), START + MINUTE),
    ("ok", plan(A, B), [tapped("a", START) | {"person": "other"}], read("b"), START + MINUTE),
    ("duplicate", plan(A, B), [tapped("a", START)], read("a"), START + MINUTE - 1),
    ("again", plan(A, B), [tapped("a", START)], read("a"), START + MINUTE),
    ("duplicate", plan(A, B), [tapped("a", START)], read("a", "qr"), START + 1),
    ("again", plan(A, B), [tapped("a", START, "manual")], read("a"), START + 1),
    ("early", plan(A, B), [], read("a"), START - MINUTE),
    ("early", plan(stop("a", earliestMs=START + MINUTE), B), [], read("a"), START),
    ("late", plan(A, B), [], read("a"), END + MINUTE),
    ("late", plan(stop("a", latestMs=START), B), [], read("a"), START + 1),
    ("elsewhere", plan(A, B), [], read("a"), END + 16 * MINUTE),
    ("elsewhere", plan(A, B), [], read("elsewhere"), START + MINUTE),
    ("unknown", plan(A, B), [], read("stranger"), START + MINUTE),
    ("duplicate", plan(A, B), [tapped("stranger", START) | {"place": None}], read("stranger"), START + 1),
    ("unplanned", None, [], read("a"), START),
    ("badge", plan(A, B), [], read("badge"), START + MINUTE),
    ("order", plan(A, B, fixed=True), [tapped("b", START)], read("b"), START + 1),
    ("done", plan(A, B, fixed=True), [tapped("b", START), tapped("a", START + 1)], read("b"), START + 2),
    (
        "again",
        plan(A, B, fixed=True),
        [tapped("b", START), tapped("a", START + 1)],
        read("a"),
        START + 61_000,
    ),
    ("duplicate", plan(A, B, fixed=True), [tapped("a", START)], read("a"), START + 1),
]


@pytest.mark.parametrize(("word", "plan_", "items", "what", "now_ms"), CASES)
def test_a_tap_is_judged_from_the_plan(
    page: Page, word: str, plan_: Any, items: Any, what: Any, now_ms: int
) -> None:
    said = page.evaluate(
        "async (told) => (await import('/guard/round.js')).judge(...told)",
        [plan_, items, what, now_ms],
    )
    assert said["word"] == word


WALKED = """async ([plan, taps]) => {
  const { judge, standingOf } = await import("/guard/round.js");
  const items = [];
  for (const { read, item } of taps) {
    if (judge(plan, items, read, item.atMs).isKept) items.push(item);
  }
  const { next, visited, seen } = standingOf(plan.rounds[0], items, "me", plan.rounds[0].endsMs);
  return { next: next?.id ?? "", visited: [...visited.keys()].sort(), seen: [...seen.keys()].sort() };
}"""


@pytest.mark.parametrize(("said", "following"), ORDERED)
def test_a_fixed_order_is_followed_as_the_hub_judges_it(page: Page, said: str, following: str) -> None:
    taps = [{"read": read(name), "item": tapped(name, START + at_ms)} for name, at_ms in taps_of(said)]
    found = page.evaluate(WALKED, [plan(*map(stop, ROUTE), fixed=True), taps])
    passed = ROUTE[: ROUTE.index(following)] if following else ROUTE
    assert found["next"] == following
    assert found["visited"] == list(passed)
    assert found["seen"] == sorted({name for name, _ in taps_of(said)})


def test_what_the_hub_knows_of_other_phones_and_of_this_one_is_put_in_order(page: Page) -> None:
    told = [stop(name) for name in ROUTE]
    told[0]["visits"] = [{"id": "elsewhere", "atMs": START + MINUTE}]
    told[1]["visits"] = [{"id": "own", "atMs": START}]
    # The phone's clock is ahead, and the hub's time stands: the tap before the first is none after it.
    own = tapped("B", START + 5 * MINUTE) | {"id": "own", "fate": "sent"}
    standing = "async (told) => (await import('/guard/round.js')).standingOf(...told).next.id"
    walk = plan(*told, fixed=True)["rounds"][0]
    assert page.evaluate(standing, [walk, [own], "me", START + 6 * MINUTE]) == "B"
    later = tapped("B", START + 7 * MINUTE)
    assert page.evaluate(standing, [walk, [own, later], "me", START + 8 * MINUTE]) == "C"


STATES = [
    ("planned", [], START - 1),
    ("due", [], START),
    ("in_progress", [tapped("a", START)], START + MINUTE),
    ("late", [tapped("a", START)], END + MINUTE),
    ("missed", [], END + 16 * MINUTE),
    ("incomplete", [tapped("a", START)], END + 16 * MINUTE),
    ("completed", [tapped("a", START), tapped("b", END)], END + 16 * MINUTE),
    ("completed_late", [tapped("a", START), tapped("b", END + 1)], END + 16 * MINUTE),
]


@pytest.mark.parametrize(("state", "items", "now_ms"), STATES)
def test_a_round_has_the_state_that_the_phone_can_know(
    page: Page, state: str, items: Any, now_ms: int
) -> None:
    found = page.evaluate(
        "async ([round, items, nowMs]) =>"
        " (await import('/guard/round.js')).standingOf(round, items, 'me', nowMs).state",
        [plan(A, B)["rounds"][0], items, now_ms],
    )
    assert found == state


def test_a_round_in_another_order_goes_on_as_long_as_it_can_be_made_good(page: Page) -> None:
    items = [tapped("b", START), tapped("a", START + MINUTE)]
    state = "async (told) => (await import('/guard/round.js')).standingOf(...told).state"
    walk = plan(A, B, fixed=True)["rounds"][0]
    assert page.evaluate(state, [walk, items, "me", START + 2 * MINUTE]) == "in_progress"
    assert page.evaluate(state, [walk, items, "me", END + 16 * MINUTE]) == "completed"
    finish = {"kind": "order", "person": "me", "atMs": START + 2 * MINUTE, "fate": "kept"}
    finish |= {"body": {"round": "walk", "order": "finish"}}
    assert page.evaluate(state, [walk, [*items, finish], "me", START + 3 * MINUTE]) == "completed"
    again = tapped("b", START + 3 * MINUTE)
    assert page.evaluate(state, [walk, [*items, again], "me", START + 3 * MINUTE]) == "completed"


def test_a_tap_is_answered_within_300_ms(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.settle()
    phone.offline()
    phone.listen()
    took_ms = phone.page.evaluate(
        """(serial) => new Promise((resolve) => {
          const since = performance.now();
          new MutationObserver(() => document.querySelector(".verdict") && resolve(performance.now() - since))
            .observe(document.getElementById("verdict"), { childList: true });
          window.touch(serial);
        })""",
        TAGS["gatehouse"],
    )
    assert took_ms < 300
    expect(phone.verdict).to_contain_text("School gate")


def test_a_phone_that_cannot_keep_a_tap_says_so(make_phone: MakePhone, guard: str) -> None:
    phone = make_phone()
    phone.sign_in(guard)
    phone.listen()
    full = "throw new DOMException('', 'QuotaExceededError')"
    phone.page.evaluate(f"() => {{ IDBObjectStore.prototype.add = () => {{ {full}; }} }}")
    phone.touch(TAGS["gatehouse"])
    expect(phone.verdict).to_contain_text("NOT SAVED")
    expect(phone.counts).to_contain_text("0 saved on phone")
