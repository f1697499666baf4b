"""Alerts in the book: shelved, suppressed, below their cause, flapping, confirmed, reopened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from devices.facts import Clock, Presence, Reading
from hub.alerts import desk, keeping, upkeep
from hub.alerts.reader import LATE_MS
from hub.book.model import Alert, AlertChanged, Suppression
from hub.book.tables import AlertRow, MetaRow
from hub.config.model import Campus, MaintenanceWindow
from rules.causes import SETTLING_MS
from rules.life import SHELF_MS, Change, Hush, Refusal
from rules.model import Closing, Role, Severity, Text
from rules.windows import Fixed, Flexible, Plan, Recurring, Repeated, parse_hours
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus

WARM = ("cold.chilled.warm", "cold-1")
LOW = ("power.voltage-low.l1", "meter-canteen")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, demo_campus(tmp_path), started_ms=MORNING)


def reads(office: Office, device: str, at_ms: int, **values: float) -> None:
    office.now_ms = max(office.now_ms, at_ms)
    office.happens(office.reads(device, at_ms, **values))


def warm_up(office: Office, start_ms: int = MORNING, device: str = "cold-1", minutes: int = 11) -> None:
    for minute in range(minutes):
        reads(office, device, start_ms + minute * MINUTE, temperature_c=12.0)


def cool_down(office: Office, start_ms: int, device: str = "cold-1") -> None:
    for minute in range(11):
        reads(office, device, start_ms + minute * MINUTE, temperature_c=4.0)


def wait(office: Office, ms: int) -> None:
    """The hub's clock goes on, and nothing is said."""
    office.now_ms += ms
    office.reader.turn()


def changes(office: Office, alert: int | None = None) -> list[Change]:
    found = (recorded.decision for recorded in office.decisions())
    return [
        decision.change
        for decision in found
        if isinstance(decision, AlertChanged) and alert in (None, decision.alert)
    ]


def newest(office: Office) -> AlertChanged:
    found = [r.decision for r in office.decisions() if isinstance(r.decision, AlertChanged)]
    return found[-1]


def hushes(office: Office, key: tuple[str, str] = WARM) -> tuple[Hush, ...]:
    return office.unclosed()[key].hushes


def with_closing(campus: Campus, rule: str, closing: Closing) -> Campus:
    changed = msgspec.structs.replace(campus.rules[rule], closing=closing)
    return replace(campus, rules={**campus.rules, rule: changed})


def with_window(campus: Campus, plan: Plan, **selects: tuple[str, ...]) -> Campus:
    chosen = {"devices": (), "areas": (), "rules": (), **selects}
    window = MaintenanceWindow(
        "defrosting", plan=plan, reason=Text("除霜", "Defrosting"), owner="wang-fang", **chosen
    )
    return replace(campus, maintenance=(window,))


# --- shelving ---


def take_on(office: Office, id_: int) -> None:
    """What is critical is shelved by people who know of it."""
    assert isinstance(desk.acknowledge(office.book, id_, "wang-fang", "在看", office.now_ms), Alert)


def test_shelves_in_a_row_are_counted_together_over_a_restart(office: Office) -> None:
    warm_up(office)
    id_ = office.unclosed()[WARM].id

    def ask(ms: int | None) -> object:
        return desk.shelve(office.book, office.campus, id_, "wang-fang", "等配件", ms, office.now_ms)

    for _ in range(2):
        assert ask(HOUR) is Refusal.NOT_TAKEN_ON  # again after each: what surfaces is to be taken on anew
        take_on(office, id_)
        assert isinstance(ask(HOUR), Alert)
        desk.unshelve(office.book, office.campus, id_, "wang-fang", office.now_ms)
        office.restart()
    take_on(office, id_)
    assert office.unclosed()[WARM].shelved_ms == SHELF_MS[Severity.CRITICAL] == 2 * HOUR
    assert ask(MINUTE) is ask(None) is Refusal.SHELVED_ENOUGH
    with office.book.reading() as session:
        row = session.get(AlertRow, id_)
        assert row is not None
        assert keeping.state_from(keeping.record_of(session, id_)) == keeping.state_of(row)
    cool_down(office, MORNING + 12 * MINUTE)
    warm_up(office, MORNING + 30 * MINUTE)
    assert office.unclosed()[WARM].shelved_ms == 0
    take_on(office, id_)
    assert isinstance(ask(None), Alert)


