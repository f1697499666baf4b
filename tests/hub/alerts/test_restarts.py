"""Whatever happens and is done, a restart at any point changes nothing that becomes of any alert."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.alerts import desk, upkeep
from hub.alerts.settings import unended
from hub.book.model import Alert, AlertChanged
from rules.model import Role
from tests.hub.alerts.campus import HOUR, MINUTE, MORNING, Office, demo_campus

STEPS = st.sampled_from(
    [
        "warm",
        "cool",
        "low voltage",
        "good voltage",
        "wait",
        "wait long",
        "acknowledge",
        "close",
        "shelve",
        "shelve once",
        "out",
        "back",
        "reopen",
    ]
)


def play(office: Office, step: str) -> None:
    start_ms = office.now_ms
    readings = {
        "warm": ("cold-1", "temperature_c", 12.0),
        "cool": ("cold-1", "temperature_c", 4.0),
        "low voltage": ("meter-canteen", "voltage_l1_v", 150.0),
        "good voltage": ("meter-canteen", "voltage_l1_v", 230.0),
    }
    if step in readings:
        device, quantity, value = readings[step]
        for minute in range(16):
            office.now_ms = start_ms + minute * MINUTE
            office.happens(office.reads(device, office.now_ms, **{quantity: value}))
    office.now_ms += {"wait": 11 * MINUTE, "wait long": 3 * HOUR}.get(step, MINUTE)
    for alert in (*office.unclosed().values(), *(office.alerts()[:1] if step == "reopen" else ())):
        act(office, step, alert.id)
    if step == "out":
        end_ms = office.now_ms + 2 * HOUR
        upkeep.take_out(office.book, office.campus, "cold-1", "chen-jie", "repair", end_ms, office.now_ms)
    if step == "back":
        with office.book.reading() as session:
            ids = [one.id for one in unended(session)]
        for id_ in ids:
            upkeep.end(office.book, office.campus, id_, "chen-jie", office.now_ms)
    office.reader.turn()


def act(office: Office, step: str, alert: int) -> None:
    book, campus, now_ms = office.book, office.campus, office.now_ms
    match step:
        case "acknowledge":
            desk.acknowledge(book, alert, "wang-fang", "seen", now_ms)
        case "close":
            desk.close(book, campus.rules, alert, "wang-fang", "door shut", now_ms, role=Role.HEAD)
        case "shelve":
            desk.acknowledge(book, alert, "wang-fang", "seen", now_ms)
            desk.shelve(book, campus, alert, "wang-fang", "parts", HOUR, now_ms)
        case "shelve once":
            desk.acknowledge(book, alert, "wang-fang", "seen", now_ms)
            desk.shelve(book, campus, alert, "wang-fang", "parts", None, now_ms)
        case "reopen":
            desk.reopen(book, alert, "liu-yang", "again", now_ms)


def outcome(steps: list[str], restarts: list[bool]) -> tuple[list[AlertChanged], list[Alert]]:
    with tempfile.TemporaryDirectory() as folder:
        campus = demo_campus(Path(folder))
        fed = replace(campus.devices["cold-1"], fed_by="meter-canteen")
        campus = replace(campus, devices={**campus.devices, "cold-1": fed})
        office = Office(Path(folder), campus, started_ms=MORNING)
        for step, restart in zip(steps, restarts, strict=True):
            play(office, step)
            if restart:
                office.restart()
        found = [r.decision for r in office.decisions() if isinstance(r.decision, AlertChanged)]
        alerts = list(office.alerts())
        office.log.close()
        office.book.close()
        return found, alerts


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STEPS, st.booleans()), min_size=3, max_size=9))
def test_a_restart_at_any_point_changes_nothing(drawn: list[tuple[str, bool]]) -> None:
    steps = [step for step, _ in drawn]
    without = outcome(steps, [False] * len(steps))
    assert outcome(steps, [restart for _, restart in drawn]) == without
