"""A channel that refuses for good: others tell what it refused, and somebody has to look after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config.model import Language
from hub.notify import refusals
from hub.notify.channels import Message, Outcome
from hub.notify.message import Composer, load_texts
from hub.notify.model import NO_ALERT, PROBE, Entry, Kind, State
from tests.hub.notify.bureau import HOUR, MINUTE, SILENT, Bureau

REFUSED = Outcome("93000: invalid webhook url", is_refusal=True)
CANTEEN = "person:wang-fang,role:canteen"
THREE = """
[[channel]]
id = "group"
url = "json://127.0.0.1:9/group"

[[channel]]
id = "mail"
url = "json://127.0.0.1:9/mail"

[[channel]]
id = "chief"
url = "json://127.0.0.1:9/chief"

[[policy]]
name = "critical"
severities = ["critical"]
steps = [{ to = ["role:canteen", "owner"], via = ["group"] }]

[[policy]]
name = "others"
steps = [
  { to = ["role:canteen"], via = ["mail", "pages"] },
  { after = "15m", to = ["role:head"], via = ["chief"] },
]
"""


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Bureau]:
    (tmp_path / "three").mkdir()
    bureau = Bureau(tmp_path / "three", THREE)
    yield bureau
    bureau.book.close()


def refuse(_: Message) -> Outcome:
    return REFUSED


def take(_: Message) -> Outcome:
    return Outcome()


def of_channels(bureau: Bureau) -> list[tuple[Kind, str, str, State]]:
    return [
        (entry.notice.kind, entry.notice.recipient, entry.notice.channel, entry.state)
        for entry in bureau.entries()
        if entry.notice.alert == NO_ALERT
    ]


def of_alerts(bureau: Bureau) -> list[Entry]:
    return [entry for entry in bureau.entries() if entry.notice.alert != NO_ALERT]


def refusing(bureau: Bureau) -> list[tuple[str, str]]:
    with bureau.book.reading() as session:
        return [(one.channel, one.reason) for one in refusals.refusing(session, bureau.campus)]


def test_what_a_channel_refuses_is_told_by_the_person_s_others_and_the_ledger_says_so(three: Bureau) -> None:
    three.channels["group"].answer = refuse
    three.raises()
    three.passes(2 * MINUTE)
    told = {(e.notice.recipient, e.notice.channel): e for e in of_alerts(three)}
    refused = told[CANTEEN, "group"]
    assert (refused.state, refused.result, refused.attempts) == (State.DIVERTED, REFUSED.reason, 1)
    assert told[CANTEEN, "mail"].state is State.SENT
    assert told["wang-fang", "pages"].state is State.SENT
    assert (CANTEEN, "chief") not in told
    assert "1号冷藏柜" in three.channels["mail"].messages[-1].text
    three.passes(HOUR)
    assert [m.title for m in three.channels["mail"].messages if "1号冷藏柜" in m.title] == [
        "【紧急】1号冷藏柜（蔬菜） · 冷藏温度过高"
    ]


def test_where_there_is_no_other_channel_the_pages_tell_and_it_is_tried_on(bureau: Bureau) -> None:
    bureau.channels["group"].answer = refuse
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(2 * MINUTE)
    assert [(e.notice.channel, e.state) for e in of_alerts(bureau)] == [
        ("group", State.QUEUED),
        *(("pages", State.SENT) for e in of_alerts(bureau)[1:]),
    ]
    assert {e.notice.recipient for e in of_alerts(bureau)[1:]} >= {"wang-fang"}
    bureau.channels["group"].answer = take
    bureau.passes(15 * MINUTE)
    assert of_alerts(bureau)[0].state is State.SENT


def test_the_administrator_is_told_once_by_the_pages_and_by_a_channel_that_works(bureau: Bureau) -> None:
    bureau.channels["group"].answer = refuse
    for device in ("cold-1", "cold-2", "cold-4"):
        bureau.raises(device)
        bureau.passes(10 * MINUTE)
    bureau.restart()
    bureau.passes(2 * HOUR)
    told = [line for line in of_channels(bureau) if line[0] is Kind.CHANNEL_REFUSED]
    assert told == [
        (Kind.CHANNEL_REFUSED, "admin", "pages", State.SENT),
        (Kind.CHANNEL_REFUSED, "role:admin", "chief", State.SENT),
    ]
    assert refusing(bureau) == [("group", REFUSED.reason)]
    (message,) = [m for m in bureau.channels["chief"].messages if "被拒" in m.title]
    assert REFUSED.reason in message.body
    assert "campushub notify test group" in message.body


def test_where_nobody_administers_the_head_is_told(tmp_path: Path) -> None:
    from dataclasses import replace

    bureau = Bureau(tmp_path)
    people = {id_: one for id_, one in bureau.campus.people.items() if one.role.value != "admin"}
    bureau.campus = replace(bureau.campus, people=people)
    bureau.restart()
    bureau.channels["group"].answer = refuse
    bureau.raises()
    bureau.passes(MINUTE)
    assert of_channels(bureau)[1:] == [
        (Kind.CHANNEL_REFUSED, "liu-yang", "pages", State.SENT),
        (Kind.CHANNEL_REFUSED, "role:head", "chief", State.SENT),
    ]
    bureau.book.close()


def test_a_channel_that_works_again_says_so_itself_and_to_those_who_were_told(three: Bureau) -> None:
    three.channels["group"].answer = refuse
    three.raises()
    three.passes(3 * HOUR)
    tries = next(e for e in three.entries() if e.notice.recipient == PROBE).attempts
    assert 8 <= tries <= 24  # every quarter of an hour, or a little more often
    three.channels["group"].answer = take
    three.passes(16 * MINUTE)
    assert refusing(three) == []
    assert [m.title for m in three.channels["group"].messages] == ["【通知通道已恢复】group"]
    assert {line[1:] for line in of_channels(three) if line[0] is Kind.CHANNEL_BACK} == {
        (PROBE, "group", State.SENT),
        ("admin", "pages", State.SENT),
        ("role:admin", "mail", State.SENT),
    }


def test_a_probe_is_never_given_up_and_each_process_tries_it_at_once(three: Bureau) -> None:
    three.channels["group"].answer = refuse
    three.raises()
    three.passes(30 * HOUR, 5 * MINUTE)
    three.channels["group"].answer = take
    three.restart()
    three.turn()
    assert refusing(three) == []


def test_what_it_takes_before_it_is_tried_ends_the_outage_as_well(bureau: Bureau) -> None:
    bureau.channels["group"].answer = refuse
    bureau.raises("cold-1")
    bureau.passes(MINUTE)
    bureau.channels["group"].answer = take
    bureau.raises("cold-2")
    bureau.passes(MINUTE)
    assert refusing(bureau) == []
    assert (Kind.CHANNEL_BACK, PROBE, "group", State.DROPPED) in of_channels(bureau)
    assert not any("takes messages again" in m.text for m in bureau.channels["group"].messages)


def test_a_channel_that_refuses_now_and_then_is_told_of_once_an_hour_at_most(bureau: Bureau) -> None:
    for round_ in range(6):
        bureau.channels["group"].answer = refuse if round_ % 2 == 0 else take
        bureau.raises(f"cold-{round_ % 3 + 1}", SILENT, None)
        bureau.passes(5 * MINUTE)
        bureau.clears(f"cold-{round_ % 3 + 1}", SILENT)
        bureau.passes(5 * MINUTE)
    assert [line for line in of_channels(bureau) if line[:3] == (Kind.CHANNEL_REFUSED, "admin", "pages")] == [
        (Kind.CHANNEL_REFUSED, "admin", "pages", State.SENT)
    ]
    bureau.channels["group"].answer = refuse
    bureau.raises("cold-6")
    bureau.passes(2 * HOUR)
    assert [kind for kind, person, _, _ in of_channels(bureau) if person == "admin"] == [
        Kind.CHANNEL_REFUSED,
        Kind.CHANNEL_BACK,
        Kind.CHANNEL_REFUSED,
    ]


def test_where_every_channel_refuses_the_pages_tell_and_nothing_is_given_up(bureau: Bureau) -> None:
    for channel in bureau.channels.values():
        channel.answer = refuse
    bureau.raises()
    bureau.passes(20 * MINUTE)
    assert {one for one, _ in refusing(bureau)} == {"group", "chief"}
    assert {e.notice.recipient for e in of_alerts(bureau) if e.state is State.SENT} >= {
        "wang-fang",
        "liu-yang",
    }
    for channel in bureau.channels.values():
        channel.answer = take
    bureau.passes(16 * MINUTE)
    assert refusing(bureau) == []
    assert {e.state for e in of_alerts(bureau)} <= {State.SENT, State.DIVERTED}
    assert {e.notice.channel for e in of_alerts(bureau) if e.notice.kind is Kind.RAISED} >= {"group"}


def test_its_end_is_told_where_the_trouble_was(three: Bureau) -> None:
    three.channels["group"].answer = refuse
    alert = three.raises()
    three.passes(2 * MINUTE)
    three.channels["group"].answer = take
    three.takes_on(alert)
    three.clears()
    three.passes(MINUTE)
    cleared = {e.notice.channel for e in of_alerts(three) if e.notice.kind is Kind.CLEARED}
    assert cleared == {"mail", "pages"}


@pytest.mark.parametrize("language", list(Language))
def test_a_message_about_a_channel_names_it_in_both_languages(bureau: Bureau, language: Language) -> None:
    bureau.channels["group"].answer = refuse
    bureau.raises()
    bureau.passes(MINUTE)
    composer = Composer(bureau.campus, load_texts()[language], lambda: bureau.now_ms)
    about = [e for e in bureau.entries() if e.notice.kind is Kind.CHANNEL_REFUSED]
    message, count = composer.compose(about, 2_000)
    assert count == 2
    assert "group" in message.text
    assert "alerts/0" not in composer.one(about[0].notice).text