def presence(office: Office, at_ms: int, *, online: bool) -> None:
    office.now_ms = max(office.now_ms, at_ms)
    office.happens(Presence(f"p:{at_ms}", "cold-1", at_ms, at_ms, Clock.NONE, online=online))


def test_a_device_that_came_and_went_is_steady_once_it_has_stayed_for_long_enough(office: Office) -> None:
    unstable = ("device.unstable", "cold-1")
    for number in range(16):
        presence(office, MORNING + number * MINUTE, online=number % 2 == 1)
    assert office.unclosed()[unstable].active
    for minutes in range(20, 26 * 60, 10):
        at_ms = MORNING + minutes * MINUTE
        reads(office, "cold-1", at_ms, temperature_c=4.0 + minutes % 7 / 10)
        office.happens(office.ticks(at_ms))
    assert unstable not in office.unclosed() or not office.unclosed()[unstable].active


def test_a_shelved_alert_surfaces_by_itself_over_a_restart(office: Office) -> None:
    warm_up(office)
    id_ = office.unclosed()[WARM].id
    take_on(office, id_)
    done = desk.shelve(office.book, office.campus, id_, "wang-fang", "等配件", HOUR, office.now_ms)
    assert isinstance(done, Alert)
    assert (done.hushes, done.shelved_by, done.shelved_why) == ((Hush.SHELVED,), "wang-fang", "等配件")
    wait(office, HOUR - MINUTE)
    office.restart()
    assert hushes(office) == (Hush.SHELVED,)
    wait(office, MINUTE)
    assert hushes(office) == ()
    assert office.unclosed()[WARM].shelved_why == ""
    assert changes(office)[1:] == [Change.ACKNOWLEDGED, Change.SHELVED, Change.UNSHELVED, Change.SURFACED]


def test_a_shelf_that_ended_while_the_hub_was_down_ends_at_the_start(office: Office) -> None:
    warm_up(office)
    id_ = office.unclosed()[WARM].id
    take_on(office, id_)
    desk.shelve(office.book, office.campus, id_, "wang-fang", "等配件", HOUR, office.now_ms)
    office.now_ms += 5 * HOUR
    office.restart()
    assert hushes(office) == ()
    assert changes(office)[-1] is Change.SURFACED


def test_a_shelf_of_a_clock_that_was_ahead_ends_once_the_clock_is_right(office: Office) -> None:
    warm_up(office)
    id_ = office.unclosed()[WARM].id
    take_on(office, id_)
    office.now_ms += 400 * 24 * HOUR
    desk.shelve(office.book, office.campus, id_, "wang-fang", "等配件", HOUR, office.now_ms)
    office.now_ms -= 400 * 24 * HOUR
    wait(office, MINUTE)
    assert hushes(office) == ()
    assert changes(office)[-2:] == [Change.UNSHELVED, Change.SURFACED]


def test_a_shelf_until_it_clears_has_the_cap_as_well(office: Office) -> None:
    warm_up(office)
    alert = office.unclosed()[WARM]
    take_on(office, alert.id)
    desk.shelve(office.book, office.campus, alert.id, "wang-fang", "等配件", None, office.now_ms)
    assert office.unclosed()[WARM].shelved_until_ms == office.now_ms + SHELF_MS[alert.severity]
    cool_down(office, MORNING + 12 * MINUTE)
    assert not office.unclosed()[WARM].active
    assert changes(office)[2:] == [Change.SHELVED, Change.CLEARED, Change.UNSHELVED]


