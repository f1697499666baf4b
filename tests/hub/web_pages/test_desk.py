from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

from hub.faces import make_routers
from hub.history.port import Aggregate, HistoryUnavailableError, Link, Sample, Store
from hub.web import accounts
from hub.web.app import create_app
from hub.web.parts import Parts
from tests.hub.web.world import Browser
from tests.hub.web_pages.school import MINUTE_MS, School
from tests.hub.web_pages.test_pages import check


def sign_in(school: School, person: str) -> Browser:
    app = create_app(school.deps, make_routers(school.deps, school.pages), school.pages)
    accounts.set_secret(school.book, person, "correct horse", one_time=False, now_ms=school.now_ms)
    parts = app.state.parts
    assert isinstance(parts, Parts)
    opened = parts.sessions.begin(person)
    browser = Browser(app, "192.0.2.7")
    browser.cookies.set("campushub", opened.token, domain="hub.test")
    browser.csrf = opened.csrf
    return browser


def form(browser: Browser, **fields: str) -> dict[str, str]:
    return {"csrf": browser.csrf, **fields}


def test_every_page_of_the_desk_answers(school: School) -> None:
    school.trouble()
    browser = sign_in(school, "liu-yang")

    for path in (
        "/",
        "/wall",
        "/alerts",
        "/alerts/1",
        "/alerts/3",
        "/alerts/4?lang=en",
        "/records",
        "/?lang=en",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        check(answer.text)


def test_an_alert_is_taken_on_with_a_plain_form(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2")
    browser = sign_in(school, "wang-fang")

    answer = browser.post(
        f"/alerts/{id_}/acknowledge", csrf=False, data=form(browser, reason="going <b>there</b>\r\nnow")
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{id_}?said=acknowledged")
    assert school.board.alerts()[0].acknowledged_by == "wang-fang"
    page = browser.get(answer.headers["location"]).text
    assert "going &lt;b&gt;there&lt;/b&gt;  now" in page
    assert "已确认接手。" in page


def test_a_refusal_keeps_what_was_typed(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2", active=False)
    browser = sign_in(school, "wang-fang")

    answer = browser.post(f"/alerts/{id_}/close", csrf=False, data=form(browser, action=" — "))

    assert answer.status_code == 409
    assert "请写明原因或措施" in answer.text
    assert "> — </textarea>" in answer.text
    check(answer.text)


def test_an_alert_is_closed_with_what_was_put_right(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2", active=False)
    browser = sign_in(school, "wang-fang")

    answer = browser.post(f"/alerts/{id_}/close", csrf=False, data=form(browser, action="关好柜门"))

    assert answer.status_code == 303
    assert school.board.alerts() == ()
    page = browser.get(f"/alerts/{id_}").text
    assert "关好柜门" in page
    assert "<textarea" not in page


class _Store:
    """A history of one number; without one it does not answer."""

    def __init__(self, number: float | None) -> None:
        self.number = number
        self.asked: list[tuple[str, str, int, int, Aggregate]] = []

    def range(
        self,
        _measurement: str,
        field: str,
        device: str,
        start_ms: int,
        end_ms: int,
        _step_ms: int,
        how: Aggregate,
    ) -> tuple[Sample, ...]:
        self.asked.append((field, device, start_ms, end_ms, how))
        if self.number is None:
            raise HistoryUnavailableError(Link.UNREACHABLE, "down")
        return (Sample(start_ms, self.number),)


def _with_history(school: School, number: float | None) -> _Store:
    store = _Store(number)
    school.deps = replace(school.deps, history=cast("Store", store))
    return store


def test_the_record_of_an_alert_that_is_over_shows_its_peak_and_not_the_value_of_now(school: School) -> None:
    store = _with_history(school, 13.7)
    school.reading("cold-2", temperature_c=3.3)
    id_ = school.alert("cold.chilled.warm", "cold-2", active=False)

    page = sign_in(school, "liu-yang").get(f"/alerts/{id_}?lang=en").text

    check(page)
    since_ms, cleared_ms = school.now_ms - 20 * MINUTE_MS, school.now_ms - MINUTE_MS
    assert store.asked == [("temperature_c", "cold-2", since_ms, cleared_ms + 1, Aggregate.MAX)]
    assert "Highest" in page
    assert "13.7\u00a0°C" in page
    assert "Lasted 19 min" in page
    assert "3.3" not in page


def test_a_rule_for_too_cold_asks_for_the_lowest_value(school: School) -> None:
    store = _with_history(school, -4.0)
    id_ = school.alert("cold.chilled.freezing", "cold-2", active=False, value=-2.0)

    page = sign_in(school, "liu-yang").get(f"/alerts/{id_}?lang=en").text

    assert store.asked[0][-1] is Aggregate.MIN
    assert re.search(r"Lowest</span> <span[^>]*>−4.0\u00a0°C", page)


def test_a_record_whose_history_does_not_answer_says_what_raised_it(school: School) -> None:
    _with_history(school, None)
    school.reading("cold-2", temperature_c=3.3)
    id_ = school.alert("cold.chilled.warm", "cold-2", active=False)

    page = sign_in(school, "liu-yang").get(f"/alerts/{id_}?lang=en").text

    assert re.search(r"When raised</span> <span[^>]*>9.5\u00a0°C", page)
    assert "Highest" not in page
    assert "3.3" not in page


def test_the_record_of_an_active_alert_shows_the_value_of_now_and_the_peak_so_far(
    school: School,
) -> None:
    _with_history(school, 13.7)
    school.reading("cold-2", temperature_c=10.3)
    id_ = school.alert("cold.chilled.warm", "cold-2")

    page = sign_in(school, "liu-yang").get(f"/alerts/{id_}?lang=en").text

    assert "10.3\u00a0°C" in page
    assert re.search(r"Highest so far</dt><dd>13.7\u00a0°C", page)


def test_an_active_alert_is_not_closed(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2")
    browser = sign_in(school, "wang-fang")

    answer = browser.post(f"/alerts/{id_}/close", csrf=False, data=form(browser, action="关好柜门"))

    assert answer.status_code == 409
    assert len(school.board.alerts()) == 1


def test_a_form_without_its_token_and_the_wall_change_nothing(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2")
    path = f"/alerts/{id_}/acknowledge"
    canteen, wall = sign_in(school, "wang-fang"), sign_in(school, "wall")

    assert canteen.post(path, csrf=False, data={"reason": "going"}).status_code == 403
    assert wall.post(path, csrf=False, data=form(wall, reason="going")).status_code == 403
    assert not school.board.alerts()[0].acknowledged


def test_an_alert_that_does_not_exist_is_not_found(school: School) -> None:
    browser = sign_in(school, "liu-yang")

    for path in ("/alerts/0", "/alerts/99", f"/alerts/{2**70}", "/alerts/-1"):
        assert browser.get(path).status_code == 404, path
    assert browser.get("/alerts/one").status_code == 422
    assert browser.post("/alerts/99/close", data={"action": "done"}).status_code == 404


def test_the_wall_s_account_goes_to_the_wall_and_sees_no_records(school: School) -> None:
    browser = sign_in(school, "wall")

    assert browser.get("/").headers["location"] == "/wall"
    assert browser.get("/wall").status_code == 200
    assert browser.get("/records").status_code == 403


def test_a_sentence_in_the_address_is_never_somebody_else_s(school: School) -> None:
    browser = sign_in(school, "liu-yang")

    assert "pwned" not in browser.get("/?said=pwned").text
