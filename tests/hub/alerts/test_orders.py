"""People decide about rounds: who may, what is refused, and what it does to judging, over a restart too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from devices.facts import Order, RoundOrder
from hub.alerts.orders import WORDS, Refused, decide, may
from hub.book.model import RoundChanged, RoundRun
from rules.model import Role, RoundState
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus

RUN = "morning@2026-11-22"
MISSED = ("patrol.round-incomplete", RUN)
UNSTARTED = ("patrol.not-started", RUN)
NOW = MORNING + HOUR
LATER = MORNING + 4 * HOUR


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path, demo_campus(tmp_path))
    office.now_ms = NOW
    office.happens(office.ticks(MORNING - HOUR + MINUTE))
    return office


def decided(office: Office, person: str, order: Order, **given: object) -> RoundOrder | Refused:
    options: dict[str, object] = {
        "key": f"{order.value}-{person}",
        "now_ms": office.now_ms,
        "reason": "台风",
        **given,
    }
    return decide(office.campus, run_of(office), office.campus.people[person], order, **options)  # type: ignore[arg-type] # as given


def run_of(office: Office) -> RoundRun:
    return office.runs()[RUN]


def test_the_head_extends_a_deadline_and_judging_follows_over_a_restart(office: Office) -> None:
    deadline_ms = run_of(office).deadline_ms
    extension = decided(office, "liu-yang", Order.EXTEND, until_ms=LATER)
    assert isinstance(extension, RoundOrder)
    office.happens(extension, office.ticks(deadline_ms + MINUTE))
    assert MISSED not in office.unclosed()
    assert run_of(office).deadline_ms == LATER
    office.restart()
    assert run_of(office).deadline_ms == LATER
    office.happens(office.ticks(deadline_ms + 2 * MINUTE))
    assert MISSED not in office.unclosed()
    office.happens(office.ticks(LATER))
    assert office.unclosed()[MISSED].raised_at_ms == LATER
    moves = [
        r.decision
        for r in office.decisions()
        if isinstance(r.decision, RoundChanged) and r.decision.run == RUN
    ]
    assert [(one.by, one.note, one.deadline_ms) for one in moves][-2:] == [("liu-yang", "台风", LATER)] * 2


def test_an_excused_round_raises_nothing_and_takes_back_what_was_raised(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    assert office.unclosed()[UNSTARTED].active
    excuse = decided(office, "liu-yang", Order.EXCUSE)
    assert isinstance(excuse, RoundOrder)
    office.happens(excuse, office.ticks(MORNING + 3 * HOUR))
    assert run_of(office).state is RoundState.EXCUSED
    assert UNSTARTED not in office.unclosed()
    assert MISSED not in office.unclosed()
    assert (run_of(office).decided_by, run_of(office).decided_why) == ("liu-yang", "台风")


def test_a_guard_pauses_and_goes_on(office: Office) -> None:
    office.happens(office.taps("gatehouse", MORNING))
    pause = decided(office, "zhang-wei", Order.PAUSE)
    assert isinstance(pause, RoundOrder)
    office.happens(pause)
    assert run_of(office).state is RoundState.PAUSED
    office.happens(office.taps("library", NOW + MINUTE))
    assert run_of(office).state is RoundState.IN_PROGRESS
    assert run_of(office).quality == 2 / 8


def test_an_early_finish_is_said_at_once_and_can_be_taken_back(office: Office) -> None:
    finish = decided(office, "zhang-wei", Order.FINISH)
    assert isinstance(finish, RoundOrder)
    office.happens(finish)
    assert run_of(office).state is RoundState.MISSED
    assert office.unclosed()[MISSED].active
    resume = decided(office, "zhang-wei", Order.RESUME, now_ms=NOW + MINUTE)
    assert isinstance(resume, RoundOrder)
    office.happens(resume)
    assert run_of(office).state is RoundState.DUE
    assert not office.unclosed()[MISSED].active


def test_the_same_decision_again_is_one(office: Office) -> None:
    excuse = decided(office, "liu-yang", Order.EXCUSE)
    assert isinstance(excuse, RoundOrder)
    office.happens(excuse)
    before = office.decisions()
    office.happens(msgspec.structs.replace(excuse, received_at_ms=NOW + MINUTE))
    assert office.decisions() == before


@pytest.mark.parametrize(
    ("person", "order", "given", "why"),
    [
        ("zhang-wei", Order.EXTEND, {"until_ms": LATER}, Refused.NOT_YOURS),
        ("zhang-wei", Order.EXCUSE, {}, Refused.NOT_YOURS),
        ("li-qiang", Order.PAUSE, {}, Refused.NOT_YOURS),
        ("wang-fang", Order.FINISH, {}, Refused.NOT_YOURS),
        ("liu-yang", Order.EXCUSE, {"reason": "  "}, Refused.NO_REASON),
        ("zhang-wei", Order.FINISH, {"reason": ""}, Refused.NO_REASON),
        ("liu-yang", Order.EXCUSE, {"reason": "x" * 501}, Refused.TOO_LONG),
        ("liu-yang", Order.EXTEND, {"until_ms": 0}, Refused.BAD_DEADLINE),
        ("liu-yang", Order.EXTEND, {"until_ms": MORNING + 9 * HOUR}, Refused.BAD_DEADLINE),
        ("zhang-wei", Order.RESUME, {}, Refused.NOT_PAUSED),
        ("zhang-wei", Order.PAUSE, {"at_ms": MORNING - 2 * HOUR}, Refused.BAD_TIME),
        ("zhang-wei", Order.PAUSE, {"at_ms": NOW + HOUR}, Refused.BAD_TIME),
    ],
)
def test_what_is_refused(
    office: Office, person: str, order: Order, given: dict[str, object], why: Refused
) -> None:
    assert decided(office, person, order, **given) is why


def test_a_role_s_round_is_everybody_s_of_that_role(office: Office) -> None:
    walk = replace(office.campus.rounds["morning"], guard="", role=Role.GUARD)
    campus = replace(office.campus, rounds={**office.campus.rounds, "morning": walk})
    guards = [person for person in campus.people.values() if may(campus, run_of(office), person)]
    assert {person.id for person in guards} == {"zhang-wei", "li-qiang", "liu-yang"}


def test_every_refusal_has_words() -> None:
    assert set(WORDS) == set(Refused)