def test_shelving_too_long_or_without_a_reason_is_refused(office: Office) -> None:
    warm_up(office)
    alert = office.unclosed()[WARM]
    too_long = SHELF_MS[alert.severity] + 1
    take_on(office, alert.id)

    def shelve(reason: str, ms: int) -> object:
        return desk.shelve(office.book, office.campus, alert.id, "wang-fang", reason, ms, office.now_ms)

    assert shelve("x", too_long) is Refusal.SHELF_TOO_LONG
    assert shelve("-", HOUR) is Refusal.NO_REASON
    assert SHELF_MS[Severity.CRITICAL] < SHELF_MS[Severity.WARNING]
    assert changes(office) == [Change.RAISED, Change.ACKNOWLEDGED]


def test_a_person_ends_the_quiet_early(office: Office) -> None:
    warm_up(office)
    id_ = office.unclosed()[WARM].id
    take_on(office, id_)
    desk.shelve(office.book, office.campus, id_, "wang-fang", "等配件", HOUR, office.now_ms)
    done = desk.unshelve(office.book, office.campus, id_, "liu-yang", office.now_ms)
    assert isinstance(done, Alert)
    assert done.hushes == ()
    entries = [r.decision for r in office.decisions() if isinstance(r.decision, AlertChanged)]
    assert [(entry.change, entry.by) for entry in entries[-2:]] == [
        (Change.UNSHELVED, "liu-yang"),
        (Change.SURFACED, ""),
    ]
    assert desk.unshelve(office.book, office.campus, id_, "liu-yang", 0) is Refusal.NOT_SHELVED


# --- out of service and maintenance ---


def test_a_device_out_of_service_is_judged_and_not_told_until_somebody_puts_it_back(office: Office) -> None:
    warm_up(office)
    set_ = upkeep.take_out(
        office.book, office.campus, "cold-1", "li-qiang", "压缩机送修", None, office.now_ms
    )
    assert isinstance(set_, Suppression)
    alert = office.unclosed()[WARM]
    assert (alert.hushes, alert.suppressed_why) == ((Hush.OUT_OF_SERVICE,), "压缩机送修")
    wait(office, 20 * 24 * HOUR)
    office.restart()
    assert hushes(office) == (Hush.OUT_OF_SERVICE,)
    assert isinstance(upkeep.end(office.book, office.campus, set_.id, "liu-yang", office.now_ms), Suppression)
    assert hushes(office) == ()
    assert changes(office) == [Change.RAISED, Change.OUT_OF_SERVICE, Change.IN_SERVICE, Change.SURFACED]
    assert office.unclosed()[WARM].since_ms == MORNING


def test_an_alert_raised_on_a_device_out_of_service_is_hushed_as_it_is_written_down(office: Office) -> None:
    upkeep.take_out(office.book, office.campus, "cold-1", "li-qiang", "送修", None, office.now_ms)
    warm_up(office)
    written = [r.recorded_at_ms for r in office.decisions() if isinstance(r.decision, AlertChanged)]
    assert changes(office) == [Change.RAISED, Change.OUT_OF_SERVICE]
    assert written[0] == written[1]


def test_out_of_service_is_refused_twice_without_a_reason_and_with_an_end_in_the_past(office: Office) -> None:
    def take_out(device: str, reason: str = "送修", until_ms: int | None = None) -> object:
        return upkeep.take_out(
            office.book, office.campus, device, "li-qiang", reason, until_ms, office.now_ms
        )

    assert take_out("cold-99") is None
    assert take_out("cold-1", " ") is Refusal.NO_REASON
    assert take_out("cold-1", until_ms=office.now_ms) is Refusal.ENDS_TOO_EARLY
    assert take_out("cold-1", until_ms=office.now_ms + upkeep.LONGEST_MS + 1) is Refusal.ENDS_TOO_LATE
    assert isinstance(take_out("cold-1"), Suppression)
    assert take_out("cold-1") is Refusal.ALREADY_OUT_OF_SERVICE


