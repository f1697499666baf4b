"""Rules that a campus writes itself, and how it says which devices a rule is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.config.binding import watches_of_devices
from hub.config.rulebook import shipped
from rules.model import Escalation, Role, RuleKind
from tests.hub.config.writing import VALID, changed, faults_in, line_of, loaded

_PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)
_OWN = next(block for block in _BLOCKS if block.startswith("[[rule]]"))
_CHANGES = next(block for block in _BLOCKS if block.startswith("[rules."))
HERE = VALID + "\n" + _OWN.replace("cold-room", "canteen")


def test_the_page_s_own_rule_watches_what_it_selects(tmp_path: Path) -> None:
    campus = loaded(tmp_path, HERE)
    rule = campus.rules["own.library-cold"]
    assert (rule.kind, rule.escalation) == (RuleKind.THRESHOLD, (Escalation(1_800_000, Role.HEAD),))
    (watch,) = [watch for watch in watches_of_devices(campus) if watch.rule == rule.id]
    assert watch.subject == "cold-1"
    assert watch.when is not None
    assert campus.warnings == ()


def test_the_page_s_changes_are_understood(tmp_path: Path) -> None:
    campus = loaded(tmp_path, f"{VALID}\n{_CHANGES}")
    rule = campus.rules["cold.chilled.warm"]
    assert (rule.parameters.limit, rule.parameters.clear, rule.select.areas) == (6.0, 5.0, ("canteen",))
    assert rule.select.storages == ("chilled", "sample")
    assert campus.rules_off == ("power.backfeed",)


def test_the_page_shows_every_kind_with_a_picture() -> None:
    for kind in RuleKind:
        section = _PAGE.partition(f"\n### {kind.value}: ")[2].partition("\n### ")[0]
        assert "```\n" in section, kind


def test_the_page_tells_every_label_that_a_shipped_rule_waits_for() -> None:
    labels = {label for rule in shipped() for label in rule.select.labels}
    assert labels == {label for label in labels if f"| `{label}` |" in _PAGE}


def test_labels_of_devices_select(tmp_path: Path) -> None:
    text = HERE.replace('areas = ["canteen"], ids = ["cold-*"]', 'labels = ["meat"]')
    assert [warning.key for warning in loaded(tmp_path, text).warnings] == ["rule.own.library-cold.select"]
    labelled = text.replace('interval = "1m"', 'interval = "1m"\nlabels = ["meat", "old"]')
    assert loaded(tmp_path, labelled).warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("limit = -28.0", 'limit = "cold"', "parameters.limit", "must be a number"),
        ('zh = "查看温控器设定。"', "zh = 3", "playbook.#1.zh", "must be a text"),
        ('when = "outside-school"', 'when = "at night"', "when", "are no hours"),
        ('areas = ["canteen"]', 'areas = ["canten"]', "select.areas", "there is no [[area]]"),
        ('kind = "threshold"', 'kind = "treshold"', "kind", "must be one of"),
        ("keep_for", "keepfor", "parameters.keepfor", "is not known here"),
        ('"own.library-cold"', '"cold.chilled.warm"', "id", "is the id of another rule"),
        ('to = "head"', 'to = "boss"', "escalate.#1.to", "must be one of"),
        ("clear = -27.0", "clear = -29.0", "parameters.clear", "must not be below limit"),
    ],
)
def test_each_fault_of_an_own_rule_is_named_at_its_line(
    tmp_path: Path, old: str, new: str, key: str, words: str
) -> None:
    assert old in HERE
    text = HERE.replace(old, new)
    faults = faults_in(tmp_path, text)
    found = [fault for fault in faults if words in fault.problem]
    assert len(found) == 1, faults
    assert found[0].key.endswith(key), found[0].key
    assert found[0].line is not None
    assert found[0].line >= line_of(text, "[[rule]]")
    assert found[0].remedy


def test_all_faults_of_all_rules_come_at_once(tmp_path: Path) -> None:
    text = HERE.replace("limit = -28.0", 'limit = "cold"').replace("severity =", "severty =")
    faults = faults_in(tmp_path, text + '\n[rules."cold.stuck"]\nafter = "long"\n')
    assert len(faults) >= 4


def test_a_rule_s_fault_does_not_hide_a_device_s(tmp_path: Path) -> None:
    text = changed('interval = "1m"', 'interval = "1m"\nlabels = ["Raw Meat"]')
    assert {fault.key for fault in faults_in(tmp_path, text)} == {"device.cold-1.labels.#1"}
