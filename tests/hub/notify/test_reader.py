"""Whom the hub tells, from the journal to the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from hub.alerts import desk
from hub.notify.model import Kind, State
from rules.model import Closing
from tests.hub.notify.bureau import HOUR, MINUTE, NOON, SILENT, Bureau

SENT, HELD, QUEUED, DROPPED = State.SENT, State.HELD, State.QUEUED, State.DROPPED
CANTEEN = "person:wang-fang,role:canteen"
NINE_IN_THE_EVENING = NOON + 9 * HOUR


def test_who_is_to_act_is_told_once_it_has_lasted_a_moment(bureau: Bureau) -> None:
    bureau.raises()
    bureau.turn()
    assert bureau.told() == []
    bureau.passes(MINUTE)
    assert bureau.told() == [(Kind.RAISED, CANTEEN, SENT)]


def test_what_is_over_at_once_and_closes_by_itself_is_told_to_nobody(bureau: Bureau) -> None:
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(20_000, 1_000)
    bureau.clears("cold-1", SILENT)
    bureau.passes(HOUR)
    assert bureau.told() == []


def test_it_goes_up_and_on_until_somebody_takes_it_on(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(14 * MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED]
    bureau.passes(2 * MINUTE)
    assert bureau.told()[1:] == [
        (Kind.ESCALATED, "role:head", SENT),
        (Kind.ESCALATED, "liu-yang", SENT),
    ]
    bureau.passes(31 * MINUTE)
    assert [kind for kind, _, _ in bureau.told()[3:]] == [Kind.REPEATED] * 3
    bureau.takes_on(alert)
    bureau.passes(5 * HOUR)
    assert len(bureau.told()) == 6
    entries = bureau.entries()
    assert {(entry.acknowledged_by, entry.acknowledged_at_ms) for entry in entries} == {
        ("wang-fang", NOON + 47 * MINUTE)
    }


def test_those_who_were_told_hear_of_its_end_and_of_its_being_put_right_once(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert)
    bureau.clears()
    bureau.passes(10 * MINUTE)
    bureau.closes(alert)
    bureau.passes(10 * MINUTE)
    assert bureau.told() == [(kind, CANTEEN, SENT) for kind in (Kind.RAISED, Kind.CLEARED, Kind.CLOSED)]
    assert "shut the door" in bureau.channels["group"].messages[-1].text
    assert bureau.channels["chief"].messages == []


def test_what_closes_by_itself_says_only_that_it_is_over(bureau: Bureau) -> None:
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(2 * MINUTE)
    bureau.clears("cold-1", SILENT)
    bureau.passes(HOUR)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.CLEARED]


def test_a_correction_is_told_as_one(bureau: Bureau) -> None:
    bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.clears(amended=True)
    bureau.passes(2 * MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.AMENDED]


def test_raised_again_is_told_again_under_another_id(bureau: Bureau) -> None:
    bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.clears()
    bureau.passes(2 * MINUTE)
    bureau.raises()
    bureau.passes(2 * MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.CLEARED, Kind.RAISED]
    assert len({entry.notice.id for entry in bureau.entries()}) == 3


def test_quiet_hours_hold_a_warning_back_and_say_so(bureau: Bureau) -> None:
    bureau.now_ms = NINE_IN_THE_EVENING + HOUR
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(HOUR)
    assert bureau.told() == [(Kind.RAISED, CANTEEN, HELD)]
    assert bureau.entries()[0].notice.tell_at_ms == NOON + 18 * HOUR
    bureau.passes(7 * HOUR + MINUTE)
    assert bureau.told() == [(Kind.RAISED, CANTEEN, SENT)]
    bureau.passes(15 * MINUTE)  # counted from when the first were told
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.ESCALATED, Kind.ESCALATED]


def test_quiet_hours_never_hold_back_what_is_critical(bureau: Bureau) -> None:
    bureau.now_ms = NINE_IN_THE_EVENING + 2 * HOUR
    bureau.raises()
    bureau.passes(16 * MINUTE)
    assert [kind for kind, _, state in bureau.told() if state is SENT] == [
        Kind.RAISED,
        Kind.ESCALATED,
        Kind.ESCALATED,
    ]


def test_what_was_held_back_and_is_over_or_taken_on_is_never_told(bureau: Bureau) -> None:
    bureau.now_ms = NINE_IN_THE_EVENING + HOUR
    bureau.raises("cold-1", SILENT, None)
    other = bureau.raises("cold-3", SILENT, None)
    bureau.passes(HOUR)
    bureau.clears("cold-1", SILENT)
    bureau.takes_on(other)
    bureau.passes(10 * HOUR)
    assert [(entry.state, entry.result) for entry in bureau.entries()] == [
        (DROPPED, "over"),
        (DROPPED, "taken_on"),
    ]
    assert bureau.channels["group"].messages == []


def test_a_shift_that_has_not_begun_is_told_when_it_begins(tmp_path: Path) -> None:
    steps = """