def test_maintenance_of_an_area_ends_by_itself_and_what_is_still_wrong_surfaces(office: Office) -> None:
    until_ms = office.now_ms + HOUR
    upkeep.announce(office.book, office.campus, "cold-room", "liu-yang", "清洁", until_ms, office.now_ms)
    warm_up(office)
    warm_up(office, device="cold-2", start_ms=MORNING)
    assert hushes(office) == hushes(office, ("cold.chilled.warm", "cold-2")) == (Hush.MAINTENANCE,)
    cool_down(office, MORNING + 12 * MINUTE)
    wait(office, until_ms - office.now_ms)
    alerts = office.unclosed()
    assert [alerts[WARM].hushes, alerts[WARM].active] == [(), False]
    last = {}
    for recorded in office.decisions():
        if isinstance(recorded.decision, AlertChanged):
            last[recorded.decision.subject] = recorded.decision.change
    assert last == {"cold-1": Change.MAINTENANCE_OVER, "cold-2": Change.SURFACED}


@pytest.mark.parametrize(
    "plan",
    [
        Fixed(MORNING, MORNING + 2 * HOUR),
        Repeated(parse_hours("sun 07:00-09:00")),
        Recurring("FREQ=WEEKLY;BYDAY=SU", date(2026, 11, 1), time(7), 2 * HOUR),
        Flexible(MORNING - HOUR, MORNING + HOUR, 110 * MINUTE),  # from the alert on, ten minutes later
    ],
    ids=lambda plan: type(plan).__name__,
)
def test_windows_of_the_configuration_hush_and_let_go(office: Office, plan: Plan) -> None:
    office.restart(with_window(office.campus, plan, devices=("cold-1",), rules=("cold.*",)))
    warm_up(office)
    alert = office.unclosed()[WARM]
    assert (alert.hushes, alert.suppressed_by) == ((Hush.MAINTENANCE,), "wang-fang")
    assert (alert.suppressed_why, alert.suppressed_until_ms) == ("除霜 / Defrosting", MORNING + 2 * HOUR)
    office.restart()
    wait(office, MORNING + 2 * HOUR - 1 - office.now_ms)
    assert hushes(office) == (Hush.MAINTENANCE,)
    wait(office, 1_000)
    assert hushes(office) == ()
    assert changes(office)[-1] is Change.SURFACED


def test_maintenance_of_a_clock_that_was_ahead_ends_once_the_clock_is_right(office: Office) -> None:
    warm_up(office)
    office.now_ms += 400 * 24 * HOUR
    until_ms = office.now_ms + HOUR
    upkeep.announce(
        office.book, office.campus, "cold-1", "liu-yang", "换压缩机", until_ms=until_ms, now_ms=office.now_ms
    )
    assert hushes(office) == (Hush.MAINTENANCE,)
    office.now_ms -= 400 * 24 * HOUR
    wait(office, MINUTE)
    assert hushes(office) == ()
    assert changes(office)[-1] is Change.SURFACED


def test_the_start_of_a_window_with_the_longest_id_fits_into_the_book(office: Office) -> None:
    campus = with_window(office.campus, Flexible(MORNING, MORNING + 3 * HOUR, HOUR), devices=("cold-1",))
    longest = replace(campus.maintenance[0], id="w" * 48)
    office.restart(replace(campus, maintenance=(longest,)))
    warm_up(office)
    assert hushes(office) == (Hush.MAINTENANCE,)
    with office.book.reading() as session:
        names = session.scalars(select(MetaRow.name)).all()
    assert max(map(len, names)) <= 64  # PostgreSQL takes no more


def test_a_window_of_some_rules_leaves_the_others_alone(office: Office) -> None:
    plan = Fixed(MORNING, MORNING + 2 * HOUR)
    office.restart(with_window(office.campus, plan, areas=("cold-room",), rules=("device.*",)))
    warm_up(office)
    assert hushes(office) == ()


# --- causes ---


def fed(campus: Campus, gravity: Severity = Severity.CRITICAL, owner: Role = Role.CANTEEN) -> Campus:
    """Cold-1 and cold-2 are fed by the canteen's circuit; a low voltage there is so grave, and whose."""
    named = {id_: replace(campus.devices[id_], fed_by="meter-canteen") for id_ in ("cold-1", "cold-2")}
    low = msgspec.structs.replace(campus.rules[LOW[0]], severity=gravity, owner=owner)
    return replace(campus, devices={**campus.devices, **named}, rules={**campus.rules, LOW[0]: low})


