"""What messages say, in both languages."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from hub.config.model import Campus, Language
from hub.notify.message import Composer, load_texts
from hub.notify.model import Entry, Kind, Matter, Notice, State
from rules.model import Severity
from tests.hub.notify.bureau import MINUTE, NOON, WARM, campus_of

TEXTS = load_texts()


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    campus = campus_of(tmp_path_factory.mktemp("campus"))
    return replace(campus, web=replace(campus.web, public_url="https://hub.school.example"))


def entry(kind: Kind = Kind.RAISED, number: int = 1, by: str = "", note: str = "") -> Entry:
    since_ms = NOON - 10 * MINUTE
    matter = Matter(WARM, "cold-1", Severity.CRITICAL, since_ms, NOON, 11.54, by, note)
    notice = Notice("a1b2c3d4e5f6", 12, 1, kind, 0, 0, "person:wang-fang,role:head", "group", NOON, matter)
    return Entry(number, notice, State.QUEUED, NOON, 0, NOON, None, "", "", None)


def composer(campus: Campus, language: Language) -> Composer:
    return Composer(campus, TEXTS[language], lambda: NOON + 16 * MINUTE)


def test_a_message_says_what_where_how_much_since_when_what_to_do_and_its_id(campus: Campus) -> None:
    message, count = composer(campus, Language.ZH).compose([entry()], 2_000)
    assert count == 1
    lines = message.text.splitlines()
    assert lines[0] == "【紧急】1号冷藏柜（蔬菜） · 冷藏温度过高"
    assert (
        lines[1]
        == "食堂冷库间，11.5\N{NO-BREAK SPACE}°C（上限 8.0\N{NO-BREAK SPACE}°C，持续 10 分钟），自 11:50 起"
    )
    assert lines[2] == "请处理：王芳、刘洋"
    assert lines[3].startswith("先做：到现场查看柜门")
    assert lines[4] == "处理：https://hub.school.example/alerts/12"
    assert lines[5] == "（第12号，a1b2c3）"


def test_the_same_in_english(campus: Campus) -> None:
    message, _ = composer(campus, Language.EN).compose([entry(Kind.ESCALATED)], 2_000)
    lines = message.text.splitlines()
    assert lines[0].startswith("[Escalated, Critical] Fridge 1")
    assert (
        "11.5\N{NO-BREAK SPACE}°C (upper limit 8.0\N{NO-BREAK SPACE}°C for 10 min), since 11:50" in lines[1]
    )
    assert lines[2] == "Nobody has taken it on for 16 min"
    assert lines[-1] == "(no. 12, a1b2c3)"


def test_without_an_address_of_the_pages_there_is_no_link(campus: Campus) -> None:
    bare = replace(campus, web=replace(campus.web, public_url=""))
    assert "http" not in composer(bare, Language.ZH).one(entry().notice).text


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", list(Language))
def test_every_kind_has_its_words(campus: Campus, kind: Kind, language: Language) -> None:
    ended = entry(kind, 1, "wang-fang", "shut\r\nthe \x1b[31mdoor")
    message, _ = composer(campus, language).compose([ended], 2_000)
    assert "a1b2c3" in message.text
    assert all(line.isprintable() or "\N{NO-BREAK SPACE}" in line for line in message.text.splitlines())
    if kind is Kind.CLOSED:
        assert "王芳" in message.text
        assert "\x1b" not in message.text


def test_rounds_rules_and_devices_that_are_gone_are_named_as_well_as_can_be(campus: Campus) -> None:
    of_round = Matter("patrol.round-incomplete", "night@2026-11-22", Severity.WARNING, NOON, NOON, None)
    gone = Matter("a.rule.that.left", "no-device", Severity.INFO, NOON, NOON, 1.0)
    base = entry().notice
    for matter, words in ((of_round, "夜间巡查 2026-11-22"), (gone, "no-device · a.rule.that.left")):
        notice = Notice(base.id, 1, 1, Kind.RAISED, 0, 0, "", "group", NOON, matter)
        assert words in composer(campus, Language.ZH).one(notice).title


@pytest.mark.parametrize("most_bytes", [300, 700, 2_000])
def test_a_message_is_never_longer_than_its_channel_takes(campus: Campus, most_bytes: int) -> None:
    many = [entry(number=number) for number in range(60)]
    for language in Language:
        made = composer(campus, language)
        message, count = made.compose(many, most_bytes)
        assert len(message.text.encode()) <= most_bytes
        assert 1 <= count < 60
        assert message.text.count("a1b2c3") in (count, 0)
        single, _ = made.compose(many[:1], most_bytes)
        assert len(single.text.encode()) <= most_bytes


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    zh, en = TEXTS[Language.ZH], TEXTS[Language.EN]
    assert zh.keys() == en.keys()

    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert all(placeholders(zh(key)) == placeholders(en(key)) for key in zh.keys())  # noqa: SIM118


def test_every_text_is_used() -> None:
    source = Path(str(files("hub.notify") / "message.py")).read_text(encoding="utf-8")
    own = {key for key in TEXTS[Language.EN].keys() if key.startswith("notice.")}  # noqa: SIM118
    families = ("notice.mark.", "notice.value.")
    unused = {key for key in own if f'"{key}"' not in source and not key.startswith(families)}
    assert unused == set()