[[policy]]
name = "shifts"
steps = [
  { to = ["person:zhang-wei"], hours = "06:00-18:00" },
  { to = ["person:li-qiang"], hours = "18:00-06:00" },
]
"""
    bureau = Bureau(tmp_path, steps)
    bureau.now_ms = NOON + 5 * HOUR + 50 * MINUTE
    bureau.raises()
    bureau.passes(5 * MINUTE)
    assert bureau.told() == [(Kind.RAISED, "zhang-wei", SENT), (Kind.RAISED, "li-qiang", HELD)]
    bureau.passes(5 * MINUTE)
    assert bureau.told() == [(Kind.RAISED, "zhang-wei", SENT), (Kind.RAISED, "li-qiang", SENT)]
    bureau.book.close()


def test_without_any_configuration_the_pages_tell_the_owners_and_then_the_head(tmp_path: Path) -> None:
    bureau = Bureau(tmp_path, "")
    bureau.raises()
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(HOUR)
    owner = bureau.campus.rules[SILENT].owner
    canteen = [p.id for p in bureau.campus.people.values() if p.role.value == "canteen"]
    others = [p.id for p in bureau.campus.people.values() if p.role is owner]
    assert bureau.told("pages") == [
        *((Kind.RAISED, person, SENT) for person in canteen),
        *((Kind.RAISED, person, SENT) for person in others),
        (Kind.ESCALATED, "liu-yang", SENT),
    ]
    bureau.book.close()


def test_a_hub_that_was_down_does_not_tell_what_is_over_meanwhile(bureau: Bureau) -> None:
    for device in ("cold-1", "cold-2"):
        bureau.raises(device, SILENT, None)
    bureau.now_ms += HOUR
    bureau.clears("cold-1", SILENT)
    bureau.passes(2 * MINUTE)
    told = {entry.notice.matter.subject for entry in bureau.entries()}
    assert told == {"cold-2"}


def test_a_backlog_longer_than_a_batch_is_known_whole_before_anybody_is_told(bureau: Bureau) -> None:
    for _ in range(300):
        bureau.raises("cold-1", SILENT, None)
        bureau.clears("cold-1", SILENT)
    bureau.now_ms += HOUR
    bureau.passes(HOUR)
    assert bureau.told() == []


def test_an_excursion_in_a_backlog_is_told_once_as_over_where_somebody_has_to_look(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.clears()
    bureau.passes(HOUR)
    assert bureau.told() == [(Kind.RAISED, CANTEEN, SENT)]
    assert "It is over already" in bureau.channels["group"].messages[0].text
    bureau.restart()
    bureau.passes(HOUR)
    bureau.closes(alert)
    bureau.passes(MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.CLOSED]


def test_what_was_over_in_quiet_hours_waits_until_they_end_and_is_told_then(bureau: Bureau) -> None:
    bureau.now_ms = NINE_IN_THE_EVENING + 2 * HOUR
    rule = bureau.campus.rules[SILENT]
    bureau.campus = replace(
        bureau.campus,
        rules={**bureau.campus.rules, SILENT: structs.replace(rule, closing=Closing.PERSON)},
    )
    bureau.restart()
    bureau.raises("cold-1", SILENT, None)
    bureau.passes(HOUR)
    bureau.clears("cold-1", SILENT)
    bureau.passes(MINUTE)
    assert [state for _, _, state in bureau.told()] == [DROPPED, HELD]
    bureau.passes(8 * HOUR)
    assert [state for _, _, state in bureau.told()] == [DROPPED, SENT]


def test_a_critical_alert_out_of_hours_is_told_at_once_where_nobody_is_on_shift(tmp_path: Path) -> None:
    steps = """
