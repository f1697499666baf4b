"""Binding: whom a rule is about, and the target's own numbers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from devices.facts import Kind
from rules.bind import DeviceTarget, RoundTarget, bind, kinds_of
from rules.model import RoundIncomplete, SensorFault, Silent, Threshold
from tests.rules.facts import MINUTE
from tests.rules.test_catalogue_cases import RULES

CHILLED = DeviceTarget("cold-1", Kind.FRIDGE, "chilled", MINUTE)
FROZEN = DeviceTarget("cold-2", Kind.FRIDGE, "frozen", MINUTE)
METER = DeviceTarget("meter-1", Kind.METER, "", MINUTE)
WALK = RoundTarget("night@2026-03-02", 0, 60 * MINUTE, 15 * MINUTE, ("A", "B", "A"))


def bound_ids(target: DeviceTarget | RoundTarget) -> set[str]:
    return {rule.id for rule in RULES.values() if bind(rule, target) is not None}


def threshold(rule_id: str, target: DeviceTarget) -> Threshold:
    watch = bind(RULES[rule_id], target)
    assert watch is not None
    assert isinstance(watch.condition, Threshold)
    return watch.condition


def test_each_kind_of_thing_gets_its_rules_and_no_others() -> None:
    everywhere = {"device.battery-low"}
    cold = {"cold.sensor-fault", "device.silent.cold", *everywhere}
    assert bound_ids(CHILLED) == {"cold.chilled.warm", "cold.chilled.freezing", *cold}
    assert bound_ids(FROZEN) == {"cold.frozen.warm", *cold}
    assert bound_ids(WALK) == {"patrol.round-incomplete"}
    assert bound_ids(METER) == {
        *everywhere,
        "device.silent.meter",
        *(rule_id for rule_id in RULES if rule_id.startswith("power.")),
    }


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
    assert watch.condition == RoundIncomplete(0, 60 * MINUTE, 15 * MINUTE, ("A", "B"))


def test_a_selector_tells_its_kinds() -> None:
    assert kinds_of(RULES["cold.chilled.warm"].select) == (Kind.FRIDGE,)
    assert kinds_of(RULES["device.battery-low"].select) == tuple(Kind)
    assert kinds_of(RULES["patrol.round-incomplete"].select) == ()


def test_a_rule_made_by_hand_without_its_numbers_is_a_loud_bug() -> None:
    rule = RULES["cold.chilled.warm"]
    broken = replace(rule, parameters=replace(rule.parameters, limit=None))
    with pytest.raises(ValueError, match="lacks a parameter"):
        bind(broken, CHILLED)
