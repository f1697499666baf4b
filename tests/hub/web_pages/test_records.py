from __future__ import annotations

import tomllib
from html import unescape

import pytest

from devices.wire import WireReason
from hub.config.load import load
from hub.config.model import Language
from hub.desk.adopting import TO_FILL_IN, offers
from hub.desk.records import REASONS, STRANGERS_SHOWN
from hub.log.model import Entry, Letter, Meeting, Stranger
from hub.words import texts
from hub.words.texts import OWN_PACKAGE
from tests.hub.web_pages.school import School, viewer
from tests.hub.web_pages.test_desk import sign_in
from tests.hub.web_pages.test_pages import check

_LONG = 60_000
_FRIDGE = {"kind": "fridge", "storing": "chilled"}


def _stranger(topic: str, format_: str, id_: str) -> Stranger:
    return Stranger(topic, format_, id_, 0, 0, 1)


def _page(school: School, language: str = "en") -> str:
    answer = sign_in(school, "liu-yang").get(f"/records?lang={language}")
    assert answer.status_code == 200
    check(answer.text)
    return answer.text


def test_what_came_in_is_shown_escaped(school: School) -> None:
    school.trouble()

    html = _page(school)

    assert "\\x1b[31m\\xff" in html
    assert "cold-9" in html


def test_a_log_that_cannot_be_read_is_said(school: School) -> None:
    check(school.pages.page("desk/records", viewer(), Language.EN, records=None))


@pytest.mark.parametrize(
    ("topic", "format_", "id_", "expected"),
    [
        ("campus/shiyan/fridge/cold-9/reading", "native", "cold-9", _FRIDGE),
        ("campus/shiyan/meter/meter-9/status", "native", "meter-9", {"kind": "meter"}),
        ("campus/shiyan/checkpoint/reader-9/tap", "native", "reader-9", {"kind": "checkpoint"}),
        (
            "zigbee2mqtt/F 9/availability",
            "zigbee2mqtt",
            "f-9",
            {**_FRIDGE, "topic": "zigbee2mqtt/F 9"},
        ),
        ("tele/probe-9/SENSOR", "tasmota", "probe-9", {**_FRIDGE, "topic": "probe-9"}),
    ],
)
def test_the_lines_offered_for_a_stranger_make_it_a_device_once_filled_in(
    school: School, topic: str, format_: str, id_: str, expected: dict[str, str]
) -> None:
    for language in Language:
        said = texts.load((OWN_PACKAGE, "hub.web", "hub.desk"))[language]
        (offer,) = offers(school.campus, (_stranger(topic, format_, id_),), said)
        (table,) = tomllib.loads(offer.lines)["device"]
        assert (table["id"], table["format"]) == (id_, format_)
        assert {key: table[key] for key in ("kind", "storing", "topic") if key in table} == expected

        config = school.folder / "adopted.toml"
        shipped = school.campus.source.read_text(encoding="utf-8")
        shipped = shipped.replace("embedded = true", "embedded = false")  # which takes spaces in topics
        filled = offer.lines.replace(f'area = "{TO_FILL_IN}"', 'area = "canteen"')
        filled = filled.replace(f'owner = "{TO_FILL_IN}"', 'owner = "wang-fang"')
        config.write_text(f"{shipped}\n{filled}", encoding="utf-8")
        assert id_ in load(config, {}, folder=school.folder).devices


def test_quotes_in_a_maker_s_topic_do_not_end_the_string(school: School) -> None:
    stranger = _stranger('zigbee2mqtt/a"b\\c', "zigbee2mqtt", "a-b-c")

    (offer,) = offers(school.campus, (stranger,), str)

    assert tomllib.loads(offer.lines)["device"][0]["topic"] == 'zigbee2mqtt/a"b\\c'


def test_a_stranger_configured_since_is_not_offered_and_an_odd_topic_has_no_lines(
    school: School,
) -> None:
    known = _stranger("campus/shiyan/fridge/cold-1/reading", "native", "cold-1")
    odd = _stranger("campus/odd", "native", "odd")

    (offer,) = offers(school.campus, (known, odd), str)

    assert (offer.stranger, offer.lines) == (odd, "")


def test_the_page_offers_the_lines(school: School) -> None:
    meeting = Meeting(school.now_ms, "tele/probe-9/SENSOR", "tasmota", "probe-9")
    school.log.append([Entry(meetings=(meeting,))], school.now_ms)

    html = unescape(_page(school))

    assert 'topic = "probe-9"' in html
    assert "[[device]]" in html


def test_a_list_that_is_cut_says_of_how_many(school: School) -> None:
    meetings = tuple(
        Meeting(school.now_ms, f"campus/shiyan/fridge/n{n}/reading", "native", f"n{n}") for n in range(501)
    )
    school.log.append([Entry(meetings=meetings[:60])], school.now_ms)
    part = _page(school)
    school.log.append([Entry(meetings=meetings[60:])], school.now_ms)
    full = _page(school)

    assert f"The latest {STRANGERS_SHOWN} of 60." in part
    assert "The list is full" not in part
    assert f"The latest {STRANGERS_SHOWN} of 500." in full
    assert "The list is full" in full


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_for_a_dead_letter_is_said_in_words(school: School, language: Language) -> None:
    assert {reason.value for reason in WireReason} < REASONS
    for reason in REASONS:
        assert school.pages.text(language, f"records.reasons.{reason}")


def test_a_reason_is_in_words_with_its_detail_behind_and_an_unknown_code_is_shown_as_it_is(
    school: School,
) -> None:
    letters = (
        Letter(school.now_ms, "t", b"", "no_offset", "cold-1: a detail"),
        Letter(school.now_ms, "t", b"", "a_new_code", ""),
    )
    school.log.append([Entry(letters=letters)], school.now_ms)

    html = _page(school, "zh")

    assert "时间没有时区<details" in html
    assert "<code>no_offset: cold-1: a detail</code></details>" in html
    assert "<code>a_new_code</code><details" in html


def test_texts_of_any_length_are_shown_by_their_beginning(school: School) -> None:
    letter = Letter(school.now_ms, "x" * _LONG, b"y" * _LONG, "bad_topic", "z" * _LONG)
    school.log.append([Entry(letters=(letter,))], school.now_ms)

    html = _page(school)

    assert f"<summary><code>{'x' * 80}…</code></summary>" in html
    assert "y" * 401 not in html
