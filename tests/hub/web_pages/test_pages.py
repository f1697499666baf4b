from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from hub.config.model import Language
from hub.faces import FACES, make_pages
from hub.live.board import Topic
from hub.web.render import Issued, PersonState, PhoneState
from hub.web.viewer import Viewer
from rules.model import Role, Text
from tests.hub.web_pages.school import MARKUP, MINUTE_MS, NOW_MS, School, viewer

_VOID = {"meta", "link", "input", "br", "img", "path", "circle", "rect"}
_INLINE = re.compile(r"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:", re.IGNORECASE)


class _Checker(HTMLParser):
    """Every element closed, no id twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def check(html: str) -> None:
    """What holds for every piece of HTML that we make."""
    assert MARKUP not in html
    assert "<script>alert" not in html
    assert _INLINE.search(html) is None
    checker = _Checker()
    checker.feed(html)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))


def _live(school: School, who: Viewer, page: str = "desk/live") -> str:
    return school.pages.page(page, who, who.language, sections=school.pages.sections(who), said="")


def _others(school: School, who: Viewer | None, language: Language) -> list[str]:
    """The pages of the frame, with contexts as the application hands them in."""
    person = PersonState(
        MARKUP, MARKUP, Role.GUARD, one_time=True, changed_at_ms=NOW_MS, locked_until_ms=NOW_MS
    )
    unset = PersonState("a", "A", Role.WALL, one_time=False, changed_at_ms=None, locked_until_ms=None)
    page = school.pages.page
    shown = [
        page("login", None, language, person=MARKUP, error=error, next=MARKUP, csrf="c", may_trust=True)
        for error in ("", "wrong", "locked", "busy", "expired")
    ]
    shown.append(page("error", who, language, status=404, code="not_found", message=Text(MARKUP, MARKUP)))
    weak = ("wrong", "locked", "busy", "too_short", "too_long", "too_simple", "mismatch", "same")
    if who is not None:
        shown.append(page("change-secret", who, language, errors=weak, next=MARKUP))
        phones = (PhoneState("0" * 64, MARKUP, NOW_MS, NOW_MS),)
        issued = Issued(MARKUP, MARKUP)
        shown.append(page("people", who, language, people=(person, unset), issued=issued, phones=phones))
    return shown


def test_only_who_hands_out_passwords_is_told_that_the_page_does(school: School) -> None:
    phones = (PhoneState("0" * 64, "zhang-wei", NOW_MS - 3_600_000, NOW_MS - 60_000),)

    def shown(role: Role) -> str:
        who = viewer(role, Language.ZH)
        return school.pages.page("people", who, who.language, people=(), issued=None, phones=phones)

    assert "这里只发放一次性密码" in shown(Role.ADMIN)
    assert "这里只发放一次性密码" not in shown(Role.HEAD)
    assert "一次性密码由管理员发放" in shown(Role.HEAD)
    assert 'data-label="最近使用"' in shown(Role.HEAD)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("role", list(Role))
def test_every_page_renders_for_everybody_in_both_languages(
    school: School, role: Role, language: Language
) -> None:
    school.trouble()
    who = viewer(role, language)

    for html in (_live(school, who), _live(school, who, "wall/wall"), *_others(school, who, language)):
        check(html)
        assert f'<html lang="{language.value}">' in html
    for html in _others(school, None, language):
        check(html)


@pytest.mark.parametrize("language", list(Language))
def test_an_empty_campus_says_so_in_words(school: School, language: Language) -> None:
    who = viewer(Role.GUARD, language)

    html = _live(school, who)

    check(html)
    for key in ("summary.none", "round.unknown", "tap.none", "health.no_data", "cold.never"):
        assert school.pages.text(language, key) in html


def test_the_stream_draws_exactly_what_the_page_draws(school: School) -> None:
    school.trouble()
    who = viewer()
    everything = {(Topic.HEALTH, ""), (Topic.TAP, "t1")}
    everything |= {(Topic.DEVICE, device) for device in school.campus.devices}
    everything |= {(Topic.ALERT, str(alert.id)) for alert in school.board.alerts()}
    everything |= {(Topic.ROUND, run.id) for run in school.board.rounds()}
    scene = school.pages.scene(who)
    apart = (school.pages.drawn(section, scene) for face in FACES for section in face.apart(scene))
    html = _live(school, who) + "".join(str(element) for each in apart for element in each.elements)

    fragments = school.pages.fragments(everything, who)

    assert {"taps", "rounds", "health", "alerts-summary", "device-cold-1", "device-reader-1"} <= {
        fragment.element for fragment in fragments
    }
    for fragment in fragments:
        assert type(fragment.html) is str
        assert fragment.html in html
        check(fragment.html)
        assert f'id="{fragment.element}"' in fragment.html
        assert "data-container=" in fragment.html


def test_markup_in_a_device_s_name_is_escaped_in_page_and_fragment(school: School) -> None:
    school.reading("cold-1", temperature_c=4.0)
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"

    (fragment,) = school.pages.fragments([(Topic.DEVICE, "cold-1")], viewer())

    assert escaped in fragment.html
    assert escaped in _live(school, viewer())


def test_a_closed_alert_leaves_the_page(school: School) -> None:
    fragments = school.pages.fragments([(Topic.ALERT, "17")], viewer())

    assert {(f.element, f.html) for f in fragments if f.element == "alert-17"} == {("alert-17", "")}
    assert any(f.element == "alerts-summary" for f in fragments)


def test_a_reading_changes_its_card_and_its_alert_only(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2")

    fragments = school.pages.fragments([(Topic.DEVICE, "cold-2")], viewer())

    assert {fragment.element for fragment in fragments} == {"device-cold-2", f"alert-{id_}"}


def test_whoever_fell_silent_is_drawn_at_the_next_beat(school: School) -> None:
    school.reading("cold-1", temperature_c=4.0)
    school.reading("cold-2", age_ms=6 * MINUTE_MS, temperature_c=4.0)

    drawn = {f.element: f.html for f in school.pages.fragments([(Topic.HEALTH, "")], viewer())}

    assert "No signal" in drawn["device-cold-2"]
    assert "device-cold-1" not in drawn


def test_a_shared_fragment_holds_no_name_and_no_token(school: School) -> None:
    school.alert("cold.chilled.warm", "cold-2")
    nobody = Viewer("", "", Role.CANTEEN, Language.ZH, csrf="", must_change_secret=False)

    drawn = {f.element: f.html for f in school.pages.fragments([(Topic.ALERT, "1")], nobody)}

    assert '<input type="hidden" name="csrf" value="">' in drawn["alert-1"]
    assert "<b data-me></b>" in drawn["alert-1"]


def test_the_wall_only_looks(school: School) -> None:
    school.alert("cold.chilled.warm", "cold-2")

    assert "<form" not in "".join(school.pages.sections(viewer(Role.WALL))["alerts"].elements)
    assert "<form" in "".join(school.pages.sections(viewer(Role.GUARD))["alerts"].elements)


def test_an_active_alert_cannot_be_closed_and_says_why_once_taken_on(school: School) -> None:
    id_ = school.alert("cold.chilled.warm", "cold-2")
    over = school.alert("cold.frozen.warm", "cold-3", active=False)
    drawn = {f.element: f.html for f in school.pages.fragments([(Topic.ALERT, str(id_))], viewer())}
    cleared = {f.element: f.html for f in school.pages.fragments([(Topic.ALERT, str(over))], viewer())}

    assert f"/alerts/{id_}/close" not in drawn[f"alert-{id_}"]
    assert f"/alerts/{over}/close" in cleared[f"alert-{over}"]


def test_a_fault_of_the_hub_is_said_and_its_details_only_to_those_who_run_it(school: School) -> None:
    school.health = replace(
        school.health, broker_connected=False, log_fault="disk /private is full", failing_loops=("live",)
    )

    for role, sees in ((Role.ADMIN, True), (Role.GUARD, False)):
        drawn = {f.element: f.html for f in school.pages.fragments([(Topic.HEALTH, "")], viewer(role))}
        assert "The hub has a fault" in drawn["health"]
        assert ("/private" in drawn["health"]) is sees


@pytest.mark.parametrize(
    ("language", "state", "said"),
    [
        (Language.EN, "unreachable", "is written by itself once it answers"),
        (Language.ZH, "unreachable", "恢复后自动补写"),
        (Language.EN, "refused", "[storage.history] in campus.toml"),
        (Language.ZH, "refused", "请管理员核对"),
        (Language.EN, "behind", "Nothing needs doing"),
        (Language.ZH, "behind", "无需处理"),
    ],
)
def test_a_history_that_is_not_well_is_said_with_what_to_do(
    school: School, language: Language, state: str, said: str
) -> None:
    school.health = replace(school.health, history_state=state, history_detail="http://store: answered 401")
    for role, sees in ((Role.HEAD, True), (Role.CANTEEN, False)):
        drawn = school.pages.fragments([(Topic.HEALTH, "")], viewer(role, language))
        html = next(f.html for f in drawn if f.element == "health")
        assert said in html
        assert ("answered 401" in html) is sees
        assert (school.pages.text(language, "health.faulty") in html) is (state != "behind")


@pytest.mark.parametrize("language", list(Language))
def test_no_rounds_and_rounds_not_yet_written_down_are_told_apart(school: School, language: Language) -> None:
    who = viewer(Role.GUARD, language)
    none, unknown = (school.pages.text(language, key) for key in ("round.none", "round.unknown"))
    before = _live(school, who)
    school.plan()
    planned = _live(school, who)
    school.board.put_rounds([])
    unplanned = dataclasses.replace(school.deps, campus=dataclasses.replace(school.campus, rounds={}))
    school.pages = make_pages(unplanned)
    without = _live(school, who)

    assert [(none in html, unknown in html) for html in (before, planned, without)] == [
        (False, True),
        (False, False),
        (True, False),
    ]


def test_a_summary_has_words_for_a_page_that_lost_the_hub(school: School) -> None:
    html = _live(school, viewer(Role.HEAD, Language.ZH))

    assert '<span class="not-lost">一切正常</span>' in html
    assert '<span class="only-lost">（失去连接之前）</span>' in html


@pytest.mark.parametrize(("language", "said"), [(Language.ZH, "已消除"), (Language.EN, "Over for")])
def test_an_alert_that_is_over_says_for_how_long_and_labels_the_value_of_now(
    school: School, language: Language, said: str
) -> None:
    school.reading("cold-2", temperature_c=4.2)
    school.alert("cold.chilled.warm", "cold-2", active=False)

    (card,) = school.pages.sections(viewer(Role.HEAD, language))["alerts"].elements

    assert re.search(rf"{said} <time[^>]*>1 ", card)
    now = school.pages.text(language, "alert.now")
    assert f'<span class="muted">{now}</span> <span class="alert-value">4.2\u00a0°C</span>' in card


@pytest.mark.parametrize(
    "fault", [{"broker_connected": False}, {"log_fault": "full"}, {"failing_loops": ("alerts",)}]
)
def test_a_hub_that_cannot_judge_does_not_say_that_all_is_well(
    school: School, fault: dict[str, object]
) -> None:
    who = viewer(Role.HEAD, Language.ZH)
    well = "一切正常"
    assert well in _live(school, who)
    school.health = replace(school.health, **fault)
    assert well not in _live(school, who)
    redrawn = school.pages.fragments([(Topic.HEALTH, "")], who)
    assert "没有告警不等于正常" in next(f.html for f in redrawn if f.element == "alerts-summary")
