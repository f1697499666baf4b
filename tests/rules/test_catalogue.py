"""The catalogue: every fault named at once, and overrides that cannot go wrong in silence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalogue import CatalogueError, override, parse, tunable
from rules.model import RuleKind, Severity
from tests.rules.test_catalogue_cases import CATALOGUE, RULES

WARM = RULES["cold.chilled.warm"]

ENTRY = """
[[rules]]
id = "cold.test"
kind = "threshold"
severity = "critical"
owner = "canteen"
closing = "person"
title = { zh = "标题", en = "title" }
basis = { zh = "依据", en = "basis" }
select = { subject = "device", kinds = ["fridge"] }
parameters = { quantity = "temperature_c", direction = "above", limit = 8, clear = 7, for = "10m", keep_for = "2m", low = -60, high = 120 }
playbook = [{ zh = "步骤", en = "step" }]
"""  # noqa: E501 - an inline table may not be broken


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as caught:
        parse(text)
    return caught.value.faults


def refused(changes: dict[str, object], rule_id: str = WARM.id) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as caught:
        override(RULES[rule_id], changes)
    return caught.value.faults


def test_an_entry_becomes_a_rule() -> None:
    (rule,) = parse(ENTRY)
    assert rule.id == "cold.test"
    assert rule.parameters.limit == 8.0
    assert rule.parameters.for_ms == 600_000


def test_all_faults_of_all_entries_are_named_at_once() -> None:
    text = (
        ENTRY.replace('"critical"', '"loud"')
        .replace("limit = 8", 'limit = "8"')
        .replace('"10m"', "10")
        .replace('zh = "步骤"', 'zh = " "')
        .replace("low = -60", "lwo = -60")
    ) + ENTRY.replace("clear = 7", "clear = 9").replace("temperature_c", "temprature_c")
    found = faults(text)
    assert len(found) == 7
    assert all("(cold.test)" in fault for fault in found)
    for part in (
        "severity must be one of info, warning, critical",
        "parameters: limit must be a number",
        "parameters: for must be a duration",
        "playbook 1: zh must be a text",
        "parameters: lwo is not known here",
        "clear 9.0 must not be above limit 8.0",
        "quantity 'temprature_c' is no number that devices of kind fridge measure",
    ):
        assert any(part in fault for fault in found), part


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("limit = 8, ", "", "limit is needed by a threshold rule"),
        ("limit = 8", "limit = nan", "limit must be a number"),
        ("limit = 8", "limit = true", "limit must be a number"),
        ("limit = 8", f"limit = 1{'0' * 400}", "limit must be a number"),
        ("limit = 8", "limit = 121", "limit 121.0 must be from low -60.0 to high 120.0"),
        ("low = -60", "low = 130", "low 130.0 must be less than high 120.0"),
        ('"above"', '"below"', "clear 7.0 must not be below limit 8.0"),
        ('"cold.test"', '"Cold Test"', "id must be lower-case"),
        ('"device"', '"round"', "subject must be device for a threshold rule"),
        ('"fridge"', '"frigde"', "kinds must be one of checkpoint, fridge, meter, gateway"),
        ('"temperature_c"', '"door_open"', "'door_open' is no number"),
        ("basis =", "baiss =", "basis must be a table"),
        ('{ zh = "步骤", en = "step" }', "", "playbook must be a list"),
    ],
)
def test_each_fault_says_what_would_be_right(old: str, new: str, fault: str) -> None:
    assert old in ENTRY
    assert any(fault in found for found in faults(ENTRY.replace(old, new)))


def test_the_same_id_twice_is_a_fault() -> None:
    assert faults(ENTRY + ENTRY) == ("catalogue: id cold.test is there more than once",)


def test_a_catalogue_without_rules_or_that_is_no_toml_is_a_fault() -> None:
    assert faults("") == ("catalogue: rules must be a list of tables that is not empty",)
    assert "not TOML" in faults("[[rules]")[0]
    assert "not TOML" in faults("a = " + "[" * 100_000)[0]


@pytest.mark.parametrize("closing", ["auto", "person", "second"])
def test_a_round_that_was_missed_is_ended_by_looking_into_it_alone(closing: str) -> None:
    (fault,) = refused({"closing": closing}, "patrol.round-incomplete")
    assert f"closing '{closing}' never happens to a round" in fault
    assert "write 'review'" in fault


def test_what_is_measured_is_not_closed_by_review() -> None:
    (fault,) = refused({"closing": "review"})
    assert "write 'auto', 'person' or 'second'" in fault
    assert "closing 'review' is for rounds" in faults(ENTRY.replace('"person"', '"review"'))[0]


def test_an_entry_for_each_quantity_becomes_one_rule_each() -> None:
    text = ENTRY.replace('zh = "标题"', 'zh = "{each} 过高"').replace("fridge", "meter")
    text += 'each = { L1 = "voltage_l1_v", L2 = "voltage_l2_v" }\n'
    first, second = parse(text)
    assert (first.id, second.id) == ("cold.test.l1", "cold.test.l2")
    assert second.title.zh == "L2 过高"
    assert second.parameters.quantity == "voltage_l2_v"


def test_an_entry_for_each_of_nothing_is_a_fault() -> None:
    assert faults(ENTRY + "each = {}") == ("catalogue: rules 1 (cold.test): each must not be empty",)


@given(st.text() | st.text(alphabet='[]{}="abc.\n0 -'))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(CatalogueError):
        parse(text)


@settings(deadline=None)  # parses the whole catalogue
@given(st.sampled_from(range(len(CATALOGUE))), st.integers(0, 40), st.text(max_size=3))
def test_a_damaged_catalogue_is_read_or_refused(start: int, length: int, other: str) -> None:
    with contextlib.suppress(CatalogueError):
        assert parse(CATALOGUE[:start] + other + CATALOGUE[start + length :])


# --- overrides --------------------------------------------------------------------------------------------


def test_a_campus_sets_its_own_numbers_severity_and_basis() -> None:
    changes: dict[str, object] = {
        "limit": 6,
        "clear": 4.5,
        "for": "30m",
        "fault_values": [85],
        "severity": "warning",
        "basis": {"zh": "本校规定", "en": "our own rule"},
    }
    changed = override(WARM, changes)
    numbers = changed.parameters
    assert (numbers.limit, numbers.clear, numbers.for_ms) == (6.0, 4.5, 1_800_000)
    assert numbers.fault_values == (85.0,)
    assert numbers.keep_for_ms == WARM.parameters.keep_for_ms
    assert changed.severity is Severity.WARNING
    assert changed.basis.en == "our own rule"


def test_a_new_limit_alone_takes_the_clear_value_along() -> None:
    assert override(WARM, {"limit": 5.1}).parameters.clear == 4.1


def test_no_changes_change_nothing() -> None:
    for rule in RULES.values():
        assert override(rule, {}) == rule


def test_every_wrong_key_is_named_with_what_would_be_right() -> None:
    found = refused({"limt": 6, "for": 30, "ramp": "much", "severity": "loud"})
    assert len(found) == 4
    assert any("limt cannot be set" in fault and "limit" in fault for fault in found)
    assert any("for must be a duration" in fault for fault in found)
    assert all(fault.startswith("cold.chilled.warm: ") for fault in found)


def test_what_a_rule_measures_is_not_the_campuss_to_change() -> None:
    assert "quantity cannot be set" in refused({"quantity": "humidity_pct"})[0]
    assert "limit cannot be set" in refused({"limit": 3}, "device.silent.cold")[0]


def test_numbers_that_contradict_each_other_are_refused() -> None:
    assert "clear 9.0 must not be above limit 8.0" in refused({"clear": 9})[0]
    assert "limit 300.0 must be from" in refused({"limit": 300})[0]
    assert "after must be longer" in refused({"after": "0s"}, "device.silent.cold")[0]
    assert "intervals must be at least 1" in refused({"intervals": 0}, "device.silent.cold")[0]
    assert "ramp must not be negative" in refused({"ramp": -1}, "cold.sensor-fault")[0]


@pytest.mark.parametrize("kind", RuleKind)
def test_severity_and_basis_can_be_set_on_every_kind_of_rule(kind: RuleKind) -> None:
    assert {"severity", "basis"} <= set(tunable(kind))
