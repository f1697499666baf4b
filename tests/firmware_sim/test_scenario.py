"""Scenarios are data, checked whole."""

from __future__ import annotations

import pytest

from firmware_sim import effects
from firmware_sim.plan import SimPlan, SimulationError
from firmware_sim.scenario import Action, load, names, parse, select
from tests.firmware_sim.fakes import small_campus


def test_the_shipped_scenarios_load_and_suit_any_campus() -> None:
    of_rounds = {"round-late", "round-missed", "round-hurried", "badge-lent", "tag-unknown", "tag-cloned"}
    of_readers = {"clock-unset", "reader-offline"}
    assert {*names()} == {"demo", "fridge-fails", "normal-day", "power-cut"} | of_rounds | of_readers
    empty = SimPlan("school", small_campus().zone, (), (), (), "")
    for name in names():
        scenario = load(name)
        assert scenario.title.zh
        assert scenario.title.en
        effects.check(scenario, small_campus())
        effects.check(scenario, empty)


def test_the_demonstration_fails_a_chilled_unit_after_a_minute_or_so_and_again_later() -> None:
    demo = load("demo")
    fail, heal = demo.actions
    assert demo.report_every_s == 5
    assert (fail.action, heal.action) == (Action.FAIL, Action.HEAL)
    assert 60 <= fail.at_s <= 90
    assert heal.at_s - fail.at_s == 300
    assert fail.repeat_s == heal.repeat_s == 1200


def test_every_fault_is_reported_at_once() -> None:
    text = """
        title = { zh = "测试" }
        colour = "red"
        walk_gap = "soon"
        [[actions]]
        action = "explode"
        at = "1d"
        [[actions]]
        action = "fail"
        device = "first:oven"
        pace = 0
        repeat = "0s"
        [[actions]]
        at = "1h30m"
        action = "heal"
        value = true
    """
    with pytest.raises(SimulationError) as caught:
        parse("bad", text)
    assert len(caught.value.faults) == 11
    assert "bad: 'colour' is not a key here" in caught.value.faults[0]
    assert "bad, action 3: heal needs a device" in caught.value.faults


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("2m", 120), ("1h30m", 5400), ("0.5s", 0.5), ("1h1m1s", 3661)]
)
def test_durations_are_written_as_people_write_them(text: str, seconds: float) -> None:
    written = f'title={{zh="一",en="a"}}\n[[actions]]\nat="{text}"\naction="power_cut"'
    assert parse("one", written).actions[0].at_s == seconds


def test_broken_toml_and_unknown_names_are_simulation_errors() -> None:
    with pytest.raises(SimulationError, match="broken"):
        parse("broken", "= 3")
    with pytest.raises(SimulationError, match="no scenario 'moon'; there are: badge-lent"):
        load("moon")


def test_a_selector_may_find_nothing_but_an_unknown_id_is_an_error() -> None:
    plan = small_campus()
    assert [device.id for device in select("all:meter", plan)] == ["main", "boiler"]
    assert [device.id for device in select("first:fridge", plan)] == ["cold-1"]
    assert [device.id for device in select("first:frozen", plan)] == ["cold-2"]
    assert select("all:gateway", plan) == ()
    with pytest.raises(SimulationError, match="'cold-9', which is not planned"):
        select("cold-9", plan)
