"""One alert of a rule with two limits: its severity follows the value, and its record says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as replaced

from hub.book.model import AlertChanged
from rules.life import Change
from rules.model import Severity
from tests.hub.alerts.campus import MINUTE, MORNING, Office, demo_campus

METER = "meter-canteen"
RULE = "power.voltage-high.l1"


def test_an_alert_worsens_eases_and_stays_one(tmp_path: Path) -> None:
    office = Office(tmp_path, demo_campus(tmp_path))

    def measures(first: int, last: int, volts: float) -> Severity:
        for minute in range(first, last):
            office.happens(office.reads(METER, MORNING + minute * MINUTE, voltage_l1_v=volts))
        return office.unclosed()[(RULE, METER)].severity

    assert measures(0, 3, 238.0) is Severity.WARNING
    assert measures(3, 6, 245.0) is Severity.CRITICAL
    office.restart()
    assert measures(6, 9, 238.0) is Severity.WARNING
    changes = [
        (one.decision.change, one.decision.severity)
        for one in office.decisions()
        if isinstance(one.decision, AlertChanged) and one.decision.rule == RULE
    ]
    assert changes == [
        (Change.RAISED, Severity.WARNING),
        (Change.WORSENED, Severity.CRITICAL),
        (Change.EASED, Severity.WARNING),
    ]


def test_what_is_grave_at_once_is_raised_as_critical(tmp_path: Path) -> None:
    office = Office(tmp_path, demo_campus(tmp_path))
    for minute in range(3):
        office.happens(office.reads(METER, MORNING + minute * MINUTE, voltage_l1_v=245.0))
    assert office.unclosed()[(RULE, METER)].severity is Severity.CRITICAL


def test_a_changed_rule_does_not_make_what_is_grave_less_so(tmp_path: Path) -> None:
    office = Office(tmp_path, demo_campus(tmp_path))
    for minute in range(3):
        office.happens(office.reads(METER, MORNING + minute * MINUTE, voltage_l1_v=245.0))
    rule = office.campus.rules[RULE]
    changed = replaced(rule, parameters=replaced(rule.parameters, clear=234.0))
    office.restart(replace(office.campus, rules={**office.campus.rules, RULE: changed}))
    newest = office.decisions()[-1].decision
    assert isinstance(newest, AlertChanged)
    assert (newest.change, newest.severity) == (Change.RULE_CHANGED, Severity.CRITICAL)
    assert office.unclosed()[(RULE, METER)].severity is Severity.CRITICAL
