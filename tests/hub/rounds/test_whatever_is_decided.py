"""Whatever is decided, by whom and in which order: pages and API answer, and say the same of the round."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.facts import Order
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING
from tests.hub.rounds.desk import DEADLINE, RUN, STARTS, Desk, key

_PEOPLE: Final = ("zhang-wei", "li-qiang", "liu-yang", "admin")
_EXPECTED: Final = frozenset({200, 403, 409, 422})
_moments = st.integers(STARTS // MINUTE - 60, DEADLINE // MINUTE + 8 * 60).map(lambda at: at * 60)
_orders = st.fixed_dictionaries(
    {
        "id": st.integers(0, 5).map(key),
        "order": st.sampled_from([order.value for order in Order]),
        "reason": st.sampled_from(["", "台风", "=1+1", "<script>alert(1)</script>"]),
    },
    optional={"at": _moments, "until": _moments},
)
_acts = st.lists(
    st.tuples(
        st.sampled_from(_PEOPLE), _orders, st.integers(0, 90), st.sampled_from(["", "gatehouse", "library"])
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decided")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts=_acts)
def test_pages_and_api_answer_and_say_the_same(
    folder: Path, acts: list[tuple[str, dict[str, Any], int, str]]
) -> None:
    with TemporaryDirectory(dir=folder) as own:
        desk = Desk(Path(own))
        try:
            browsers = {person: desk.browser(person) for person in _PEOPLE}
            for person, said, minutes, place in acts:
                desk.office.now_ms += minutes * MINUTE
                desk.happens(desk.office.ticks(desk.office.now_ms))
                if place:
                    desk.happens(desk.tap("zhang-wei", place, desk.office.now_ms))
                answer = browsers[person].post(f"/api/v1/rounds/{RUN}/orders", json=said)
                assert answer.status_code in _EXPECTED, answer.text
            _assert_consistent(desk, browsers["liu-yang"])
        finally:
            desk.close()


def _assert_consistent(desk: Desk, head: Any) -> None:
    told = head.get(f"/api/v1/rounds/{RUN}")
    assert told.status_code == 200
    assert told.json()["state"] == desk.office.runs()[RUN].state.value
    assert len(told.json()["orders"]) == len(desk.orders()) == len({one.key for one in desk.orders()})
    for path in (f"/rounds/{RUN}", "/rounds", "/rounds/calendar?month=2026-11"):
        page = head.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text
    desk.office.restart()
    assert told.json()["state"] == desk.office.runs()[RUN].state.value


def test_the_deadline_is_never_beyond_what_may_be(desk: Desk) -> None:
    browser = desk.browser("liu-yang")
    latest_ms = DEADLINE + 6 * HOUR
    url = f"/api/v1/rounds/{RUN}/orders"
    good = {"id": key(1), "order": "extend", "reason": "r", "until": latest_ms / 1000}

    assert (
        browser.post(url, json={**good, "id": key(2), "until": (latest_ms + 1000) / 1000}).status_code == 422
    )
    assert browser.post(url, json=good).status_code == 200
    assert desk.office.runs()[RUN].deadline_ms == latest_ms
    assert latest_ms > MORNING
