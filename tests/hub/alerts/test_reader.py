"""From facts in the log to alerts in the book: raised once, over restarts, with their whole record."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from devices.facts import Clock, Fact
from hub.alerts import desk, keeping
from hub.alerts.reader import SAVE_EVERY_MS
from hub.book.model import Alert, AlertChanged, RoundChanged
from hub.config.binding import watches_of_devices
from hub.log.writer import LogWriter
from rules.catalogue import override
from rules.life import Change, Refusal
from rules.model import Role, RoundState
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus

WARM = ("cold.chilled.warm", "cold-1")
ROUND = ("patrol.round-incomplete", "morning@2026-11-22")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, demo_campus(tmp_path))


def warm_up(office: Office, minutes: range) -> None:
    for minute in minutes:
        office.happens(office.reads("cold-1", MORNING + minute * MINUTE, temperature_c=12.0))


def cool_down(office: Office, minutes: range) -> None:
    for minute in minutes:
        office.happens(office.reads("cold-1", MORNING + minute * MINUTE, temperature_c=4.0))


def changes(office: Office) -> list[Change]:
    decisions = (recorded.decision for recorded in office.decisions())
    return [decision.change for decision in decisions if isinstance(decision, AlertChanged)]


def test_a_warm_fridge_raises_one_alert_with_its_true_start(office: Office) -> None:
    warm_up(office, range(10))
    assert WARM not in office.unclosed()
    warm_up(office, range(10, 15))
    alert = office.unclosed()[WARM]
    assert alert.since_ms == MORNING
    assert alert.raised_at_ms == MORNING + 10 * MINUTE
    assert changes(office) == [Change.RAISED]


def test_pending_time_and_alerts_survive_a_restart(office: Office) -> None:
    warm_up(office, range(6))
    office.restart()
    warm_up(office, range(6, 11))
    assert office.unclosed()[WARM].since_ms == MORNING
    office.restart()
    warm_up(office, range(11, 20))
    assert changes(office) == [Change.RAISED]


def test_people_take_an_alert_on_and_close_it_when_it_is_over(office: Office) -> None:
    warm_up(office, range(11))
    alert = office.unclosed()[WARM]
    taken = desk.acknowledge(office.book, alert.id, "wang-fang", "正在转移食材", MORNING + 12 * MINUTE)
    assert isinstance(taken, Alert)
    assert taken.acknowledged_by == "wang-fang"
    assert (
        desk.close(
            office.book, office.campus.rules, alert.id, "wang-fang", "门没关严", MORNING, role=Role.HEAD
        )
        is Refusal.STILL_ACTIVE
    )
    cool_down(office, range(12, 30))
    assert not office.unclosed()[WARM].active
    assert office.unclosed()[WARM].acknowledged
    closed = desk.close(
        office.book, office.campus.rules, alert.id, "liu-yang", "门封条已更换", MORNING + HOUR, role=Role.HEAD
    )
    assert isinstance(closed, Alert)
    assert (closed.closed, closed.closed_by) == (True, "liu-yang")
    assert WARM not in office.unclosed()
    assert changes(office) == [Change.RAISED, Change.ACKNOWLEDGED, Change.CLEARED, Change.CLOSED]


def test_acknowledgement_survives_a_restart(office: Office) -> None:
    warm_up(office, range(11))
    desk.acknowledge(office.book, office.unclosed()[WARM].id, "wang-fang", "在看", MORNING)
    office.restart()
    warm_up(office, range(11, 15))
    assert office.unclosed()[WARM].acknowledged


def test_new_trouble_before_closing_opens_the_same_alert_again(office: Office) -> None:
    warm_up(office, range(11))
    first = office.unclosed()[WARM]
    desk.acknowledge(office.book, first.id, "wang-fang", "在看", MORNING)
    cool_down(office, range(11, 20))
    warm_up(office, range(20, 40))
    again = office.unclosed()[WARM]
    assert (again.id, again.active, again.acknowledged) == (first.id, True, False)
    assert again.since_ms == MORNING + 20 * MINUTE


def test_a_refusal_changes_nothing(office: Office) -> None:
    warm_up(office, range(11))
    alert = office.unclosed()[WARM].id
    assert desk.acknowledge(office.book, alert, "wang-fang", "  ", MORNING) is Refusal.NO_REASON
    assert desk.acknowledge(office.book, 10**30, "wang-fang", "x", MORNING) is None
    assert changes(office) == [Change.RAISED]


def test_a_rule_that_left_the_configuration_takes_its_alert_along(office: Office, tmp_path: Path) -> None:
    warm_up(office, range(11))
    office.restart(demo_campus(tmp_path, rules_off=("cold.chilled.warm",)))
    assert WARM not in office.unclosed()
    assert changes(office) == [Change.RAISED, Change.WITHDRAWN]


def test_a_failed_transaction_is_judged_again_and_nothing_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm_up(office, range(10))

    def broken(*_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr("hub.alerts.keeping.save_states", broken)
        with pytest.raises(OSError, match="gone"):
            warm_up(office, range(10, 11))
    warm_up(office, range(11, 13))
    assert changes(office) == [Change.RAISED]
    assert office.unclosed()[WARM].raised_at_ms == MORNING + 10 * MINUTE


def test_a_crash_between_saying_and_remembering_says_nothing_twice(office: Office) -> None:
    warm_up(office, range(6))
    office.reader.save()
    warm_up(office, range(6, 14))
    cool_down(office, range(14, 30))
    warm_up(office, range(30, 35))
    assert office.reader.saved_cursor < office.reader.cursor
    before = office.decisions()
    office.restart()
    office.happens()
    assert office.reader.cursor == 35
    assert office.decisions() == before
    warm_up(office, range(35, 45))
    assert changes(office) == [Change.RAISED, Change.CLEARED, Change.RAISED_AGAIN]
    assert office.unclosed()[WARM].since_ms == MORNING + 30 * MINUTE


def test_a_rule_that_changed_while_the_hub_was_down_is_heard(office: Office, tmp_path: Path) -> None:
    warm_up(office, range(3))
    assert WARM not in office.unclosed()
    campus = demo_campus(tmp_path)
    hasty = override(campus.rules["cold.chilled.warm"], {"for": "1m"})
    office.restart(replace(campus, rules={**campus.rules, hasty.id: hasty}))
    office.happens()
    assert office.unclosed()[WARM].raised_at_ms == MORNING + MINUTE


def test_it_is_heard_also_when_something_else_had_been_said_meanwhile(office: Office, tmp_path: Path) -> None:
    warm_up(office, range(3))
    office.happens(office.reads("cold-2", MORNING + 4 * MINUTE, temperature_c=-127.0))
    campus = demo_campus(tmp_path)
    hasty = override(campus.rules["cold.chilled.warm"], {"for": "1m"})
    office.restart(replace(campus, rules={**campus.rules, hasty.id: hasty}))
    warm_up(office, range(5, 7))
    assert WARM in office.unclosed()


def test_a_rule_that_was_off_for_a_while_speaks_again(office: Office, tmp_path: Path) -> None:
    warm_up(office, range(11))
    office.restart(demo_campus(tmp_path, rules_off=("cold.chilled.warm",)))
    warm_up(office, range(11, 13))
    office.restart(demo_campus(tmp_path))
    warm_up(office, range(13, 30))
    assert office.unclosed()[WARM].active
    assert changes(office) == [Change.RAISED, Change.WITHDRAWN, Change.RAISED]


def test_a_log_that_was_restored_or_begun_anew_is_read_from_where_it_is(office: Office) -> None:
    for minute in range(40):
        office.happens(office.reads("cold-1", MORNING + minute * MINUTE, temperature_c=4.0))
    office.reader.save()
    office.log.close()
    for file in office.folder.glob("log.sqlite*"):
        file.unlink()
    LogWriter(office.folder / "log.sqlite").close()
    office.restart()
    warm_up(office, range(60, 80))
    assert WARM in office.unclosed()


def test_a_hub_clock_that_was_a_day_ahead_for_a_minute_blinds_nobody(office: Office) -> None:
    day = 24 * HOUR
    ahead = replace_struct(office.reads("cold-1", MORNING + day, temperature_c=4.0), clock=Clock.NONE)
    office.happens(ahead, office.ticks(MORNING + day, listening_since_ms=MORNING + day))
    warm_up(office, range(1, 20))
    assert office.unclosed()[WARM].since_ms == MORNING + MINUTE
    for minute in range(20, 60):
        office.happens(office.ticks(MORNING + minute * MINUTE, listening_since_ms=MORNING))
    assert ("device.silent.cold", "cold-1") in office.unclosed()


def test_a_round_that_is_new_in_the_configuration_was_not_missed_before(
    office: Office, tmp_path: Path
) -> None:
    office.happens(office.ticks(MORNING))
    office.now_ms = MORNING + 5 * HOUR
    campus = demo_campus(tmp_path)
    early = replace(campus.rounds["dawn"], id="extra", name=campus.rounds["dawn"].name)
    office.restart(replace(campus, rounds={**campus.rounds, "extra": early}))
    office.happens(office.ticks(MORNING + 5 * HOUR, listening_since_ms=MORNING + 5 * HOUR))
    assert not [subject for _, subject in office.unclosed() if subject.startswith("extra")]
    assert "extra@2026-11-23" in office.runs()


def test_a_round_that_is_not_over_follows_the_configuration(office: Office, tmp_path: Path) -> None:
    office.happens(office.ticks(MORNING))
    campus = demo_campus(tmp_path)
    short = replace(campus.rounds["morning"], checkpoints=("gatehouse", "library"))
    office.restart(replace(campus, rounds={**campus.rounds, "morning": short}))
    walk(office, ("gatehouse", "library"))
    run = office.runs()["morning@2026-11-22"]
    assert (run.state, len(run.tags)) == (RoundState.COMPLETED, 2)


def test_what_is_calm_is_not_written_until_it_is_time(office: Office) -> None:
    office.happens(office.ticks(MORNING, MORNING))  # plans rounds: all is saved
    cool_down(office, range(10))
    office.now_ms += SAVE_EVERY_MS - 1
    office.happens()
    assert office.reader.saved_cursor == 1
    office.now_ms += 1
    office.happens()
    assert office.reader.saved_cursor == office.reader.cursor == 11
    with office.book.reading() as session:
        # Only those to which no reading is calm have something of their own.
        kept = {rule for rule, _ in keeping.load_states(session) if not rule.startswith("patrol.")}
        assert kept == {"cold.chilled.forecast", "cold.jump", "cold.stuck"}
        [line] = [heard.line for heard in keeping.load_overheard(session) if heard.device == "cold-1"]
    assert MORNING + 9 * MINUTE in line


def test_only_who_spoke_is_written_with_what_was_said(office: Office) -> None:
    office.happens(office.ticks(MORNING, MORNING))
    cool_down(office, range(3))
    warm_up(office, range(3, 14))
    assert WARM in office.unclosed()
    assert office.reader.saved_cursor == 1
    with office.book.reading() as session:
        saved = keeping.load_states(session)
        assert {key: saved[key].as_of for key in saved if key[1] == WARM[1]} == {WARM: 15}


def test_late_readings_stay_late_after_a_restart(office: Office) -> None:
    cool_down(office, range(10, 12))
    office.reader.save()
    office.restart()
    for minute in range(11):
        late = office.reads("cold-1", MORNING + minute * MINUTE, temperature_c=12.0)
        office.happens(replace_struct(late, received_at_ms=MORNING + 11 * MINUTE))
    assert WARM not in office.unclosed()


def test_facts_of_another_log_are_judged_whatever_their_numbers(office: Office) -> None:
    warm_up(office, range(30))
    cool_down(office, range(30, 40))
    assert not office.unclosed()[WARM].active
    assert office.reader.saved_cursor == 0
    office.log.close()
    for file in office.folder.glob("log.sqlite*"):
        file.unlink()
    LogWriter(office.folder / "log.sqlite").close()
    office.restart()
    warm_up(office, range(60, 63))
    office.restart()  # in a crash before anything is saved
    warm_up(office, range(63, 80))
    assert office.unclosed()[WARM].active


def test_a_crash_after_an_alert_says_it_once_though_its_fridge_was_dropped_for_a_while(
    office: Office, tmp_path: Path
) -> None:
    warm_up(office, range(11))
    office.restart(demo_campus(tmp_path, rules_off=("cold.chilled.warm",)))
    office.restart(demo_campus(tmp_path))
    warm_up(office, range(11, 30))
    assert office.unclosed()[WARM].active
    assert changes(office) == [Change.RAISED, Change.WITHDRAWN, Change.RAISED]


_EVENTS = [
    "warm",
    "cold",
    "broken",
    "late",
    "empty",
    "back",
    "tick",
    "tick",
    "long",
    "tap",
    "offline",
    "save",
]
_STORY = st.lists(
    st.tuples(st.sampled_from([*_EVENTS, "crash", "crash", "fail"]), st.integers(1, 9)), max_size=50
)


@settings(max_examples=60, deadline=None)
@given(_STORY, st.integers(1, 4))
def test_crashes_anywhere_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, int]], together: int
) -> None:
    told = [_tell(tmp_path_factory.mktemp("office"), story, together, crashes) for crashes in (True, False)]
    assert told[0] == told[1]


def _tell(folder: Path, story: list[tuple[str, int]], together: int, crashes: bool) -> tuple[object, ...]:
    """The journal and the alerts after a story, `together` facts at a time, with or without its crashes,
    failures and saves; and what is remembered at its end."""
    office = Office(folder, demo_campus(folder))
    at_ms = MORNING
    waiting: list[Fact] = []
    disk_fails = False
    for event, minutes in story:
        at_ms += minutes * MINUTE + (26 * HOUR if event == "long" else 0)
        if event not in ("save", "crash", "fail"):
            waiting.append(_fact(office, event, minutes, at_ms))
        elif crashes and event == "save":
            office.reader.save()
        elif crashes and event == "crash":
            office.restart()
        else:
            disk_fails = crashes
        if len(waiting) >= together and disk_fails:
            _while_the_disk_fails(office, waiting)
            waiting, disk_fails = [], False
        if len(waiting) >= together:
            office.happens(*waiting)
            waiting = []
    office.happens(*waiting)
    office.happens()
    decisions = [recorded.decision for recorded in office.decisions()]
    judging = office.reader._judging
    states = judging.shown([(w.rule, w.subject) for w in watches_of_devices(office.campus)])
    found = (decisions, office.alerts(), sorted(office.runs().items()), states)
    office.log.close()
    office.book.close()
    return found


def _fact(office: Office, event: str, minutes: int, at_ms: int) -> Fact:
    """What happens in a story."""
    fridge = "cold-1" if minutes % 3 else "cold-2"
    match event:
        case "warm" | "cold" | "broken":
            degrees = {"warm": 12.0, "cold": 4.0, "broken": -127.0}[event]
            return office.reads(fridge, at_ms, temperature_c=degrees, battery_pct=90.0)
        case "late":
            late = office.reads(fridge, at_ms - 20 * MINUTE, temperature_c=12.0)
            return replace_struct(late, received_at_ms=at_ms)
        case "empty" | "back":
            return office.reads(fridge, at_ms, battery_pct=3.0 if event == "empty" else 80.0)
        case "tap" | "offline":
            places = list(office.campus.checkpoints)
            tapped_ms = at_ms - (30 * HOUR if event == "offline" else 0)
            return office.taps(places[minutes % len(places)], tapped_ms, at_ms)
        case _:
            return office.ticks(at_ms)


def _while_the_disk_fails(office: Office, facts: list[Fact]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hub.alerts.keeping.save_states", _broken)
        with contextlib.suppress(OSError):
            office.happens(*facts)


def _broken(*_: object) -> None:
    raise OSError("the disk is gone")


def test_a_dead_probe_is_a_fault_and_not_a_cold_fridge(office: Office) -> None:
    office.happens(office.reads("cold-1", MORNING, temperature_c=-127.0))
    assert list(office.unclosed()) == [("cold.sensor-fault", "cold-1")]


def test_a_silent_fridge_is_found_while_its_neighbours_speak(office: Office) -> None:
    for minute in range(20):
        at_ms = MORNING + minute * MINUTE
        speaking = [d for d in office.campus.devices if d != "cold-2"]
        office.happens(*(office.reads(d, at_ms, battery_pct=90.0) for d in speaking), office.ticks(at_ms))
    silent = [subject for rule, subject in office.unclosed() if rule.startswith("device.silent")]
    assert silent == ["cold-2"]


def test_a_hub_that_was_down_is_no_silent_campus(office: Office) -> None:
    office.happens(office.reads("cold-1", MORNING, temperature_c=4.0), office.ticks(MORNING, MORNING))
    office.restart()
    later = MORNING + 5 * HOUR
    office.happens(office.ticks(later, listening_since_ms=later - 20_000))
    assert not [rule for rule, _ in office.unclosed() if rule.startswith("device.silent")]


# --- rounds ---


def walk(office: Office, checkpoints: tuple[str, ...], received_ms: int | None = None) -> None:
    for number, checkpoint in enumerate(checkpoints):
        office.happens(office.taps(checkpoint, MORNING + number * MINUTE, received_ms))


def test_a_round_is_planned_walked_and_completed(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    run = office.runs()["morning@2026-11-22"]
    assert run.state is RoundState.DUE
    assert office.runs()["noon@2026-11-22"].state is RoundState.PLANNED
    walk(office, office.campus.rounds["morning"].checkpoints)
    assert office.runs()["morning@2026-11-22"].state is RoundState.COMPLETED
    office.happens(office.ticks(MORNING + 3 * HOUR))
    assert ROUND not in office.unclosed()


def test_a_round_that_nobody_finished_is_an_alert_and_a_late_phone_amends_it(office: Office) -> None:
    checkpoints = office.campus.rounds["morning"].checkpoints
    office.happens(office.ticks(MORNING))
    walk(office, checkpoints[:3])
    office.happens(office.ticks(MORNING + 2 * HOUR))
    assert office.unclosed()[ROUND].active
    assert office.runs()["morning@2026-11-22"].state is RoundState.INCOMPLETE
    office.restart()
    walk(office, checkpoints[3:], received_ms=MORNING + 5 * HOUR)
    amended = office.unclosed()[ROUND]
    assert not amended.active
    assert changes(office)[-1] is Change.AMENDED
    assert office.runs()["morning@2026-11-22"].state is RoundState.COMPLETED


def test_a_missed_round_can_be_closed_by_whoever_looked_into_it(office: Office) -> None:
    office.happens(office.ticks(MORNING), office.ticks(MORNING + 2 * HOUR))
    alert = office.unclosed()[ROUND]
    assert alert.active
    closed = desk.close(
        office.book,
        office.campus.rules,
        alert.id,
        "liu-yang",
        "保安请假，已安排补巡",
        MORNING + 3 * HOUR,
        role=Role.HEAD,
    )
    assert isinstance(closed, Alert)
    assert (closed.active, closed.closed) == (False, True)
    walk(office, office.campus.rounds["morning"].checkpoints, received_ms=MORNING + 4 * HOUR)
    assert ROUND not in office.unclosed()
    assert office.runs()["morning@2026-11-22"].state is RoundState.COMPLETED


def test_rounds_before_the_hub_was_installed_are_nobodys_fault(office: Office) -> None:
    office.happens(office.ticks(MORNING + 3 * HOUR))
    missed = {subject for rule, subject in office.unclosed() if rule == ROUND[0]}
    assert missed == {"morning@2026-11-22"}


def test_rounds_of_the_days_that_the_hub_was_down_are_judged_when_it_is_back(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    office.restart()
    office.happens(office.ticks(MORNING + 72 * HOUR))
    missed = {subject for rule, subject in office.unclosed() if rule == ROUND[0]}
    assert {"dawn@2026-11-24", "night@2026-11-23", "morning@2026-11-22"} <= missed


def test_a_night_round_that_crosses_midnight_belongs_to_the_day_it_starts(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    run = office.runs()["night@2026-11-22"]
    assert run.ends_ms - run.starts_ms == 2.5 * HOUR


def test_the_journal_tells_every_step_of_a_round(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    walk(office, office.campus.rounds["morning"].checkpoints)
    moves = [r.decision for r in office.decisions() if isinstance(r.decision, RoundChanged)]
    assert [move.visited for move in moves] == list(range(9))
    assert moves[0].state is RoundState.DUE
    assert moves[-1].state is RoundState.COMPLETED


def test_past_rounds_are_let_go_and_stay_in_the_book(office: Office) -> None:
    office.happens(office.ticks(MORNING))
    for day in range(1, 12):
        office.happens(office.ticks(MORNING + day * 24 * HOUR))
    assert len(office.reader._judging._tapped._watches) < (9 * 8 + 16) * 9
    assert "morning@2026-11-22" in office.runs()
    raised_before = len(office.alerts())
    office.restart()
    office.happens(office.ticks(MORNING + 11 * 24 * HOUR + MINUTE))
    assert len(office.alerts()) == raised_before
