"""What a second person has to confirm is told as that; and whoever took part hears how it ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from hub.config.model import Language
from hub.notify.message import Composer, load_texts
from hub.notify.model import Kind, State
from rules.model import Closing
from tests.hub.notify.bureau import MINUTE, WARM, Bureau

SENT = State.SENT
CANTEEN = "person:wang-fang,role:canteen"


@pytest.fixture
def strict(bureau: Bureau) -> Bureau:
    """What is warm has to be confirmed by a second person."""
    rule = structs.replace(bureau.campus.rules[WARM], closing=Closing.SECOND)
    bureau.campus = replace(bureau.campus, rules={**bureau.campus.rules, WARM: rule})
    bureau.restart()
    return bureau


def put_right(bureau: Bureau, by: str = "wang-fang") -> int:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert, by)
    bureau.clears()
    bureau.passes(MINUTE)
    bureau.closes(alert, by)
    bureau.passes(MINUTE)
    return alert


def kinds(bureau: Bureau, channel: str = "group") -> list[Kind]:
    return [kind for kind, _, _ in bureau.told(channel)]


def test_put_right_is_not_closed_and_says_so(strict: Bureau) -> None:
    put_right(strict)
    assert kinds(strict) == [Kind.RAISED, Kind.CLEARED, Kind.PUT_RIGHT]
    message = strict.channels["group"].messages[-1]
    assert message.title.startswith("[Put right, to be confirmed by a second person] ")
    assert "王芳: shut the door" in message.body
    assert "A second person has to look and confirm that." in message.body
    chinese = Composer(strict.campus, load_texts()[Language.ZH], lambda: strict.now_ms)
    said = chinese.one(strict.entries()[-1].notice)
    assert said.title.startswith("【已整改，待他人确认】")
    assert "办结" not in said.text


def test_its_confirmation_is_told_to_all_that_were_told(strict: Bureau) -> None:
    alert = put_right(strict)
    strict.confirms(alert)
    strict.passes(MINUTE)
    assert kinds(strict) == [Kind.RAISED, Kind.CLEARED, Kind.PUT_RIGHT, Kind.CONFIRMED]
    message = strict.channels["group"].messages[-1]
    assert message.title.startswith("[Confirmed, closed] ")
    assert "Checked and closed by 刘洋\nlooked myself" in message.body


def test_whoever_put_it_right_hears_of_the_confirmation_although_others_had_been_told(strict: Bureau) -> None:
    alert = put_right(strict, "zhang-wei")
    assert strict.told("pages") == [(Kind.CLEARED, "zhang-wei", SENT)]
    strict.confirms(alert)
    strict.passes(MINUTE)
    assert strict.told("pages") == [(Kind.CLEARED, "zhang-wei", SENT), (Kind.CONFIRMED, "zhang-wei", SENT)]


def test_not_put_right_is_told_again_escalated_and_put_right_again(strict: Bureau) -> None:
    alert = put_right(strict, "zhang-wei")
    strict.rejects(alert, "li-qiang")
    strict.passes(16 * MINUTE)
    assert kinds(strict)[3:] == [Kind.REOPENED]
    assert "still warm" in strict.channels["group"].messages[-1].body
    assert kinds(strict, "chief") == [Kind.ESCALATED]
    assert (Kind.REOPENED, "zhang-wei", SENT) in strict.told("pages")
    assert "li-qiang" not in {whom for _, whom, _ in strict.told()}
    strict.takes_on(alert, "wang-fang")
    strict.closes(alert, "wang-fang")
    strict.passes(MINUTE)
    assert kinds(strict)[4:] == [Kind.PUT_RIGHT]
    heard = [kind for kind, whom, _ in strict.told("pages") if whom == "li-qiang"]
    assert heard == [Kind.PUT_RIGHT]  # whoever found that it was not is to look again
    strict.restart()
    strict.confirms(alert, "li-qiang")
    strict.passes(MINUTE)
    assert kinds(strict)[5:] == [Kind.CONFIRMED]
    assert len({entry.notice.id for entry in strict.entries()}) == len(strict.entries())


def test_not_put_right_is_told_where_nobody_had_been_told_before(strict: Bureau) -> None:
    alert = strict.raises()
    strict.takes_on(alert)
    strict.clears()
    strict.closes(alert)
    strict.passes(2 * MINUTE)
    assert kinds(strict) == []
    strict.rejects(alert)
    strict.passes(16 * MINUTE)
    assert kinds(strict) == [Kind.REOPENED]
    assert kinds(strict, "chief") == [Kind.ESCALATED]


def test_whoever_took_it_on_hears_its_end_and_not_what_they_did_themselves(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert, "zhang-wei")
    bureau.clears()
    bureau.passes(MINUTE)
    bureau.closes(alert, "zhang-wei")
    bureau.passes(MINUTE)
    assert bureau.told("pages") == [(Kind.CLEARED, "zhang-wei", SENT)]
    assert kinds(bureau) == [Kind.RAISED, Kind.CLEARED, Kind.CLOSED]


def test_whoever_took_it_on_is_not_told_of_what_others_took_on_later(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert, "zhang-wei")
    bureau.clears()
    bureau.passes(MINUTE)
    bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.clears()
    bureau.passes(MINUTE)
    assert bureau.told("pages") == [(Kind.CLEARED, "zhang-wei", SENT)]
    bureau.closes(alert)
    bureau.passes(MINUTE)
    assert bureau.told("pages")[1:] == [(Kind.CLOSED, "zhang-wei", SENT)]