def voltage(office: Office, volts: float, start_ms: int) -> None:
    for minute in range(16):
        reads(office, "meter-canteen", start_ms + minute * MINUTE, voltage_l1_v=volts)


@pytest.fixture
def circuit(office: Office) -> Office:
    office.restart(fed(office.campus))
    voltage(office, 150.0, MORNING)
    assert LOW in office.unclosed()
    return office


def test_what_a_known_cause_leads_to_lies_below_it_and_surfaces_when_it_outlives_it(circuit: Office) -> None:
    cause = circuit.unclosed()[LOW].id
    warm_up(circuit, MORNING + 20 * MINUTE)
    warm_up(circuit, MORNING + 20 * MINUTE, "cold-2")
    alert = circuit.unclosed()[WARM]
    assert (alert.parent, alert.hushes) == (cause, (Hush.CAUSE,))
    cool_down(circuit, MORNING + 32 * MINUTE, "cold-2")
    voltage(circuit, 230.0, MORNING + 32 * MINUTE)
    assert LOW not in circuit.unclosed() or not circuit.unclosed()[LOW].active
    wait(circuit, SETTLING_MS)
    assert circuit.unclosed()[WARM].hushes == ()
    assert circuit.unclosed()[WARM].parent == cause
    assert changes(circuit, alert.id) == [
        Change.RAISED,
        Change.CAUSE_KNOWN,
        Change.CAUSE_GONE,
        Change.SURFACED,
    ]
    other = circuit.unclosed()[("cold.chilled.warm", "cold-2")]
    assert changes(circuit, other.id)[-2:] == [Change.CLEARED, Change.CAUSE_GONE]


def test_a_consequence_that_is_graver_than_its_cause_is_told(office: Office) -> None:
    office.restart(fed(office.campus, Severity.WARNING))
    voltage(office, 150.0, MORNING)
    warm_up(office, MORNING + 20 * MINUTE)
    alert = office.unclosed()[WARM]
    assert alert.severity is Severity.CRITICAL
    assert (alert.parent, alert.hushes) == (office.unclosed()[LOW].id, ())


def test_a_critical_consequence_that_is_somebody_else_s_business_is_told(office: Office) -> None:
    office.restart(fed(office.campus, owner=Role.MAINTENANCE))
    voltage(office, 150.0, MORNING)
    warm_up(office, MORNING + 20 * MINUTE)
    alert = office.unclosed()[WARM]
    assert office.unclosed()[LOW].severity is alert.severity is Severity.CRITICAL
    assert (alert.parent, alert.hushes) == (office.unclosed()[LOW].id, ())


def test_a_cause_that_was_over_by_a_clock_that_was_ahead_explains_nothing_for_long(circuit: Office) -> None:
    warm_up(circuit, MORNING + 20 * MINUTE)
    circuit.now_ms += 24 * HOUR
    voltage(circuit, 230.0, MORNING + 32 * MINUTE)
    assert hushes(circuit) == (Hush.CAUSE,)
    circuit.now_ms -= 23 * HOUR
    wait(circuit, MINUTE)
    assert hushes(circuit) == ()
    assert changes(circuit)[-1] is Change.SURFACED


def test_a_consequence_that_was_noticed_first_is_put_below_its_cause(office: Office) -> None:
    office.restart(fed(office.campus))
    warm_up(office)
    assert hushes(office) == ()
    voltage(office, 150.0, MORNING + 5 * MINUTE)
    assert hushes(office) == (Hush.CAUSE,)
    assert office.unclosed()[WARM].parent == office.unclosed()[LOW].id
    office.restart()
    assert hushes(office) == (Hush.CAUSE,)


