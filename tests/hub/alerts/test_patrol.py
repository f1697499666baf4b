"""What is judged of taps, through log and book: raised, amended by late phones, kept over restarts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from devices.facts import Clock, Tap, Trust
from devices.identity import phone_of
from hub.alerts import keeping
from hub.book.model import AlertChanged
from hub.config.model import Campus
from rules.life import Change
from rules.model import RoundState
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus

OPENS = MORNING - HOUR
RUN = "morning@2026-11-22"
DAY = "patrols@2026-11-23"
MIDNIGHT = MORNING + 17 * HOUR  # of Monday the 23rd, in Shanghai


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path, demo_campus(tmp_path), OPENS)
    office.happens(office.ticks(OPENS))
    return office


def phone(office: Office, person: str, checkpoint: str, at_ms: int, received_ms: int | None = None) -> Tap:
    tap = office.taps(checkpoint, at_ms, received_ms)
    badge = office.campus.people[person].badge
    return msgspec.structs.replace(tap, device=phone_of(person), person=person, badge=badge, trust=Trust.UID)


def of_patrol(office: Office) -> set[tuple[str, str]]:
    return {(rule, subject) for rule, subject in office.unclosed() if rule.startswith("patrol.")}


def active(office: Office) -> set[tuple[str, str]]:
    return {key for key, alert in office.unclosed().items() if alert.active and key[0].startswith("patrol.")}


def changes(office: Office, rule: str) -> list[Change]:
    found = (recorded.decision for recorded in office.decisions())
    return [one.change for one in found if isinstance(one, AlertChanged) and one.rule == rule]


def walk(office: Office, round_: str, person: str, starts_ms: int, received_ms: int | None = None) -> None:
    for number, checkpoint in enumerate(office.campus.rounds[round_].checkpoints):
        office.happens(phone(office, person, checkpoint, starts_ms + number * 5 * MINUTE, received_ms))


def test_nobody_has_come_then_somebody_comes_late(office: Office) -> None:
    office.happens(office.ticks(OPENS + 10 * MINUTE))
    assert active(office) == {("patrol.not-started", RUN)}
    office.happens(phone(office, "zhang-wei", "gatehouse", OPENS + 20 * MINUTE))
    assert active(office) == {("patrol.late-start", RUN)}
    assert changes(office, "patrol.not-started") == [Change.RAISED, Change.CLEARED, Change.CLOSED]


def test_an_offline_phone_takes_back_in_the_morning_what_was_raised(office: Office) -> None:
    office.happens(
        office.ticks(OPENS + 10 * MINUTE), phone(office, "zhang-wei", "gatehouse", OPENS + 20 * MINUTE)
    )
    office.happens(office.ticks(OPENS + 3 * HOUR))
    assert active(office) == {("patrol.late-start", RUN), ("patrol.round-incomplete", RUN)}
    office.restart()
    walk(office, "morning", "zhang-wei", OPENS + MINUTE, OPENS + 10 * HOUR)
    assert active(office) == set()
    assert Change.AMENDED in changes(office, "patrol.late-start")
    assert Change.AMENDED in changes(office, "patrol.round-incomplete")
    assert office.runs()[RUN].state is RoundState.COMPLETED


def test_what_a_late_tap_raises_is_marked_as_late(office: Office) -> None:
    office.happens(phone(office, "zhang-wei", "gatehouse", OPENS + MINUTE))
    office.happens(phone(office, "wang-fang", "library", OPENS + 9 * MINUTE, OPENS + 5 * HOUR))
    assert office.unclosed()[("patrol.wrong-person", RUN)].late


def test_a_guard_who_walks_another_round_at_the_same_time_is_no_wrong_person(
    office: Office, tmp_path: Path
) -> None:
    campus = demo_campus(tmp_path)
    night = replace(
        campus.rounds["night"], starts=campus.rounds["morning"].starts, ends=campus.rounds["morning"].ends
    )
    office.restart(replace(campus, rounds={**campus.rounds, "night": night}))
    office.happens(office.ticks(OPENS + 2 * MINUTE))
    walk(office, "night", "li-qiang", OPENS + 3 * MINUTE)
    assert ("patrol.wrong-person", RUN) not in of_patrol(office)
    assert office.runs()["night@2026-11-22"].state is RoundState.COMPLETED
    assert office.runs()[RUN].visited == ()


def test_a_visit_is_kept_with_who_when_and_how_far_it_can_be_trusted(office: Office) -> None:
    office.happens(phone(office, "zhang-wei", "gatehouse", OPENS + MINUTE, OPENS + 2 * HOUR))
    (visit,) = office.runs()[RUN].visits
    assert (visit.person, visit.at_ms, visit.received_ms, visit.trust) == (
        "zhang-wei",
        OPENS + MINUTE,
        OPENS + 2 * HOUR,
        Trust.UID,
    )


def test_taps_that_are_odd_are_said_of_their_phone_reader_or_checkpoint(
    office: Office, tmp_path: Path
) -> None:
    office.restart(with_fixed_reader(demo_campus(tmp_path)))
    at_ms = OPENS + MINUTE
    unknown = msgspec.structs.replace(
        phone(office, "zhang-wei", "gatehouse", at_ms), tag_uid="04FFFFFFFFFF80"
    )
    misplaced = office.taps("library", at_ms)  # by reader-1, at the gatehouse
    first = msgspec.structs.replace(phone(office, "zhang-wei", "canteen-back-door", at_ms), counter=7)
    copied = msgspec.structs.replace(phone(office, "li-qiang", "canteen-back-door", at_ms), counter=7)
    earlier = msgspec.structs.replace(phone(office, "zhang-wei", "boiler-room", at_ms + HOUR), counter=3)
    later = msgspec.structs.replace(phone(office, "zhang-wei", "boiler-room", at_ms), counter=4)
    ahead = msgspec.structs.replace(phone(office, "zhang-wei", "gatehouse", at_ms), clock=Clock.AHEAD)
    still = msgspec.structs.replace(
        ahead, key="t:ahead", measured_at_ms=at_ms + HOUR, received_at_ms=at_ms + HOUR
    )
    office.happens(unknown, misplaced, first, copied, earlier, later, ahead, still)
    assert {key for key in of_patrol(office) if key[0].startswith("patrol.tag-")} == {
        ("patrol.tag-unknown", "phone:zhang-wei"),
        ("patrol.tag-misplaced", "reader-1"),
        ("patrol.tag-replayed", "canteen-back-door"),
        ("patrol.tag-clock", "boiler-room"),
    }
    assert ("device.clock-wrong", "phone:zhang-wei") in office.unclosed()
    office.restart()
    office.happens(office.ticks(OPENS + 3 * HOUR))
    assert not {key for key in active(office) if key[0].startswith("patrol.tag-")}


def with_fixed_reader(campus: Campus) -> Campus:
    reader = replace(campus.devices["reader-1"], checkpoint="gatehouse")
    return replace(campus, devices={**campus.devices, "reader-1": reader})


def test_four_patrols_in_a_day_are_too_few_and_a_late_fifth_amends(office: Office) -> None:
    office.happens(office.ticks(MIDNIGHT))
    starts = {"midnight": 0, "dawn": 3, "morning": 6, "noon": 12, "evening": 18}
    people = {"midnight": "li-qiang", "dawn": "li-qiang", "morning": "zhang-wei", "noon": "zhang-wei"}
    for round_, hour in list(starts.items())[:4]:
        walk(office, round_, people[round_], MIDNIGHT + hour * HOUR + MINUTE)
    office.happens(office.ticks(MIDNIGHT + 24 * HOUR + 29 * MINUTE))
    assert ("patrol.too-few", DAY) not in of_patrol(office)
    office.happens(office.ticks(MIDNIGHT + 24 * HOUR + 30 * MINUTE))
    assert office.unclosed()[("patrol.too-few", DAY)].value == 4
    office.restart()
    walk(office, "evening", "li-qiang", MIDNIGHT + 18 * HOUR + MINUTE, MIDNIGHT + 32 * HOUR)
    assert not office.unclosed()[("patrol.too-few", DAY)].active
    assert changes(office, "patrol.too-few") == [Change.RAISED, Change.AMENDED]


def test_rules_that_are_new_know_what_was_tapped_before(office: Office, tmp_path: Path) -> None:
    """As after an update in the middle of a round: nobody is blamed for what an older hub did not watch."""
    only_old = demo_campus(tmp_path)
    older = {id_: rule for id_, rule in only_old.rules.items() if id_ == "patrol.round-incomplete"}
    office.restart(replace(only_old, rules=older))
    office.happens(office.ticks(OPENS + MINUTE), phone(office, "zhang-wei", "gatehouse", OPENS + 2 * MINUTE))
    office.reader.save()
    office.restart(demo_campus(tmp_path))
    office.happens(office.ticks(OPENS + 30 * MINUTE))
    office.happens(phone(office, "zhang-wei", "library", OPENS + 31 * MINUTE))
    assert active(office) == set()
    assert office.runs()[RUN].quality == 2 / 8


def test_only_the_watches_that_wake_are_given_ticks(office: Office) -> None:
    office.happens(office.ticks(OPENS + 3 * HOUR))
    office.reader.save()
    with office.book.reading() as session:
        before = keeping.load_states(session)
    office.happens(*(office.ticks(OPENS + 3 * HOUR + second * 1_000) for second in range(60)))
    office.reader.save()
    with office.book.reading() as session:
        after = keeping.load_states(session)
    assert {key: one for key, one in after.items() if key[0].startswith("patrol.")} == {
        key: one for key, one in before.items() if key[0].startswith("patrol.")
    }