[[policy]]
name = "shift"
steps = [
  { to = ["role:canteen"], hours = "06:00-11:00" },
  { after = "15m", to = ["role:head"] },
]
"""
    bureau = Bureau(tmp_path, steps)
    bureau.raises()
    bureau.passes(16 * MINUTE)
    assert {state for _, _, state in bureau.told()} == {SENT}
    assert [kind for kind, _, _ in bureau.told()][-1] == Kind.ESCALATED
    bureau.book.close()


def test_what_is_reopened_and_taken_on_by_nobody_is_escalated(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.passes(2 * MINUTE)
    bureau.takes_on(alert)
    bureau.clears()
    bureau.closes(alert)
    bureau.passes(MINUTE)
    desk.reopen(bureau.book, alert, "liu-yang", "warm again", bureau.now_ms)
    bureau.passes(16 * MINUTE)
    group = [kind for kind, _, _ in bureau.told("group")]
    assert group == [Kind.RAISED, Kind.CLEARED, Kind.CLOSED, Kind.REOPENED]
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED]
    bureau.takes_on(alert)
    bureau.passes(2 * HOUR)
    assert len(bureau.told("group")) == 4


def test_after_a_long_pause_the_others_are_told_after_their_time_and_not_at_once(bureau: Bureau) -> None:
    bureau.raises()
    bureau.now_ms += 3 * HOUR
    bureau.passes(MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED]
    bureau.restart()
    bureau.passes(13 * MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED]
    bureau.passes(2 * MINUTE)
    assert [kind for kind, _, _ in bureau.told("chief")] == [Kind.ESCALATED]


def test_a_restart_tells_nothing_twice_and_forgets_nothing(bureau: Bureau) -> None:
    alert = bureau.raises()
    for _ in range(47):
        bureau.passes(MINUTE)
        bureau.restart()
    bureau.clears()
    bureau.restart()
    bureau.passes(MINUTE)
    bureau.closes(alert)
    bureau.restart()
    bureau.passes(2 * MINUTE)
    kinds = [entry.notice.kind for entry in bureau.entries() if entry.notice.channel == "group"]
    assert kinds == [Kind.RAISED, Kind.REPEATED, Kind.CLEARED, Kind.CLOSED]
    assert len(bureau.channels["group"].messages) == 4


def test_a_clock_that_is_set_back_keeps_nobody_from_being_told(bureau: Bureau) -> None:
    bureau.raises()
    bureau.sets_clock(-24 * HOUR)
    bureau.passes(MINUTE)
    assert (Kind.RAISED, CANTEEN, SENT) in bureau.told()


def test_the_hub_s_own_withdrawal_is_told_as_an_end(bureau: Bureau) -> None:
    from hub.alerts import keeping
    from hub.book.tables import AlertRow
    from rules import life

    alert = bureau.raises()
    bureau.passes(MINUTE)
    with bureau.book.writing() as session:
        row = session.get(AlertRow, alert)
        assert row is not None
        lived = life.withdraw(keeping.state_of(row))
        keeping.record_changes(session, row, lived, bureau.now_ms, by="", note="", now_ms=bureau.now_ms)
    bureau.passes(MINUTE)
    assert [kind for kind, _, _ in bureau.told()] == [Kind.RAISED, Kind.CLOSED]
    assert "left the configuration" in bureau.channels["group"].messages[-1].text


def test_a_change_that_comes_just_before_the_telling_is_known_first(bureau: Bureau) -> None:
    alert = bureau.raises()
    bureau.decide()
    bureau.now_ms += 20 * MINUTE
    taken_on = False

    def now() -> int:
        nonlocal taken_on
        if not taken_on:  # while the reader looks what is due
            taken_on = True
            bureau.takes_on(alert)
        return bureau.now_ms

    bureau.reader._now = now
    bureau.decide()
    assert bureau.told() == []