def test_a_cause_that_somebody_shelved_does_not_hide_its_consequences(circuit: Office) -> None:
    warm_up(circuit, MORNING + 20 * MINUTE)
    id_ = circuit.unclosed()[LOW].id
    take_on(circuit, id_)
    desk.shelve(circuit.book, circuit.campus, id_, "chen-jie", "供电局已知", HOUR, circuit.now_ms)
    assert hushes(circuit) == ()
    assert changes(circuit)[-1] is Change.SURFACED


# --- confirming and reopening ---


def test_nobody_closes_what_a_reading_will_clear_while_it_lasts(office: Office) -> None:
    office.restart(with_closing(office.campus, WARM[0], Closing.REVIEW))
    warm_up(office)
    id_ = office.unclosed()[WARM].id
    done = desk.close(
        office.book, office.campus.rules, id_, "wang-fang", "看过了", office.now_ms, role=Role.HEAD
    )
    assert done is Refusal.STILL_ACTIVE


def test_where_the_rule_demands_it_a_second_person_confirms(office: Office) -> None:
    office.restart(with_closing(office.campus, WARM[0], Closing.SECOND))
    warm_up(office)
    cool_down(office, MORNING + 12 * MINUTE)
    id_ = office.unclosed()[WARM].id
    rules = office.campus.rules

    done = desk.close(office.book, rules, id_, "wang-fang", "换门封条", office.now_ms, role=Role.HEAD)
    assert isinstance(done, Alert)
    assert (done.closed, done.put_right_by) == (False, "wang-fang")
    assert desk.confirm(office.book, id_, "wang-fang", "", office.now_ms) is Refusal.SAME_PERSON
    done = desk.reject(office.book, id_, "liu-yang", "门缝仍漏", office.now_ms)
    assert isinstance(done, Alert)
    assert (done.put_right_by, done.closed_by, done.closed_action) == ("", "", "")
    desk.close(office.book, rules, id_, "wang-fang", "又换一次", office.now_ms, role=Role.HEAD)
    done = desk.confirm(office.book, id_, "liu-yang", "已看", office.now_ms)
    assert isinstance(done, Alert)
    assert (done.closed, done.closed_by, done.confirmed_by) == (True, "wang-fang", "liu-yang")
    assert changes(office)[2:] == [
        Change.PUT_RIGHT,
        Change.REJECTED,
        Change.PUT_RIGHT,
        Change.CONFIRMED,
    ]


def test_a_closed_alert_is_reopened_unless_there_is_a_newer_one(office: Office) -> None:
    warm_up(office)
    cool_down(office, MORNING + 12 * MINUTE)
    id_ = office.unclosed()[WARM].id
    desk.close(office.book, office.campus.rules, id_, "wang-fang", "关门", office.now_ms, role=Role.HEAD)
    done = desk.reopen(office.book, id_, "liu-yang", "又坏了", office.now_ms)
    assert isinstance(done, Alert)
    assert (done.closed, done.closed_at_ms, done.closed_by) == (False, None, "")
    desk.close(office.book, office.campus.rules, id_, "wang-fang", "关门", office.now_ms, role=Role.HEAD)
    warm_up(office, MORNING + HOUR)
    assert desk.reopen(office.book, id_, "liu-yang", "又坏了", office.now_ms) is Refusal.NEWER_ALERT


# --- flapping ---


def come_and_go(office: Office, times: int, start_ms: int) -> int:
    """A battery that is low and not low, every other minute (for = keep_for = 0); returns when it ended."""
    rule = office.campus.rules["device.battery-low"]
    quick = msgspec.structs.replace(
        rule,
        closing=Closing.AUTO,
        parameters=msgspec.structs.replace(rule.parameters, for_ms=0, keep_for_ms=0),
    )
    office.restart(replace(office.campus, rules={**office.campus.rules, rule.id: quick}))
    for number in range(2 * times):
        level = 80.0 if number % 2 else 3.0
        reads(office, "cold-1", start_ms + number * MINUTE, battery_pct=level)
    return start_ms + 2 * times * MINUTE


BATTERY = ("device.battery-low", "cold-1")


