"""Binding: whom a rule is about, and the target's own numbers."""

from __future__ import annotations

from datetime import UTC

import pytest
from msgspec.structs import replace

from devices.facts import Kind
from rules.bind import DeviceTarget, RoundTarget, bind, kinds_of, selects
from rules.calendar import Calendar
from rules.model import Forecast, RoundIncomplete, Selector, SensorFault, Silent, Subject, Threshold
from rules.reach import devices_of
from rules.route import Stop, Walk
from rules.windows import Hours, parse_hours
from tests.rules.facts import MINUTE
from tests.rules.test_catalogue_cases import RULES

CHILLED = DeviceTarget("cold-1", Kind.FRIDGE, "chilled", MINUTE)
FROZEN = DeviceTarget("cold-2", Kind.FRIDGE, "frozen", MINUTE)
METER = DeviceTarget("meter-1", Kind.METER, "", MINUTE)
WALK = RoundTarget("night@2026-03-02", Walk(0, 60 * MINUTE, 15 * MINUTE, (Stop("A"), Stop("B"), Stop("A"))))


def bound_ids(target: DeviceTarget | RoundTarget) -> set[str]:
    return {rule.id for rule in RULES.values() if bind(rule, target) is not None}


def threshold(rule_id: str, target: DeviceTarget) -> Threshold:
    watch = bind(RULES[rule_id], target)
    assert watch is not None
    assert isinstance(watch.condition, Threshold)
    return watch.condition


def test_each_kind_of_thing_gets_its_rules_and_no_others() -> None:
    everywhere = {"device.battery-low", "device.battery-falling", "device.signal-weak", "device.unstable"}
    everywhere.add("device.clock-wrong")
    doors = {"cold.door-open", "cold.door-often", "cold.door-night", "cold.defrost-long"}
    cold = {"cold.sensor-fault", "cold.stuck", "cold.jump", "device.silent.cold", *doors, *everywhere}
    chilled = {"cold.chilled.warm", "cold.chilled.freezing", "cold.chilled.forecast", "cold.humidity-high"}
    assert bound_ids(CHILLED) == chilled | cold
    assert bound_ids(FROZEN) == {"cold.frozen.warm", "cold.frozen.forecast"} | cold
    of_rounds = {rule.id for rule in RULES.values() if rule.select.subject is Subject.ROUND}
    assert bound_ids(WALK) == of_rounds
    assert len(of_rounds) == 8
    for_all_meters = {
        rule.id for rule in RULES.values() if rule.id.startswith("power.") and not rule.select.labels
    }
    assert bound_ids(METER) == {*everywhere, "device.silent.meter", *for_all_meters} - {"power.unaccounted"}


def test_labels_areas_and_patterns_of_ids_select() -> None:
    three = replace(METER, labels=("three-phase", "old"), area="canteen")
    assert bound_ids(three) - bound_ids(METER) == {
        *(f"power.phase-lost.l{number}" for number in (1, 2, 3)),
        "power.current-unbalance",
    }
    select = Selector(Subject.DEVICE, areas=("canteen",), ids=("meter-*", "cold-9"))
    assert selects(select, three)
    assert not selects(select, replace(three, area="library"))
    assert not selects(select, replace(three, id="plug-1"))
    assert selects(Selector(Subject.ROUND, ids=("night",)), WALK)
    assert not selects(Selector(Subject.ROUND, ids=("day*",)), WALK)


def test_a_main_meter_is_compared_with_those_that_it_feeds() -> None:
    fed = [replace(METER, id="sub-1", fed_by="meter-1"), replace(METER, id="sub-2", fed_by="meter-1")]
    others = [*fed, replace(METER, id="sub-3", fed_by="sub-1"), replace(CHILLED, fed_by="meter-1")]
    watch = bind(RULES["power.unaccounted"], METER, others=others)
    assert watch is not None
    assert devices_of(watch) == ("meter-1", "sub-1", "sub-2")


def test_hours_are_compiled_where_there_is_a_calendar() -> None:
    target = replace(METER, labels=("off-at-night",))
    watch = bind(RULES["power.night-load"], target, lambda text: Hours(parse_hours(text), Calendar(UTC)))
    assert watch is not None
    assert [watch.applies(hour * 60 * MINUTE) for hour in (6, 7, 17, 18)] == [True, False, False, True]
    limits_only = bind(RULES["power.night-load"], target)
    assert limits_only is not None
    assert limits_only.applies(7 * 60 * MINUTE)


def test_a_units_own_limit_moves_the_second_one_and_the_course_along() -> None:
    strict = replace(CHILLED, high=5.0)
    rule = RULES["cold.frozen.warm"]
    tiered = replace(
        rule, select=Selector(Subject.DEVICE), parameters=replace(rule.parameters, critical=-8.0)
    )
    watch = bind(tiered, strict)
    assert watch is not None
    assert isinstance(watch.condition, Threshold)
    assert (watch.condition.limit, watch.condition.grave) == (5.0, 9.0)
    course = bind(RULES["cold.chilled.forecast"], strict)
    assert course is not None
    assert isinstance(course.condition, Forecast)
    assert (course.condition.limit, course.condition.start) == (5.0, 2.0)


def test_a_watch_names_its_rule_and_its_subject() -> None:
    watch = bind(RULES["cold.sensor-fault"], CHILLED)
    assert watch is not None
    assert (watch.rule, watch.subject) == ("cold.sensor-fault", "cold-1")
    assert isinstance(watch.condition, SensorFault)
    assert watch.condition.ramp == 5.0


def test_a_units_own_limits_replace_the_rules_and_the_hysteresis_keeps_its_width() -> None:
    strict = replace(CHILLED, low=1.0, high=5.1)
    warm, freezing = threshold("cold.chilled.warm", strict), threshold("cold.chilled.freezing", strict)
    assert (warm.limit, warm.clear) == (5.1, 4.1)
    assert (freezing.limit, freezing.clear) == (1.0, 1.5)


def test_a_units_own_limits_are_about_its_main_quantity_only() -> None:
    assert threshold("device.battery-low", replace(CHILLED, low=2.0)).limit == 15.0
    assert threshold("power.voltage-high.l1", replace(METER, high=10.0)).limit == 235.4


def test_silence_waits_for_slow_devices() -> None:
    for interval_ms, after_ms in ((MINUTE, 15 * MINUTE), (10 * MINUTE, 30 * MINUTE)):
        watch = bind(RULES["device.silent.cold"], replace(CHILLED, interval_ms=interval_ms))
        assert watch is not None
        assert watch.condition == Silent(after_ms)


def test_a_checkpoint_passed_twice_is_one_tag_to_tap() -> None:
    watch = bind(RULES["patrol.round-incomplete"], WALK)
    assert watch is not None
    assert watch.condition == RoundIncomplete(WALK.walk)


def test_a_selector_tells_its_kinds() -> None:
    assert kinds_of(RULES["cold.chilled.warm"].select) == (Kind.FRIDGE,)
    assert kinds_of(RULES["device.battery-low"].select) == tuple(Kind)
    assert kinds_of(RULES["patrol.round-incomplete"].select) == ()


def test_a_rule_made_by_hand_without_its_numbers_is_a_loud_bug() -> None:
    rule = RULES["cold.chilled.warm"]
    broken = replace(rule, parameters=replace(rule.parameters, limit=None))
    with pytest.raises(ValueError, match="lacks a parameter"):
        bind(broken, CHILLED)