def test_what_flaps_is_one_alert_that_is_quiet_until_it_is_steady(office: Office) -> None:
    end_ms = come_and_go(office, 8, MORNING)
    alerts = [alert for alert in office.alerts() if alert.rule == BATTERY[0]]
    flapping = office.unclosed()[BATTERY]
    assert flapping.hushes == (Hush.FLAPPING,)
    assert len(alerts) == 3  # two that came and went, and the one that flaps
    assert changes(office, flapping.id).count(Change.FLAPPING) == 1
    office.restart()
    wait(office, end_ms - office.now_ms + 2 * HOUR)
    assert BATTERY not in office.unclosed()
    assert changes(office, flapping.id)[-2:] == [Change.STEADY, Change.CLOSED]


def test_what_flapped_and_stays_wrong_surfaces(office: Office) -> None:
    end_ms = come_and_go(office, 6, MORNING)
    reads(office, "cold-1", end_ms, battery_pct=2.0)
    assert hushes(office, BATTERY) == (Hush.FLAPPING,)
    wait(office, 2 * HOUR)
    assert hushes(office, BATTERY) == ()
    assert changes(office)[-2:] == [Change.STEADY, Change.SURFACED]


# --- late facts ---


def test_an_alert_of_facts_that_came_late_says_so_with_the_true_start(office: Office) -> None:
    office.now_ms = MORNING + 3 * HOUR
    for minute in range(12):
        at_ms = MORNING + minute * MINUTE
        value = (("temperature_c", 12.0),)
        office.happens(Reading(f"late:{minute}", "cold-1", at_ms, office.now_ms, Clock.DEVICE, value))
    alert = office.unclosed()[WARM]
    assert (alert.late, alert.since_ms) == (True, MORNING)
    assert newest(office).late
    assert LATE_MS < 3 * HOUR


def test_an_alert_of_facts_that_came_in_time_is_not_late(office: Office) -> None:
    warm_up(office)
    assert not office.unclosed()[WARM].late
    assert not newest(office).late


# --- a changed configuration ---


def test_an_open_alert_whose_rule_changed_says_what_changed(office: Office) -> None:
    warm_up(office)
    rule = office.campus.rules[WARM[0]]
    numbers = msgspec.structs.replace(rule.parameters, limit=7.5, for_ms=20 * MINUTE)
    changed = msgspec.structs.replace(rule, parameters=numbers)
    office.restart(replace(office.campus, rules={**office.campus.rules, rule.id: changed}))
    entry = newest(office)
    assert (entry.change, entry.by) == (Change.RULE_CHANGED, "")
    assert entry.note == "limit: 8 → 7.5; for: 10m → 20m"
    assert office.unclosed()[WARM].active
    office.restart()
    assert changes(office) == [Change.RAISED, Change.RULE_CHANGED]


def test_a_device_s_own_limit_is_part_of_what_changed(office: Office) -> None:
    warm_up(office)
    own = replace(office.campus.devices["cold-1"], high=6.0)
    office.restart(replace(office.campus, devices={**office.campus.devices, "cold-1": own}))
    assert newest(office).note == "high: – → 6"


# --- the record ---


def test_the_record_alone_tells_the_state_of_every_alert(circuit: Office) -> None:
    warm_up(circuit, MORNING + 20 * MINUTE)
    id_ = circuit.unclosed()[WARM].id
    take_on(circuit, id_)
    desk.shelve(circuit.book, circuit.campus, id_, "wang-fang", "等", HOUR, circuit.now_ms)
    come_and_go(circuit, 4, circuit.now_ms + MINUTE)
    upkeep.take_out(circuit.book, circuit.campus, "cold-2", "li-qiang", "送修", None, circuit.now_ms)
    with circuit.book.reading() as session:
        records = {alert.id: keeping.record_of(session, alert.id) for alert in circuit.alerts()}
        for alert_id, record in records.items():
            row = session.get(AlertRow, alert_id)
            assert row is not None
            assert keeping.state_from(record) == keeping.state_of(row)
    assert len(records) >= 3
